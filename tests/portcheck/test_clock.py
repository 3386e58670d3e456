"""A board's clock: bounds hold whatever the link does, what is wrong is seen, and nothing else is accused."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.portcheck.clock import (
    HOST_PPM,
    Reading,
    backward,
    between,
    date_problem,
    drift,
    off_rate,
    reset_problems,
    resolution_problems,
)
from tests.portcheck.made_up_clock import MadeUpClock

LIMIT = 20_000
TICK = 10

links = st.sampled_from([0.0002, 0.004, 0.05])
steps = st.sampled_from([1.0, 1000 / 1024, 1.7, 5.0, 1000 / 128, 10.0])


@given(st.floats(-LIMIT, LIMIT), steps, links, st.integers(0, 1 << 32))
@settings(max_examples=60, deadline=None)
def test_a_clock_within_its_limit_is_never_accused(ppm, step, link, seed):
    readings = MadeUpClock(ppm, step, link, random=Random(seed)).series(4)
    assert off_rate(readings, TICK, LIMIT) == []
    assert backward(readings) == []


@given(st.floats(-80_000, 80_000), steps, links, st.integers(0, 1 << 32))
@settings(max_examples=60, deadline=None)
def test_the_bounds_hold_the_true_rate(ppm, step, link, seed):
    found = drift(MadeUpClock(ppm, step, link, random=Random(seed)).series(4), TICK)
    assert found is not None
    assert found.low <= ppm <= found.high
    assert found.uncertainty > HOST_PPM


@given(
    st.lists(st.tuples(st.floats(0, 0.5), st.floats(0, 0.5), st.floats(0, 2)), min_size=2, max_size=40),
    st.floats(-LIMIT, LIMIT),
)
def test_a_computer_that_is_late_at_any_moment_accuses_nobody(delays, ppm):
    clock, readings = MadeUpClock(ppm, 1.0), []
    for before, after, pause in delays:
        began = clock.now
        clock.now += before
        shown = clock.shows(clock.now)
        clock.now += after
        readings.append(Reading(began, clock.now, shown))
        clock.now += pause
    assert off_rate(readings, TICK, LIMIT) == []


@pytest.mark.parametrize("ppm", [50_000, -50_000, 30_000, -30_000])
def test_a_clock_beyond_its_limit_is_seen(ppm):
    readings = MadeUpClock(ppm).series(10)
    off = off_rate(readings, TICK, LIMIT)
    assert off
    assert (off[0].lag > 0) is (ppm < 0)
    assert not drift(readings, TICK).within(LIMIT)


def test_a_clock_near_its_limit_stays_open_until_it_is_watched_longer():
    clock = MadeUpClock(19_700)
    short = clock.series(3)
    assert off_rate(short, TICK, LIMIT) == []
    assert not drift(short, TICK).within(LIMIT)
    assert drift([*short, *clock.series(60)], 1).within(LIMIT)


@pytest.mark.parametrize("jump", [-3_000, 200, 3_600_000])
def test_a_clock_that_jumps_is_off_its_rate_in_that_second(jump):
    readings = MadeUpClock().series(6)
    half = len(readings) // 2
    jumped = [
        *readings[:half],
        *(Reading(one.before, one.after, one.ms + jump) for one in readings[half:]),
    ]
    assert off_rate(readings, TICK, LIMIT) == []
    (*_, last) = off_rate(jumped, TICK, LIMIT)
    assert last.first.ms <= readings[half].ms <= last.last.ms - jump
    assert bool(backward(jumped)) is (jump < 0)


def test_a_step_back_is_told_with_both_readings():
    readings = [Reading(number, number + 0.001, ms) for number, ms in enumerate((1000, 2000, 1950, 3000))]
    assert backward(readings) == ["1950 ms was read after 2000 ms"]
    assert backward(readings[:2]) == []


def test_readings_that_overlap_bound_nothing():
    assert between(Reading(1.0, 2.0, 0), Reading(1.5, 2.5, 9000), 1) is None
    assert drift([], 1) is None


@given(st.floats(-LIMIT, LIMIT), links, st.integers(0, 1 << 32))
@settings(max_examples=40, deadline=None)
def test_a_clock_of_a_millisecond_shows_each(ppm, link, seed):
    assert resolution_problems(MadeUpClock(ppm, 1.0, link, random=Random(seed)).series(3)) == []


@pytest.mark.parametrize("step", [10.0, 1000 / 64, 1000 / 100.1, 4.0, 1000 / 250])
def test_a_coarse_clock_is_seen(step):
    assert resolution_problems(MadeUpClock(0, step, 0.0005).series(3))


def test_a_clock_that_stands_still_is_seen():
    readings = [Reading(number, number + 0.001, 42) for number in range(60)]
    assert resolution_problems(readings) == ["the clock stands still at 42 ms"]
    assert off_rate(readings, TICK, LIMIT)


BEFORE = Reading(100.0, 100.01, 30_000)


@pytest.mark.parametrize(
    ("ms", "rtc", "right"),
    [
        (150, False, True),
        (0, False, True),
        (2_040, False, True),
        (32_000, False, True),
        (3_000, False, False),
        (30_000, False, False),
        (-5, False, False),
        (3_630_000, False, False),
        (1_790_000_000_000, False, False),
        (32_000, True, True),
        (150, True, False),
        (1_790_000_000_000, True, False),
    ],
)
def test_what_a_clock_may_show_after_a_reset(ms, rtc, right):
    after = Reading(101.98, 102.0, ms)
    problems = reset_problems(BEFORE, after, rtc=rtc, quantum=TICK, limit=LIMIT)
    assert (problems == []) is right, problems
    assert right or str(ms) in problems[0]


def test_a_date_after_a_reset_asks_for_the_declaration():
    (problem,) = reset_problems(
        BEFORE, Reading(101.98, 102.0, 1_790_000_000_000), rtc=False, quantum=TICK, limit=LIMIT
    )
    assert "declaration.rtc" in problem


@pytest.mark.parametrize(
    ("off_s", "told"), [(3600, "3600 s ahead"), (-3600, "3600 s behind"), (599, ""), (-599, ""), (0, "")]
)
def test_a_date_is_off_when_the_service_would_refuse_it(off_s, told):
    now_ms = 1_700_000_000_000
    assert date_problem(Reading(1.0, 1.1, now_ms + off_s * 1000), now_ms).startswith(
        f"it is {told}" if told else ""
    )
    assert bool(date_problem(Reading(1.0, 1.1, now_ms + off_s * 1000), now_ms)) is bool(told)


def test_a_clock_that_shows_no_date_is_not_off():
    assert date_problem(Reading(1.0, 1.1, 5000), 1_700_000_000_000) == ""
