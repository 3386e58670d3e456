"""Robustness: a device with a link stays who it is, whenever its power goes.

They come last of all: when a power cut comes is left to chance.
"""

import pytest

from harness.fixtures.link.identity import must_be_kept, must_connect_without_time
from harness.fixtures.types import LinkUnderTest, Scenario

pytestmark = pytest.mark.needs_mock("the other end of the link is the gateway of the harness")


@pytest.mark.last
def test_start_without_the_time(scenario: Scenario, link: LinkUnderTest) -> None:
    """After a power cut the device connects before anybody has told it the time."""
    with scenario.step("PWR-02"):
        must_connect_without_time(link)


@pytest.mark.last
@pytest.mark.endurance
def test_identity_under_power_cuts(scenario: Scenario, link: LinkUnderTest) -> None:
    """Power cuts at any moment, also while it is provisioned, leave the device who it said it was."""
    with scenario.step("PWR-01"):
        must_be_kept(link, scenario)
