"""Whether a measurement changed by more than it does by itself. The rule stands in docs/history.md.

With five or more earlier runs of the board: the median is outside of what theirs span, widened on each side by a
quarter of the span or 5 % of their middle, whichever is more. Without them: it changed by more than 30 %, and, where it
moved towards a limit, by more than a tenth of the room that it had to that limit.
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

ENOUGH = 5
"""Earlier runs from which on their span is the measure."""

MOST = 30
"""Earlier runs that are looked at, the newest ones."""

_WIDER, _AT_LEAST = 0.25, 0.05
_RELATIVE, _OF_ROOM = 0.30, 0.10


@dataclass(frozen=True, slots=True)
class Band:
    """What earlier runs of a board span.

    Attributes:
        low: Below it a value is a change.
        high: Above it a value is a change.
        runs: How many earlier runs it is made of.
    """

    low: float
    high: float
    runs: int


def band(earlier: Sequence[float]) -> Band | None:
    """Return the band of the medians of earlier runs; None when they are too few."""
    if len(earlier) < ENOUGH:
        return None
    low, high = min(earlier), max(earlier)
    margin = max(_WIDER * (high - low), _AT_LEAST * abs(statistics.median(earlier)))
    return Band(low - margin, high + margin, len(earlier))


def changed(before: float, after: float, low: float | None, high: float | None, around: Band | None) -> bool:
    """Return whether `after` is a change beside `before`.

    Args:
        before: The median in the earlier run.
        after: The median in the later run.
        low: Its lower limit; None for none.
        high: Its upper limit; None for none.
        around: What earlier runs of the board span; None when there are too few.
    """
    if around is not None:
        return not around.low <= after <= around.high
    if before == after or (before != 0 and abs(after - before) <= _RELATIVE * abs(before)):
        return False
    limit = high if after > before else low
    if limit is None:
        return True
    return abs(after - before) > _OF_ROOM * abs(limit - before)
