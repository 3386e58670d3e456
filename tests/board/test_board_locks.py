"""Locks between real processes: one holder, named to the others, and gone when the holder is killed."""

import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from harness.board import locks
from harness.board.locks import Holder, Locks, machine_folder, read_holder
from harness.errors import BenchError

ROOT = Path(__file__).resolve().parents[2]

HOLD = """
import sys
from pathlib import Path
from harness.board.locks import Locks
with Locks(sys.argv[2:], board="lab-1", run="20261122T180000Z-lab-1", folder=Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
print("released", flush=True)
"""


@pytest.fixture
def other(tmp_path):
    """Start another process that holds locks until its stdin is closed; all are ended with the test."""
    started = []

    def start(*names):
        process = subprocess.Popen(
            [sys.executable, "-c", HOLD, tmp_path, *names],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout.readline() == "held\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            pipe.close()


def refused(names, folder, **more):
    with pytest.raises(BenchError) as caught:
        Locks(names, board="lab-2", folder=folder, **more).acquire()
    return caught.value


def test_a_held_lock_names_its_holder(other, tmp_path):
    process = other("board lab-1", "/dev/ttyS7")
    error = refused(["/dev/ttyS7"], tmp_path)
    assert re.fullmatch(
        rf"/dev/ttyS7 is in use by pid {process.pid}, user \w+, since "
        rf"\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00, "
        r"board lab-1, run 20261122T180000Z-lab-1",
        error.message,
    )
    assert error.hint == f"wait until that run has ended, or end it: kill {process.pid}"
    assert error.outcome == "blocked"
    assert error.exit_code == 3
    assert error.board == "lab-2"


def test_locks_end_with_their_process(other, tmp_path):
    process = other("/dev/ttyS7")
    process.kill()
    process.wait()
    with Locks(["/dev/ttyS7"], board="lab-2", folder=tmp_path) as taken:
        assert taken.names == ("/dev/ttyS7",)


def test_a_stale_note_means_nothing(other, tmp_path):
    process = other("x")
    process.kill()
    process.wait()
    (note,) = tmp_path.glob("*.holder")
    assert json.loads(note.read_text())["pid"] == process.pid
    with Locks(["x"], board="lab-2", folder=tmp_path):
        assert json.loads(note.read_text())["pid"] == os.getpid()
    assert not note.exists()


def test_locks_are_let_go(other, tmp_path):
    process = other("x")
    process.stdin.close()
    assert process.stdout.readline() == "released\n"
    Locks(["x"], board="lab-2", folder=tmp_path).acquire()


def test_waiting_for_a_lock(other, tmp_path):
    process = other("x")
    process.stdin.close()  # lets go in a moment
    with Locks(["x"], board="lab-2", folder=tmp_path, wait=60):
        assert process.stdout.readline() == "released\n"


def test_all_or_none(other, tmp_path):
    other("b")
    refused(["a", "b", "c"], tmp_path)
    with Locks(["a", "c"], board="lab-2", folder=tmp_path):
        pass


def test_other_things_are_free(other, tmp_path):
    other("/dev/ttyS7")
    with Locks(["/dev/ttyS70", "board lab-2"], board="lab-2", folder=tmp_path):
        pass


def test_the_same_process_is_no_exception(tmp_path):
    with Locks(["x"], board="lab-1", folder=tmp_path):
        assert f"pid {os.getpid()}" in refused(["x"], tmp_path).message


def test_a_name_twice_is_one_lock(tmp_path):
    with Locks(["x", "x"], board="lab-1", folder=tmp_path) as taken:
        assert taken.names == ("x",)


def test_release_twice(tmp_path):
    taken = Locks(["x"], board="lab-1", folder=tmp_path)
    taken.acquire()
    taken.release()
    taken.release()
    taken.acquire()
    taken.release()


def test_no_names_need_no_folder():
    with Locks([], board="lab-1", folder=Path("/nonexistent")):
        pass


def test_a_holder_without_a_note_is_known_to_the_kernel(other, tmp_path):
    process = other("x")
    (note,) = tmp_path.glob("*.holder")
    note.unlink()
    error = refused(["x"], tmp_path)
    assert error.message == f"x is in use by pid {process.pid}, user {locks.user_name()}"
    assert error.hint == f"wait until that run has ended, or end it: kill {process.pid}"


def test_a_note_of_a_run_before_is_not_taken_for_the_holder(other, tmp_path):
    process = other("x")
    (note,) = tmp_path.glob("*.holder")
    note.write_text(json.dumps({"pid": 1, "user": "ann", "since": "long ago", "board": "lab-7"}))
    assert refused(["x"], tmp_path).message == f"x is in use by pid {process.pid}, user {locks.user_name()}"
    assert locks.holder_of("x", tmp_path) == Holder(process.pid, locks.user_name())


def test_a_lock_on_the_same_inode_of_another_device_is_not_ours(other, tmp_path, monkeypatch):
    process = other("x")
    (lock,), (note,) = tmp_path.glob("*.lock"), tmp_path.glob("*.holder")
    kernel = tmp_path / "locks"
    kernel.write_text(
        f"1: FLOCK  ADVISORY  WRITE {process.pid} ff:ff:{lock.stat().st_ino} 0 EOF\n1: OFDLCK\n"
    )
    monkeypatch.setattr(locks, "_KERNEL_LOCKS", kernel)
    assert locks.holder_of("x", tmp_path).board == "lab-1"
    note.unlink()
    assert locks.holder_of("x", tmp_path) is None


def test_a_holder_that_the_kernel_does_not_show(other, tmp_path, monkeypatch):
    """As in a container that shares the folder: the note says what there is to say."""
    process = other("x")
    monkeypatch.setattr(locks, "_KERNEL_LOCKS", tmp_path / "none")
    assert f"is in use by pid {process.pid}, user " in refused(["x"], tmp_path).message
    (note,) = tmp_path.glob("*.holder")
    note.unlink()
    error = refused(["x"], tmp_path)
    assert error.message == "x is in use by another process, which left no note"
    assert error.hint == "wait until that run has ended, or end it"


def test_everybody_may_read_the_note(tmp_path):
    before = os.umask(0o077)
    try:
        with Locks(["x"], board="lab-1", folder=tmp_path):
            (note,) = tmp_path.glob("*.holder")
            assert stat.S_IMODE(note.stat().st_mode) == 0o644
    finally:
        os.umask(before)


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"{",
        b"[1]",
        b"null",
        b'{"pid": "x"}',
        b'{"user": "x"}',
        b"\xff\xfe",
        b"[" * 4000,
        b'{"pid": 1, "user": "' + b"u" * 10_000,
    ],
)
def test_a_note_that_is_none(tmp_path, note):
    (tmp_path / "n").write_bytes(note)
    assert read_holder(tmp_path / "n") is None


def test_a_note_is_printed_safely(tmp_path):
    (tmp_path / "n").write_text(
        json.dumps({"pid": 7, "user": "\x1b[31m", "since": "now", "board": "b" * 500})
    )
    holder = read_holder(tmp_path / "n")
    assert isinstance(holder, Holder)
    assert "\x1b" not in str(holder)
    assert len(str(holder)) < 200


def test_a_note_that_is_a_link_is_not_followed(tmp_path):
    victim = tmp_path / "victim"
    victim.write_text('{"pid": 7}')
    assert read_holder(victim) is not None
    with Locks(["x"], board="lab-1", folder=tmp_path):
        (note,) = tmp_path.glob("*.holder")
    note.symlink_to(victim)
    assert read_holder(note) is None
    with Locks(["x"], board="lab-1", folder=tmp_path):
        assert victim.read_text() == '{"pid": 7}'
        assert not note.is_symlink()


def test_everybody_may_lock(tmp_path):
    with Locks(["x"], board="lab-1", folder=tmp_path):
        (lock,) = tmp_path.glob("*.lock")
        assert stat.S_IMODE(lock.stat().st_mode) == 0o666


def test_a_folder_that_is_none(tmp_path):
    (tmp_path / "file").touch()
    error = refused(["x"], tmp_path / "file")
    assert "the lock" in error.message
    assert "HARNESS_LOCKS" in error.hint


def test_the_machine_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HARNESS_LOCKS", str(tmp_path / "locks"))
    assert machine_folder() == tmp_path / "locks"
    assert (tmp_path / "locks").is_dir()
    monkeypatch.delenv("HARNESS_LOCKS")
    assert machine_folder().name == locks.FOLDER_NAME
    assert stat.S_IMODE(machine_folder().stat().st_mode) == 0o777


def test_no_machine_folder(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("HARNESS_LOCKS", str(tmp_path / "file" / "locks"))
    with pytest.raises(BenchError, match="no folder for locks") as caught:
        machine_folder()
    assert "HARNESS_LOCKS" in caught.value.hint


def test_file_names_are_readable_and_different(tmp_path):
    with Locks(["/dev/i2c-1 address 0x71", "/dev/i2c/1 address 0x71", "ü" * 300], board="b", folder=tmp_path):
        names = sorted(path.name for path in tmp_path.glob("*.lock"))
    assert len(names) == 3
    assert sum(name.startswith("dev-i2c-1-address-0x71-") for name in names) == 2
    assert all(len(name) < 100 for name in names)
