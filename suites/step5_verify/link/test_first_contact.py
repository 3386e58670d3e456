"""Step 5, the link: an empty device gets its ID over the wire, connects, and stays who it is."""

import pytest

from harness.fixtures.link.provisioning import Books, first_words, rounds_in
from harness.fixtures.types import FarEnd, Scenario

pytestmark = pytest.mark.needs_mock("the far end of the link is the harness's own")


def test_provisioned_over_the_wire(scenario: Scenario, link: FarEnd) -> None:
    """An empty device gets an ID over the wire, connects with it, and keeps it over a restart."""
    link.empty()
    mark, before = link.newest, Books(link)
    link.board.start()
    session = link.await_ready(after=mark, timeout=link.settings.connect_timeout_s)
    with scenario.step("LINK-01"):
        given = [record.provisioned for record in link.since(mark) if record.provisioned]
        assert len(given) == 1, f"{len(given)} IDs were handed out, one is due"
        assert sum(map(rounds_in, link.since(mark))) == 1, "OTP data went out more than once"
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
        asked = [record.number for record in link.since(mark) if record.provisioned or rounds_in(record)]
        assert not asked, f"the device was provisioned once more, in session {asked[0]}"
        assert before.spent() == 1, "the restart spent a licence"
