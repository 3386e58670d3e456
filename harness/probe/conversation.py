"""Lines to a probe and replies out of a console that others print on: numbered, timed, and sorted by what is news."""

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from harness import hostload
from harness.errors import DeviceError, HarnessError
from harness.hostload import HostOverloadedError
from harness.probe.lines import DAMAGED, LAST_SEQ, REPLY, Reply, request
from harness.probe.settings import Probe

LONGEST_WAIT = 2.0
"""Seconds between two repetitions of a line, at most."""

_MOST_PATIENT = (
    5.0  # seconds; a board that needs longer for one answer is told apart from a silent one by nobody
)
_LONGER = 3  # times what one answer needed, the next may need
_NOTHING = 0.001


class Found(Protocol):
    """What a console has found."""

    @property
    def index(self) -> int:
        """Which of the patterns."""

    @property
    def data(self) -> bytes:
        """The bytes that matched."""


class ProbeConsole(Protocol):
    """What a link needs of a console; `harness.console.reader.Console` has it."""

    @property
    def name(self) -> str:
        """Name of the transport below."""

    @property
    def received(self) -> int:
        """How many bytes have come."""

    @property
    def position(self) -> int:
        """Offset up to which the output has been looked at."""

    def send(self, data: bytes | str) -> None:
        """Send bytes."""

    def since(self, position: int) -> tuple[bytes, int]:
        """Return what came from an offset on, and its end."""

    def check(self) -> None:
        """Raise if the device is gone."""

    def expect(
        self, success: Sequence[re.Pattern[bytes]], failure: None = None, *, timeout: float, what: str
    ) -> Found:
        """Wait for one of the patterns."""


class Noise(Enum):
    """What is no reply."""

    SILENCE = "nothing came"
    DAMAGED = "what came was damaged"


@dataclass(slots=True)
class Traffic:
    """What went over the line so far.

    Attributes:
        sent: Lines to the board.
        repeated: Those of them that were sent because no answer came to an earlier one.
        damaged: Replies that something got into.
    """

    sent: int = 0
    repeated: int = 0
    damaged: int = 0


class Conversation:
    """Sends requests, each with a number that the one before did not have, and gives the replies that come.

    Args:
        console: The console, open.
        settings: The `probe` section of the board file.
        pause: Waits between two pieces of a line to a slow UART.
    """

    def __init__(
        self, console: ProbeConsole, settings: Probe, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._console = console
        self._settings = settings
        self._pause = pause
        self._seq = 0
        self._broken_off = True  # something may stand in the board's line buffer
        self.room = 79
        self.patience = settings.answer_s
        self.traffic = Traffic()
        self.overload: HostOverloadedError | None = None

    @property
    def name(self) -> str:
        """Name of the transport, for messages."""
        return self._console.name

    def request(self, *words: str) -> tuple[int, bytes]:
        """Return the number and the line of a new request."""
        self._seq = self._seq % LAST_SEQ + 1
        return self._seq, request(self._seq, *words)

    @property
    def state(self) -> tuple[int, int]:
        """The number of the last request, and 1 when it may not have arrived whole: what the next line follows from."""
        return self._seq, int(self._broken_off)

    @state.setter
    def state(self, value: tuple[int, int]) -> None:
        self._seq, broken_off = value
        self._broken_off = bool(broken_off)

    @property
    def longest(self) -> int:
        """Characters of a request that the board takes, what stands before it in a shell counted out."""
        prefix = self._settings.prefix
        return self.room - (len(prefix) + 1 if prefix else 0)

    def send(self, line: bytes, *, again: bool = False) -> None:
        """Send a request line.

        Args:
            line: The line without its end.
            again: Whether it is repeated, or follows what may have been lost in part.

        Raises:
            BenchError: The device is gone.
        """
        end = self._settings.line_end.data
        prefix = self._settings.prefix
        data = (prefix.encode() + b" " if prefix else b"") + line + end
        if again or self._broken_off:
            data = end + data
        self._broken_off = again
        self.traffic.sent += 1
        self.traffic.repeated += again
        pace = self._settings.pace
        if pace is None:
            self._console.send(data)
            return
        for start in range(0, len(data), pace.at_once):
            if start:
                self._pause(pace.pause_s)
            self._console.send(data[start : start + pace.at_once])

    def receive(self, seconds: float) -> Reply | Noise:
        """Return the next reply, or what came instead.

        Args:
            seconds: How long to wait, not counting those in which this machine was late.

        Raises:
            BenchError: The device is gone.
        """
        try:
            found = self._console.expect(
                (REPLY, DAMAGED), timeout=max(seconds, _NOTHING), what="answer of the probe"
            )
        except HostOverloadedError as error:
            self.overload = error
            return Noise.SILENCE
        except (DeviceError, HarnessError):
            self._console.check()
            return Noise.SILENCE
        reply = Reply.read(found.data) if found.index == 0 else None
        if reply is None:
            self.traffic.damaged += 1
            return Noise.DAMAGED
        self.overload = None
        return reply

    def waiting(self) -> bool:
        """Tell whether something has come that `receive` would give at once."""
        unread, _ = self._console.since(self._console.position)
        return any(pattern.search(unread) for pattern in (REPLY, DAMAGED))

    def came_late(self) -> None:
        """Wait longer from now on: an answer came after its line had been sent again."""
        self.patience = min(_MOST_PATIENT, 2 * self.patience)

    def came_after(self, seconds: float) -> None:
        """Wait no longer than this board needs: an answer came to a line that was sent once."""
        self.patience = max(self._settings.answer_s, min(self.patience, _LONGER * seconds))

    def broke_off(self) -> None:
        """Begin the next line with a line end: the last one may not have arrived whole."""
        self._broken_off = True

    @staticmethod
    def now() -> float:
        """Return seconds that go on only while this machine is not late."""
        return hostload.clock()
