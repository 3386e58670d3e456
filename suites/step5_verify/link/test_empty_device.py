"""Step 5, the link: a device without an ID, and a far end that gives it none."""

import pytest

from harness.fixtures.link.provisioning import REASONS, must_refuse_spoilt_data, must_stay_empty
from harness.fixtures.types import FarEnd, Scenario

pytestmark = pytest.mark.needs_mock("the far end of the link is the harness's own")


def test_refused_provisioning(scenario: Scenario, link: FarEnd) -> None:
    """A device that is refused an ID stays without one and asks a few times only."""
    with scenario.step("LINK-04"):
        for reason in REASONS:
            must_stay_empty(link, scenario, reason)


def test_spoilt_otp_data(scenario: Scenario, link: FarEnd) -> None:
    """OTP data whose check value is wrong is not stored."""
    with scenario.step("LINK-05"):
        must_refuse_spoilt_data(link, scenario)
