"""Step 5, the link: a server whose stream ends in the middle of the handshake."""

import pytest

from harness.fixtures.link.endurance import must_recover_from_cuts
from harness.fixtures.types import FarEnd, Scenario

pytestmark = pytest.mark.needs_mock("the far end of the link is the harness's own")


def test_stream_cut(scenario: Scenario, link: FarEnd) -> None:
    """The stream ends in the middle of the handshake, after every byte of it where time allows."""
    with scenario.step("LINK-28"):
        must_recover_from_cuts(link, scenario)
