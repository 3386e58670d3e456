"""Robustness: what no fixed scenario asks for.

It comes behind the others: where a replay of it cannot follow, nothing else of the board is lost.
"""

import pytest

from harness.fixtures.types import Exploration, Scenario


@pytest.mark.last
@pytest.mark.endurance
@pytest.mark.explores
def test_explore(scenario: Scenario, exploration: Exploration) -> None:
    """Random sequences of calls, resets and boundary values give what ID² says, whatever went before."""
    with scenario.step("EXP-01"):
        exploration.run(scenario)
