"""Step 5, the link: what a device must refuse. Each scenario lets the server misbehave in one connection."""

import pytest

from harness.fixtures.link import groups
from harness.fixtures.link.checks import must_refuse, must_survive, note_whether_refused
from harness.fixtures.types import FarEnd, Scenario

pytestmark = pytest.mark.needs_mock("the far end of the link is the harness's own")


@pytest.mark.parametrize("name", groups.SERVER_CODE)
def test_server_code(scenario: Scenario, link: FarEnd, name: str) -> None:
    """A server that cannot prove itself is refused."""
    with scenario.step("LINK-19"):
        must_refuse(link, scenario, name)


@pytest.mark.parametrize("name", groups.NO_PREMASTER)
def test_missing_premaster(scenario: Scenario, link: FarEnd, name: str) -> None:
    """A handshake without a secret is refused."""
    with scenario.step("LINK-20"):
        must_refuse(link, scenario, name)


@pytest.mark.parametrize("name", groups.PREMASTER)
def test_premaster_size(scenario: Scenario, link: FarEnd, name: str) -> None:
    """A secret of another size is refused."""
    with scenario.step("LINK-21"):
        must_refuse(link, scenario, name)


@pytest.mark.parametrize("name", groups.CHALLENGE)
def test_challenge_size(scenario: Scenario, link: FarEnd, name: str) -> None:
    """A challenge of another size is left alone."""
    with scenario.step("LINK-22"):
        must_refuse(link, scenario, name)


@pytest.mark.parametrize("name", groups.FINISHED)
def test_finished(scenario: Scenario, link: FarEnd, name: str) -> None:
    """A handshake that was tampered with is refused."""
    with scenario.step("LINK-23"):
        must_refuse(link, scenario, name)


@pytest.mark.parametrize("name", groups.RECORD)
def test_record(scenario: Scenario, link: FarEnd, name: str) -> None:
    """A record that was tampered with is refused."""
    with scenario.step("LINK-24"):
        must_refuse(link, scenario, name)


@pytest.mark.parametrize("name", groups.SUITE)
def test_suite_not_offered(scenario: Scenario, link: FarEnd, name: str) -> None:
    """A suite that was not on the list is refused."""
    with scenario.step("LINK-25"):
        must_refuse(link, scenario, name)


@pytest.mark.parametrize("name", groups.EXTENSION)
def test_unknown_extension(scenario: Scenario, link: FarEnd, name: str) -> None:
    """An extension that nobody asked for is refused."""
    with scenario.step("LINK-26"):
        must_refuse(link, scenario, name)


@pytest.mark.parametrize("name", groups.SURVIVED)
def test_rude_server(scenario: Scenario, link: FarEnd, name: str) -> None:
    """A rude server costs no more than one connection."""
    with scenario.step("LINK-27"):
        must_survive(link, scenario, name)


@pytest.mark.parametrize("name", groups.PREMASTER_PADDING)
def test_premaster_padding(scenario: Scenario, link: FarEnd, name: str) -> None:
    """A secret whose padding is wrong is refused."""
    with scenario.step("LINK-31"):
        must_refuse(link, scenario, name)


@pytest.mark.parametrize("name", groups.PADDING)
def test_record_padding(scenario: Scenario, link: FarEnd, name: str) -> None:
    """A record whose padding is wrong is refused, though its MAC is right."""
    with scenario.step("LINK-32"):
        must_refuse(link, scenario, name)


@pytest.mark.parametrize("name", groups.VERSION)
def test_version(scenario: Scenario, link: FarEnd, name: str) -> None:
    """Another version than TLS 1.2 is refused."""
    with scenario.step("LINK-33"):
        must_refuse(link, scenario, name)


@pytest.mark.parametrize("name", groups.RECORD_VERSION)
def test_record_version(scenario: Scenario, link: FarEnd, name: str) -> None:
    """A version that the MAC of its record does not cover is refused."""
    with scenario.step("LINK-34"):
        must_refuse(link, scenario, name)


@pytest.mark.parametrize("name", groups.COMPRESSION)
def test_compression(scenario: Scenario, link: FarEnd, name: str) -> None:
    """Compression that was not offered is refused."""
    with scenario.step("LINK-35"):
        must_refuse(link, scenario, name)


@pytest.mark.parametrize("name", groups.FORM)
def test_odd_form(scenario: Scenario, link: FarEnd, name: str) -> None:
    """A message whose form is wrong is refused."""
    with scenario.step("LINK-36"):
        must_refuse(link, scenario, name)


@pytest.mark.parametrize("name", groups.ORDER)
def test_order(scenario: Scenario, link: FarEnd, name: str) -> None:
    """What is out of place in the handshake is refused."""
    with scenario.step("LINK-37"):
        must_refuse(link, scenario, name)


@pytest.mark.parametrize("name", groups.ORDER_UNDER_KEYS)
def test_order_under_keys(scenario: Scenario, link: FarEnd, name: str) -> None:
    """What is out of place, or in clear, once there are keys is refused."""
    with scenario.step("LINK-38"):
        must_refuse(link, scenario, name)


@pytest.mark.parametrize("name", groups.NOTED)
def test_repeated_extension(scenario: Scenario, link: FarEnd, name: str) -> None:
    """Whether an extension that comes twice is noticed."""
    with scenario.step("LINK-39"):
        note_whether_refused(link, scenario, name)
