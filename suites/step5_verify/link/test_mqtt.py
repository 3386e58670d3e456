"""Step 5, the link: who the device says it is inside the connection."""

import pytest

from harness.fixtures.link.handshake import connect_problems
from harness.fixtures.types import FarEnd, Scenario

pytestmark = pytest.mark.needs_mock("the far end of the link is the harness's own")


def test_mqtt_identity(scenario: Scenario, link: FarEnd) -> None:
    """MQTT CONNECT names device and product, and authentication by ID²."""
    with scenario.step("LINK-09"):
        problems = connect_problems(link)
        assert not problems, "; ".join(problems)
