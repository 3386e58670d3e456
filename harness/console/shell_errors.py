"""What goes wrong with a shell on a console."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from harness.errors import BenchError, DeviceError
from harness.transport.printable import safe_text

if TYPE_CHECKING:
    from harness.console.dialect import Dialect
    from harness.console.incidents import Incident


_SHOWN = 12  # lines of what came


class ShellRestartedError(DeviceError):
    """The board started anew while it answered a command.

    Attributes:
        cause: Why, by its own word; empty when it did not say.
        excerpt: The lines around the start, safe to print.
    """

    def __init__(self, command: str, start: Incident, transport: str) -> None:
        said = start.cause.said
        cause = f", reset cause: {said}" if said else ", and says no cause"
        super().__init__(
            f"console {transport}: the board started anew while it answered {safe_text(command, 60)!r}{cause}",
            hint="look at the lines around it, and at the recording for the rest",
            transport=transport,
            traffic=start.excerpt,
        )
        self.cause = said
        self.excerpt = start.excerpt


class ShellCrashedError(DeviceError):
    """The board has crashed: its prompt is the one that a crash leaves."""

    def __init__(self, data: bytes, dialect: type[Dialect], transport: str) -> None:
        from harness.console.crash import AlarmKind
        from harness.console.incidents import incidents_in

        found = [one for one in incidents_in(data, dialect) if one.kind is AlarmKind.CRASH]
        super().__init__(
            f"console {transport}: the board has crashed, and shows the prompt that a crash leaves"
            + (f": {found[-1]}" if found else ""),
            hint="start the board anew",
            transport=transport,
            traffic=found[-1].excerpt if found else shown(data),
        )


class NoAnswerError(BenchError):
    """No prompt came back after a command.

    Attributes:
        silent: Whether nothing at all came.
    """

    def __init__(self, command: str, limit: float, came: bytes, transport: str) -> None:
        self.silent = not came.strip()
        super().__init__(
            f"console {transport}: no prompt came back within {limit:g} s after {safe_text(command, 60)!r}"
            + ("; nothing came at all" if self.silent else ""),
            hint="does the command end by itself? `harness trace` shows what came",
            transport=transport,
            traffic=shown(came),
        )


def no_shell(what: str, limit: float, tail: bytes, transport: str) -> BenchError:
    """Return the error for a console on which no shell can be reached.

    Args:
        what: What is missing, as the beginning of a sentence.
        limit: Seconds that were allowed.
        tail: The last output.
        transport: Name of the transport.
    """
    heard = "" if tail.strip() else "; nothing is heard"
    return BenchError(
        f"console {transport}: {what} within {limit:g} s{heard}",
        hint="check power, cable and baud rate, and that console.dialect names how this console speaks",
        transport=transport,
        traffic=shown(tail),
    )


def damaged(command: str, tries: int, transport: str) -> BenchError:
    """Return the error for a command that cannot be typed without a mistake."""
    return BenchError(
        f"console {transport}: {safe_text(command, 60)!r} does not arrive whole in {tries} tries: characters are lost, "
        "or others print into it",
        hint="lower the baud rate, use flow control, or have the board log less",
        transport=transport,
    )


def shown(data: bytes) -> tuple[str, ...]:
    """Return the last lines of an output as an error shows them."""
    from harness.console.incidents import excerpt_of
    from harness.console.screen import lines_of, without_escapes

    return excerpt_of(_texts(lines_of(without_escapes(data))[-_SHOWN:]))


def _texts(lines: Iterable[bytes]) -> list[str]:
    return [line.decode("utf-8", errors="backslashreplace") for line in lines]
