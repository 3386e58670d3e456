import json
import math

import pytest

from harness.report.measurements import limits, series
from harness.report.model import load
from harness.run.events import ScenarioInfo
from harness.run.measure import Measurement
from harness.run.run import Run
from harness.run.statistics import BINS, KEPT
from harness.run.verdict import Verdict

TIME = Measurement("GetID", "s", None, 2)
INFO = ScenarioInfo("step4_adapt/test_time", steps=(("SE-TIM-01", "timed"),), requirements=("SE-TIM-01",))


@pytest.fixture
def measured(tmp_path):
    """Return a function that measures in one scenario and gives what the report makes of it."""

    def run_of(*taken, times=1):
        run = Run.create(tmp_path, "b")
        for _ in range(times):
            log = run.begin(INFO)
            with log.step(0):
                for measurement, value, more in taken:
                    log.measure(measurement, value, **more)
            log.finish(Verdict.PASSED)
        run.finish()
        return load(run.path)

    return run_of


def test_repetitions_are_kept_in_order_with_their_statistics(measured):
    values = [0.2, 0.1, 0.4, 0.3]
    report = measured((TIME, 0.4, {"samples": values, "uncertainty": 0.01}))
    (found,) = series(report)
    assert found.values == tuple(values)
    assert (found.value, found.judged, found.uncertainty) == (0.4, 1, 0.01)
    assert (found.statistics.n, found.statistics.min, found.statistics.max) == (4, 0.1, 0.4)
    assert (found.limits, found.verdict) == ("at most 2", Verdict.PASSED)
    assert found.requirements == ("SE-TIM-01",)
    (taken,) = report.scenarios[0].measurements
    assert taken.statistics == found.statistics
    assert taken.histogram is None


def test_a_single_value_has_no_repetitions(measured):
    report = measured((TIME, 0.5, {}))
    (taken,) = report.scenarios[0].measurements
    assert (taken.samples, taken.statistics, taken.uncertainty) == ([], None, None)
    (found,) = series(report)
    assert found.values == (0.5,)
    assert found.statistics.n == 1


def test_attempts_are_one_series(measured):
    report = measured((TIME, 0.2, {"samples": [0.1, 0.2]}), times=3)
    (found,) = series(report)
    assert found.scenarios == tuple(f"step4_adapt/test_time{number}" for number in ("", "#2", "#3"))
    assert (found.statistics.n, found.judged) == (6, 3)


def test_other_limits_and_units_are_other_series(measured):
    report = measured(
        (TIME, 0.2, {}), (Measurement("GetID", "ms"), 200, {}), (Measurement("GetID", "s", None, 3), 0.2, {})
    )
    assert [(each.unit, each.high) for each in series(report)] == [("s", 2), ("ms", None), ("s", 3)]


@pytest.mark.parametrize(
    ("low", "high", "expected"), [(0, 10, 9.5), (0, None, 1), (None, 10, 9.5), (None, None, 5)]
)
def test_the_value_shown_is_the_one_nearest_to_a_limit(measured, low, high, expected):
    limited = Measurement("m", "", low, high)
    report = measured(*((limited, value, {}) for value in (1, 9.5, 5)))
    assert series(report)[0].value == expected


def test_more_values_than_are_kept_leave_statistics_and_a_histogram(measured):
    values = [float(number) for number in range(KEPT + 1)]
    report = measured((TIME, 1.0, {"samples": values}), (TIME, 1.5, {}))
    (taken, _) = report.scenarios[0].measurements
    assert taken.samples == []
    assert (taken.statistics.n, taken.statistics.max) == (KEPT + 1, KEPT)
    assert sum(taken.histogram.counts) == KEPT + 1
    many, single = series(report)
    assert (many.values, many.statistics) == ((), taken.statistics)
    assert len(many.histogram.counts) == BINS
    assert single.values == (1.5,)


def test_as_many_as_are_kept_fit_into_one_line_of_the_journal(measured, tmp_path):
    values = [math.pi * 1e-300 * (number + 1) for number in range(KEPT)]
    (found,) = series(measured((TIME, 1.0, {"samples": values})))
    assert found.values == tuple(values)


def test_values_that_are_no_numbers_are_shown_and_not_counted(tmp_path):
    run = Run.create(tmp_path, "b")
    log = run.begin(INFO)
    log.measure(TIME, math.nan, samples=[math.nan, 0.1, math.inf])
    log.finish(Verdict.PASSED)
    run.finish()
    (found,) = series(load(run.path))
    assert found.value == "nan"
    assert found.values == (0.1,)
    assert (found.statistics.n, found.verdict) == (1, Verdict.FAILED)


def test_limits_of_a_damaged_journal_are_shown(sample):
    assert limits(5, 1) == "5 … 1"
    journal = sample / "journal.jsonl"
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    for line in lines:
        if line["event"] == "measurement":
            line.update(low=9, high=1, value=10**400, samples=["x", 10**400, 3])
    journal.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert all(each.limits == "9 … 1" for each in series(load(sample)))
