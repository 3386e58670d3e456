"""Running the guest and filling the cache, with stand-ins for QEMU and the kernel package."""

import json
import lzma
import os
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from harness.errors import BenchError
from tools.lab import initrd
from tools.lab import kernel as kernel_module
from tools.lab import machine as machine_module
from tools.lab.guest import Guest
from tools.lab.kernel import Kernel, extract
from tools.lab.stored import Stored


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Return a guest whose QEMU is a shell script."""
    results = tmp_path / "results"

    def made(script, limit=20.0):
        qemu = tmp_path / "qemu"
        qemu.write_text(f"#!/bin/sh\nresults={results}\n{script}\n")
        qemu.chmod(0o755)
        monkeypatch.setattr(machine_module, "QEMU", str(qemu))
        kernel = Kernel("6.1", tmp_path / "vmlinux", tmp_path / "initrd", tmp_path / "mod ules")
        (tmp_path / "state").write_bytes(b"")
        return Guest(kernel, Stored(tmp_path), results, limit=limit, quiet=True)

    return made


def test_the_exit_code_of_the_command(machine, tmp_path):
    guest = machine('echo hello; echo 7 >"$results/exit-code"')
    assert guest.run(["true"], tmp_path) == 7
    assert (guest.results / "console.log").read_text() == "hello\n"


def test_a_guest_that_is_ready_is_told_the_time_once(machine, tmp_path):
    heard = 'echo "lab: ready"; echo "lab: ready"; echo mark; until grep -qs mark "$results/console.log"; do :; done'
    answer = """bash -c 'read -r told; echo "$told"; if read -t 0; then echo told twice; fi'"""
    guest = machine(f'{heard}; {answer}; echo 0 >"$results/exit-code"')
    assert guest.run(["true"], tmp_path) == 0
    mark, line = (guest.results / "console.log").read_text().splitlines()
    told = json.loads(line)
    assert mark == "mark"
    (guest.results / "console.log").unlink()
    assert abs(told["time"] - time.time()) < 60
    assert len(bytes.fromhex(told["entropy"])) == 32
    assert guest.run(["true"], tmp_path) == 0
    assert told["entropy"] not in (guest.results / "console.log").read_text()


@pytest.mark.parametrize(
    ("command", "module", "words", "given"),
    [
        ([sys.executable, "-m", "pytest", "-q", "a b"], "pytest", ["-q", "a b"], {}),
        (["env", "A=1", "B=x=y", sys.executable, "-m", "pytest"], "pytest", [], {"A": "1", "B": "x=y"}),
        (["env", "A=1", "dmesg"], "", ["env", "A=1", "dmesg"], {}),
        ([sys.executable, "-c", "pass"], "", [sys.executable, "-c", "pass"], {}),
        (["/usr/bin/python3", "-m", "pytest"], "", ["/usr/bin/python3", "-m", "pytest"], {}),
    ],
)
def test_what_the_guest_is_to_do(machine, tmp_path, command, module, words, given):
    guest = machine('echo 0 >"$results/exit-code"')
    guest.run(command, tmp_path / "c d")
    order = json.loads((guest.results / "order.json").read_text())
    assert (order["module"], order["command"]) == (module, words)
    assert order["folder"] == f"{tmp_path}/c d"
    assert order["environment"]["ID2_LAB_GUEST"] == "6.1"
    assert given.items() <= order["environment"].items()


def test_a_stored_guest_that_is_gone(machine, tmp_path):
    guest = machine("exit 0")
    (tmp_path / "state").unlink()
    with pytest.raises(BenchError, match="stored guest cannot be read"):
        guest.run(["true"], tmp_path)


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
    monkeypatch.setattr(machine_module, "QEMU", "no-such-qemu")
    kernel = Kernel("6.1", tmp_path, tmp_path, tmp_path)
    with pytest.raises(BenchError) as caught:
        Guest(kernel, Stored(tmp_path), tmp_path).run(["true"], tmp_path)
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


@pytest.mark.slow
def test_every_check_of_the_guest_is_run_in_one_guest():
    planned = subprocess.run(
        ["tools/lab/test.sh", "--plan"],
        env={**os.environ, "LAB_PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    guests = dict(line.split(": ") for line in planned.splitlines())
    assert set(guests) == {"suites", "buses"}
    checks = {
        str(path)
        for path in Path("tests/lab/guest").glob("*.py")
        if re.search(r"^    ?(    )?def test_|^def test_|Contract\)", path.read_text(), re.MULTILINE)
    }
    assert len(checks) >= 6
    assert Counter(" ".join(guests.values()).split()) == Counter(checks)


def test_the_command_line_says_what_is_wrong(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "tools.lab", str(tmp_path / "results"), "true"],
        env={"PATH": str(tmp_path), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert "apt-cache is missing" in done.stderr
    assert "tools/lab/install.sh" in done.stderr
