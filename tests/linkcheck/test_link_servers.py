"""Servers that a check needs beside the misbehaviours: what they change, and that they change nothing else."""

import pytest

from harness.id2 import otp
from harness.itls.device_identity import KeyIdentity
from harness.itls.errors import ItlsError
from harness.itls.suites import VENDOR_OFFER
from harness.linkcheck import servers
from harness.linkcheck.hellos import otp_rounds
from harness.linkcheck.records import carried_problems
from tests.itls.conftest import TOKEN, handshaken


@pytest.mark.parametrize("suite", VENDOR_OFFER)
def test_a_server_that_chooses_a_suite_is_sound(suite):
    link = handshaken(hooks=servers.choosing(suite).hooks())
    assert link.established
    assert link.client.suite is suite


def test_premaster_secrets_are_kept_and_stay_as_they_are():
    kept = []
    for count in (1, 2):
        assert handshaken(hooks=servers.keeping_premasters(kept).hooks()).established
        assert len(kept) == count
    assert {len(one) for one in kept} == {48}
    assert len(set(kept)) == 2


def test_spoiled_otp_data_is_never_stored():
    identity = KeyIdentity(None, None, token=otp.parse_token(TOKEN))
    link = handshaken(identity=identity, hooks=servers.spoiled_otp().hooks())
    assert otp_rounds(link.server_seen) >= 1
    assert identity.id2 is None
    assert not link.established
    sound = KeyIdentity(None, None, token=otp.parse_token(TOKEN))
    assert handshaken(identity=sound).established
    assert isinstance(link.client_error, ItlsError)


class Carried:
    """A session that a server saw, as `carried_problems` reads it."""

    def __init__(self, link, received, sent, *, truncated=False):
        self.seen, self.received, self.sent, self.truncated = link.server_seen, received, sent, truncated


def test_payloads_are_compared_with_the_records_that_carried_them():
    link = handshaken()
    for payload in (b"a" * 600, b"b" * 20_000):
        link.client.send(payload)
        link.server.send(payload)
        link.pump()
    data = b"a" * 600 + b"b" * 20_000
    payloads = [b"a" * 600, b"b" * 20_000]
    assert carried_problems(Carried(link, data, data), payloads, mqtt=False) == []
    assert carried_problems(Carried(link, data, data, truncated=True), payloads, mqtt=False) != []
    lost = carried_problems(Carried(link, data[:-1], data), payloads, mqtt=False)
    assert [one.split(" from ")[0] for one in lost] == ["the records", "payloads"]
    few = carried_problems(Carried(link, data, data), payloads + [b"a"] * 99, mqtt=False)
    assert all("nothing was fragmented" in one for one in few)
    assert len(few) == 2
