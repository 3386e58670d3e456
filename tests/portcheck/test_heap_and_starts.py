"""Leaks, causes of resets, and the time since the start."""

import pytest

from harness.portcheck.clock import Reading
from harness.portcheck.heap import leak_problems
from harness.portcheck.starts import Cause, Reset, cause_problems, restart_problems, uptime_problems

LIMIT = 20_000
TICK = 10


@pytest.mark.parametrize(
    "counts", [(100, 100, 100, 100), (100, 99, 99, 98), (100, 98, 99, 97), (90, 91, 92, 93)]
)
def test_what_does_not_shrink_each_time_is_no_leak(counts):
    assert leak_problems(counts, 256, "work") == []


def test_a_heap_without_a_block_is_told():
    assert leak_problems((0, 0, 0, 0), 256, "work") == ["before work not one block of 256 bytes could be had"]
    assert "loses memory each time" in leak_problems((150, 75, 0, 0), 256, "work")[0]


def test_a_leak_is_told_with_its_size():
    (problem,) = leak_problems((100, 90, 80, 70), 256, "making 40 auth codes")
    assert problem.startswith(
        "making 40 auth codes loses memory each time, about 2560 bytes: 100, 90, 80, 70 blocks"
    )


@pytest.mark.parametrize(
    ("reset", "said", "fits"),
    [
        (Reset.SOFTWARE, "software", True),
        (Reset.SOFTWARE, "watchdog", True),
        (Reset.SOFTWARE, "power-on", False),
        (Reset.SOFTWARE, "pin", False),
        (Reset.WATCHDOG, "watchdog", True),
        (Reset.WATCHDOG, "software", False),
        (Reset.CONTROLLER, "pin", True),
        (Reset.CONTROLLER, "power-on", True),
        (Reset.CONTROLLER, "watchdog", False),
        (Reset.CONTROLLER, "coffee\x1b", False),
    ],
)
def test_causes_that_fit(reset, said, fits):
    problems = cause_problems(reset, said)
    assert (problems == []) is fits
    assert all("\x1b" not in problem for problem in problems)


def test_other_fits_to_every_reset():
    assert [cause_problems(reset, Cause.OTHER) for reset in Reset] == [[], [], []]


FIRST = Reading(10.0, 10.01, 5_000)


def test_time_since_the_start_grows_as_time_does():
    assert uptime_problems(FIRST, Reading(12.0, 12.01, 7_005), TICK, LIMIT) == []
    assert "from 5000 ms to 5000 ms" in uptime_problems(FIRST, Reading(12.0, 12.01, 5_000), TICK, LIMIT)[0]
    assert uptime_problems(FIRST, Reading(12.0, 12.01, 9_000), TICK, LIMIT)


def test_time_since_the_start_begins_anew():
    assert restart_problems(FIRST, Reading(11.0, 11.01, 600), TICK, LIMIT) == []
    assert "up for 6000 ms" in restart_problems(FIRST, Reading(11.0, 11.01, 6_000), TICK, LIMIT)[0]
