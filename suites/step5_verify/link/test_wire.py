"""Step 5, the link: data in both directions, and what of it an eavesdropper sees, and a reader of the console."""

import pytest

from harness.fixtures.link.traffic import must_print_no_secret, secrets_of_a_session, send_and_return
from harness.fixtures.types import LinkUnderTest, Scenario, carried_problems

pytestmark = pytest.mark.needs_mock("the other end of the link is the gateway of the harness")

SIZES = (1, 2, 15, 16, 17, 255, 256, 1000, 1023, 1024, 1025, 2047, 2048, 4096, 8192, 16383, 16384)
"""Payloads, bytes: around the block, the fragment and the record."""


def test_data_of_all_sizes(scenario: Scenario, link: LinkUnderTest) -> None:
    """1 byte to 16 KiB go to the device and come back unchanged."""
    link.connected()
    with scenario.step("LINK-10"):
        session, payloads = send_and_return(link, scenario, SIZES)
    with scenario.step("LINK-11"):
        problems = carried_problems(session, payloads, mqtt=link.settings.mqtt)
        assert not problems, "; ".join(problems[:10])


def test_nothing_plain_on_the_wire(scenario: Scenario, link: LinkUnderTest) -> None:
    """No secret and no payload is to be read from outside."""
    overheard = secrets_of_a_session(link)
    with scenario.step("LINK-12"):
        plain = overheard.on_the_wire()
        assert not plain, f"in clear on the wire: {', '.join(plain)}"


def test_nothing_secret_on_the_console(scenario: Scenario, link: LinkUnderTest) -> None:
    """No secret is printed."""
    overheard = secrets_of_a_session(link)
    with scenario.step("LINK-13"):
        must_print_no_secret(scenario, overheard)
