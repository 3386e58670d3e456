"""Step 5, the link: what the device draws at random."""

import pytest

from harness.fixtures.link.randoms import freshness_problems
from harness.fixtures.link.traffic import several_sessions
from harness.fixtures.types import FarEnd, Scenario

pytestmark = pytest.mark.needs_mock("the far end of the link is the harness's own")


def test_fresh_values(scenario: Scenario, link: FarEnd) -> None:
    """No random value of the device comes twice in a run, and no IV is known beforehand."""
    several_sessions(link)
    with scenario.step("LINK-40"):
        problems = freshness_problems(link.since(-1))
        assert not problems, "; ".join(problems)
