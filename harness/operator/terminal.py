"""Asks the operator at the terminal that controls this process, whatever has become of stdin and stdout."""

import os
import select
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from harness.errors import UsageError
from harness.operator.errors import OperatorAbsent
from harness.operator.forms import MAX_ANSWER
from harness.operator.steps import Field

_TERMINAL = "/dev/tty"
_LONGEST_WAIT = 0.5  # seconds: a Ctrl-C that comes just before the system call is seen when that ends


class Operator(Protocol):
    """Who answers what no file answers."""

    def tell(self, lines: list[str]) -> None:
        """Show lines.

        Raises:
            OperatorAbsent: No operator is there.
        """

    def ask(self, field: Field, deadline: float | None, look: Callable[[], None]) -> str:
        """Ask for one value until it has its form.

        Args:
            field: What is asked for.
            deadline: Monotonic time in seconds until which an answer must come; None waits as long as it takes.
            look: Called again and again meanwhile; what it raises ends the waiting.

        Raises:
            OperatorAbsent: No operator is there, or nothing came in time.
            KeyboardInterrupt: The operator pressed Ctrl-C.
        """


class AbsentOperator:
    """The operator of an unattended run."""

    def tell(self, lines: list[str]) -> None:
        """Refuse to show anything.

        Raises:
            OperatorAbsent: Always.
        """
        del lines
        raise OperatorAbsent(
            "the run is unattended",
            hint="run it in a terminal, or give the answer in a file with --answers",
        )

    def ask(self, field: Field, deadline: float | None, look: Callable[[], None]) -> str:
        """Refuse to ask.

        Raises:
            OperatorAbsent: Always.
        """
        del deadline, look
        raise OperatorAbsent(
            f"the run is unattended and {field.name} has no answer",
            hint="run it in a terminal, or give the answer in a file with --answers",
        )


class TerminalOperator:
    """The operator at the controlling terminal."""

    def tell(self, lines: list[str]) -> None:
        """Show lines.

        Raises:
            OperatorAbsent: There is no terminal any more.
        """
        with _terminal() as descriptor:
            _write(descriptor, "".join(f"{_printable(line)}\r\n" for line in lines))

    def ask(self, field: Field, deadline: float | None, look: Callable[[], None]) -> str:
        """Ask for one value until it has its form, or until `look` raises.

        Raises:
            OperatorAbsent: There is no terminal any more, or nothing came in time.
            KeyboardInterrupt: The operator pressed Ctrl-C.
        """
        with _terminal() as descriptor, _unseen(descriptor) if field.secret else _echoed():
            while True:
                _write(descriptor, f"  {field.name} ({field.form.words}): ")
                text = _line(descriptor, deadline, look)
                if field.secret:
                    _write(descriptor, "\r\n")
                try:
                    return field.form.read(text)
                except UsageError as error:
                    _write(descriptor, f"  {error.message}\r\n")


def has_terminal() -> bool:
    """Tell whether this process is controlled by a terminal."""
    try:
        os.close(os.open(_TERMINAL, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return False
    return True


@contextmanager
def _terminal() -> Iterator[int]:
    try:
        descriptor = os.open(_TERMINAL, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        raise OperatorAbsent(
            "there is no terminal any more to ask at", hint="give the answer in a file with --answers"
        ) from None
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _echoed() -> Iterator[None]:
    yield


@contextmanager
def _unseen(descriptor: int) -> Iterator[None]:
    before = termios.tcgetattr(descriptor)
    silent = [*before]
    silent[3] &= ~termios.ECHO
    termios.tcsetattr(descriptor, termios.TCSAFLUSH, silent)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSAFLUSH, before)


def _line(descriptor: int, deadline: float | None, look: Callable[[], None]) -> str:
    """Read one line as the terminal gives it, which is edited and whole."""
    while not select.select([descriptor], [], [], _LONGEST_WAIT)[0]:
        try:
            look()
        except BaseException:
            # What was typed so far belongs to no other question, and to no shell.
            termios.tcflush(descriptor, termios.TCIFLUSH)
            _write(descriptor, "\r\n")
            raise
        if deadline is not None and time.monotonic() >= deadline:
            raise OperatorAbsent(
                "nobody answered in time", hint="allow more with --operator-timeout, or answer with --answers"
            )
    data = os.read(descriptor, MAX_ANSWER + 1)
    if not data:
        raise OperatorAbsent("the terminal was closed (end of input)", hint="answer with --answers")
    return data.decode(errors="replace").rstrip("\r\n")


def _write(descriptor: int, text: str) -> None:
    data = text.encode(errors="replace")
    while data:
        data = data[os.write(descriptor, data) :]


def _printable(line: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in line)
