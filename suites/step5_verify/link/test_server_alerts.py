"""Step 5, the link: how a device takes each refusal that an iTLS server knows."""

import pytest

from harness.fixtures.link import groups
from harness.fixtures.link.alerts import must_come_back, must_not_hammer
from harness.fixtures.types import FarEnd, Scenario

pytestmark = pytest.mark.needs_mock("the far end of the link is the harness's own")


@pytest.mark.parametrize("alert", groups.PASSING)
def test_passing_refusal(scenario: Scenario, link: FarEnd, alert: int) -> None:
    """A refusal that may pass is waited out."""
    with scenario.step("LINK-29"):
        must_come_back(link, scenario, alert)


@pytest.mark.parametrize("alert", groups.FINAL)
def test_final_refusal(scenario: Scenario, link: FarEnd, alert: int) -> None:
    """A refusal that stays is taken as such."""
    with scenario.step("LINK-30"):
        must_not_hammer(link, scenario, alert)
