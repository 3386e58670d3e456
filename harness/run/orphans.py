"""Programs that must not outlive the run that started them, also when it is killed at once (SIGKILL).

A small process of its own waits for the end of a pipe that only this process holds open. When this process is gone,
however it went, the watcher ends every process group that it was told of.
"""

import contextlib
import os
import subprocess
import sys
import threading
from typing import IO

_WATCHER = """\
import os, signal, sys, time
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
groups = set()
for line in sys.stdin:
    (groups.add if line[0] == "+" else groups.discard)(int(line[1:]))
def tell(number):
    for group in list(groups):
        try:
            os.killpg(group, number)
        except ProcessLookupError:
            groups.discard(group)
        except PermissionError:
            pass
tell(signal.SIGTERM)
end = time.monotonic() + 3
while groups and time.monotonic() < end:
    time.sleep(0.05)
    tell(0)
tell(signal.SIGKILL)
"""


class _Watcher:
    """Has a watching process while there is something to watch; any thread may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._watched: set[int] = set()

    def ready(self) -> None:
        """Start the watching process if it does not run yet."""
        with self._lock:
            if self._process is not None and self._process.poll() is None:
                return
            self._process = subprocess.Popen(  # noqa: S603 - our own words
                [sys.executable, "-I", "-S", "-c", _WATCHER],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                start_new_session=True,
            )

    def watch(self, group: int) -> None:
        """Have a process group watched."""
        with self._lock:
            self._watched.add(group)
            self._tell(b"+%d\n" % group)

    def forget(self, group: int) -> None:
        """Have a process group watched no more; the last one ends the watching process."""
        with self._lock:
            self._watched.discard(group)
            self._tell(b"-%d\n" % group)
        self.rest()

    def rest(self) -> None:
        """End the watching process if nothing is watched."""
        with self._lock:
            if self._watched or self._process is None:
                return
            with contextlib.suppress(OSError):
                self._stdin().close()
            self._process.wait()
            self._process = None

    def _tell(self, line: bytes) -> None:
        if self._process is None:
            return
        # A watcher that somebody killed is no reason to end a run.
        with contextlib.suppress(OSError):
            os.write(self._stdin().fileno(), line)

    def _stdin(self) -> IO[bytes]:
        assert self._process is not None and self._process.stdin is not None  # noqa: PT018 - both from one Popen
        return self._process.stdin


_WATCHING = _Watcher()


def prepare() -> None:
    """Make ready to watch. Called before a program starts, so that next to no time passes before it is watched.

    Raises:
        OSError: the system starts no more processes.
    """
    _WATCHING.ready()


def not_started() -> None:
    """Take `prepare` back: the program did not start."""
    _WATCHING.rest()


def watch(group: int) -> None:
    """End the process group of this number when this process is gone."""
    _WATCHING.watch(group)


def forget(group: int) -> None:
    """Leave the process group alone from now on: it was ended, and its number may come to stand for another."""
    _WATCHING.forget(group)
