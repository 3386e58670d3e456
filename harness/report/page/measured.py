"""The measurements of the whole run: those of one name together, in a table, and as charts where there are several."""

from dataclasses import dataclass

from harness.report.document.blocks import Chart
from harness.report.document.context import Context
from harness.report.measurements import Series, series
from harness.report.page.chart import Drawing, drawing, histogram_drawing
from harness.report.page.scenarios import Gauge, gauge_of

_ROWS = 400
_CHARTS = 60
_FOR_POINTS, _FOR_DISTRIBUTION = 4, 20
_SCENARIOS = 4


@dataclass(frozen=True, slots=True)
class Measured:
    """A series as the page shows it.

    Attributes:
        series: The values, their limits and what they come to.
        value: The judged value nearest to a limit, with its unit.
        limits: Its limits in words.
        uncertainty: The expanded uncertainty, or that it was not considered.
        spread: What all values come to; empty for a single one.
        gauge: Where the value lies beside its limits.
        scenarios: Keys of the scenarios that measured it, the first few.
        more: How many more there are.
    """

    series: Series
    value: str
    limits: str
    uncertainty: str
    spread: str
    gauge: Gauge | None
    scenarios: tuple[str, ...]
    more: int


@dataclass(frozen=True, slots=True)
class Drawn:
    """A chart with its title."""

    title: str
    drawing: Drawing


@dataclass(frozen=True, slots=True)
class Measurements:
    """All of them.

    Attributes:
        rows: One a series, in the order of the run.
        left_out: How many more series there are.
        charts: Of those with several values.
    """

    rows: tuple[Measured, ...]
    left_out: int
    charts: tuple[Drawn, ...]


def measurements(context: Context) -> Measurements:
    """Return the measurements of a run."""
    every = series(context.report)
    charts = [drawn for each in every for drawn in _charts(context, each)]
    return Measurements(
        tuple(_measured(context, each) for each in every[:_ROWS]),
        max(0, len(every) - _ROWS),
        tuple(charts[:_CHARTS]),
    )


def _measured(context: Context, each: Series) -> Measured:
    say = context.say
    unit = context.text(context.say(each.unit), 40)
    spread = ""
    if (found := each.statistics) is not None and found.n > 1:
        spread = say(
            "{n} values: {low} to {high}, median {median}",
            n=found.n,
            low=_number(found.min),
            high=_number(found.max),
            median=_number(found.median),
        )
        spread += say(", 95 % within {p95}", p95=_number(found.p95)) if found.p95 is not None else ""
    limits = context.text(f"{say(each.limits)} {unit}", 160) if each.limits else say("any value allowed")
    stated = say("not considered")
    if each.uncertainty is not None:
        stated = f"± {_number(each.uncertainty)} {unit}".rstrip()
    elif context.report.particulars.uncertainty:
        stated = context.text(context.report.particulars.uncertainty, 120)
    return Measured(
        series=each,
        value=context.text(f"{_number(each.value)} {unit}", 120),
        limits=limits,
        uncertainty=stated,
        spread=spread,
        gauge=gauge_of(each.value, each.low, each.high),
        scenarios=each.scenarios[:_SCENARIOS],
        more=max(0, len(each.scenarios) - _SCENARIOS),
    )


def _charts(context: Context, each: Series) -> list[Drawn]:
    """Return the charts of a series: its values in order, and how often which came."""
    title, unit = context.told(each.name, 200).text, context.text(context.say(each.unit), 40)
    if each.histogram is not None:
        return [
            Drawn(title, histogram_drawing(title, unit, each.histogram, each.low, each.high, context.say))
        ]
    kinds = [
        *(["points"] if len(each.values) >= _FOR_POINTS else []),
        *(["distribution"] if len(each.values) >= _FOR_DISTRIBUTION else []),
    ]
    drawn = [
        drawing(Chart(title, unit, each.values, each.low, each.high, kind), context.say) for kind in kinds
    ]
    return [Drawn(title, picture) for picture in drawn if picture is not None]


def _number(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.6g}"
