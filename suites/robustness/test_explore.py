"""Robustness: what no fixed scenario asks for."""

import pytest

from harness.fixtures.types import Exploration, Scenario


@pytest.mark.endurance
@pytest.mark.explores
def test_explore(scenario: Scenario, exploration: Exploration) -> None:
    """Random sequences of calls, resets and boundary values give what ID² says, whatever went before."""
    with scenario.step("EXP-01"):
        exploration.run(scenario)
