"""Step 5, the link: a device without an ID gets one over the wire, or is refused one, and stays who it is."""

import pytest

from harness.fixtures.link.provisioning import (
    LicenceCount,
    first_words,
    must_refuse_spoiled_data,
    must_stay_empty,
)
from harness.fixtures.types import LinkUnderTest, Scenario, otp_rounds

pytestmark = pytest.mark.needs_mock("the other end of the link is the gateway of the harness")


def test_refused_provisioning(scenario: Scenario, link: LinkUnderTest) -> None:
    """A device that is refused an ID stays without one and asks a few times only."""
    with scenario.step("LINK-04"):
        must_stay_empty(link, scenario, "no licence left")
        must_stay_empty(link, scenario, "provisioning switched off")
        must_stay_empty(link, scenario, "fingerprint invalid")
        must_stay_empty(link, scenario, "fingerprint used twice")


def test_spoilt_otp_data(scenario: Scenario, link: LinkUnderTest) -> None:
    """OTP data whose check value is wrong is not stored."""
    with scenario.step("LINK-05"):
        must_refuse_spoiled_data(link, scenario)


def test_provisioned_over_the_wire(scenario: Scenario, link: LinkUnderTest) -> None:
    """An empty device gets an ID over the wire, connects with it, and keeps it over a restart."""
    link.empty()
    mark, before = link.newest, LicenceCount(link)
    link.board.start()
    session = link.await_ready(after=mark, timeout=link.settings.connect_timeout_s)
    with scenario.step("LINK-01"):
        given = [record.provisioned for record in link.since(mark) if record.provisioned]
        assert len(given) == 1, f"{len(given)} IDs were handed out, one is due"
        assert sum(otp_rounds(record.seen) for record in link.since(mark)) == 1, (
            "OTP data went out more than once"
        )
        assert session.id2 == given[0], f"the device connects as {session.id2}, it was given {given[0]}"
        assert before.spent() == 1, f"{before.spent()} licences were spent, one is due"
        entries = before.new_entries()
        assert [(entry.id2, entry.reason) for entry in entries] == [(given[0], "provisioning")]
    with scenario.step("LINK-02"):
        device = link.mock.admin.device(given[0])
        assert device.state == "bound", f"the service has the device as {device.state}"
        assert device.product_key == link.product.product_key
        if link.echoes:
            link.echo(b"first contact")
    with scenario.step("LINK-03"):
        mark = link.newest
        link.board.reboot()
        again = first_words(link, after=mark)
        assert again.id2 == given[0], (
            f"after the restart the device says that it is {again.id2}, it was {given[0]}"
        )
        link.await_ready(after=mark, timeout=link.settings.connect_timeout_s)
        asked = [
            record.number for record in link.since(mark) if record.provisioned or otp_rounds(record.seen)
        ]
        assert not asked, f"the device was provisioned once more, in session {asked[0]}"
        assert before.spent() == 1, "the restart spent a licence"
