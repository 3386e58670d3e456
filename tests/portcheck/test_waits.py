"""Waits: never accused when they are right, whatever the clocks and the link do; caught when they are wrong."""

import math
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.portcheck.waits import Wait, longest_excess, short_problems, too_long

LIMIT = 20_000
TICK = 10
LENGTHS = (1, 10, 50, 200, 1000)


def waits(stretch, extra=lambda _: 0.0, *, rates=(0.0, 0.0), step=1.0, link=0.01, seed=3, tries=12):
    """Make waits that last `asked * stretch + extra` milliseconds, seen by two clocks with their own rates and steps."""
    random = Random(seed)
    made = []
    for asked in LENGTHS:
        for _ in range(tries):
            lasts = asked * stretch + extra(random)
            seen = []
            for ppm in rates:
                begin = random.uniform(0, 1000)
                end = begin + lasts * (1 + ppm / 1e6)
                seen.append(int((math.floor(end / step) - math.floor(begin / step)) * step))
            made.append(
                Wait("ls_osa_msleep", asked, tuple(seen), lasts / 1000 + random.expovariate(1 / link))
            )
    return made


@given(
    st.tuples(st.floats(-LIMIT, LIMIT), st.floats(-LIMIT, LIMIT)),
    st.floats(0, TICK),
    st.sampled_from([(1.0, 1), (10.0, 10), (1000 / 128, 10)]),
    st.sampled_from([0.0005, 0.02]),
    st.integers(0, 1 << 32),
)
@settings(max_examples=150, deadline=None)
def test_a_sound_wait_is_never_accused(rates, most, steps, link, seed):
    step, quantum = steps
    made = waits(1.0, lambda random: random.uniform(0, most), rates=rates, step=step, link=link, seed=seed)
    assert short_problems(made, quantum, LIMIT) == []
    assert too_long(made, TICK, quantum, LIMIT) == []


@pytest.mark.parametrize("stretch", [0.75, 0.5, 0.0])
def test_a_short_wait_is_caught(stretch):
    assert short_problems(waits(stretch), 1, LIMIT)


def test_a_wait_that_is_one_millisecond_short_is_caught():
    assert short_problems(waits(1.0, lambda _: -1.0), 1, LIMIT)


def test_the_round_trip_alone_shows_a_short_wait_whatever_the_board_says():
    lying = [Wait("ls_osa_msleep", 1000, (1000, 1000), 0.9)] * 2
    assert "less than was asked for" in short_problems(lying, 1, LIMIT)[0]


def test_one_clock_alone_accuses_no_wait():
    made = [Wait("ls_osa_msleep", 100, by, 0.11) for by in ((60, 100), (100, 60))]
    for one in made:
        assert short_problems([one] * 12, 1, LIMIT) == []
        assert (
            too_long([Wait("w", 100, (300, 100), 0.5), Wait("w", 100, (100, 300), 0.5)], TICK, 1, LIMIT) == []
        )


def test_a_long_wait_is_caught_and_its_excess_told():
    found = too_long(waits(2.0), TICK, 1, LIMIT)
    assert {one.shortest.asked for one in found} == {50, 200, 1000}
    assert found[-1].excess > 11
    assert "more than 10 ms longer than asked, as in all of 12 tries" in str(found[-1])


def test_one_try_that_keeps_to_its_time_is_enough():
    good, bad = Wait("w", 100, (100, 100), 0.11), Wait("w", 100, (900, 900), 0.95)
    assert too_long([bad, good, bad], TICK, 1, LIMIT) == []
    assert too_long([bad, bad, bad], TICK, 1, LIMIT)
    assert longest_excess([bad, good]) == 800


def test_the_link_alone_makes_no_wait_long():
    assert too_long([Wait("w", 100, (100, 100), 30.0)] * 3, TICK, 1, LIMIT) == []


def test_a_wait_that_came_back_over_the_link_in_time_was_not_long():
    assert too_long([Wait("w", 100, (500, 500), 0.105)] * 3, TICK, 1, LIMIT) == []


def test_a_function_without_a_clock_is_bounded_by_the_link():
    assert short_problems([Wait("w", 100, (), 0.05)], 1, LIMIT)
    assert short_problems([Wait("w", 100, (), 0.11)], 1, LIMIT) == []
