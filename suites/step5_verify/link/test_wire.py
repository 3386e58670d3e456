"""Step 5, the link: what an eavesdropper sees, and a reader of the console."""

import pytest

from harness.fixtures.link.traffic import must_print_no_secret, secrets_of_a_session
from harness.fixtures.types import FarEnd, Scenario

pytestmark = pytest.mark.needs_mock("the far end of the link is the harness's own")


def test_nothing_plain_on_the_wire(scenario: Scenario, link: FarEnd) -> None:
    """No secret and no payload is to be read from outside."""
    heard = secrets_of_a_session(link)
    with scenario.step("LINK-12"):
        plain = heard.on_the_wire()
        assert not plain, f"in clear on the wire: {', '.join(plain)}"


def test_nothing_secret_on_the_console(scenario: Scenario, link: FarEnd) -> None:
    """No secret is printed."""
    heard = secrets_of_a_session(link)
    with scenario.step("LINK-13"):
        must_print_no_secret(scenario, heard)
