"""What repeated measurements come to: every value while they are few enough to keep, else their statistics.

Percentiles are nearest rank: always a value that was seen, and the same whoever computes it. One that so few values
cannot show is left out.
"""

import math
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar

KEPT = 4_000
"""Values of one measurement that are kept one by one, in order; of more their statistics and a histogram are kept."""

BINS = 50
"""Classes of a histogram."""

_ROOT_BITS = 2 * sys.float_info.mant_dig + 3
_FOR_P95 = 20
_FOR_P99 = 100


@dataclass(frozen=True, slots=True)
class Statistics:
    """What several values come to, in the unit of the measurement.

    Attributes:
        n: How many there are.
        min: The smallest.
        median: The middle one, or the mean of both middle ones.
        p95: The smallest that 95 of 100 do not exceed; None for fewer than 20 values.
        p99: The smallest that 99 of 100 do not exceed; None for fewer than 100 values.
        max: The largest.
        mean: Their arithmetic mean.
        deviation: Their sample standard deviation; None for a single one.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "ignore", "allow_inf_nan": False}

    n: int
    min: float
    median: float
    p95: float | None
    p99: float | None
    max: float
    mean: float
    deviation: float | None


@dataclass(frozen=True, slots=True)
class Histogram:
    """How often values lie in each of equal classes from `low` to `high`, the last of which includes `high`."""

    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "ignore", "allow_inf_nan": False}

    low: float
    high: float
    counts: tuple[int, ...]


def numbers(values: Iterable[float | str]) -> list[float]:
    """Return the values that are finite numbers, in order; a journal has texts for the others."""
    given = list(values)
    found = [value for value in given if type(value) is float and math.isfinite(value)]
    if len(found) == len(given):  # as nearly always, and several times as fast
        return found
    found = []
    for value in given:
        with suppress(OverflowError):  # an integer beyond every float
            if not isinstance(value, str) and math.isfinite(value):
                found.append(float(value))
    return found


def statistics_of(values: Iterable[float]) -> Statistics | None:
    """Return what the values come to, those left out that are no finite number; None when none is left."""
    ordered = sorted(float(value) for value in values if math.isfinite(value))
    if not ordered:
        return None
    # Scaled, so that values near the largest float overflow neither their sum nor their squares.
    scale = max(abs(ordered[0]), abs(ordered[-1])) or 1.0
    scaled = [value / scale for value in ordered]
    return Statistics(
        n=len(ordered),
        min=ordered[0],
        median=_within(ordered, _middle(scaled) * scale),
        p95=_percentile(ordered, 95) if len(ordered) >= _FOR_P95 else None,
        p99=_percentile(ordered, 99) if len(ordered) >= _FOR_P99 else None,
        max=ordered[-1],
        mean=_within(ordered, math.fsum(scaled) / len(scaled) * scale),
        deviation=_finite(_deviation(scaled) * scale) if len(ordered) > 1 else None,
    )


def histogram_of(values: Sequence[float]) -> Histogram | None:
    """Return how the values are distributed, those left out that are no finite number; None when none is left."""
    finite = [float(value) for value in values if math.isfinite(value)]
    if not finite:
        return None
    low, high = min(finite), max(finite)
    counts = [0] * BINS
    for value in finite:
        # Halved, as the range itself may be more than the largest float.
        share = (value / 2 - low / 2) / (high / 2 - low / 2) if high / 2 > low / 2 else 0.0
        counts[min(BINS - 1, int(share * BINS))] += 1
    return Histogram(low, high, tuple(counts))


def _middle(ordered: Sequence[float]) -> float:
    half, odd = divmod(len(ordered), 2)
    return ordered[half] if odd else (ordered[half - 1] + ordered[half]) / 2


def _deviation(values: Sequence[float]) -> float:
    """Return the sample standard deviation, rounded once as `statistics.stdev` does, in a quarter of its time."""
    ratios = [value.as_integer_ratio() for value in values]
    # Denominators of floats are powers of two, so all values are whole numbers of the smallest part.
    parts = max(denominator for _, denominator in ratios)
    whole = [numerator * (parts // denominator) for numerator, denominator in ratios]
    count = len(whole)
    squares = count * sum(each * each for each in whole) - sum(whole) ** 2
    return _root(squares, count * (count - 1) * parts * parts)


def _root(numerator: int, denominator: int) -> float:
    """Return the square root of a fraction as the nearest float."""
    # So many bits of the root that the last, which tells whether anything was cut off, cannot decide the rounding.
    shift = (numerator.bit_length() - denominator.bit_length() - _ROOT_BITS) // 2
    up, down = max(0, -shift), max(0, shift)
    square, rest = divmod(numerator << 2 * up, denominator << 2 * down)
    root = math.isqrt(square)
    exact = not rest and root * root == square
    return ((root | (not exact)) << down) / (1 << up)


def _percentile(ordered: Sequence[float], percent: int) -> float:
    return ordered[-(-len(ordered) * percent // 100) - 1]


def _within(ordered: Sequence[float], value: float) -> float:
    """Return `value`, which rounding may have brought out of the range of the values."""
    return min(max(value, ordered[0]), ordered[-1])


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
