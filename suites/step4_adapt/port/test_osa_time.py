"""Step 4: the clock of the board's OSA."""

import pytest

from harness.fixtures.port.clock_series import SECONDS
from harness.fixtures.types import (
    PortUnderTest,
    Reset,
    Scenario,
    backward,
    reset_problems,
    resolution_problems,
)

SHORT_S = 3.0


def test_resolution(scenario: Scenario, port: PortUnderTest) -> None:
    """The clock shows each millisecond."""
    clock = port.clock()
    clock.watch(scenario, SHORT_S)
    with scenario.step("OSA-TIME-01"):
        problems = resolution_problems(clock.readings)
        assert not problems, problems[0]


@pytest.mark.endurance
def test_clock_over_time(scenario: Scenario, port: PortUnderTest) -> None:
    """Over half a minute the clock never goes back, and keeps to its declared drift."""
    clock = port.clock()
    clock.watch(scenario, SECONDS)
    with scenario.step("OSA-TIME-02"):
        problems = backward(clock.readings)
        assert not problems, f"the clock went back {len(problems)} times: {problems[0]}"
    with scenario.step("OSA-TIME-03"):
        rate = clock.require_rate(scenario)
        limit = port.limits.drift_ppm
        scenario.measure(
            "drift of ls_osa_get_time_ms",
            round(rate.ppm),
            unit="ppm",
            low=-limit,
            high=limit,
            uncertainty=round(rate.uncertainty, 1),
        )
        scenario.note(f"the clock of the board against that of this computer: {rate}")


def test_clock_over_reset(scenario: Scenario, port: PortUnderTest) -> None:
    """After a reset the clock starts anew, or goes on where an RTC is declared."""
    limits = port.clock_limits
    with scenario.step("OSA-TIME-04"):
        for kind in port.resets():
            if kind is Reset.WATCHDOG:
                continue  # one reset by the board itself is enough
            before = port.osa.read_time()
            port.require_reset(kind)
            after = port.osa.read_time()
            problems = reset_problems(
                before,
                after,
                rtc=port.declaration.rtc,
                quantum=limits.tick_ms,
                limit=limits.drift_ppm,
            )
            assert not problems, f"reset by {kind}: {problems[0]}"
            scenario.note(f"reset by {kind}: {before.ms} ms before, {after.ms} ms after")
            port.tell_date(scenario, after)
