"""A chart as lines and dots in a box of fixed size: what the PDF draws, and nothing to compute for it."""

import math
from collections import Counter

from harness.report.document.blocks import Chart

WIDTH, HEIGHT = 240.0, 60.0
_BINS = 24
_MOST = 400
_REACH = 3.0  # times the span of the values
_DOT = 2.4


def drawn(chart: Chart) -> dict[str, object]:
    """Return what to draw for a chart, in points from its upper left corner."""
    values, limits, least, most = _scale(chart)
    span = (most - least) or 1.0
    marks = _bars(values, least, span) if chart.kind == "distribution" else _points(values, least, span)
    horizontal = chart.kind != "distribution"
    lines = [
        round((1 - (limit - least) / span) * HEIGHT if horizontal else (limit - least) / span * WIDTH, 2)
        for limit in limits
    ]
    return {
        "k": "g",
        "m": marks,
        "l": lines,
        "h": 1 if horizontal else 0,
        "w": WIDTH,
        "y": HEIGHT,
    }


def span(chart: Chart) -> str:
    """Return from where to where a chart goes."""
    _, _, least, most = _scale(chart)
    return f"{least:g} … {most:g} {chart.unit}"


def _scale(chart: Chart) -> tuple[list[float], list[float], float, float]:
    """Return the values, the limits that can be shown beside them, and the ends of the scale."""
    values = [value for value in chart.values if math.isfinite(value)]
    limits = [limit for limit in (chart.low, chart.high) if limit is not None and math.isfinite(limit)]
    least, most = min(values, default=0.0), max(values, default=1.0)
    # A limit that is far away would press all values into one line; it stands in the table beside the chart.
    reach = _REACH * ((most - least) or abs(most) or 1.0)
    near = [limit for limit in limits if least - reach <= limit <= most + reach]
    return values, near, min(least, *near, least), max(most, *near, most)


def _points(values: list[float], least: float, span: float) -> list[object]:
    step = max(1, math.ceil(len(values) / _MOST))
    # Of every few values the extremes stay, or a chart would hide the one that is outside.
    kept = [
        (start + chunk.index(value), value)
        for start in range(0, len(values), step)
        for chunk in [values[start : start + step]]
        for value in dict.fromkeys((min(chunk), max(chunk)))
    ]
    last = max(1, len(values) - 1)
    return [
        [
            round(at / last * (WIDTH - _DOT), 2),
            round((1 - (value - least) / span) * (HEIGHT - _DOT), 2),
            _DOT,
            _DOT,
        ]
        for at, value in kept
    ]


def _bars(values: list[float], least: float, span: float) -> list[object]:
    counts = Counter(min(_BINS - 1, int((value - least) / span * _BINS)) for value in values)
    highest = max(counts.values(), default=1)
    width = WIDTH / _BINS
    return [
        [
            round(place * width, 2),
            round(HEIGHT * (1 - count / highest), 2),
            round(width * 0.9, 2),
            round(HEIGHT * count / highest, 2),
        ]
        for place, count in sorted(counts.items())
    ]
