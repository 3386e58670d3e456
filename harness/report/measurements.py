"""The measurements of a run, those of one name together: their values in order, statistics, limits and verdict."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from harness.report.once import once
from harness.report.records import MeasurementResult, RunReport, Scenario
from harness.run.measure import Measurement
from harness.run.statistics import Histogram, Statistics, numbers, statistics_of
from harness.run.verdict import Verdict, worst


@dataclass(frozen=True, slots=True)
class Series:
    """All that a run measured under one name, against the same limits.

    Names and units come from suites, and may hold anything: `harness.report.text` makes them safe.

    Attributes:
        name: What was measured, such as the command that was timed.
        unit: Its unit; empty for a count.
        low: The lowest value allowed; None for no limit.
        high: The highest value allowed; None for no limit.
        value: The judged value that is nearest to a limit, or beyond it the most; a text when it is no number.
        judged: How many values were judged: one a measurement, which may be the worst of several repetitions.
        uncertainty: The largest expanded uncertainty (k = 2 at least) stated for any of them; None where none was.
        values: All values in order: every repetition, or the judged values. Empty where they were too many to keep.
        statistics: What all values come to; None when none is a finite number.
        histogram: The distribution of values that were too many to keep.
        verdict: The worst of the measurements.
        scenarios: Keys of the scenarios that measured it, each once.
        requirements: Ids of the requirements of the steps that measured it, each once.
    """

    name: str
    unit: str
    low: float | None
    high: float | None
    value: float | str
    judged: int
    uncertainty: float | None
    values: tuple[float, ...]
    statistics: Statistics | None
    histogram: Histogram | None
    verdict: Verdict
    scenarios: tuple[str, ...]
    requirements: tuple[str, ...]

    @property
    def limits(self) -> str:
        """The limits as a person reads them, without the unit; empty when there are none."""
        return limits(self.low, self.high)


@once
def series(report: RunReport) -> list[Series]:
    """Return the measurements of a run in the order of their names' first appearance.

    Measurements with the same name, unit and limits are one series, whichever scenario or attempt took them. One whose
    values were too many to keep stands alone.
    """
    groups: dict[object, list[tuple[Scenario, MeasurementResult]]] = {}
    for scenario in report.scenarios:
        for place, each in enumerate(scenario.measurements):
            alone = (scenario.key, place) if each.histogram is not None else ()
            groups.setdefault((each.name, each.unit, each.low, each.high, alone), []).append((scenario, each))
    return [_series(group) for group in groups.values()]


def values_of(measurement: MeasurementResult) -> list[float]:
    """Return the values of one measurement that are finite numbers: its repetitions, or the judged value."""
    return numbers(measurement.samples or [measurement.value])


def requirement_of(scenario: Scenario, measurement: MeasurementResult) -> str:
    """Return the id of the requirement whose step took a measurement; empty for one outside of steps."""
    if measurement.step is None or not 0 <= measurement.step < len(scenario.steps):
        return ""
    return scenario.steps[measurement.step].requirement


def limits(low: float | None, high: float | None) -> str:
    """Return limits as a person reads them, without a unit; empty when there are none."""
    if low is not None and high is not None and low > high:  # no scenario can say so, a damaged journal can
        return f"{low:g} … {high:g}"
    return Measurement("", low=low, high=high).limits


def _series(group: Sequence[tuple[Scenario, MeasurementResult]]) -> Series:
    taken = [measurement for _, measurement in group]
    first = taken[0]
    alone = first.histogram is not None
    values = [] if alone else [value for each in taken for value in values_of(each)]
    stated = [each.uncertainty for each in taken if each.uncertainty is not None]
    required = [name for scenario, each in group if (name := requirement_of(scenario, each))]
    return Series(
        name=first.name,
        unit=first.unit,
        low=first.low,
        high=first.high,
        value=_nearest(taken),
        judged=len(taken),
        uncertainty=max(stated, default=None),
        values=tuple(values),
        statistics=first.statistics if alone else statistics_of(values),
        histogram=first.histogram,
        verdict=worst(each.verdict for each in taken),
        scenarios=tuple(dict.fromkeys(scenario.key for scenario, _ in group)),
        requirements=tuple(dict.fromkeys(required)),
    )


def _nearest(taken: Sequence[MeasurementResult]) -> float | str:
    """Return the judged value with the least room to its limits; the last one when there are no limits."""
    for each in taken:
        if not numbers([each.value]):
            return str(each.value)
    first = taken[0]
    if first.low is None and first.high is None:
        return float(taken[-1].value)
    lowest = -math.inf if first.low is None else first.low
    highest = math.inf if first.high is None else first.high
    return min((float(each.value) for each in taken), key=lambda value: min(value - lowest, highest - value))
