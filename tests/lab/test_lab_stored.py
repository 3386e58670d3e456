"""What a stored guest is made of, and when it is made anew; with stand-ins for QEMU."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from harness.errors import BenchError
from tools.lab import initrd, inside, machine
from tools.lab import stored as stored_module
from tools.lab.kernel import Kernel


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """Return a kernel, and the list of guests that were made for it."""
    part = tmp_path / "part.py"
    part.write_text("1")
    (tmp_path / "kernel-1").mkdir()
    qemu = tmp_path / "qemu"
    qemu.write_text("")
    qemu.chmod(0o755)
    monkeypatch.setattr(machine, "QEMU", str(qemu))
    monkeypatch.setattr(stored_module, "_listed", lambda _: (["json"], [part]))
    monkeypatch.setattr(initrd, "with_files", lambda *_: None)
    made = []

    def boot(_kernel, _archive, folder):
        made.append(folder)
        time.sleep(0.05)  # as long as it takes the others to come
        (folder / "state").write_bytes(b"state")

    monkeypatch.setattr(stored_module, "_boot_and_store", boot)
    places = (tmp_path / "kernel-1" / "vmlinux", tmp_path / "initrd", tmp_path)
    return Kernel("6.1", *places), made


def test_two_at_once_make_one(lab):
    kernel, made = lab
    found = []
    threads = [threading.Thread(target=lambda: found.append(stored_module.stored(kernel))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert len({each.folder for each in found}) == 1
    assert found[0].state.read_bytes() == b"state"


@pytest.mark.parametrize("what", ["part.py", "qemu"])
def test_it_is_made_anew_when_a_file_has_changed(lab, tmp_path, what):
    kernel, made = lab
    before = stored_module.stored(kernel)
    assert stored_module.stored(kernel) == before
    (tmp_path / what).write_text("22")
    after = stored_module.stored(kernel)
    assert after != before
    assert len(made) == 2
    assert before.state.exists()  # a guest may be about to be brought back from it


@pytest.mark.parametrize("what", ["_MACHINE", "_COMMAND_LINE"])
def test_it_is_made_anew_when_guests_are_started_differently(lab, monkeypatch, what):
    kernel, made = lab
    stored_module.stored(kernel)
    monkeypatch.setattr(machine, what, (*getattr(machine, what), "x"))
    stored_module.stored(kernel)
    assert len(made) == 2


def test_it_is_made_anew_for_another_kernel(lab, tmp_path):
    kernel, made = lab
    stored_module.stored(kernel)
    (tmp_path / "kernel-2").mkdir()
    stored_module.stored(Kernel("6.2", tmp_path / "kernel-2" / "vmlinux", kernel.initrd, kernel.modules))
    assert len(made) == 2


def test_what_nobody_used_for_a_day_is_forgotten(lab, tmp_path):
    kernel, _ = lab
    old = stored_module.stored(kernel).folder
    os.utime(old, (0, 0))
    (tmp_path / "part.py").write_text("22")
    assert stored_module.stored(kernel).folder.exists()
    assert not old.exists()


def test_one_that_fails_leaves_nothing(lab, tmp_path, monkeypatch):
    def cut(*_):
        raise BenchError("cut")

    monkeypatch.setattr(stored_module, "_boot_and_store", cut)
    with pytest.raises(BenchError, match="cut"):
        stored_module.stored(lab[0])
    assert list(tmp_path.glob("stor*-*")) == []


@pytest.mark.slow
def test_nothing_of_ours_is_listed():
    done = subprocess.run(
        [sys.executable, "-m", "tools.lab.listing"], capture_output=True, text=True, check=True
    )
    listed = json.loads(done.stdout)
    tops = {name.partition(".")[0] for name in listed["modules"]}
    assert {"pytest", "pydantic", "fastapi", "smbus2"} <= tops
    assert tops & {"harness", "fixtures", "suites", "tests"} == set()
    here = f"{Path.cwd()}/"
    ours = [name for name in listed["files"] if name.startswith(here) and "/site-packages/" not in name]
    assert [name for name in ours if "/lib/python" not in name] == []
    # Some modules can only be imported in the order in which the harness does.
    words = f"import importlib; [importlib.import_module(name) for name in {listed['modules']!r}]"
    assert subprocess.run([sys.executable, "-W", "ignore", "-c", words], check=False).returncode == 0


def test_links_on_the_way_to_a_file_stay_links(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "file.so.1").write_text("x")
    (tmp_path / "real" / "file.so").symlink_to("file.so.1")
    (tmp_path / "link").symlink_to("real/../real")
    base, target = tmp_path / "base", tmp_path / "target"
    base.write_bytes(b"BASE")
    initrd.with_files(base, target, [tmp_path / "link" / "file.so"], {"python": b"/bin/python"})
    archive = target.read_bytes()
    assert archive.endswith(b"BASE")
    names = subprocess.run(["cpio", "-t", "--quiet"], input=archive, capture_output=True, check=True).stdout
    here = str(tmp_path)[1:]
    expected = {f"{here}/link", f"{here}/real", f"{here}/real/file.so", f"{here}/real/file.so.1"}
    assert expected <= set(names.decode().splitlines())


def serve(path, answers):
    """Be QEMU's monitor: greet, and answer each line with the next answers."""
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(path))
    listening.listen()
    heard = []

    def talk():
        connected, _ = listening.accept()
        with listening, connected, connected.makefile("rwb") as lines:
            lines.write(b'{"QMP": {}}\n')
            lines.flush()
            for each in answers:
                if not (line := lines.readline()):
                    return
                heard.append(json.loads(line))
                lines.write(each)
                lines.flush()

    thread = threading.Thread(target=talk)
    thread.start()
    return thread, heard


OK = b'{"return": {}}\n'


def test_a_guest_is_stored(tmp_path):
    events = (
        b'{"event": "MIGRATION", "data": {"status": "active"}}\n'
        b'{"event": "MIGRATION", "data": {"status": "completed"}}\n'
    )
    thread, heard = serve(tmp_path / "m", [OK, OK, OK, OK + events])
    with machine.Monitor(tmp_path / "m") as monitor:
        monitor.store("/tmp/state")
    thread.join()
    assert [each["execute"] for each in heard][-1] == "migrate"
    assert heard[-1]["arguments"] == {"uri": "exec:cat > /tmp/state"}


@pytest.mark.parametrize(
    ("last", "why"),
    [
        (OK + b'{"event": "MIGRATION", "data": {"status": "failed"}}\n', "cannot store"),
        (b'{"error": {"desc": "no"}}\n', "refuses migrate"),
        (b"", "ended while"),
    ],
)
def test_a_guest_that_cannot_be_stored(tmp_path, last, why):
    thread, _ = serve(tmp_path / "m", [OK, OK, OK, last])
    with machine.Monitor(tmp_path / "m") as monitor, pytest.raises(BenchError, match=why):
        monitor.store("state")
    thread.join()


def test_a_monitor_that_is_not_there(tmp_path):
    with pytest.raises(BenchError, match="does not listen"):
        machine.Monitor(tmp_path / "m")


@pytest.mark.parametrize(
    ("code", "exit_code"), [("", 0), ("raise SystemExit(7)", 7), ("raise SystemExit('bad')", 1)]
)
def test_the_python_inside_goes_on_as_a_module(tmp_path, code, exit_code):
    (tmp_path / "some_module.py").write_text(f"import sys; print(sys.argv[1:])\n{code}\n")
    words = "import sys; from tools.lab import inside; import os; os.chdir(sys.argv[1]);"
    words += "sys.exit(inside._run('some_module', ['a', 'b']))"
    done = subprocess.run(
        [sys.executable, "-c", words, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == exit_code
    assert "['a', 'b']" in done.stdout


def test_the_guest_is_stored_with_nothing_of_ours():
    text = initrd.INSIDE.read_text()
    assert Path(inside.__file__) == initrd.INSIDE
    assert "import harness" not in text
    assert "from harness" not in text
