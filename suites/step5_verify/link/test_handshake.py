"""Step 5, the link: the handshake of a sound device with a sound server, and who the device says it is."""

import pytest

from harness.fixtures.link.handshake import must_take_suite, several_sessions, timed_start
from harness.fixtures.types import (
    LinkUnderTest,
    Scenario,
    connect_problems,
    freshness_problems,
    hello_problems,
)

pytestmark = pytest.mark.needs_mock("the other end of the link is the gateway of the harness")


def test_hellos(scenario: Scenario, link: LinkUnderTest) -> None:
    """The hellos have the documented form."""
    session = link.connected()
    with scenario.step("LINK-06"):
        problems = hello_problems(session.seen, link.product.product_key)
        assert not problems, "; ".join(problems)


@pytest.mark.parametrize("suite", ["D004", "D003"])
def test_suite(scenario: Scenario, link: LinkUnderTest, suite: str) -> None:
    """The device takes the suite that the server chooses."""
    with scenario.step("LINK-07"):
        must_take_suite(link, suite)


def test_time_to_connect(scenario: Scenario, link: LinkUnderTest) -> None:
    """The device connects in time after a start."""
    with scenario.step("LINK-08"):
        timed_start(link, scenario)


def test_fresh_values(scenario: Scenario, link: LinkUnderTest) -> None:
    """No random value of the device comes twice in a run, and no IV is known beforehand."""
    several_sessions(link)
    with scenario.step("LINK-40"):
        problems = freshness_problems(link.since(-1))
        assert not problems, "; ".join(problems)


def test_mqtt_identity(scenario: Scenario, link: LinkUnderTest) -> None:
    """MQTT CONNECT names device and product, and authentication by ID²."""
    with scenario.step("LINK-09"):
        problems = connect_problems(link.spoken(), link.mqtt_user)
        assert not problems, "; ".join(problems)
