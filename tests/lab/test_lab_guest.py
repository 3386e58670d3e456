"""Running the guest and filling the cache, with stand-ins for QEMU and the kernel package."""

import lzma
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from harness.errors import BenchError
from harness.simulator.lab import guest as guest_module
from harness.simulator.lab import initrd
from harness.simulator.lab import kernel as kernel_module
from harness.simulator.lab.guest import Guest
from harness.simulator.lab.kernel import Kernel, extract


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Return a guest whose QEMU is a shell script."""
    results = tmp_path / "results"

    def made(script, limit=20.0):
        qemu = tmp_path / "qemu"
        qemu.write_text(f"#!/bin/sh\nresults={results}\n{script}\n")
        qemu.chmod(0o755)
        monkeypatch.setattr(guest_module, "_QEMU", str(qemu))
        kernel = Kernel("6.1", tmp_path / "vmlinux", tmp_path / "initrd", tmp_path / "mod ules")
        return Guest(kernel, results, limit=limit, quiet=True)

    return made


def test_the_exit_code_of_the_command(machine, tmp_path):
    guest = machine('echo hello; echo 7 >"$results/exit-code"')
    assert guest.run(["true"], tmp_path) == 7
    assert (guest.results / "console.log").read_text() == "hello\n"


def test_what_runs_inside_is_quoted(machine, tmp_path):
    machine('echo 0 >"$results/exit-code"').run(["sh", "-c", "echo 'a b'"], tmp_path / "c d")
    inside = (tmp_path / "results" / "inside.sh").read_text()
    assert """\nsh -c 'echo '"'"'a b'"'"''\n""" in inside
    assert f"\ncd '{tmp_path}/c d'\n" in inside
    assert f"modprobe -d '{tmp_path}/mod ules' \"$module\"" in inside
    assert subprocess.run(["sh", "-n"], input=inside, text=True, check=False).returncode == 0


def test_no_verdict_is_an_error_even_if_there_was_one_before(machine, tmp_path):
    guest = machine("echo Kernel panic; exit 0")
    guest.results.mkdir()
    (guest.results / "exit-code").write_text("0\n")
    with pytest.raises(BenchError, match=r"ended without a verdict \(QEMU: 0\)") as caught:
        guest.run(["true"], tmp_path)
    assert caught.value.traffic == ("Kernel panic",)


def test_a_verdict_that_is_no_number(machine, tmp_path):
    with pytest.raises(BenchError, match="no number"):
        machine('echo maybe >"$results/exit-code"').run(["true"], tmp_path)


def test_a_guest_that_does_not_end_is_ended(machine, tmp_path):
    start = time.monotonic()
    with pytest.raises(BenchError, match="was ended after 1 s"):
        machine('echo 0 >"$results/exit-code"; exec sleep 60', limit=1.0).run(["true"], tmp_path)
    assert time.monotonic() - start < 50


def test_a_machine_without_qemu(tmp_path, monkeypatch):
    monkeypatch.setattr(guest_module, "_QEMU", "no-such-qemu")
    kernel = Kernel("6.1", tmp_path, tmp_path, tmp_path)
    with pytest.raises(BenchError) as caught:
        Guest(kernel, tmp_path).run(["true"], tmp_path)
    assert "tools/lab/install.sh" in caught.value.hint


def test_a_kernel_is_extracted_from_its_image():
    inside = b"\x7fELF" + bytes(1000)
    assert extract(b"boot code" + lzma.compress(inside) + b"trailer") == inside
    for image in (b"nothing", b"boot" + lzma.compress(b"not a kernel"), b"\xfd7zXZ\x00broken"):
        with pytest.raises(BenchError, match="no kernel packed with xz"):
            extract(image)


def test_a_missing_program_is_named():
    with pytest.raises(BenchError, match="no-such-program is missing"):
        kernel_module.run("no-such-program")
    with pytest.raises(BenchError, match="false: 1"):
        kernel_module.run("false")


def test_two_at_once_fill_the_cache_once(tmp_path, monkeypatch):
    fills = []

    def fill(folder, ready, package, version):
        fills.append(version)
        time.sleep(0.05)  # as long as it takes the others to come
        made = folder / "filling-test"
        (made / "root" / "lib" / "modules" / "6.1-test").mkdir(parents=True)
        made.rename(ready)

    monkeypatch.setattr(kernel_module, "_fill", fill)
    monkeypatch.setattr(kernel_module, "_offered", lambda: ("linux-image-test", "1"))
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(kernel_module.kernel(tmp_path))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert fills == ["1"]
    assert {each.version for each in found} == {"6.1-test"}


def test_a_fill_that_was_killed_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(kernel_module, "_offered", lambda: ("linux-image-test", "1"))

    def cut(*_, **__):
        raise BenchError("cut")

    monkeypatch.setattr(kernel_module, "run", cut)
    with pytest.raises(BenchError, match="cut"):
        kernel_module.kernel(tmp_path)
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == []


def test_the_name_of_the_cache_changes_with_what_is_in_it(monkeypatch):
    before = initrd.digest()
    monkeypatch.setattr(initrd, "MODULES", ("other",))
    assert initrd.digest() != before


def test_every_check_of_the_guest_is_run():
    script = Path("tools/lab/test.sh").read_text(encoding="utf-8")
    checks = [path.name for path in Path("tests/lab/guest").glob("*.py") if path.name != "conftest.py"]
    assert len(checks) >= 6
    assert [name for name in checks if f"tests/lab/guest/{name}" not in script] == []


def test_the_command_line_says_what_is_wrong(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "harness.simulator.lab", str(tmp_path / "results"), "true"],
        env={"PATH": str(tmp_path), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert "apt-cache is missing" in done.stderr
    assert "tools/lab/install.sh" in done.stderr
