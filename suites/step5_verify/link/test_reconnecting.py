"""Step 5, the link: sessions that last, sessions that end, and the next one."""

import pytest

from harness.fixtures.link.endurance import (
    must_connect_again,
    must_outlive_silence,
    must_reconnect_often,
    with_server_away,
)
from harness.fixtures.types import FarEnd, Scenario

pytestmark = pytest.mark.needs_mock("the far end of the link is the harness's own")


def test_many_reconnects(scenario: Scenario, link: FarEnd) -> None:
    """Sessions one after the other, 200 of them where time allows."""
    with scenario.step("LINK-14"):
        must_reconnect_often(link, scenario, 200)


def test_idle_session(scenario: Scenario, link: FarEnd) -> None:
    """A session in which nothing is said stays."""
    with scenario.step("LINK-15"):
        must_outlive_silence(link, scenario)


def test_clean_disconnect(scenario: Scenario, link: FarEnd) -> None:
    """The server says goodbye, and the device comes again."""
    with scenario.step("LINK-16"):
        must_connect_again(link, scenario, clean=True)


def test_dirty_disconnect(scenario: Scenario, link: FarEnd) -> None:
    """The connection is torn down, and the device comes again."""
    with scenario.step("LINK-17"):
        must_connect_again(link, scenario, clean=False)


def test_server_restart(scenario: Scenario, link: FarEnd) -> None:
    """The server is away for a while, and the device comes again."""
    link.connected()
    with scenario.step("LINK-18"):
        with_server_away(link, scenario)
