"""Streams that outlast who reads them: a terminal that is closed, a reader that left, a disk that is full."""

import contextlib
import io
import os
import sys
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from typing import BinaryIO

_STDERR = 2


class Lasting(io.TextIOWrapper):
    """Text to a stream of this process; once the stream refuses, what is written goes nowhere.

    What is printed for people decides nothing, so that it cannot be printed must end nothing.

    Attributes:
        refused: Why the stream refused; None when it did not.
    """

    def __init__(self, descriptor: int, *, encoding: str, own: bool) -> None:
        file = os.fdopen(descriptor, "wb", closefd=own)
        super().__init__(
            cast("BinaryIO", file), encoding=encoding, errors="backslashreplace", line_buffering=True
        )
        self.refused: OSError | None = None

    def write(self, text: str, /) -> int:
        """Write text."""
        try:
            return super().write(text)
        except OSError as error:
            self._give_up(error)
            return len(text)

    def flush(self) -> None:
        """Write what is held back."""
        try:
            super().flush()
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        self.refused = self.refused or error
        nowhere = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
        os.dup2(nowhere, self.fileno(), inheritable=self.fileno() <= _STDERR)
        os.close(nowhere)
        with contextlib.suppress(OSError):
            super().flush()  # what was held back goes there, too


def outlast() -> None:
    """Have this process's own streams outlast who reads them.

    One that was closed before the start leads nowhere: the next file that is opened would else have its number, and
    what is printed would go into it. Stderr never raises. Stdout does, as what stands there is what was asked for.
    """
    for number in range(_STDERR + 1):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC), True)
    if sys.stdin is None:
        sys.stdin = os.fdopen(0, closefd=False)
    if sys.stdout is None:
        sys.stdout = Lasting(1, encoding="utf-8", own=False)
    if sys.stderr is sys.__stderr__:  # None when it was closed; whoever put another one there reads it
        encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
        sys.stderr = Lasting(_STDERR, encoding=encoding, own=False)
