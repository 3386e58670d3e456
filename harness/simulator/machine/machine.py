"""What runs a firmware: a process of this machine in the place of a board, with power, reset and flash memory."""

import os
import signal
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from harness.errors import BenchError
from harness.hostload import host
from harness.run import orphans
from harness.transport.descriptor import Descriptor
from harness.transport.printable import last_lines

_SHOWN_LINES = 10
_TAIL = 8192  # bytes of what a program complained of that are kept for a message
GONE = "read what it printed last; a machine that was ended from outside is started by opening it anew"
"""What to try when the process of a machine is gone."""


class Machine(ABC):
    """A board's machine, off when it is made. Its flash lives as long as this object.

    One thread at a time switches it; its console may be used by others meanwhile. A console that is replaced by that
    of the next start keeps what it still holds and then ends.
    """

    @abstractmethod
    def power_on(self) -> Descriptor:
        """Start the firmware with all but the flash empty, and return its console.

        Raises:
            BenchError: The process cannot be started.
        """

    @abstractmethod
    def power_off(self) -> None:
        """Take the power away at once, in the middle of whatever the firmware does; nothing when it is off."""

    @abstractmethod
    def hold(self) -> None:
        """Hold the firmware in reset; nothing when it is off."""

    @abstractmethod
    def release(self) -> Descriptor | None:
        """Start the firmware anew after `hold`; return its console when it is another one.

        Raises:
            BenchError: The process is gone, or cannot be started.
        """

    @abstractmethod
    def ended(self) -> BenchError | None:
        """Return what is known of a process that has ended by itself; None while it runs or is switched off."""


class Program:
    """A process that runs for a machine, in a group of its own, which ends with this process whatever happens.

    Args:
        command: Program and arguments.
        environment: Its environment.
        descriptors: Descriptors that it inherits, under the same numbers.
        terminal: Its standard input and output; None for none.

    Raises:
        BenchError: It cannot be started.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        descriptors: Sequence[int],
        terminal: int | None = None,
    ) -> None:
        self.name = Path(command[0]).name
        self._complaints: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `kill`
        stream = subprocess.DEVNULL if terminal is None else terminal
        try:
            orphans.prepare()
            self._process = subprocess.Popen(  # noqa: S603 - what we built, or QEMU
                command,
                cwd="/",
                env=environment,
                stdin=stream,
                stdout=stream,
                stderr=self._complaints,
                pass_fds=tuple(descriptors),
                start_new_session=True,
            )
        except OSError as error:
            orphans.not_started()
            self._complaints.close()
            raise BenchError(
                f"{command[0]}: cannot be started: {(error.strerror or str(error)).lower()}",
                hint="see whether the file is there and may be executed, and whether this machine has processes left",
            ) from error
        orphans.watch(self._process.pid)
        host().include(self._process.pid)

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    def ended(self, limit: float = 0.0) -> BenchError | None:
        """Return how it ended by itself, with what it complained of last; None while it runs.

        Args:
            limit: Seconds to wait for its end.
        """
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(limit)
        code = self._process.returncode
        if code is None:
            return None
        how = f"signal {_signal(-code)}" if code < 0 else f"exit code {code}"
        return BenchError(
            f"{self.name}: the process of the machine ended ({how})", hint=GONE, traffic=self.complaints()
        )

    def complaints(self) -> tuple[str, ...]:
        """Return the last lines that it wrote to its standard error, safe to print."""
        if self._complaints.closed:
            return ()
        length = self._complaints.seek(0, os.SEEK_END)
        self._complaints.seek(max(0, length - _TAIL))
        return last_lines(self._complaints.read(), _SHOWN_LINES)

    def kill(self) -> None:
        """End it and all that it started, at once. May be called more than once."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        orphans.forget(self._process.pid)
        host().leave_out(self._process.pid)
        self._complaints.close()


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)
