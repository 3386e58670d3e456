"""Step 4: the sleep of the board's OSA."""

from harness.fixtures.port.clock_series import quantum_of
from harness.fixtures.types import (
    PortUnderTest,
    Scenario,
    Wait,
    excess,
    longest_excess,
    short_problems,
    too_long,
)

LENGTHS_MS = {1: 12, 10: 12, 50: 12, 200: 4, 1000: 2}
"""Milliseconds, with the number of tries."""

WATCHED_S = 1.0


def test_sleep(scenario: Scenario, port: PortUnderTest) -> None:
    """Msleep is never short, and no longer than a tick beyond what is asked."""
    clock = port.clock()
    clock.watch(scenario, WATCHED_S)
    quantum = quantum_of(clock.readings, port.limits.tick_ms)
    limit = port.limits.drift_ppm
    begin = port.moment()
    sleeps: list[Wait] = []
    for length, tries in LENGTHS_MS.items():
        for _ in range(tries):
            sleeps.append(port.osa.sleep(length))
            scenario.progress(len(sleeps), sum(LENGTHS_MS.values()), "sleeps")
    with scenario.step("OSA-SLEEP-01"):
        short = short_problems(sleeps, quantum, limit)
        assert not short, short[0]
    with scenario.step("OSA-SLEEP-02"):
        for long in too_long(sleeps, port.limits.tick_ms, quantum, limit):
            port.require_own_fault(str(long), long.excess, begin)
            raise AssertionError(str(long))
        scenario.measure(
            "longest msleep beyond what was asked",
            longest_excess(sleeps),
            unit="ms",
            samples=[excess(sleep) for sleep in sleeps],
            uncertainty=quantum,
        )
