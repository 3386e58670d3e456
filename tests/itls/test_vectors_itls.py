"""What the vendor's client said and did, replayed.

Recorded are the randoms, extensions and codes of four handshakes (itls.json), and the whole first hello of the
provisioning wrapper (otp.json). Not recorded are the server random, the pre-master secret and the encrypted records, so
those are proven elsewhere: `test_records_oracle.py`. In the second hello the places of 0x2000 and 0x2002 are not
recorded; they are taken to be those of the first.
"""

import json
from pathlib import Path

import pytest

from harness.id2 import authcode, codetext, otp, servercode
from harness.itls import extensions, messages
from harness.itls.alerts import AlertMessage
from harness.itls.client import WRAPPER_POLICY, ClientConnection, ClientPolicy
from harness.itls.device_identity import KeyIdentity
from harness.itls.errors import ItlsError
from harness.itls.events import Direction, Provisioned
from harness.itls.extensions import Ext, Extension
from harness.itls.messages import HelloVerifyRequest, MessageType
from harness.itls.records import ContentType, RecordBuffer, TlsRecord
from harness.itls.server import ServerConnection
from tests.itls.conftest import CHALLENGE, ID2, KEY, TOKEN, OneDevice

VECTORS = Path(__file__).parent.parent / "vectors"
HANDSHAKES = json.loads((VECTORS / "itls.json").read_text())
OTP = json.loads((VECTORS / "otp.json").read_text())
handshakes = pytest.mark.parametrize(
    "recorded", [one["server"][0] for one in HANDSHAKES], ids=lambda one: f"{one['fault']}-{one['suite']}"
)


def vector8(data):
    return bytes((len(data),)) + data


def vector16(data):
    return len(data).to_bytes(2, "big") + data


def hello_record(random: str, suites: list[str], listed: list[tuple[int, bytes]]) -> bytes:
    """A ClientHello written out by hand, so that our encoder is not its own judge."""
    body = b"\x03\x03" + bytes.fromhex(random) + vector8(b"")
    body += vector16(b"".join(bytes.fromhex(one) for one in suites)) + vector8(b"\x00")
    body += vector16(b"".join(number.to_bytes(2, "big") + vector16(data) for number, data in listed))
    message = b"\x01" + len(body).to_bytes(3, "big") + body
    return b"\x16\x03\x03" + vector16(message)


def first_hello(recorded) -> bytes:
    listed = []
    for number, value in recorded["ch1"]["ext"]:
        data = value.encode() if number == "0x2000" else bytes.fromhex(value)
        listed.append((int(number, 16), data))
    return hello_record(recorded["ch1_random"], recorded["ch1"]["suites"], listed)


def second_hello(recorded) -> bytes:
    said = recorded["ch2"]
    known = {int(number, 16): bytes.fromhex(value) for number, value in said["ext"]}
    known |= {0x2000: said["product_key"].encode(), 0x2002: said["auth_code"].encode()}
    order = [int(number, 16) for number, _ in recorded["ch1"]["ext"]]
    assert sorted(known) == sorted(order)
    return hello_record(recorded["ch2_random"], said["suites"], [(number, known[number]) for number in order])


def randoms(*values: str):
    left = [bytes.fromhex(value) for value in values]

    def random(size):
        value = left.pop(0)
        assert len(value) == size
        return value

    return random


def challenge_record() -> bytes:
    request = HelloVerifyRequest(Extension(Ext.CHALLENGE, CHALLENGE.encode()))
    return TlsRecord(
        ContentType.HANDSHAKE, messages.framed(MessageType.HELLO_VERIFY_REQUEST, request.body)
    ).wire


@handshakes
def test_our_client_says_byte_for_byte_what_the_vendors_said(recorded):
    device_random = recorded["ch2"]["auth_code"].split("~")[2]
    identity = KeyIdentity(ID2, KEY, random=randoms(device_random))
    client = ClientConnection(
        identity,
        recorded["ch2"]["product_key"],
        random=randoms(recorded["ch1_random"], recorded["ch2_random"]),
    )

    client.start()
    assert client.take() == first_hello(recorded)
    client.receive(challenge_record())
    assert client.take() == second_hello(recorded)


def test_the_challenge_travels_as_the_page_says():
    """No cookie and no list length: version, extension, done."""
    assert (
        challenge_record()
        == bytes.fromhex("160303002a 03000026 0303 20100020".replace(" ", "")) + CHALLENGE.encode()
    )


@handshakes
def test_the_recorded_hello_reads_back_to_the_byte(recorded):
    for wire in (first_hello(recorded), second_hello(recorded)):
        hello = messages.parse_client_hello(wire[9:])
        assert messages.framed(MessageType.CLIENT_HELLO, hello.body) == wire[5:]
        assert hello.product_key == recorded["ch2"]["product_key"]
        assert hello.id2 == recorded["ch2"]["id"]
        assert hello.max_fragment == 1024
    assert hello.auth_code.decode() == recorded["ch2"]["auth_code"]


@handshakes
def test_the_recorded_codes_are_right_both_ways(recorded):
    code = codetext.parse(recorded["ch2"]["auth_code"])
    authcode.verify(KEY, ID2, code)
    assert code.random == CHALLENGE

    given = recorded["server_auth_code"]
    assert servercode.build(KEY, ID2, recorded["ch2_random"].upper()).text == given
    assert KeyIdentity(ID2, KEY).verify_server(given, recorded["ch2_random"].upper())
    if recorded["fault"] == "badauth":
        # That server noted the code before it spoiled it; the client answered with alert 40, as ours does.
        assert recorded["alert_from_client"] == [2, 40]


@handshakes
def test_our_server_takes_the_recorded_client_and_gives_the_recorded_code(recorded):
    seen = []
    server = ServerConnection(OneDevice(), observe=seen.append)
    server.receive(first_hello(recorded))
    assert server.take() == challenge_record()
    server.receive(second_hello(recorded))

    said = messages.parse_server_hello(seen[-1].plain[4:])
    assert seen[-1].direction is Direction.OUT
    assert [one.number for one in said.extensions] == [Ext.MAX_FRAGMENT, Ext.AUTH_CODE, Ext.PREMASTER]
    assert said.content(Ext.AUTH_CODE) == recorded["server_auth_code"].encode()
    assert said.suite == int(recorded["ch2"]["suites"][0], 16)


def test_the_vendors_client_closes_as_ours_does():
    for one in HANDSHAKES:
        if "last" in one["server"][0]:
            kind, data = one["server"][0]["last"]
            assert kind == ContentType.ALERT
            assert AlertMessage(*bytes.fromhex(data)).closes


def test_the_vendors_client_has_the_defect_that_needs_premaster_names():
    """Recorded: it completes a handshake without a pre-master. Ours does so only when it is told not to check."""
    run = next(one for one in HANDSHAKES if one["fault"] == "nopms")
    assert "@@ establish ok alert 0" in run["client"]
    assert run["server"][0]["client_finished_ok"]
    assert ClientPolicy().needs_premaster


class TestWrapper:
    """`id2_client_wrap_do_provisioning`: its hello is recorded whole."""

    capture = OTP["wrap-ok"]["capture"]
    wire = bytes.fromhex(capture["record_header"] + capture["client_hello"])

    def test_our_wrapper_says_it_byte_for_byte(self):
        identity = KeyIdentity(
            None, None, token=otp.parse_token(TOKEN), random=randoms(self.capture["otp"]["ss_key"])
        )
        random = self.capture["client_hello"][12:76]
        client = ClientConnection(identity, "127", policy=WRAPPER_POLICY, random=randoms(random))

        client.start()
        assert client.take() == self.wire

    def test_it_reads_back_to_the_byte(self):
        buffer = RecordBuffer()
        buffer.add(self.wire)
        record = buffer.next()
        assert record is not None
        assert record.wire == self.wire
        assert len(buffer) == 0
        hello = messages.parse_client_hello(record.payload[4:])
        assert messages.framed(MessageType.CLIENT_HELLO, hello.body) == record.payload
        assert [f"{number:04x}" for number in hello.suites] == ["d004", "d003"]
        assert [[f"{one.number:#x}", one.data.hex()] for one in hello.extensions] == self.capture[
            "extensions"
        ]
        assert not hello.provisioned
        assert hello.max_fragment is None

    def test_our_server_provisions_it(self):
        authority = OneDevice()
        server = ServerConnection(authority)
        server.receive(self.wire)
        answer = server.take()
        assert authority.provisioned == ["demo-uid"]
        assert answer[5:15] == bytes.fromhex("0300005f 0303 2011 0059")

    def test_ours_takes_what_comes_and_hangs_up(self):
        identity = KeyIdentity(None, None, token=otp.parse_token(TOKEN))
        client = ClientConnection(identity, "127", policy=WRAPPER_POLICY)
        server = ServerConnection(OneDevice())
        client.start()
        server.receive(client.take())
        assert client.receive(server.take()) == [Provisioned(ID2)]
        assert client.closed
        assert client.take() == b""
        assert identity.id2 == ID2


def test_otp_data_of_the_vendors_run_loads():
    run = OTP["demo-aes-i11"]
    stored = []
    identity = KeyIdentity(
        None,
        None,
        token=otp.parse_token(run["token"]),
        random=randoms(run["decoded_otp_auth_code"]["ss_key"]),
        stored=lambda id2, key: stored.append((id2, key)),
    )
    recorded = next(one for one in run["answers"] if one and one["cmd"] == "otp")
    assert identity.otp_code().hex().upper() == recorded["otp_auth_code"]

    data = bytes.fromhex(run["otp_data"])
    with pytest.raises(ItlsError, match="check value"):
        identity.load_otp(data[:-1] + bytes((data[-1] ^ 1,)))
    assert identity.id2 is None
    identity.load_otp(data)
    assert identity.id2 == "00FFFFFFDB1D8DC78DDCB800"
    code = next(one for one in run["answers"] if one and one["cmd"] == "chal")["auth_code"]
    authcode.verify(stored[0][1], identity.id2, codetext.parse(code))


def test_the_version_and_key_group_are_those_of_the_recording():
    listed = dict(HANDSHAKES[0]["server"][0]["ch1"]["ext"])
    assert extensions.VERSION.hex() == listed["0x2020"]
    assert listed["0x2001"].startswith(extensions.KEY_GROUP.hex())
