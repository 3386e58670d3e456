"""The streams that a command writes to, as its own: whatever pytest does to the process's, output goes on."""

import contextlib
import fcntl
import os
import sys

from rich.console import Console, ConsoleDimensions

from harness.cli.streams import Lasting

_NARROW = 20
_FIRST_OWN = 3  # below it are the three streams
_NO_TERMINAL = 1_000_000
"""Columns of a file or a pipe: nothing is cut or wrapped there, unless COLUMNS says otherwise."""


class OwnConsole(Console):
    """A console on a copy of stdout or stderr, which stays the terminal while pytest holds back what is printed.

    A reader may leave, and a disk may be full: the command goes on without it.

    Args:
        descriptor: Which stream, 1 or 2.
    """

    def __init__(self, descriptor: int = 1) -> None:
        self._stream = _copy(descriptor)
        super().__init__(file=self._stream, highlight=False)

    @property
    def refused(self) -> str:
        """Why what was to be shown is not; empty when it is, or when its reader left."""
        error = self._stream.refused
        if error is None or isinstance(error, BrokenPipeError):
            return ""
        return os.strerror(error.errno).lower() if error.errno else str(error)

    def close(self) -> None:
        """Close the copy of the stream."""
        with contextlib.suppress(OSError):
            self.file.close()

    @property
    def size(self) -> ConsoleDimensions:
        """Columns and lines of this stream's terminal now; COLUMNS and LINES go before it."""
        said = super().size
        try:
            columns, lines = os.get_terminal_size(self.file.fileno())
        except OSError:
            columns, lines = _NO_TERMINAL, said.height
        return ConsoleDimensions(
            said.width if os.environ.get("COLUMNS", "").isdigit() else max(columns, _NARROW),
            said.height if os.environ.get("LINES", "").isdigit() else lines,
        )

    @size.setter
    def size(self, new_size: tuple[int, int]) -> None:
        self._width, self._height = new_size


def _copy(descriptor: int) -> Lasting:
    stream = sys.stdout if descriptor == 1 else sys.stderr
    try:
        stream.flush()
        own = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _FIRST_OWN)
    except (OSError, ValueError):
        own = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
    return Lasting(own, encoding=getattr(stream, "encoding", None) or "utf-8", own=True)
