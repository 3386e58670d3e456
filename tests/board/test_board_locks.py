"""Locks between real processes: one holder, named to the others, and gone when the holder is killed."""

import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from harness.board.opening import locks
from harness.board.opening.locks import Holder, Locks, machine_folder, read_holder
from harness.errors import BenchError

ROOT = Path(__file__).resolve().parents[2]

HOLD = """
import sys
from pathlib import Path
from harness.board.opening.locks import Locks
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
    assert error.hint == "wait for it: harness run lab-2 --wait 600; or ask who holds it to end it"
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
    assert "kill" not in error.hint


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
    assert stat.S_IMODE(machine_folder().stat().st_mode) == 0o1777


@pytest.fixture
def places(tmp_path, monkeypatch):
    """A `/run/lock` and a `/tmp` of a test."""
    monkeypatch.delenv("HARNESS_LOCKS", raising=False)
    run_lock, temporary = tmp_path / "run-lock", tmp_path / "tmp"
    for folder in (run_lock, temporary):
        folder.mkdir()
        folder.chmod(0o1777)
    monkeypatch.setattr(locks, "_RUN_LOCK", run_lock)
    monkeypatch.setattr(locks, "_TEMPORARY", temporary)
    return run_lock, temporary


def test_one_place_for_everybody(places, monkeypatch):
    run_lock, temporary = places
    assert machine_folder() == run_lock / "id2-harness"
    run_lock.chmod(0o755)  # root alone: root must not lock there either, users could not meet it
    monkeypatch.setenv("TMPDIR", str(run_lock))
    assert machine_folder() == temporary / "id2-harness"
    assert stat.S_IMODE((temporary / "id2-harness").stat().st_mode) == 0o1777
    run_lock.rename(run_lock.with_name("gone"))
    assert machine_folder() == temporary / "id2-harness"


def test_a_link_in_the_place_of_the_folder_is_not_followed(places, tmp_path):
    victim = tmp_path / "victim"
    victim.mkdir(mode=0o700)
    (places[0] / "id2-harness").symlink_to(victim)
    with pytest.raises(BenchError, match="no folder for locks"):
        machine_folder()
    assert stat.S_IMODE(victim.stat().st_mode) == 0o700


def test_a_note_that_another_user_left_stands_aside(other, tmp_path):
    left = locks._note_of_mine(tmp_path, locks._file_stem("x")).with_suffix("")
    left = left.with_name(left.name.rpartition(".")[0] + ".77777.holder")
    left.write_text(json.dumps({"pid": 1, "user": "ann", "board": "lab-7"}))
    process = other("x")
    assert "board lab-1" in refused(["x"], tmp_path).message
    assert locks.holder_of("x", tmp_path).pid == process.pid
    assert read_holder(left).user == "ann"


def test_everybody_takes_locks_in_one_order(tmp_path):
    assert Locks(["c", "a", "b", "a"], board="lab-1").names == ("a", "b", "c")
    seen = []
    with Locks(["a"], board="lab-1", folder=tmp_path), Locks(["z"], board="lab-1", folder=tmp_path):
        error = refused(["z", "a"], tmp_path, on_wait=seen.append)
    assert error.message.startswith("a is in use")
    assert seen == []


def test_the_wait_is_for_all_locks_together(tmp_path, monkeypatch):
    """The first lock comes free after 40 of 60 seconds; for the second 20 are left."""
    now = [1000.0]
    monkeypatch.setattr(locks.time, "monotonic", lambda: now[0])
    patience = []

    class Slow(locks._Lock):
        def __init__(self, folder, name, holder, wait):
            super().__init__(folder, name, holder, 0)
            self._patience = wait
            if wait:
                patience.append(wait)

        def taken(self):
            if not self._patience:
                raise locks.LockedError(f"{self._name} is in use")
            now[0] += 40
            return super().taken()

    monkeypatch.setattr(locks, "_Lock", Slow)
    told = []
    with Locks(["a", "b"], board="lab", folder=tmp_path, wait=60, on_wait=told.append):
        pass
    assert patience == [60, 20]
    assert [text.rpartition("; ")[2] for text in told] == [
        "waiting for it, 60 s at most",
        "waiting for it, 20 s at most",
    ]


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
