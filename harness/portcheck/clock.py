"""The clock of a board, `ls_osa_get_time_ms`, judged by readings that are stamped by this computer's clock.

A board reads its clock at some moment between the two stamps of a reading, and what it reads may stand still for a
`quantum` of milliseconds. So two readings bound the mean rate between them, whatever the link and this computer did
meanwhile: being late widens the bounds and moves nothing out of them. A clock is wrong only when all that lies between
the bounds is wrong.

Source: SDK 3.1.0 include/osa/ls_osa.h; docs/port.md.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

HOST_PPM = 50
"""Millionths by which this computer's own clock may be wrong; every bound is widened by it."""

STILL_MS = 3
"""Milliseconds after which a clock of one millisecond must have gone on, however it is read."""

_MILLION = 1_000_000
_WINDOW_S = 1.0  # the shortest time that the rate is judged over
_ENDS = 40  # readings at each end of which the best two are taken
_STANDS = 0.1  # share of readings that may find the clock where it was: a board may hold interrupts back now and then
_REFUSED_S = 600
_EPOCH_MS = 946_684_800_000  # the year 2000: what is later is a date


@dataclass(frozen=True, slots=True)
class Reading:
    """What the clock of a board showed once.

    Attributes:
        before: Seconds of this computer's monotonic clock before it was asked.
        after: The same when its answer had come.
        ms: Milliseconds that it showed.
    """

    before: float
    after: float
    ms: int


@dataclass(frozen=True, slots=True)
class Drift:
    """Between which bounds the rate of a clock lies.

    Attributes:
        low: Millionths by which it runs fast at least; negative for slow.
        high: Millionths by which it runs fast at most.
        span: Seconds over which it is the mean.
    """

    low: float
    high: float
    span: float

    @property
    def ppm(self) -> float:
        """The middle of the bounds, in millionths."""
        return (self.low + self.high) / 2

    @property
    def uncertainty(self) -> float:
        """How far the bounds are from the middle, in millionths."""
        return (self.high - self.low) / 2

    def within(self, limit: float) -> bool:
        """Tell whether the clock certainly keeps to `limit` millionths."""
        return -limit <= self.low and self.high <= limit

    def beyond(self, limit: float) -> bool:
        """Tell whether the clock certainly does not keep to `limit` millionths."""
        return self.low > limit or self.high < -limit

    def __str__(self) -> str:
        return f"{self.ppm:+.0f} ppm, uncertain by {self.uncertainty:.0f} ppm, over {self.span:.1f} s"


@dataclass(frozen=True, slots=True)
class OffRate:
    """A stretch over which a clock certainly ran beyond its limit.

    Attributes:
        first: The reading at its beginning.
        last: The reading at its end.
        lag: Seconds by which it fell behind what is allowed; negative when it ran ahead.
    """

    first: Reading
    last: Reading
    lag: float

    def __str__(self) -> str:
        most, least = self.last.after - self.first.before, self.last.before - self.first.after
        went = self.last.ms - self.first.ms
        passed = f"at least {least:.3f}" if self.lag > 0 else f"at most {most:.3f}"
        return (
            f"from {self.first.ms} ms to {self.last.ms} ms the clock went on by {went / 1000:.3f} s, "
            f"and {passed} s passed"
        )


def between(first: Reading, last: Reading, quantum: float) -> Drift | None:
    """Return the bounds of the mean rate between two readings; None when they do not follow each other certainly.

    Args:
        first: The earlier reading.
        last: The later reading.
        quantum: Milliseconds that the clock may stand still.
    """
    most, least = last.after - first.before, last.before - first.after
    if least <= 0:
        return None
    went_least, went_most = (
        (last.ms - first.ms - quantum) / 1000,
        (last.ms - first.ms + quantum) / 1000,
    )
    slowest = went_least / (most if went_least >= 0 else least)
    fastest = went_most / (least if went_most >= 0 else most)
    return Drift((slowest - 1) * _MILLION - HOST_PPM, (fastest - 1) * _MILLION + HOST_PPM, most)


def drift(readings: Sequence[Reading], quantum: float) -> Drift | None:
    """Return the tightest bounds of the mean rate from the beginning of a series to its end.

    Args:
        readings: In the order in which they were taken.
        quantum: Milliseconds that the clock may stand still.
    """
    count = min(_ENDS, len(readings) // 2)
    found = [
        bounds
        for first in readings[:count]
        for last in readings[len(readings) - count :]
        if (bounds := between(first, last, quantum)) is not None
    ]
    return min(found, key=lambda bounds: bounds.uncertainty, default=None)


def off_rate(readings: Sequence[Reading], quantum: float, limit: float) -> list[OffRate]:
    """Return the stretches over which the clock certainly ran beyond its limit; empty when there are none.

    Each second is looked at, which shows a clock that jumps, and the whole series, which shows one that drifts.

    Args:
        readings: In the order in which they were taken.
        quantum: Milliseconds that the clock may stand still.
        limit: Millionths that it may run fast or slow.
    """
    found = []
    last = 0
    for first in readings:
        while last < len(readings) and readings[last].before - first.after < _WINDOW_S:
            last += 1
        if last == len(readings):
            break
        found += _off_rate(first, readings[last], quantum, limit)
    return found or (_off_rate(readings[0], readings[-1], quantum, limit) if readings else [])


def _off_rate(first: Reading, last: Reading, quantum: float, limit: float) -> list[OffRate]:
    bounds = between(first, last, quantum)
    if bounds is None or not bounds.beyond(limit):
        return []
    most, least = last.after - first.before, last.before - first.after
    went, share = (last.ms - first.ms) / 1000, limit / _MILLION
    lag = least * (1 - share) - went if bounds.high < -limit else most * (1 + share) - went
    return [OffRate(first, last, lag)]


def backward(readings: Sequence[Reading]) -> list[str]:
    """Return where the clock went back; empty when it never did."""
    return [
        f"{later.ms} ms was read after {earlier.ms} ms"
        for earlier, later in pairwise(readings)
        if later.ms < earlier.ms
    ]


def resolution_problems(readings: Sequence[Reading]) -> list[str]:
    """Return why the clock does not go in steps of a millisecond; empty when it does.

    Args:
        readings: At least 50, with pauses that are not multiples of a tick.
    """
    steps = [later.ms - earlier.ms for earlier, later in pairwise(readings)]
    step = math.gcd(*steps)
    if step != 1:
        return [
            f"all {len(readings)} readings are multiples of {step} ms apart"
            if step
            else f"the clock stands still at {readings[0].ms} ms"
        ]
    apart = [
        later.ms == earlier.ms
        for earlier, later in pairwise(readings)
        if later.before - earlier.after >= STILL_MS / 1000
    ]
    stood = sum(apart)
    if stood > _STANDS * len(apart):
        return [f"{stood} of {len(apart)} readings found the clock where it had been {STILL_MS} ms before"]
    return []


def date_problem(reading: Reading, now_ms: float) -> str:
    """Return how far a clock that shows a date is off; empty when it shows none, or is off by less than is refused.

    Args:
        reading: What it shows.
        now_ms: Milliseconds since 1970 by this computer, at about the same time.

    Source: service.md 5 B: the service takes timestamps of devices that are off by less than ten minutes.
    """
    off_s = (reading.ms - now_ms) / 1000
    if reading.ms < _EPOCH_MS or abs(off_s) < _REFUSED_S:
        return ""
    return f"it is {abs(off_s):.0f} s {'ahead of' if off_s > 0 else 'behind'} the clock of this computer"


def reset_problems(before: Reading, after: Reading, *, rtc: bool, quantum: float, limit: float) -> list[str]:
    """Return what is wrong with the time that a clock shows after a reset; empty when nothing is.

    Args:
        before: The last reading before the reset.
        after: The first reading after it.
        rtc: A clock that goes on over a reset is declared.
        quantum: Milliseconds that the clock may stand still.
        limit: Millionths that it may run fast or slow.
    """
    bounds = between(before, after, quantum)
    if bounds is not None and not bounds.beyond(limit):
        return []  # it went on as if nothing had been, which is no jump with an RTC or without
    passed = after.after - before.before
    if not rtc and 0 <= after.ms <= passed * 1000 * (1 + (limit + HOST_PPM) / _MILLION) + quantum:
        return []  # it started anew
    shown = f"{after.ms} ms {passed:.3f} s after {before.ms} ms"
    if rtc:
        return [f"an RTC is declared, and the clock did not go on over the reset: it showed {shown}"]
    jumped = f"the clock jumped over the reset: it showed {shown}"
    if after.ms >= _EPOCH_MS > before.ms:
        return [f"{jumped}, which is a date: an RTC is to be declared (declaration.rtc)"]
    return [f"{jumped}, and no RTC is declared"]
