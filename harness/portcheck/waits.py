"""How long the waits of a board's OSA last, by the board's own clocks and by this computer's.

The round trip of a call bounds the wait from above: one that was asked to last longer than that was short. How long it
was at least only the board's clocks can say, and each may be wrong; so all must say it, and none of several tries may
say otherwise: what else a board does now and then is no fault of its waits.

Source: SDK 3.1.0 include/osa/ls_osa.h; docs/port.md.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from harness.portcheck.clock import HOST_PPM

_MILLION = 1_000_000
_DOUBT_MS = 0.5  # what a mean of whole milliseconds may be below the time that passed
_SIGMAS = 5.0
_ENOUGH = 10  # times that a mean can be taken of


@dataclass(frozen=True, slots=True)
class Wait:
    """One call that waits.

    Attributes:
        what: The function.
        asked: Milliseconds that were asked for.
        by_board: Milliseconds that passed by each of the board's clocks that was read.
        round_trip: Seconds from before the call was sent until its answer had come.
    """

    what: str
    asked: int
    by_board: tuple[int, ...]
    round_trip: float

    def __str__(self) -> str:
        return (
            f"{self.what} of {self.asked} ms took {' and '.join(map(str, self.by_board))} ms by the board's clocks, "
            f"and {self.round_trip * 1000:.0f} ms with the link"
        )


@dataclass(frozen=True, slots=True)
class TooLong:
    """A length of wait that was too long in every try.

    Attributes:
        shortest: The try that was the least so.
        tick: Milliseconds that it may last longer.
        tries: How many there were.
        excess: Seconds beyond what is allowed, of all tries together.
    """

    shortest: Wait
    tick: int
    tries: int
    excess: float

    def __str__(self) -> str:
        return f"{self.shortest}: more than {self.tick} ms longer than asked, as in all of {self.tries} tries"


def short_problems(waits: Sequence[Wait], quantum: int, limit: float) -> list[str]:
    """Return which waits were shorter than asked; empty when none was.

    Args:
        waits: Several of each length.
        quantum: Milliseconds that the board's clocks may stand still; 1 for clocks that show each.
        limit: Millionths by which the board's clocks may run slow.
    """
    problems = [
        f"{wait}: less than was asked for"
        for wait in waits
        if wait.round_trip * 1000 * (1 + HOST_PPM / _MILLION) < wait.asked
    ]
    for asked in dict.fromkeys(wait.asked for wait in waits):
        tries = [wait for wait in waits if wait.asked == asked]
        allowed = asked * (1 - (limit + HOST_PPM) / _MILLION)
        means = [_at_most(values, quantum) for values in zip(*(wait.by_board for wait in tries), strict=True)]
        if means and max(means) < allowed:
            problems.append(
                f"{tries[0]}: less than was asked for, and {max(means):.1f} ms at most on average"
            )
    return problems


def too_long(waits: Sequence[Wait], tick: int, quantum: int, limit: float) -> list[TooLong]:
    """Return which lengths of wait were longer than asked by more than a tick in every try; empty when none was.

    Args:
        waits: Several of each length.
        tick: Milliseconds that a wait may last longer.
        quantum: Milliseconds that the board's clocks may stand still; 1 for clocks that show each.
        limit: Millionths by which the board's clocks may run fast.
    """
    found = []
    for asked in dict.fromkeys(wait.asked for wait in waits):
        tries = [wait for wait in waits if wait.asked == asked]
        allowed = (asked + tick) * (1 + (limit + HOST_PPM) / _MILLION)
        beyond = [min(*wait.by_board, wait.round_trip * 1000 + quantum) - quantum - allowed for wait in tries]
        if min(beyond) > 0:
            shortest = tries[beyond.index(min(beyond))]
            found.append(TooLong(shortest, tick, len(tries), sum(beyond) / 1000))
    return found


def longest_excess(waits: Sequence[Wait]) -> int:
    """Return the most milliseconds that a wait lasted longer than asked, by the clock that says least."""
    return max(map(excess, waits))


def excess(wait: Wait) -> int:
    """Return how many milliseconds a wait lasted longer than asked, by the clock that says least."""
    return min(wait.by_board) - wait.asked


def _at_most(values: Sequence[int], quantum: int) -> float:
    """Return what the mean of times is certainly not above that were counted in steps of `quantum` milliseconds."""
    if len(values) < _ENOUGH:
        return max(values) + quantum
    return fmean(values) + quantum - _DOUBT_MS + _SIGMAS * stdev(values) / math.sqrt(len(values))
