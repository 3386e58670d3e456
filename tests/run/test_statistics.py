import math
import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.run.statistics import BINS, Statistics, histogram_of, numbers, statistics_of

FINITE = st.floats(allow_nan=False, allow_infinity=False)


def test_what_values_come_to():
    found = statistics_of([4.0, 1.0, 3.0, 2.0])
    assert found == Statistics(4, 1.0, 2.5, None, None, 4.0, 2.5, pytest.approx(1.2909944487358056))


def test_one_value_has_no_deviation():
    assert statistics_of([7]) == Statistics(1, 7.0, 7.0, None, None, 7.0, 7.0, None)


def test_nothing_comes_to_nothing():
    assert statistics_of([]) is None
    assert statistics_of([math.nan, math.inf]) is None
    assert histogram_of([math.nan]) is None


@pytest.mark.parametrize(
    ("n", "p95", "p99"), [(19, None, None), (20, 19, None), (99, 95, None), (100, 95, 99), (200, 190, 198)]
)
def test_percentiles_are_values_that_were_seen_and_only_of_enough_values(n, p95, p99):
    found = statistics_of(range(n, 0, -1))
    assert (found.p95, found.p99) == (p95, p99)


@settings(deadline=None)
@given(st.lists(FINITE, min_size=1, max_size=200))
def test_statistics_of_any_values_are_finite_and_in_order(values):
    found = statistics_of(values)
    assert found.n == len(values)
    assert found.min <= found.median <= found.max
    assert found.min <= found.mean <= found.max
    assert found.deviation is None or found.deviation >= 0
    ranks = [each for each in (found.min, found.p95, found.p99, found.max) if each is not None]
    assert ranks == sorted(ranks)


@settings(deadline=None)
@given(st.lists(st.one_of(FINITE, st.sampled_from([0.0, -1.0, 1.0, 0.5, 5e-324])), min_size=2, max_size=40))
def test_the_deviation_is_that_of_the_standard_library_to_the_last_bit(values):
    scale = max(map(abs, values)) or 1.0
    expected = statistics.stdev(sorted(value / scale for value in values)) * scale
    assert statistics_of(values).deviation == (expected if math.isfinite(expected) else None)


@settings(deadline=None)
@given(st.lists(FINITE, min_size=1, max_size=200))
def test_a_histogram_counts_every_value(values):
    found = histogram_of(values)
    assert sum(found.counts) == len(values)
    assert len(found.counts) == BINS
    assert (found.low, found.high) == (min(values), max(values))


def test_a_histogram_puts_values_into_their_class():
    found = histogram_of([0.0, 0.1, 49.9, 50.0])
    assert (found.counts[0], found.counts[-1]) == (2, 2)


def test_texts_and_what_no_float_holds_are_left_out():
    assert numbers([1, "nan", 2.5, "0x10", math.inf, 10**400]) == [1.0, 2.5]
