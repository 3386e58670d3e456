"""Step 5, the link: sessions that last, sessions that end, and the next one."""

import pytest

from harness.fixtures.link.reconnecting import (
    must_connect_again,
    must_outlive_silence,
    must_reconnect_often,
    must_recover_from_cuts,
    with_server_away,
)
from harness.fixtures.types import LinkUnderTest, Scenario

pytestmark = pytest.mark.needs_mock("the other end of the link is the gateway of the harness")


def test_many_reconnects(scenario: Scenario, link: LinkUnderTest) -> None:
    """Sessions one after the other, 200 of them where time allows."""
    with scenario.step("LINK-14"):
        must_reconnect_often(link, scenario, 200)


def test_idle_session(scenario: Scenario, link: LinkUnderTest) -> None:
    """A session in which nothing is said stays."""
    with scenario.step("LINK-15"):
        must_outlive_silence(link, scenario)


def test_clean_disconnect(scenario: Scenario, link: LinkUnderTest) -> None:
    """The server says goodbye, and the device comes again."""
    with scenario.step("LINK-16"):
        must_connect_again(link, scenario, clean=True)


def test_dirty_disconnect(scenario: Scenario, link: LinkUnderTest) -> None:
    """The connection is torn down, and the device comes again."""
    with scenario.step("LINK-17"):
        must_connect_again(link, scenario, clean=False)


def test_server_restart(scenario: Scenario, link: LinkUnderTest) -> None:
    """The server is away for a while, and the device comes again."""
    link.connected()
    with scenario.step("LINK-18"):
        with_server_away(link, scenario)


def test_stream_cut(scenario: Scenario, link: LinkUnderTest) -> None:
    """The stream ends in the middle of the handshake, after every byte of it where time allows."""
    with scenario.step("LINK-28"):
        must_recover_from_cuts(link, scenario)
