"""The transcript says what happened, and nothing that must stay secret."""

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.id2 import otp
from harness.id2.codes import ItlsAlert
from harness.itls import messages
from harness.itls.client import ClientPolicy
from harness.itls.device_identity import KeyIdentity
from harness.itls.events import Direction, ObservedRecord
from harness.itls.extensions import Extension
from harness.itls.messages import ClientHello, MessageType
from harness.itls.misbehaviour.catalogue import MISBEHAVIOURS
from harness.itls.records import ContentType, TlsRecord
from harness.itls.transcript import key_log_line, transcript
from tests.itls.conftest import CHALLENGE, ID2, KEY, PRODUCT_KEY, TOKEN, handshaken


def provisioned_session():
    link = handshaken(identity=KeyIdentity(None, None, token=otp.parse_token(TOKEN)))
    link.client.send(b"PING-from-device")
    link.pump()
    link.server.send(b"PONG")
    link.pump()
    link.client.close()
    link.pump()
    return link


def seen_in_clear(kind: ContentType, plain: bytes, direction=Direction.IN) -> ObservedRecord:
    return ObservedRecord(direction, kind, plain, TlsRecord(kind, plain).wire, None)


def seen_hello(*listed: Extension, suites=(0xD004,)) -> ObservedRecord:
    hello = ClientHello(bytes(32), suites, listed)
    return seen_in_clear(ContentType.HANDSHAKE, messages.framed(MessageType.CLIENT_HELLO, hello.body))


def test_every_message_and_extension_is_named():
    text = transcript(provisioned_session().server_seen)

    in_order = [
        "ClientHello",
        "AES-256-CBC-SHA256 (D004), AES-128-CBC-SHA256 (D003), 00FF",
        "0x0001 maximum fragment length: 2 (1024 bytes)",
        f'0x2000 product key: "{PRODUCT_KEY}"',
        f'0x2001 key id: group 0x10001000, "{"F" * 48}"',
        "0x2002 auth code: OTP code, 100 bytes",
        "0x2020 version: 1.2.0",
        "HelloVerifyRequest",
        f'0x2011 OTP data: 89 bytes: aes-128, ID² "{ID2}"',
        "0x2002 auth code: empty",
        f'0x2010 challenge: "{CHALLENGE}"',
        '0x2002 auth code: "0~2~',
        "ServerHello",
        "suite AES-256-CBC-SHA256 (D004)",
        '0x2002 auth code: "10~2~',
        "0x2003 pre-master secret: 64 bytes, encrypted",
        "Finished",
        "encrypted, record 0",
        "Finished",
        "PING-from-device",
        "PONG",
        "close notify",
    ]
    at = -1
    for wanted in in_order:
        at = text.index(wanted, at + 1)


def test_both_sides_tell_the_same():
    link = provisioned_session()
    assert transcript(link.server_seen) == transcript(link.client_seen, side="client")
    assert transcript(link.server_seen) != transcript(link.server_seen, side="client")


def test_keys_stand_in_it_only_when_they_are_given():
    link = handshaken()
    keys = link.server.keys

    text = transcript(link.server_seen)
    for secret in (keys.master, keys.client.mac, keys.client.cipher, keys.server.mac, keys.server.cipher):
        assert secret.reveal().hex() not in text.lower()
    assert transcript(link.server_seen, keys=keys) == f"{text}keys (NSS key log): {key_log_line(keys)}\n"
    label, random, master = key_log_line(keys).split()
    assert (label, random, master) == (
        "CLIENT_RANDOM",
        keys.client_random.hex(),
        keys.master.reveal().hex(),
    )


def test_no_part_of_the_key_material_of_otp_is_shown():
    link = provisioned_session()
    text = transcript(link.server_seen).lower()
    for one in link.server_seen:
        if one.plain[:1] == b"\x03" and b"\x20\x11" in one.plain[:8]:
            sealed = one.plain[10 + 25 :]
            assert sealed[:8].hex() not in text
            assert sealed[:8].hex(" ") not in text
    assert KEY.reveal().hex() not in text


def test_alerts_say_what_they_mean_and_what_to_do():
    for alert in ItlsAlert:
        text = transcript([seen_in_clear(ContentType.ALERT, bytes((2, alert.value)))])
        assert alert.meaning in text
        assert alert.hint in text
    assert "fatal iTLS alert 99: unknown" in transcript([seen_in_clear(ContentType.ALERT, b"\x02\x63")])
    assert "no alert: 02" in transcript([seen_in_clear(ContentType.ALERT, b"\x02")])


def test_a_refused_handshake_is_told_to_its_end():
    link = handshaken(hooks=MISBEHAVIOURS["wrong-server-code"].hooks())
    assert transcript(link.server_seen).splitlines()[-1].strip().startswith("fatal iTLS alert 40")


def test_a_message_in_many_records_is_put_together():
    message = messages.framed(MessageType.FINISHED, b"abcdefghijkl")
    records = [seen_in_clear(ContentType.HANDSHAKE, message[at : at + 5]) for at in range(0, 16, 5)]
    text = transcript(records)
    assert text.count("not whole yet") == 3
    assert text.rstrip().endswith("Finished, verify data 61 62 63 64 65 66 67 68 69 6a 6b 6c")


def test_what_is_unknown_stays_readable():
    text = transcript(
        [
            seen_hello(Extension(0x1234, b"\x01\x02"), suites=(0x1301,) * 30),
            seen_in_clear(ContentType.HANDSHAKE, b"\x0b\x00\x00\x01\xaa"),
            seen_in_clear(ContentType.HANDSHAKE, b"\x14\x00\x00\x01\xaa"),
        ]
    )
    assert "0x1234 unknown extension: 01 02" in text
    assert "and 6 more" in text
    assert "handshake message of type 11: aa" in text
    assert "cannot be read: Finished has 1 bytes" in text


def test_device_text_cannot_forge_a_line_and_is_bounded():
    forged = b'x"\n   9  server \xe2\x86\x92 device\x1b[2J\xe2\x80\xae' + b"A" * 5000
    text = transcript(
        [seen_hello(Extension(0x2000, forged)), seen_in_clear(ContentType.APPLICATION_DATA, forged)]
    )
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert len(text.splitlines()) == 7
    assert max(map(len, text.splitlines())) < 300


def test_only_so_many_records_are_shown():
    one = seen_in_clear(ContentType.APPLICATION_DATA, b"x")
    text = transcript([one] * 50, most=10)
    assert text.count("application data") == 10
    assert "and 40 more records" in text
    assert transcript([]) == ""


@settings(max_examples=80)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(Direction),
            st.sampled_from(ContentType),
            st.binary(max_size=200),
            st.sampled_from([None, 3]),
        ),
        max_size=8,
    )
)
def test_any_records_make_a_text(records):
    text = transcript(
        [ObservedRecord(way, kind, plain, plain, number) for way, kind, plain, number in records]
    )
    assert all(line.isprintable() for line in text.split("\n"))


def test_suites_of_every_kind_are_named():
    link = handshaken(policy=ClientPolicy(renegotiation_info=False))
    assert "00FF" not in transcript(link.server_seen)
