"""Step 5, the link: the handshake of a sound device with a sound server."""

import pytest

from harness.fixtures.link.groups import SUITES
from harness.fixtures.link.handshake import must_take_suite, timed_start
from harness.fixtures.link.hellos import hello_problems
from harness.fixtures.types import FarEnd, Scenario

pytestmark = pytest.mark.needs_mock("the far end of the link is the harness's own")


def test_hellos(scenario: Scenario, link: FarEnd) -> None:
    """The hellos have the documented form."""
    session = link.connected()
    with scenario.step("LINK-06"):
        problems = hello_problems(session.seen, link.product.product_key)
        assert not problems, "; ".join(problems)


@pytest.mark.parametrize("suite", SUITES)
def test_suite(scenario: Scenario, link: FarEnd, suite: str) -> None:
    """The device takes the suite that the server chooses."""
    with scenario.step("LINK-07"):
        must_take_suite(link, suite)


def test_time_to_connect(scenario: Scenario, link: FarEnd) -> None:
    """The device connects in time after a start."""
    with scenario.step("LINK-08"):
        timed_start(link, scenario)
