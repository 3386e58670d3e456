"""What the probe does to the board itself: resets and crashes on purpose, and what it knows of its start.

Source: docs/probe-protocol.md, group board.
"""

from collections.abc import Callable
from enum import IntEnum

from harness.portcheck.clock import Reading
from harness.probe.errors import CallLostError, CrashedError
from harness.probe.link import Answer, ProbeLink
from harness.probe.numbers import numbers_in


class ResetKind(IntEnum):
    """How a board resets itself, by its number in the call `rst`."""

    SOFTWARE = 0
    WATCHDOG = 1


class Crash(IntEnum):
    """How a board crashes on purpose, by its number in the call `crs`."""

    BAD_ADDRESS = 0
    STACK_OVERFLOW = 1
    HANG = 2


class BoardControl:
    """The board group of a probe.

    Args:
        link: The probe of the board.
        now: Monotonic seconds.
    """

    def __init__(self, link: ProbeLink, now: Callable[[], float]) -> None:
        self._link = link
        self._now = now

    def reset(self, kind: ResetKind, limit: float) -> Answer | None:
        """Have the board reset itself; return None when it has started anew, else what it answered instead.

        Args:
            kind: How.
            limit: Seconds until it says hello again.

        Raises:
            UnansweredCallError: It neither starts anew nor answers.
            BenchError: Nothing is heard of it any more.
        """
        return self._ending("rst", kind, limit)

    def crash(self, kind: Crash, limit: float) -> Answer | None:
        """Have the board crash; return None when it has started anew, else what it answered instead.

        Args:
            kind: How.
            limit: Seconds until it says hello again.

        Raises:
            UnansweredCallError: It neither starts anew nor answers.
            BenchError: Nothing is heard of it any more.
        """
        return self._ending("crs", kind, limit)

    def _ending(self, function: str, kind: int, limit: float) -> Answer | None:
        before = self._link.starts
        try:
            answer = self._link.call(function, k=kind, limit=limit)
        except (CallLostError, CrashedError):
            if self._link.starts == before:
                raise
            return None
        return answer

    def read_uptime(self) -> Reading:
        """Return the milliseconds since the board's start by its own word, stamped."""
        before = self._now()
        answer = self._link.call("upt")
        after = self._now()
        return Reading(before, after, numbers_in(answer, 1)[0])

    def cause(self) -> str:
        """Return the cause of the board's start, by its own word."""
        return self._link.call("cau").data.decode("latin-1")
