"""Step 4: what the board says of its starts, and how it comes back from resets and crashes on purpose."""

from harness.fixtures.types import (
    Crash,
    PortUnderTest,
    Reset,
    Scenario,
    cause_problems,
    restart_problems,
    uptime_problems,
)

WAITED_S = 2.0


def test_reset(scenario: Scenario, port: PortUnderTest) -> None:
    """The board resets itself when it is told to, by software and by its watchdog."""
    with scenario.step("BOARD-01"):
        port.require_reset(Reset.SOFTWARE)
        software = port.control.cause()
    with scenario.step("BOARD-02"):
        problems = cause_problems(Reset.SOFTWARE, software)
        assert not problems, problems[0]
        if port.reset(Reset.WATCHDOG) is None:
            problems = cause_problems(Reset.WATCHDOG, port.control.cause())
            assert not problems, problems[0]
        else:
            scenario.note("the board cannot be reset by its watchdog: the port of the probe says so")
        if Reset.CONTROLLER in port.resets():
            port.require_reset(Reset.CONTROLLER)
            problems = cause_problems(Reset.CONTROLLER, port.control.cause())
            assert not problems, problems[0]


def test_uptime(scenario: Scenario, port: PortUnderTest) -> None:
    """The time since the start grows with time, and starts anew with the board."""
    limits = port.clock_limits
    with scenario.step("BOARD-03"):
        first = port.control.read_uptime()
        port.pause(WAITED_S)
        second = port.control.read_uptime()
        problems = uptime_problems(first, second, limits.tick_ms, limits.drift_ppm)
        assert not problems, problems[0]
        port.require_reset(Reset.SOFTWARE)
        third = port.control.read_uptime()
        problems = restart_problems(second, third, limits.tick_ms, limits.drift_ppm)
        assert not problems, problems[0]


def test_crash(scenario: Scenario, port: PortUnderTest) -> None:
    """A crash is seen, and the board comes back from it and works."""
    with scenario.step("BOARD-04"):
        crashed = []
        for kind in Crash:
            answer = port.crash(kind)
            if answer is None:
                crashed.append(kind)
                port.require_alive(scenario, f"crash {kind.name.lower().replace('_', ' ')}")
            else:
                scenario.note(
                    f"crash {kind.name.lower()}: the call returned {answer.rc}, the board did not crash"
                )
        assert crashed, "none of the crashes on purpose ended the run of the firmware"
