"""What happened to a board by its console: crashes and starts, with the cause and the lines around each.

Source: consoles.md A1, A3, A4.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.console.crash import Alarm, AlarmKind, find_alarm, rules_of
from harness.console.dialect import Dialect
from harness.console.screen import without_escapes
from harness.transport.printable import safe_text
from harness.transport.secret_lines import SecretLines

LOOP_STARTS = 3
"""Starts within `LOOP_S` without a prompt that are a boot loop."""

LOOP_S = 30.0

_LINE = re.compile(rb"[^\n]*\n?")
_BEFORE, _AFTER = 3, 8  # lines of an excerpt around what happened
_WIDTH = 160
_LATER = 40  # lines after a start in which the system says its cause
_MOST = 1000


@dataclass(frozen=True, slots=True)
class Incident:
    """A crash, or a start of the board.

    Attributes:
        kind: `AlarmKind.CRASH` or `AlarmKind.START`.
        name: What people call it.
        offset: Where its line begins in the output of the console.
        line: The line, safe to print.
        cause: Why the board has started, in words; empty when it did not say.
        fault: Whether no sound board starts for this cause.
        excerpt: The lines around it, safe to print.
    """

    kind: AlarmKind
    name: str
    offset: int
    line: str
    cause: str
    fault: bool
    excerpt: tuple[str, ...]

    def __str__(self) -> str:
        cause = f"; reset cause: {self.cause}" if self.cause else ""
        return f"{self.name} ({self.line}){cause}"


def incidents_in(output: bytes, dialect: type[Dialect], offset: int = 0) -> list[Incident]:
    """Return the crashes and the starts that an output shows, oldest first; of a flood the first thousand.

    The stages of one start (ROM, boot loader, kernel) are one: a start begins with a text that the one before has had.
    Several lines of one crash are one as well, until the board starts.

    Args:
        output: What the console printed.
        dialect: How it speaks.
        offset: Where the output begins in that of the console.
    """
    rules = rules_of(dialect)
    raw = [(found.start(), found[0]) for found in _LINE.finditer(output) if found[0]]
    texts = [
        without_escapes(line).decode("utf-8", errors="backslashreplace").strip("\r\n") for _, line in raw
    ]
    found: list[Incident] = []
    stages: set[str] = set()
    crashed = False
    for number, text in enumerate(texts):
        alarm = find_alarm(text, rules)
        if alarm is None:
            continue
        if alarm.kind is AlarmKind.CRASH:
            if crashed:
                continue
            crashed = True
        elif alarm.kind is AlarmKind.RESET_CAUSE or alarm.matched in stages or not stages:
            if alarm.kind is AlarmKind.RESET_CAUSE and stages:
                continue  # said within a start, which has it as its cause
            stages = {alarm.matched}
            crashed = False
        else:
            stages.add(alarm.matched)
            continue
        if len(found) == _MOST:
            break
        found.append(_incident(alarm, number, raw[number][0] + offset, texts, dialect))
    return found


def cause_in(lines: Iterable[str], dialect: type[Dialect]) -> tuple[str, bool]:
    """Return the cause of a start by the system's own word, and whether it is a fault; empty when it says none.

    Args:
        lines: The first lines of the start.
        dialect: How the console speaks.
    """
    rules = rules_of(dialect)
    for line in lines:
        for cause in dialect.reset_causes():
            if said := cause.text.search(line):
                code = said["code"].lower()
                meaning = cause.meanings.get(code, "not known to the harness")
                return f"{safe_text(code, 20)}, {meaning}", code in cause.faults
        alarm = find_alarm(line, rules)
        if alarm is not None and alarm.kind is AlarmKind.RESET_CAUSE:
            return f"{alarm.name} ({safe_text(alarm.excerpt, _WIDTH)})", True
    return "", False


def _incident(
    alarm: Alarm, number: int, offset: int, texts: Sequence[str], dialect: type[Dialect]
) -> Incident:
    start = alarm.kind is not AlarmKind.CRASH
    cause, fault = cause_in(texts[number : number + _LATER], dialect)
    return Incident(
        AlarmKind.START if start else AlarmKind.CRASH,
        "start of the board" if start else alarm.name,
        offset,
        safe_text(alarm.excerpt, _WIDTH),
        cause,
        fault,
        excerpt_of(texts[max(0, number - _BEFORE) : number + _AFTER]),
    )


def excerpt_of(lines: Iterable[str]) -> tuple[str, ...]:
    """Return lines of a console as an error shows them: without what is secret, bounded, safe to print."""
    shown = SecretLines().hide("\n".join(lines).encode("utf-8", errors="replace"))
    return tuple(safe_text(line, _WIDTH) for line in shown.decode("utf-8", errors="replace").split("\n"))
