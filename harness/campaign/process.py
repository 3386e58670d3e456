"""The process of one board: forked from the campaign's, which has imported everything and talks to no device.

What is imported is shared memory, and a start takes milliseconds. The process tells what happens as lines on a socket.
It hears no signal of the terminal, as it has a session of its own, and is asked to end when the campaign's dies.
"""

import ctypes
import gc
import json
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from harness.campaign.job import Job
from harness.progress.writer import now
from harness.run.safe import Mask, json_value

RESULT = "result"
"""The last event of a process: what it hands over. It is no event of the progress."""

_PR_SET_PDEATHSIG = 1
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_DEFECT = 70  # exit code of a process that broke outside of its work
_PART = 1 << 16
_LOOK_S = 0.05
_SHORT_S = 30.0
_MOST_OUTPUT = 64 * 1024
_LONGEST_LINE = 8 << 20
_JSON = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), allow_nan=False)
_BARE = Mask()

Write = Callable[..., None]
"""Takes an event, its fields, and the keyword `board`, as `ProgressWriter.write` does."""

Work = Callable[[Job, Write], Mapping[str, Any]]
"""What a process does: it tells events, and returns what it hands over; `code` in it is its exit code."""


class AskedToEnd(KeyboardInterrupt):
    """A signal asks a process to end; `number` is which."""

    def __init__(self, number: int) -> None:
        super().__init__(f"asked to end by {signal.Signals(number).name}")
        self.number = number


class BoardProcess:
    """A process that works on one job."""

    def __init__(self, job: Job, work: Work) -> None:
        """Start it.

        Raises:
            OSError: The system has no room for another process.
        """
        self.job = job
        self.begun = self._heard = time.monotonic()
        self._asks = 0
        self.folder = ""
        self.result: Mapping[str, Any] | None = None
        self.why_killed = ""
        self._rest = b""
        self._output = b""
        self._status: int | None = None
        self.silent = self.has_spoken = False
        self.events, theirs = socket.socketpair()
        reader, writer = os.pipe2(os.O_CLOEXEC)
        self.printed = reader
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        # What is garbage now is gone before the fork: closed in the child, it would close what has its number there.
        # What is left stays out of later collections, which would copy every page of it; the scheduler ends that.
        gc.collect()
        gc.freeze()
        parent = os.getpid()
        # Held back until the process can hear it: the campaign's way of taking a signal is not its own.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
        try:
            self.pid = os.fork()
            if self.pid == 0:
                _in_child(job, work, theirs, writer, parent)
        except OSError:
            for each in (self.events, theirs):
                each.close()
            os.close(reader)
            os.close(writer)
            raise
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()
        os.close(writer)
        self.events.setblocking(False)
        os.set_blocking(reader, False)

    def take_events(self) -> Iterator[Mapping[str, Any]]:
        """Give what it has told since; when nothing more will come, it is `silent`."""
        while True:
            try:
                part = self.events.recv(_PART)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                part = b""
            if not part:
                self.silent = True
                return
            self._heard, self.has_spoken = time.monotonic(), True
            *lines, self._rest = (self._rest + part).split(b"\n")
            if len(self._rest) > _LONGEST_LINE:
                self._rest = b""
            for line in lines:
                event = _event(line)
                if event is None:
                    continue
                if event["event"] == RESULT:
                    self.result = event["fields"]
                    continue
                self._see(event["event"], event["fields"])
                yield event

    def _see(self, event: str, fields: Mapping[str, Any]) -> None:
        folder, seconds = fields.get("folder"), fields.get("seconds")
        if isinstance(folder, str) and folder:
            self.folder = folder
        if event == "operator_asks":
            self._asks += 1
        elif event == "operator_answered":
            self._asks -= 1
        elif event == "waits" and isinstance(seconds, int | float):
            self._heard += seconds  # it says that it will be silent, and for how long

    @property
    def silent_s(self) -> float:
        """For how many seconds it has given no sign, where one was to be expected."""
        return 0.0 if self._asks > 0 else time.monotonic() - self._heard

    def take_output(self) -> bool:
        """Take what it has printed since, and keep the last of it; False when no more will come."""
        while True:
            try:
                part = os.read(self.printed, _PART)
            except BlockingIOError:
                return True
            except OSError:
                return False
            if not part:
                return False
            self._output = (self._output + part)[-_MOST_OUTPUT:]

    @property
    def output(self) -> str:
        """What it printed, the last of it."""
        return self._output.decode(errors="backslashreplace")

    def ended(self) -> bool:
        """Whether it has ended; it is waited for."""
        if self._status is None:
            left = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if left is None:
                return False
            if self.result is None or left.si_code != os.CLD_EXITED:
                # What it had started must not keep the board. Its number is nobody else's until it is waited for.
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(self.pid, signal.SIGKILL)
            self._status = os.waitpid(self.pid, 0)[1]
        return True

    @property
    def code(self) -> int | None:
        """The exit code of its work; None when it did not come to the end of it."""
        code = None if self.result is None else self.result.get("code")
        return code if isinstance(code, int) else None

    @property
    def lost(self) -> str:
        """What became of it, when it did not come to the end of its work; else empty."""
        if self._status is None or self.code is not None:
            return ""
        if self.why_killed:
            return self.why_killed
        if self.result is not None and isinstance(self.result.get("defect"), str):
            return f"its process broke: {self.result['defect']}"
        if os.WIFSIGNALED(self._status):
            number = os.WTERMSIG(self._status)
            with suppress(ValueError):
                return f"its process was killed by {signal.Signals(number).name}"
            return f"its process was killed by signal {number}"
        return f"its process ended by itself with exit code {os.WEXITSTATUS(self._status)}"

    def send(self, number: int) -> None:
        """Send a signal to it; one that has ended gets none."""
        if self._status is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self, why: str) -> None:
        """End it, and all that it has started, at once."""
        if self._status is None:
            self.why_killed = self.why_killed or why
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def close(self) -> None:
        """Close what leads to it."""
        self.events.close()
        with suppress(OSError):
            os.close(self.printed)


def answer_of(work: Work) -> Mapping[str, Any] | None:
    """Have a process of its own do a short piece of work, and return what it hands over; None when it fails."""
    process = BoardProcess(Job("", 0), work)
    while not process.ended():
        select.select([process.events], [], [], _LOOK_S)
        list(process.take_events())
        process.take_output()
        if time.monotonic() - process.begun > _SHORT_S:
            process.kill("it takes too long")
    list(process.take_events())
    process.close()
    return None if process.lost else process.result


def _in_child(job: Job, work: Work, events: socket.socket, output: int, parent: int) -> NoReturn:
    """Do the work, and never return: what stands above on the stack is the campaign's."""
    code = _DEFECT
    try:
        _leave_campaign(events, output, parent)
        code = _worked(job, work, events)
    except BaseException as error:  # noqa: BLE001 - nothing may come back into the campaign's own code
        with suppress(BaseException):
            _send(events, RESULT, {"defect": f"{type(error).__name__}: {error}"})
    finally:
        with suppress(BaseException):
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
        os._exit(code & 0xFF)


def _worked(job: Job, work: Work, events: socket.socket) -> int:
    def write(event: str, fields: Mapping[str, object] | None = None, *, board: str = "") -> None:
        del board
        _send(events, event, fields or {})

    result = work(job, write)
    _send(events, RESULT, result)
    return int(result["code"])


def _leave_campaign(events: socket.socket, output: int, parent: int) -> None:
    """Give up what is the campaign's: terminal, signals, open files, the lock among them."""
    os.setsid()
    for number in _ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _asked_to_end)
    if signal.getsignal(signal.SIGCHLD) is not signal.SIG_IGN:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
    os.dup2(os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    forget_files({events.fileno()})
    end_with(parent)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)


def _asked_to_end(number: int, frame: FrameType | None) -> None:
    del frame
    raise AskedToEnd(number)


def forget_files(kept: set[int]) -> None:
    """Give up every open file but the three streams and those that are kept, as a process that was forked does.

    Their numbers stay open on nothing: objects of the process before would else close what gets their number here.
    """
    nowhere = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    for entry in list(Path("/proc/self/fd").iterdir()):
        file = int(entry.name)
        if file > 2 and file not in {*kept, nowhere}:
            with suppress(OSError):
                os.fstat(file)
                os.dup2(nowhere, file, inheritable=False)


def end_with(parent: int) -> None:
    """Have this process asked to end (SIGTERM) when its parent dies, however that happens."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:  # it died in between
        os.kill(os.getpid(), signal.SIGTERM)


def _send(events: socket.socket, event: str, fields: Mapping[str, object]) -> None:
    plain = {"event": event, "time": now(), "fields": json_value(fields, _BARE)}
    with suppress(OSError):  # nobody listens any more: the run goes on to its end
        events.sendall(_JSON.encode(plain).encode() + b"\n")


def _event(line: bytes) -> Mapping[str, Any] | None:
    try:
        read = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if isinstance(read, dict) and isinstance(read.get("event"), str) and isinstance(read.get("fields"), dict):
        return read
    return None
