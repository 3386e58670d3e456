"""What happened to a board by its console: crashes and starts, with the cause and the lines around each.

Source: consoles.md A1, A3, A4.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from harness.console.crash import Alarm, AlarmKind, find_alarm, rules_of
from harness.console.dialect import Dialect, ResetCause
from harness.console.dialects.alios import Alios3
from harness.console.dialects.esp import Esp8266, EspIdf
from harness.console.dialects.linux import Linux
from harness.console.screen import without_escapes
from harness.transport.printable import safe_text
from harness.transport.secret_lines import SecretLines

LOOP_STARTS = 3
"""Starts within `LOOP_S` without a prompt that are a boot loop."""

LOOP_S = 30.0

_LINE = re.compile(
    rb"[^\r\n]{1,16384}(?:\r*\n|\r+)?|[\r\n]+"
)  # a line of whatever ends, or a piece of an endless one
_BEFORE, _AFTER = 3, 8  # lines of an excerpt around what happened
_WIDTH = 160
_LATER = 40  # lines after a start in which the system says its cause
_MOST = 1000
_CAUSES = tuple(cause for kind in (Alios3, EspIdf, Esp8266, Linux) for cause in kind.reset_causes())
"""How the known systems say why they start, for a console that is of none or calls itself another."""

_HANDS_OVER = re.compile(
    r"\bjump(?:ing)? to (?:the )?(?:first |secondary |primary )?(?:image|application|app\b)"
    r"|\bbootloader chainload address|\battempting to boot slot\b|\bbooting firmware image\b",
    re.IGNORECASE,
)
"""A boot loader that is built on the same system starts what has the same banner.

Source: MCUboot boot/zephyr/main.c, nRF Connect SDK b0, RT-Thread qboot.
"""


_ROMS = {"rst:0x": "ESP32", "rst cause": "ESP8266", "ets jan": "ESP8266"}
"""What Espressif's ROMs print in each start, whatever the cause: how it begins, and whose it is."""


class Origin(StrEnum):
    """Where the cause of a start lies, by the system's own word."""

    UNKNOWN = "unknown"
    FAULT = "a fault of the board"
    OUTSIDE = "outside of the board"
    SLEEP = "a wake from sleep"


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a board has started.

    Attributes:
        said: In words; empty when it says nothing.
        origin: Where it lies.
    """

    said: str = ""
    origin: Origin = Origin.UNKNOWN


@dataclass(frozen=True, slots=True)
class Incident:
    """A crash, or a start of the board.

    Attributes:
        kind: `AlarmKind.CRASH` or `AlarmKind.START`.
        name: What people call it.
        offset: Where the text that tells it begins in the output of the console. A prompt that was waiting may stand in
            front of it, on the same line and long before.
        line: The line, safe to print.
        cause: Why the board has started, as far as it has said so.
        excerpt: The lines around it, safe to print.
    """

    kind: AlarmKind
    name: str
    offset: int
    line: str
    cause: Cause
    excerpt: tuple[str, ...]

    def __str__(self) -> str:
        cause = f"; reset cause: {self.cause.said}" if self.cause.said else ""
        return f"{self.name} ({self.line}){cause}"


class IncidentReader:
    """Finds crashes and starts in an output that comes in pieces.

    The stages of one start (ROM, boot loader, kernel) are one, however long they take: a start begins with a text that
    the one before has had. Several lines of one crash are one as well, until the board starts.

    Args:
        dialect: How the console speaks.
    """

    def __init__(self, dialect: type[Dialect]) -> None:
        self._dialect = dialect
        self._rules = rules_of(dialect)
        self._stages: set[str] = set()
        self._crashed = False
        self._handed_over = False

    def crash_is_over(self) -> None:
        """Take the next line of a crash for another one."""
        self._crashed = False

    def read(self, output: bytes, offset: int = 0) -> list[Incident]:
        """Return the crashes and the starts in the next piece, oldest first; of a flood the first thousand.

        Args:
            output: What the console printed, whole lines.
            offset: Where the piece begins in the output of the console.
        """
        raw = [(found.start(), found[0]) for found in _LINE.finditer(output)]
        texts = _texts(line for _, line in raw)
        found: list[Incident] = []
        for number, text in enumerate(texts):
            kind = self._happens(text)
            if kind is not None and len(found) < _MOST:
                alarm, start = kind
                at = raw[number][0] + _place(alarm, raw[number][1])
                found.append(_incident(alarm, at + offset, texts, number, self._dialect, start=start))
        return found

    def _happens(self, text: str) -> tuple[Alarm, bool] | None:
        """Return what begins with a line, and whether it is a start."""
        if _HANDS_OVER.search(text):
            self._handed_over = True
        alarm = find_alarm(text, self._rules)
        if alarm is None:
            return None
        if alarm.kind is AlarmKind.CRASH:
            again, self._crashed = self._crashed, True
            return None if again else (alarm, False)
        stage = next((rom for begin, rom in _ROMS.items() if alarm.matched.startswith(begin)), alarm.matched)
        if alarm.kind is AlarmKind.RESET_CAUSE and self._stages and stage not in _ROMS.values():
            return None  # said within a start, which has it as its cause
        if self._stages and (stage not in self._stages or self._handed_over):
            self._stages.add(stage)
            self._handed_over = False
            return None
        self._stages = {stage}
        self._crashed = self._handed_over = False
        return alarm, True


def incidents_in(output: bytes, dialect: type[Dialect], offset: int = 0) -> list[Incident]:
    """Return the crashes and the starts that an output shows, oldest first; of a flood the first thousand.

    Args:
        output: What the console printed.
        dialect: How it speaks.
        offset: Where the output begins in that of the console.
    """
    return IncidentReader(dialect).read(output, offset)


def cause_in(lines: Iterable[str], dialect: type[Dialect]) -> Cause:
    """Return the cause of a start by the system's own word; an empty one when it says none.

    Args:
        lines: The first lines of the start.
        dialect: How the console speaks.
    """
    rules = rules_of(dialect)
    for line in lines:
        for cause in (*dialect.reset_causes(), *_CAUSES):
            if said := cause.text.search(line):
                return _told(said["code"].lower(), cause)
        alarm = find_alarm(line, rules)
        if alarm is not None and alarm.kind is AlarmKind.RESET_CAUSE:
            return Cause(f"{alarm.name} ({safe_text(alarm.excerpt, _WIDTH)})", Origin.FAULT)
    return Cause()


def _told(code: str, cause: ResetCause) -> Cause:
    origin = Origin.UNKNOWN
    if code in cause.faults:
        origin = Origin.FAULT
    elif code in cause.outside:
        origin = Origin.OUTSIDE
    elif code in cause.sleep:
        origin = Origin.SLEEP
    meaning = cause.meanings.get(code, "not known to the harness")
    return Cause(f"{safe_text(code, 20)}, {meaning}", origin)


def _incident(
    alarm: Alarm, offset: int, texts: Sequence[str], number: int, dialect: type[Dialect], *, start: bool
) -> Incident:
    return Incident(
        AlarmKind.START if start else AlarmKind.CRASH,
        "start of the board" if start else alarm.name,
        offset,
        safe_text(alarm.excerpt, _WIDTH),
        cause_in(texts[number : number + _LATER], dialect),
        excerpt_of(texts[max(0, number - _BEFORE) : number + _AFTER]),
    )


def _place(alarm: Alarm, line: bytes) -> int:
    """Return where the text of an alarm begins in its line; 0 where escapes of a terminal stand inside it."""
    return max(0, line.lower().find(alarm.matched.encode(errors="replace")))


def around(output: bytes, at: int) -> tuple[str, ...]:
    """Return the lines around an offset in an output, safe to print."""
    raw = [(found.start(), found[0]) for found in _LINE.finditer(output)]
    number = max((index for index, (start, _) in enumerate(raw) if start <= at), default=0)
    return excerpt_of(_texts(line for _, line in raw[max(0, number - _BEFORE) : number + _AFTER]))


def cause_after(output: bytes, dialect: type[Dialect]) -> Cause:
    """Return the cause that the first lines of an output say."""
    lines = (found[0] for found in islice(_LINE.finditer(output), _LATER))
    return cause_in(_texts(lines), dialect)


def _texts(lines: Iterable[bytes]) -> list[str]:
    return [without_escapes(line).decode("utf-8", errors="backslashreplace").strip("\r\n") for line in lines]


def excerpt_of(lines: Iterable[str]) -> tuple[str, ...]:
    """Return lines of a console as an error shows them: without what is secret, bounded, safe to print."""
    shown = SecretLines().hide("\n".join(lines).encode("utf-8", errors="replace"))
    return tuple(safe_text(line, _WIDTH) for line in shown.decode("utf-8", errors="replace").split("\n"))
