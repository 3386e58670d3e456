"""Step 5, the link: data in both directions, and the records that carry it."""

import pytest

from harness.fixtures.link.traffic import SIZES, carried_problems, send_and_return
from harness.fixtures.types import FarEnd, Scenario

pytestmark = pytest.mark.needs_mock("the far end of the link is the harness's own")


def test_data_of_all_sizes(scenario: Scenario, link: FarEnd) -> None:
    """1 byte to 16 KiB go to the device and come back unchanged."""
    link.connected()
    with scenario.step("LINK-10"):
        session, payloads = send_and_return(link, scenario, SIZES)
    with scenario.step("LINK-11"):
        problems = carried_problems(link, session, payloads)
        assert not problems, "; ".join(problems[:10])
