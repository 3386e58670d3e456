"""Step 5, the link: what a device must refuse, and how it takes being refused.

In each scenario the server misbehaves in one connection, as the name says; `docs/link.md` has a sentence for each name.
"""

import pytest

from harness.fixtures.link.refusals import (
    must_come_back,
    must_not_hammer,
    must_refuse,
    must_survive,
    note_whether_refused,
)
from harness.fixtures.types import ItlsAlert, LinkUnderTest, Scenario

pytestmark = pytest.mark.needs_mock("the other end of the link is the gateway of the harness")


@pytest.mark.parametrize(
    "name",
    [
        "wrong-server-code",
        "no-server-code",
        "server-code-of-other-random",
        "server-code-part-0",
        "server-code-part-1",
        "server-code-part-2",
        "server-code-part-3",
        "server-code-part-4",
        "server-code-part-5",
        "server-code-exchanged",
        "server-code-type-0",
        "server-code-type-12",
        "server-code-other-devrand",
    ],
)
def test_server_code(scenario: Scenario, link: LinkUnderTest, name: str) -> None:
    """A server that cannot prove itself is refused."""
    with scenario.step("LINK-19"):
        must_refuse(link, scenario, name)


@pytest.mark.parametrize("name", ["no-premaster"])
def test_missing_premaster(scenario: Scenario, link: LinkUnderTest, name: str) -> None:
    """A handshake without a secret is refused."""
    with scenario.step("LINK-20"):
        must_refuse(link, scenario, name)


@pytest.mark.parametrize(
    "name", ["empty-premaster", "premaster-1", "premaster-47", "premaster-49", "premaster-64"]
)
def test_premaster_size(scenario: Scenario, link: LinkUnderTest, name: str) -> None:
    """A secret of another size is refused."""
    with scenario.step("LINK-21"):
        must_refuse(link, scenario, name)


@pytest.mark.parametrize("name", ["challenge-1", "challenge-31", "challenge-33", "challenge-64"])
def test_challenge_size(scenario: Scenario, link: LinkUnderTest, name: str) -> None:
    """A challenge of another size is left alone."""
    with scenario.step("LINK-22"):
        must_refuse(link, scenario, name)


@pytest.mark.parametrize(
    "name",
    [
        "wrong-finished",
        "finished-mac",
        "finished-sequence",
        "finished-part-0",
        "finished-part-1",
        "finished-part-2",
        "finished-part-3",
        "finished-part-4",
        "finished-exchanged",
        "finished-mac-part-0",
        "finished-mac-part-1",
        "finished-mac-part-2",
        "finished-mac-part-3",
        "finished-mac-part-4",
        "finished-mac-exchanged",
    ],
)
def test_finished(scenario: Scenario, link: LinkUnderTest, name: str) -> None:
    """A handshake that was tampered with is refused."""
    with scenario.step("LINK-23"):
        must_refuse(link, scenario, name)


@pytest.mark.parametrize(
    "name",
    [
        "record-mac",
        "record-sequence",
        "record-replayed",
        "oversize-record",
        "record-mac-part-0",
        "record-mac-part-2",
        "record-mac-part-4",
    ],
)
def test_record(scenario: Scenario, link: LinkUnderTest, name: str) -> None:
    """A record that was tampered with is refused."""
    with scenario.step("LINK-24"):
        must_refuse(link, scenario, name)


@pytest.mark.parametrize("name", ["suite-not-offered"])
def test_suite_not_offered(scenario: Scenario, link: LinkUnderTest, name: str) -> None:
    """A suite that was not on the list is refused."""
    with scenario.step("LINK-25"):
        must_refuse(link, scenario, name)


@pytest.mark.parametrize("name", ["unknown-extension"])
def test_unknown_extension(scenario: Scenario, link: LinkUnderTest, name: str) -> None:
    """An extension that nobody asked for is refused."""
    with scenario.step("LINK-26"):
        must_refuse(link, scenario, name)


@pytest.mark.parametrize(
    "name",
    ["alert-storm", "no-close-notify", "empty-records", "empty-handshake-records", "hello-request"],
)
def test_rude_server(scenario: Scenario, link: LinkUnderTest, name: str) -> None:
    """A rude server costs no more than one connection."""
    with scenario.step("LINK-27"):
        must_survive(link, scenario, name)


@pytest.mark.parametrize(
    "name",
    [
        "premaster-padding-mixed",
        "premaster-padding-zeros",
        "premaster-padding-too-long",
        "premaster-padding-00",
    ],
)
def test_premaster_padding(scenario: Scenario, link: LinkUnderTest, name: str) -> None:
    """A secret whose padding is wrong is refused."""
    with scenario.step("LINK-31"):
        must_refuse(link, scenario, name)


@pytest.mark.parametrize(
    "name",
    [
        "finished-padding-first",
        "finished-padding-middle",
        "finished-padding-zero",
        "finished-padding-too-long",
        "record-padding",
    ],
)
def test_record_padding(scenario: Scenario, link: LinkUnderTest, name: str) -> None:
    """A record whose padding is wrong is refused, though its MAC is right."""
    with scenario.step("LINK-32"):
        must_refuse(link, scenario, name)


@pytest.mark.parametrize(
    "name",
    [
        "server-hello-version-0300",
        "server-hello-version-0301",
        "server-hello-version-0302",
        "server-hello-version-0304",
        "server-hello-version-ffff",
        "record-version-0304",
        "record-version-ffff",
    ],
)
def test_version(scenario: Scenario, link: LinkUnderTest, name: str) -> None:
    """Another version than TLS 1.2 is refused."""
    with scenario.step("LINK-33"):
        must_refuse(link, scenario, name)


@pytest.mark.parametrize(
    "name",
    ["finished-record-version-0302", "finished-record-version-0304", "finished-record-version-ffff"],
)
def test_record_version(scenario: Scenario, link: LinkUnderTest, name: str) -> None:
    """A version that the MAC of its record does not cover is refused."""
    with scenario.step("LINK-34"):
        must_refuse(link, scenario, name)


@pytest.mark.parametrize("name", ["compression-1", "compression-64", "compression-255"])
def test_compression(scenario: Scenario, link: LinkUnderTest, name: str) -> None:
    """Compression that was not offered is refused."""
    with scenario.step("LINK-35"):
        must_refuse(link, scenario, name)


@pytest.mark.parametrize("name", ["session-id-33", "challenge-in-other-extension"])
def test_odd_form(scenario: Scenario, link: LinkUnderTest, name: str) -> None:
    """A message whose form is wrong is refused."""
    with scenario.step("LINK-36"):
        must_refuse(link, scenario, name)


@pytest.mark.parametrize("name", ["certificate-unasked", "unknown-record-type", "data-before-keys"])
def test_order(scenario: Scenario, link: LinkUnderTest, name: str) -> None:
    """What is out of place in the handshake is refused."""
    with scenario.step("LINK-37"):
        must_refuse(link, scenario, name)


@pytest.mark.parametrize(
    "name",
    [
        "hello-done-unasked",
        "data-before-finished",
        "change-cipher-spec",
        "data-in-clear",
        "finished-twice",
    ],
)
def test_order_under_keys(scenario: Scenario, link: LinkUnderTest, name: str) -> None:
    """What is out of place, or in clear, once there are keys is refused."""
    with scenario.step("LINK-38"):
        must_refuse(link, scenario, name)


@pytest.mark.parametrize("name", ["extension-twice-2002", "extension-twice-2003"])
def test_repeated_extension(scenario: Scenario, link: LinkUnderTest, name: str) -> None:
    """Whether an extension that comes twice is noticed."""
    with scenario.step("LINK-39"):
        note_whether_refused(link, scenario, name)


@pytest.mark.parametrize(
    "alert",
    [
        ItlsAlert.GENERIC,
        ItlsAlert.NO_QUOTA,
        ItlsAlert.AUTH_CODE,
        ItlsAlert.TIMESTAMP_EXPIRED,
        ItlsAlert.CHALLENGE,
        ItlsAlert.BUSY,
        ItlsAlert.SERVER_RANDOM,
    ],
)
def test_passing_refusal(scenario: Scenario, link: LinkUnderTest, alert: ItlsAlert) -> None:
    """A refusal that may pass is waited out."""
    with scenario.step("LINK-29"):
        must_come_back(link, scenario, alert)


@pytest.mark.parametrize(
    "alert",
    [
        ItlsAlert.NO_ID,
        ItlsAlert.NOT_ACTIVATED,
        ItlsAlert.UNSUPPORTED,
        ItlsAlert.SUSPENDED,
        ItlsAlert.DISCARDED,
        ItlsAlert.BOUND_ELSEWHERE,
        ItlsAlert.PRODUCT_KEY,
        ItlsAlert.NO_PRODUCT,
        ItlsAlert.FINGERPRINT,
        ItlsAlert.FINGERPRINT_DUPLICATE,
        ItlsAlert.HASH_TYPE,
        ItlsAlert.KEY_TYPE,
    ],
)
def test_final_refusal(scenario: Scenario, link: LinkUnderTest, alert: ItlsAlert) -> None:
    """A refusal that stays is taken as such."""
    with scenario.step("LINK-30"):
        must_not_hammer(link, scenario, alert)
