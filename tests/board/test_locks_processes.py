"""Locks under kill -9, and between users of one machine."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.board.opening.locks import Locks, holder_of
from harness.errors import BenchError

ROOT = Path(__file__).resolve().parents[2]

# Each round: a child takes the locks and is killed by SIGKILL while it holds them; then they are free at once.
ROUNDS = """
import os, signal, sys
from pathlib import Path
from harness.board.opening.locks import Locks, holder_of
from harness.errors import BenchError

folder, rounds = Path(sys.argv[1]), int(sys.argv[2])
names = ["board lab-1", "/dev/ttyS7"]
for number in range(rounds):
    ready, taken = os.pipe()
    child = os.fork()
    if not child:
        locks = Locks(names, board="lab-1", run=f"run-{number}", folder=folder)
        locks.acquire()
        os.write(taken, b"!")
        while True:
            signal.pause()
    assert os.read(ready, 1) == b"!"
    try:
        Locks(names, board="lab-2", folder=folder).acquire()
    except BenchError as error:
        assert f"pid {child}," in error.message and f"run run-{number}" in error.message, error.message
    else:
        raise SystemExit(f"round {number}: two holders")
    assert holder_of(names[0], folder).pid == child
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(ready), os.close(taken)
    assert holder_of(names[0], folder) is None
    with Locks(names, board="lab-2", folder=folder):
        pass
print("free", sorted(path.suffix for path in folder.iterdir()))
"""

TAKE = """
import os, sys
from pathlib import Path
from harness.board.opening.locks import Locks
from harness.errors import BenchError
os.setgroups([]), os.setgid(65534), os.setuid(65534)
try:
    with Locks(["/dev/ttyS7"], board="lab-9", folder=Path(sys.argv[1])):
        print("held", flush=True)
        sys.stdin.read()
except BenchError as error:
    print(error.message)
"""


@pytest.mark.slow
def test_200_rounds_of_kill_9_leave_no_lock_behind(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", ROUNDS, tmp_path, "200"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout == "free ['.lock', '.lock']\n"


@pytest.fixture
def shared(tmp_path_factory):
    """A folder that another user may reach, as the machine's lock folder is."""
    folder = Path("/tmp") / f"id2-locks-{os.getpid()}"  # pytest's own folders are closed to others
    folder.mkdir()
    folder.chmod(0o1777)
    yield folder
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


@pytest.fixture
def somebody_else(shared):
    """Start a process of another user that takes a lock."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    started = []

    def start():
        process = subprocess.Popen(
            [sys.executable, "-c", TAKE, shared],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            pipe.close()


def test_another_user_holds_a_lock(somebody_else, shared):
    process = somebody_else()
    assert process.stdout.readline() == "held\n"
    with pytest.raises(BenchError, match=f"/dev/ttyS7 is in use by pid {process.pid}, user nobody"):
        Locks(["/dev/ttyS7"], board="lab-1", folder=shared).acquire()
    process.kill()
    process.wait()
    with Locks(["/dev/ttyS7"], board="lab-1", folder=shared):
        pass


def test_another_user_is_kept_out_and_told(somebody_else, shared):
    with Locks(["/dev/ttyS7"], board="lab-1", folder=shared):
        assert f"is in use by pid {os.getpid()}, user root" in somebody_else().stdout.readline()
    assert somebody_else().stdout.readline() == "held\n"


def test_who_waits_is_told_for_whom(tmp_path):
    told = []
    held = Locks(["x"], board="lab-1", folder=tmp_path)

    def tell(text):
        told.append(text)
        held.release()

    held.acquire()
    with Locks(["x"], board="lab-2", folder=tmp_path, wait=60, on_wait=tell):
        assert holder_of("x", tmp_path).board == "lab-2"
    (text,) = told
    assert text.startswith(f"x is in use by pid {os.getpid()}")
    assert text.endswith("board lab-1; waiting for it, 60 s at most")


def test_a_wait_that_is_not_needed_says_nothing(tmp_path):
    with Locks(["x"], board="lab-2", folder=tmp_path, wait=60, on_wait=pytest.fail):
        pass


def test_a_wait_ends(tmp_path):
    told = []
    with Locks(["x"], board="lab-1", folder=tmp_path):
        second = Locks(["x"], board="lab-2", folder=tmp_path, wait=0.1, on_wait=told.append)
        with pytest.raises(BenchError, match="x is in use by pid"):
            second.acquire()
    assert len(told) == 1


def test_nobody_holds_what_was_never_locked(tmp_path):
    assert holder_of("x", tmp_path) is None
    assert list(tmp_path.iterdir()) == []
