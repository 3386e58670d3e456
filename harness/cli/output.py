"""The streams that a command writes to, as its own: whatever pytest does to the process's, output goes on."""

import contextlib
import os
import sys
from typing import TextIO

from rich.console import Console, ConsoleDimensions

_NARROW = 20
_NO_TERMINAL = 1_000_000
"""Columns of a file or a pipe: nothing is cut or wrapped there, unless COLUMNS says otherwise."""


class OwnConsole(Console):
    """A console on a copy of stdout or stderr, which stays the terminal while pytest holds back what is printed.

    A reader may leave: the command goes on without it.

    Args:
        descriptor: Which stream, 1 or 2.
    """

    def __init__(self, descriptor: int = 1) -> None:
        super().__init__(file=_copy(descriptor), highlight=False)

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

    def on_broken_pipe(self) -> None:
        """Write no more, where rich would end the program."""
        self.quiet = True
        nowhere = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
        os.dup2(nowhere, self.file.fileno(), inheritable=False)
        os.close(nowhere)


def _copy(descriptor: int) -> TextIO:
    stream = sys.stdout if descriptor == 1 else sys.stderr
    try:
        stream.flush()
        own = os.dup(descriptor)
    except (OSError, ValueError):
        own = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return os.fdopen(own, "w", encoding=encoding, errors="backslashreplace")
