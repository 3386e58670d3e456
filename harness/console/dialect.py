"""What the harness asks of a dialect: how a board speaks on its console, and what it must never be sent.

Source: consoles.md A1 to A4.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from harness.console.shell_grammar import ShellGrammar
from harness.kinds import Kinds


@dataclass(frozen=True, slots=True)
class ResetCause:
    """How a system says why it has started.

    Attributes:
        text: The text; its group `code` is the cause as the system writes it.
        meanings: What the codes mean, in lower case, to a person.
        faults: The codes that no sound board starts with: a watchdog, a panic, a voltage that fell.
        outside: The codes of what comes from outside: the power was switched on, somebody pulled the reset line.
        sleep: The codes with which a sound board starts by itself: it wakes.
    """

    text: re.Pattern[str]
    meanings: Mapping[str, str]
    faults: frozenset[str]
    outside: frozenset[str] = frozenset()
    sleep: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class NeverSent:
    """What must never reach a console.

    Attributes:
        text: Bytes that must not stand anywhere in what is sent.
        commands: Words that must not be the first one of a command.
        why: What it would do, as the end of a sentence.
    """

    why: str
    text: bytes = b""
    commands: frozenset[bytes] = frozenset()


class Dialect(ABC):
    """How a console speaks, and all that the harness asks of it.

    The judge of consoles knows the crash texts and boot messages of the common systems; a dialect adds its own.
    `harness.console.dialects.bare.Bare` answers every question for a system that nothing is known of: derive from it
    and answer what is known.
    """

    @classmethod
    @abstractmethod
    def description(cls) -> str:
        """Return what speaks so, in a few words for the reference of board files."""

    @classmethod
    @abstractmethod
    def starts(cls) -> tuple[re.Pattern[str], ...]:
        """Return what is printed once in each start of the board; the same text twice is two starts."""

    @classmethod
    @abstractmethod
    def crash_texts(cls) -> Mapping[str, re.Pattern[str]]:
        """Return what only this system prints when it crashes: what people call it, and its pattern."""

    @classmethod
    @abstractmethod
    def reset_causes(cls) -> tuple[ResetCause, ...]:
        """Return how the system says why it has started."""

    @classmethod
    @abstractmethod
    def log_line(cls) -> re.Pattern[str] | None:
        """Return what a line of the system's log begins with, to tell it from an answer; None for no known log."""

    @classmethod
    @abstractmethod
    def shell(cls) -> ShellGrammar | None:
        """Return how commands are given on the console; None for a console without a shell."""

    @classmethod
    @abstractmethod
    def never_sent(cls) -> tuple[NeverSent, ...]:
        """Return what must never reach the console."""


@cache
def with_texts(kind: type[Dialect], starts: tuple[str, ...], crashes: tuple[str, ...]) -> type[Dialect]:
    """Return a dialect that knows some texts more.

    Args:
        kind: The dialect.
        starts: What is printed once in each start of the board.
        crashes: What is printed when it crashes.
    """
    if not starts and not crashes:
        return kind
    more_starts = (*kind.starts(), *(re.compile(re.escape(text)) for text in starts))
    more_crashes = {**kind.crash_texts(), **{text: re.compile(re.escape(text)) for text in crashes}}
    answers = {
        "starts": classmethod(lambda _: more_starts),
        "crash_texts": classmethod(lambda _: more_crashes),
    }
    return type(kind.__name__, (kind,), answers)


DIALECTS = Kinds(
    Dialect,  # type: ignore[type-abstract]  # the sort itself is never instantiated
    "dialect",
    "harness.dialects",
    {
        "bare": "harness.console.dialects.bare:Bare",
        "alios-1": "harness.console.dialects.alios:Alios1",
        "alios-3": "harness.console.dialects.alios:Alios3",
        "link-sdk-2": "harness.console.dialects.link_sdk:LinkSdk2",
        "link-sdk-4": "harness.console.dialects.link_sdk:LinkSdk4",
        "rt-thread": "harness.console.dialects.rt_thread:RtThread",
        "zephyr": "harness.console.dialects.zephyr:Zephyr",
        "esp-idf": "harness.console.dialects.esp:EspIdf",
        "esp8266": "harness.console.dialects.esp:Esp8266",
        "mbed": "harness.console.dialects.mbed:Mbed",
        "freertos": "harness.console.dialects.freertos:FreeRtos",
        "linux": "harness.console.dialects.linux:Linux",
    },
)
