"""Robustness: what the device has said in the whole run. The last scenario, so that it sees all others."""

from harness.fixtures.leaks import TrafficWatch
from harness.fixtures.types import Scenario


def test_key_never_shown(scenario: Scenario, watch: TrafficWatch) -> None:
    """The key shows nowhere in the traffic of the run."""
    with scenario.step("LEAK-01"):
        watch.look()
        assert not watch.all, f"the device shows its ID² key: {'; '.join(watch.all)}"
