"""A chart block as the geometry of a small inline picture, and its content in words for who does not see it."""

import sys
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from harness.report.document.blocks import Chart
from harness.report.words import Language
from harness.run.statistics import Histogram, statistics_of

WIDTH, HEIGHT = 1000, 100
"""Units of the picture, which is stretched to the room that it has."""

_LARGEST = sys.float_info.max
_MOST_POINTS = 400
_MOST_BARS = 24
_MARGIN = 6.0
_LEAST_WIDTH = 4.0


@dataclass(frozen=True, slots=True)
class Drawing:
    """What is drawn, in units of the picture.

    Attributes:
        dots: Points that are within limits, as a path of strokes without length.
        outside: Points that are not.
        line: A path through the points in order; empty for a distribution.
        bars: Left end, width and height of bars, of a distribution.
        limits: Where the limits lie: heights for points, distances from the left for a distribution.
        lying: Whether the limits are lines from left to right.
        first: The words at the low end of the values.
        last: The words at the high end.
        told: The content in words.
    """

    dots: str
    outside: str
    line: str
    bars: tuple[tuple[float, float, float], ...]
    limits: tuple[float, ...]
    lying: bool
    first: str
    last: str
    told: str


def drawing(chart: Chart, say: Language) -> Drawing | None:
    """Return the drawing of a chart; None when it has no finite values to draw."""
    values = [value for value in chart.values if abs(value) < float("inf")]
    found = statistics_of(values)
    if found is None:
        return None
    limits = _finite(chart.low, chart.high)
    low, high = _span([found.min, found.max], limits)
    told = say(
        "{title}: {n} values, lowest {low}, median {median}, highest {high}",
        title=chart.title,
        n=len(values),
        low=_number(found.min, chart.unit),
        median=_number(found.median, chart.unit),
        high=_number(found.max, chart.unit),
    ) + _limits_told(chart.low, chart.high, chart.unit, say)
    ends = (_number(low, chart.unit), _number(high, chart.unit))
    if chart.kind == "distribution":
        places = tuple(round(_along(limit, low, high) * WIDTH, 1) for limit in limits)
        return Drawing("", "", "", _bars(values, low, high), places, False, *ends, told)
    dots: list[str] = []
    outside: list[str] = []
    line: list[str] = []
    for at, value in _thinned(values):
        x = (at + 0.5) / len(values) * WIDTH
        place = f"{x:.1f} {_height(value, low, high):.1f}"
        line.append(place)
        (outside if _is_outside(value, chart) else dots).append(f"M{place}h0")
    heights = tuple(round(_height(limit, low, high), 1) for limit in limits)
    return Drawing("".join(dots), "".join(outside), f"M{'L'.join(line)}", (), heights, True, *ends, told)


def histogram_drawing(
    title: str, unit: str, histogram: Histogram, low: float | None, high: float | None, say: Language
) -> Drawing:
    """Return the drawing of values that were too many to keep, of which the classes are known."""
    limits = _finite(low, high)
    first, last = _span([histogram.low, histogram.high], limits)
    told = say(
        "{title}: {n} values, lowest {low}, highest {high}",
        title=title,
        n=sum(histogram.counts),
        low=_number(histogram.low, unit),
        high=_number(histogram.high, unit),
    ) + _limits_told(low, high, unit, say)
    left, right = (_along(end, first, last) * WIDTH for end in (histogram.low, histogram.high))
    bars = _classes(histogram.counts, left, right)
    places = tuple(round(_along(limit, first, last) * WIDTH, 1) for limit in limits)
    return Drawing("", "", "", bars, places, False, _number(first, unit), _number(last, unit), told)


def _classes(counts: tuple[int, ...], left: float, right: float) -> tuple[tuple[float, float, float], ...]:
    """Return the bars of equal classes between two places; those too narrow to be seen are one bar together."""
    classes = range(1, len(counts) + 1)
    together = next(
        (some for some in classes if (right - left) * some / len(counts) >= _LEAST_WIDTH), len(counts) or 1
    )
    found = [(at, sum(counts[at : at + together])) for at in range(0, len(counts), together)]
    most = max((count for _, count in found), default=0)
    bars = []
    for at, count in found:
        if not count:
            continue
        start, end = (
            left + (right - left) * place / len(counts) for place in (at, min(at + together, len(counts)))
        )
        wide = max((end - start) * 0.9, _LEAST_WIDTH)
        # Not beyond the largest value: a limit may lie right behind it.
        begin = min(start, right - wide) if right - left >= wide else (left + right - wide) / 2
        bars.append((round(min(max(begin, 0.0), WIDTH - wide), 1), round(wide, 1), _bar_height(count, most)))
    return tuple(bars)


def _finite(*limits: float | None) -> list[float]:
    return [limit for limit in limits if limit is not None and abs(limit) < float("inf")]


def _limits_told(low: float | None, high: float | None, unit: str, say: Language) -> str:
    told = "".join(say("; at least {limit} allowed", limit=_number(each, unit)) for each in _finite(low))
    return told + "".join(
        say("; at most {limit} allowed", limit=_number(each, unit)) for each in _finite(high)
    )


def _is_outside(value: float, chart: Chart) -> bool:
    return (chart.low is not None and value < chart.low) or (chart.high is not None and value > chart.high)


def _span(values: list[float], limits: list[float]) -> tuple[float, float]:
    """Return the ends of the axis: values and limits, and 0 where it is near."""
    low, high = min(values + limits), max(values + limits)
    if low > 0 and low < high / 2:
        low = 0.0
    if not high / 2 > low / 2:  # `_along` divides by what is between them
        room = abs(low) / 2 or 1.0
        low, high = max(low - room, -_LARGEST), min(high + room, _LARGEST)
    return low, high


def _along(value: float, low: float, high: float) -> float:
    # Halves, as the whole span of two finite numbers may be none.
    return (value / 2 - low / 2) / (high / 2 - low / 2)


def _height(value: float, low: float, high: float) -> float:
    return HEIGHT - _MARGIN - _along(value, low, high) * (HEIGHT - 2 * _MARGIN)


def _thinned(values: list[float]) -> list[tuple[int, float]]:
    """Return at most about `_MOST_POINTS` values with their places, the lowest and highest of every part kept."""
    if len(values) <= _MOST_POINTS:
        return list(enumerate(values))
    parts = _MOST_POINTS // 2
    ends = [len(values) * part // parts for part in range(parts + 1)]
    kept: set[int] = set()
    for start, end in pairwise(ends):
        part = range(start, end)
        kept |= {min(part, key=values.__getitem__), max(part, key=values.__getitem__)}
    return [(at, values[at]) for at in sorted(kept)]


def _bars(values: list[float], low: float, high: float) -> tuple[tuple[float, float, float], ...]:
    count = min(_MOST_BARS, max(8, len(values)))
    found = Counter(min(int(_along(value, low, high) * count), count - 1) for value in values)
    most = max(found.values())
    width = WIDTH / count
    return tuple(
        (
            round(at * width + 1, 1),
            round(width - 2, 1),
            _bar_height(number, most),
        )
        for at, number in sorted(found.items())
    )


def _bar_height(count: int, most: int) -> float:
    return round(max(count / most * (HEIGHT - _MARGIN), 1.5), 1)


def _number(value: float, unit: str) -> str:
    return f"{value:.4g} {unit}".strip()
