"""Both sides against each other: every suite, key type, fragment size and way to cut the stream."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.id2 import otp
from harness.id2.codes import ItlsAlert
from harness.id2.keys import Key, KeyType
from harness.itls import extensions, messages
from harness.itls.alerts import AlertLevel, AlertMessage
from harness.itls.client import ClientPolicy
from harness.itls.connection import ConnectionLimits
from harness.itls.device_identity import KeyIdentity
from harness.itls.errors import ItlsError
from harness.itls.events import Alerted, DataReceived, Direction, Established, Provisioned, StreamEnded
from harness.itls.extensions import Ext, Extension
from harness.itls.messages import ClientHello, MessageType
from harness.itls.misbehaviour import changes
from harness.itls.misbehaviour.hooks import ChangedMessages
from harness.itls.records import CIPHER_MAX, PLAIN_MAX, ContentType, TlsRecord
from harness.itls.server import ServerHooks, ServerSettings
from harness.itls.suites import Suite
from tests.itls.conftest import ID2, PRODUCT_KEY, TOKEN, OneDevice, buffered, handshaken, linked

TYPES = (
    KeyType.AES_128,
    KeyType.AES_192,
    KeyType.AES_256,
    KeyType.DES3_112,
    KeyType.DES3_168,
    KeyType.SM4_128,
)
key_types = st.sampled_from(TYPES)
sizes = st.one_of(
    st.sampled_from([0, 1, 15, 16, 17, 511, 512, 513, 1024, 16383, 16384, 16385]), st.integers(0, 70_000)
)
pieces = st.one_of(st.none(), st.lists(st.sampled_from([1, 2, 3, 5, 40, 400, 5000]), max_size=400).map(iter))
fragments = st.sampled_from([None, 1, 2, 3, 4])


def key_of(key_type: KeyType) -> Key:
    return Key.parse(key_type, bytes(range(1, 1 + key_type.key_size)).hex())


def data_of(events) -> bytes:
    return b"".join(event.data for event in events if isinstance(event, DataReceived))


def pattern(size: int) -> bytes:
    return (b"0123456789abcdef#" * (size // 17 + 1))[:size]


@settings(max_examples=40)
@given(
    suite=st.sampled_from(Suite),
    key_type=key_types,
    fragment=fragments,
    echo=st.booleans(),
    up=sizes,
    down=sizes,
    cuts=pieces,
)
def test_a_session_carries_data_both_ways(suite, key_type, fragment, echo, up, down, cuts):
    link = linked(
        authority=OneDevice(key=key_of(key_type)),
        policy=ClientPolicy(suites=(suite,), max_fragment=fragment),
        settings=ServerSettings(echo_max_fragment=echo),
    )
    link.client.start()
    link.pump(cuts)

    assert link.established
    assert link.client.suite is link.server.suite is suite
    assert link.client.keys == link.server.keys
    link.client.send(pattern(up))
    link.server.send(pattern(down))
    link.pump(cuts)
    assert data_of(link.server_events) == pattern(up)
    assert data_of(link.client_events) == pattern(down)
    most = extensions.FRAGMENT_SIZES[fragment] if fragment and echo else PLAIN_MAX
    assert all(len(one.plain) <= most for one in link.server_seen)
    assert max(len(one.plain) for one in link.server_seen) == max(
        min(most, up),
        min(most, down),
        *(len(one.plain) for one in link.server_seen if one.sequence is None),
        16,
    )
    link.client.close()
    link.pump(cuts)
    assert link.server_events[-1] == StreamEnded(clean=True)
    assert not buffered(link.server)
    assert not buffered(link.client)


@pytest.mark.parametrize("key_type", TYPES)
def test_every_suite_with_every_key_type(key_type):
    for suite in Suite:
        link = handshaken(authority=OneDevice(key=key_of(key_type)), policy=ClientPolicy(suites=(suite,)))
        assert link.established, (key_type, suite)


@pytest.mark.parametrize("key_type", [KeyType.AES_128, KeyType.AES_192, KeyType.AES_256, KeyType.SM4_128])
def test_an_empty_device_is_provisioned_in_the_handshake(key_type):
    token = TOKEN[:2] + str(key_type.otp_number) + TOKEN[3:]
    authority = OneDevice(key=key_of(key_type), token=token)
    identity = KeyIdentity(None, None, token=otp.parse_token(token))

    link = handshaken(authority=authority, identity=identity)

    assert link.established
    assert link.client.provisioned_now == identity.id2 == ID2
    assert link.client_events == [Provisioned(ID2), Established(link.client.keys)]
    assert authority.provisioned == ["demo-uid"]


def kinds(seen):
    return [
        (
            one.direction.value,
            one.kind.name if one.kind is not ContentType.HANDSHAKE else MessageType(one.plain[0]).name,
        )
        for one in seen
    ]


def test_the_flow_is_that_of_the_page():
    link = handshaken()

    assert kinds(link.client_seen) == [
        ("out", "CLIENT_HELLO"),
        ("in", "HELLO_VERIFY_REQUEST"),
        ("out", "CLIENT_HELLO"),
        ("in", "SERVER_HELLO"),
        ("out", "FINISHED"),
        ("in", "FINISHED"),
    ]
    assert [one.sequence for one in link.client_seen] == [None, None, None, None, 0, 0]
    hellos = [messages.parse_client_hello(one.plain[4:]) for one in link.server_seen if one.plain[0] == 1]
    assert hellos[0].random != hellos[1].random
    assert hellos[0].auth_code == b""
    assert hellos[1].auth_code.startswith(b"0~2~")
    assert [one.number for one in hellos[1].extensions] == [0x0001, 0x2000, 0x2001, 0x2002, 0x2020]
    assert link.client.keys.client_random == hellos[1].random


def test_nothing_of_the_session_is_on_the_wire():
    link = handshaken()
    link.client.send(b"what nobody may read")
    link.pump()

    wire = b"".join(one.wire for one in link.client_seen)
    keys = link.client.keys
    secrets = [keys.master, keys.client.mac, keys.client.cipher, keys.server.mac, keys.server.cipher]
    assert all(secret.reveal() not in wire for secret in secrets)
    assert b"nobody may read" not in wire
    assert b"".join(one.wire for one in link.server_seen if one.direction is Direction.IN) == b"".join(
        one.wire for one in link.client_seen if one.direction is Direction.OUT
    )
    assert keys.master.reveal().hex() not in repr(link.client.keys) + repr(link.client_events)


# ---- the same bytes mean the same, however they are cut


@settings(max_examples=40)
@given(first=st.lists(st.integers(1, 300), max_size=30), spoil=st.integers(-1, 2000))
def test_cutting_changes_nothing(first, spoil):
    """The server's events, its answers and its error depend on the stream alone."""

    def run(cuts):
        link = linked(identity=KeyIdentity(ID2, OneDevice().key, random=bytes))
        link.client._random = bytes
        link.server._random = bytes
        link.client.start()
        link.pump()
        assert link.established
        for size in (10, 400, 3):
            link.client.send(pattern(size))
        link.client.close()
        data = bytearray(link.client.take())
        if spoil >= 0:
            data[spoil % len(data)] ^= 0x40
        before = len(link.server_events)
        link._to_server(bytes(data), cuts)
        link._to_server(b"", cuts)
        return link.server_events[before:], link.server.take(), str(link.server_error), link.server.closed

    assert run(iter(first)) == run(None)


def test_what_came_before_an_error_in_the_same_piece_is_not_lost():
    link = handshaken()
    link.client.send(b"good")
    data = link.client.take()
    with pytest.raises(ItlsError):
        link.server.receive(data + b"\x16\x09\x09\x00\x00")
    assert link.server.before_error == (DataReceived(b"good"),)


# ---- tampering


def tampered(change):
    """A session in which `change` gets each record to the server that carries data, as (index, wire)."""
    link = handshaken()
    for piece in (b"first", b"second", b"third"):
        link.client.send(piece)
    stream = link.client.take()
    wires = []
    while stream:
        size = 5 + int.from_bytes(stream[3:5], "big")
        wires.append(stream[:size])
        stream = stream[size:]
    link._to_server(b"".join(change(wires)), None)
    return link


@settings(max_examples=80)
@given(record=st.integers(0, 2), at=st.integers(5, 84), bit=st.integers(0, 7))
def test_one_flipped_bit_anywhere_in_a_record_is_refused(record, at, bit):
    def flip(wires):
        data = bytearray(wires[record])
        data[5 + (at - 5) % (len(data) - 5)] ^= 1 << bit
        wires[record] = bytes(data)
        return wires

    link = tampered(flip)

    assert link.server_error is not None
    assert link.server_error.alert is ItlsAlert.BAD_RECORD_MAC
    assert data_of(link.server_events) == [b"", b"first", b"firstsecond"][record]


@pytest.mark.parametrize(
    ("change", "got"),
    [
        (lambda wires: wires[1:], b""),
        (lambda wires: [wires[0], wires[2]], b"first"),
        (lambda wires: [wires[1], wires[0], wires[2]], b""),
        (lambda wires: [wires[0], *wires], b"first"),
        (lambda wires: [wires[0][:1] + b"\x03\x03" + wires[0][3:5] + wires[1][5:]], b""),
        (lambda wires: [b"\x16" + wires[0][1:]], b""),
        (lambda wires: [wires[0][:3] + (len(wires[0]) - 21).to_bytes(2, "big") + wires[0][5:-16]], b""),
    ],
    ids=["first lost", "one lost", "swapped", "replayed", "out of place", "other type", "cut short"],
)
def test_records_lost_moved_or_played_again_are_refused(change, got):
    link = tampered(change)

    assert link.server_error is not None
    assert link.server_error.alert is ItlsAlert.BAD_RECORD_MAC
    assert data_of(link.server_events) == got
    assert link.server.take() != b""
    assert link.server.closed


def test_a_record_of_the_other_direction_is_refused():
    link = handshaken()
    link.client.send(b"mine")
    data = link.client.take()
    with pytest.raises(ItlsError, match="MAC"):
        link.client.receive(data)


class SpoiledHello(ServerHooks):
    def __init__(self, at, bit):
        self.at, self.bit = at, bit

    def record(self, kind, data, *, encrypted):
        # The ServerHello; its own header is spoiled by the fuzz tests.
        if encrypted or kind is not ContentType.HANDSHAKE or data[5] != MessageType.SERVER_HELLO:
            return data
        out = bytearray(data)
        out[9 + self.at % (len(out) - 9)] ^= 1 << self.bit
        return bytes(out)


@settings(max_examples=80)
@given(at=st.integers(0, 300), bit=st.integers(0, 7))
def test_a_server_hello_with_one_flipped_bit_never_establishes(at, bit):
    link = handshaken(hooks=SpoiledHello(at, bit))

    assert not link.client.established
    assert not link.server.established


@settings(max_examples=80)
@given(at=st.integers(0, 300), bit=st.integers(0, 7))
def test_a_second_hello_with_one_flipped_bit_never_establishes(at, bit):
    link = linked()
    link.client.start()
    link.server.receive(link.client.take())
    link.client.receive(link.server.take())
    data = bytearray(link.client.take())
    data[9 + at % (len(data) - 9)] ^= 1 << bit
    link._to_server(bytes(data), None)
    link.pump()
    assert not link.client.established


def padded(link, extra: int, *, spoil: int | None = None) -> bytes:
    """The client's next record with `extra` blocks of padding more than needed; byte `spoil` of it wrong."""
    import hmac

    from cryptography.hazmat.primitives.ciphers import Cipher, modes
    from cryptography.hazmat.primitives.ciphers.algorithms import AES

    keys, plain = link.client.keys, b"long padding"
    writer = link.client._writer
    head = writer.sequence.to_bytes(8, "big") + b"\x17\x03\x03" + len(plain).to_bytes(2, "big")
    body = plain + hmac.digest(keys.client.mac.reveal(), head + plain, keys.suite.hash_name)
    count = 15 - len(body) % 16 + 16 * extra
    filling = bytearray((count,)) * (count + 1)
    if spoil is not None:
        filling[spoil] ^= 1
    iv = bytes(16)
    context = Cipher(AES(keys.client.cipher.reveal()), modes.CBC(iv)).encryptor()
    payload = iv + context.update(body + bytes(filling)) + context.finalize()
    return TlsRecord(ContentType.APPLICATION_DATA, payload).wire


@pytest.mark.parametrize("suite", list(Suite))
@pytest.mark.parametrize("extra", [0, 1, 7, 14])
def test_padding_longer_than_a_block_is_right(suite, extra):
    link = handshaken(policy=ClientPolicy(suites=(suite,)))
    assert link.server.receive(padded(link, extra)) == [DataReceived(b"long padding")]


@pytest.mark.parametrize("extra", [0, 1, 14])
@pytest.mark.parametrize("spoil", [0, 1, -2])
def test_padding_with_one_wrong_byte_is_refused(extra, spoil):
    link = handshaken()
    with pytest.raises(ItlsError, match="MAC or padding"):
        link.server.receive(padded(link, extra, spoil=spoil))


def test_a_record_without_any_padding_is_refused():
    """Its MAC is right where a record without padding would have it."""
    import hmac

    from cryptography.hazmat.primitives.ciphers import Cipher, modes
    from cryptography.hazmat.primitives.ciphers.algorithms import AES

    link = handshaken()
    keys, plain = link.client.keys, bytes(16)
    head = (1).to_bytes(8, "big") + b"\x17\x03\x03" + len(plain).to_bytes(2, "big")
    body = plain + hmac.digest(keys.client.mac.reveal(), head + plain, "sha256")
    assert len(body) % 16 == 0
    context = Cipher(AES(keys.client.cipher.reveal()), modes.CBC(bytes(16))).encryptor()
    with pytest.raises(ItlsError, match="MAC or padding"):
        link.server.receive(
            TlsRecord(
                ContentType.APPLICATION_DATA, bytes(16) + context.update(body) + context.finalize()
            ).wire
        )


def test_the_vendors_suites_are_offered_best_first():
    link = handshaken()
    assert link.server.hello.suites == (0xD004, 0xD003, 0x00FF)
    assert link.server.suite is Suite.AES_256_CBC_SHA256


# ---- refusals of the handshake


def refused(hello_of=lambda hello: hello, **how) -> ItlsAlert | None:
    """The alert with which the server answers a first hello that was changed."""
    from dataclasses import replace

    link = linked(**how)
    link.client.start()
    record = link.client.take()
    hello = hello_of(messages.parse_client_hello(record[9:]), replace)
    raw = messages.framed(MessageType.CLIENT_HELLO, hello.body)
    with pytest.raises(ItlsError) as caught:
        link.server.receive(TlsRecord(ContentType.HANDSHAKE, raw).wire)
    return caught.value.alert


def without(number):
    return lambda hello, replace: replace(
        hello, extensions=tuple(one for one in hello.extensions if one.number != number)
    )


def with_content(number, data):
    return lambda hello, replace: replace(
        hello,
        extensions=tuple(
            Extension(number, data) if one.number == number else one for one in hello.extensions
        ),
    )


def with_many(count):
    return lambda hello, replace: replace(
        hello, extensions=tuple(Extension(0x4000 + number, b"") for number in range(count))
    )


@pytest.mark.parametrize(
    ("change", "alert"),
    [
        (with_many(extensions.EXTENSIONS_MAX), ItlsAlert.PRODUCT_KEY),
        (with_many(extensions.EXTENSIONS_MAX + 1), ItlsAlert.DECODE_ERROR),
        (without(Ext.PRODUCT_KEY), ItlsAlert.PRODUCT_KEY),
        (without(Ext.KEY_ID), ItlsAlert.KEY_TYPE),
        (with_content(Ext.KEY_ID, b"\x00\x10\x00\x11" + ID2.encode()), ItlsAlert.KEY_TYPE),
        (without(Ext.VERSION), ItlsAlert.UNSUPPORTED),
        (with_content(Ext.VERSION, b"\x00\x03\x01\x00"), ItlsAlert.UNSUPPORTED),
        (with_content(Ext.KEY_ID, extensions.KEY_GROUP + b"A" * 49), ItlsAlert.KEY_TYPE),
        (with_content(Ext.KEY_ID, extensions.KEY_GROUP + b"A" * 48), ItlsAlert.NO_ID),
        (with_content(Ext.MAX_FRAGMENT, b"\x05"), ItlsAlert.ILLEGAL_PARAMETER),
        (with_content(Ext.MAX_FRAGMENT, b""), ItlsAlert.ILLEGAL_PARAMETER),
        (with_content(Ext.KEY_ID, extensions.KEY_GROUP + b"F" * 48), ItlsAlert.GENERIC),
        (lambda hello, replace: replace(hello, version=b"\x03\x01"), ItlsAlert.PROTOCOL_VERSION),
        (lambda hello, replace: replace(hello, compressions=b"\x01"), ItlsAlert.ILLEGAL_PARAMETER),
        (lambda hello, replace: replace(hello, suites=(0xC013, 0x00FF)), ItlsAlert.HANDSHAKE_FAILURE),
        (lambda hello, replace: replace(hello, extensions=hello.extensions * 2), ItlsAlert.ILLEGAL_PARAMETER),
        (lambda hello, replace: replace(hello, session_id=bytes(33)), ItlsAlert.DECODE_ERROR),
        (lambda hello, replace: replace(hello, suites=()), ItlsAlert.DECODE_ERROR),
    ],
)
def test_hellos_that_are_refused(change, alert):
    assert refused(change) is alert


def messages_of_a_handshake():
    return [one.plain for one in handshaken().client_seen]


def test_messages_that_are_cut_or_too_long_are_refused():
    parsers = {
        MessageType.CLIENT_HELLO: messages.parse_client_hello,
        MessageType.HELLO_VERIFY_REQUEST: messages.parse_hello_verify_request,
        MessageType.SERVER_HELLO: messages.parse_server_hello,
        MessageType.FINISHED: messages.parse_finished,
    }
    for message in messages_of_a_handshake():
        parse, body = parsers[MessageType(message[0])], message[4:]
        # TLS lets a hello end where its extensions would begin.
        ends = {MessageType.CLIENT_HELLO: 45, MessageType.SERVER_HELLO: 38}
        for size in range(len(body)):
            if size == ends.get(message[0]):
                assert parse(body[:size]).extensions == ()
                continue
            with pytest.raises(ItlsError) as caught:
                parse(body[:size])
            assert caught.value.alert is ItlsAlert.DECODE_ERROR
        with pytest.raises(ItlsError) as caught:
            parse(body + b"\0")
        assert caught.value.alert is ItlsAlert.DECODE_ERROR


def test_a_challenge_that_no_code_can_hold_ends_the_connection_without_a_word():
    link = handshaken(
        hooks=ChangedMessages(challenge=changes.resized(0)), policy=ClientPolicy(checks_challenge=False)
    )
    assert link.client_error.alert is None
    assert "no auth code" in str(link.client_error)
    assert link.client.closed
    assert link.client.take() == b""


def test_a_hello_with_half_a_suite_is_refused():
    body = ClientHello(bytes(32), (0xD004,), ()).body
    odd = body[:35] + b"\x00\x03\xd0\x04\xd0" + body[39:]
    assert messages.parse_client_hello(body[:35] + b"\x00\x04\xd0\x04\xd0\x03" + body[39:]).suites == (
        0xD004,
        0xD003,
    )
    with pytest.raises(ItlsError, match="impossible length"):
        messages.parse_client_hello(odd)


def test_a_client_whose_finished_does_not_fit_is_refused():
    """Its record is right: it has the keys, but saw another handshake."""
    link = linked()
    link.client.start()
    for _ in range(2):
        link.server.receive(link.client.take())
        link.client.receive(link.server.take())
    link.client.take()
    link.client._writer.sequence = 0
    link.client._send_message(MessageType.FINISHED, bytes(12))
    assert storm(link, link.client.take()).alert is ItlsAlert.DECRYPTION
    assert not link.server.established


@pytest.mark.parametrize("place", range(12))
def test_every_byte_of_the_clients_finished_counts(place):
    link = linked()
    link.client.start()
    for _ in range(2):
        link.server.receive(link.client.take())
        link.client.receive(link.server.take())
    right = bytearray(link.server.keys.finished(b"client finished", link.server._transcript.digest()))
    right[place] ^= 1
    link.client.take()
    link.client._writer.sequence = 0
    link.client._send_message(MessageType.FINISHED, bytes(right))
    assert storm(link, link.client.take()).alert is ItlsAlert.DECRYPTION
    assert not link.server.established


def test_a_product_key_stays_the_same_from_hello_to_hello():
    link = linked()
    link.client.start()
    link.server.receive(link.client.take())
    link.client._product_key = "a1OTHERabcd"
    link.client.receive(link.server.take())
    refused = storm(link, link.client.take())
    assert refused.alert is ItlsAlert.PRODUCT_KEY
    assert "another ProductKey" in refused.message


@pytest.mark.parametrize(("level", "fatal"), [(0, True), (1, False), (2, True), (3, True), (255, True)])
def test_an_alert_is_fatal_unless_it_is_a_warning(level, fatal):
    link = handshaken()
    assert AlertMessage(level, 80).fatal is fatal
    link.client._write(ContentType.ALERT, bytes((level, 80)))
    link.pump()
    assert link.server.closed is fatal
    assert (StreamEnded(clean=False) in link.server_events) is fatal


def test_a_suite_that_the_server_does_not_take_is_passed_over():
    only = ServerSettings(suites=frozenset({Suite.AES_128_CBC_SHA256}))
    assert handshaken(settings=only).server.suite is Suite.AES_128_CBC_SHA256
    link = handshaken(settings=ServerSettings(suites=frozenset({Suite.AES_128_CBC_SHA})))
    assert link.server_error.alert is ItlsAlert.HANDSHAKE_FAILURE


def test_a_server_that_answers_the_signalling_value_is_right():
    class Renegotiation(ServerHooks):
        def __init__(self, data):
            self.data = data

        def server_hello(self, hello):
            from dataclasses import replace

            return replace(hello, extensions=(*hello.extensions, Extension(0xFF01, self.data)))

    assert handshaken(hooks=Renegotiation(b"\x00")).established
    assert not handshaken(hooks=Renegotiation(b"\x01\x00")).established
    silent = ClientPolicy(renegotiation_info=False)
    assert not handshaken(hooks=Renegotiation(b"\x00"), policy=silent).established


def test_another_key_is_refused_by_the_authority():
    identity = KeyIdentity(ID2, key_of(KeyType.AES_128))
    link = handshaken(identity=identity)
    assert link.server_error.alert is ItlsAlert.AUTH_CODE
    assert Alerted(AlertMessage(AlertLevel.FATAL, ItlsAlert.AUTH_CODE)) in link.client_events


class OtherServerHello(ServerHooks):
    def __init__(self, **changes):
        self.changes = changes

    def server_hello(self, hello):
        from dataclasses import replace

        return replace(hello, **{name: change(hello) for name, change in self.changes.items()})


def with_fragment(data):
    return lambda hello: (
        Extension(Ext.MAX_FRAGMENT, data),
        *(one for one in hello.extensions if one.number != Ext.MAX_FRAGMENT),
    )


@pytest.mark.parametrize(
    ("changes", "policy", "alert"),
    [
        ({"version": lambda _: b"\x03\x02"}, ClientPolicy(), ItlsAlert.PROTOCOL_VERSION),
        ({"compression": lambda _: 1}, ClientPolicy(), ItlsAlert.ILLEGAL_PARAMETER),
        ({"extensions": with_fragment(b"\x03")}, ClientPolicy(), ItlsAlert.ILLEGAL_PARAMETER),
        ({"extensions": with_fragment(b"")}, ClientPolicy(), ItlsAlert.ILLEGAL_PARAMETER),
        (
            {"extensions": with_fragment(b"\x02")},
            ClientPolicy(max_fragment=None),
            ItlsAlert.ILLEGAL_PARAMETER,
        ),
        ({"extensions": lambda hello: hello.extensions * 2}, ClientPolicy(), ItlsAlert.ILLEGAL_PARAMETER),
        ({"suite": lambda _: 0xC013}, ClientPolicy(checks_suite=False), ItlsAlert.ILLEGAL_PARAMETER),
    ],
)
def test_server_hellos_that_are_refused(changes, policy, alert):
    link = handshaken(hooks=OtherServerHello(**changes), policy=policy)
    assert link.client_error.alert is alert
    assert Alerted(AlertMessage(AlertLevel.FATAL, alert)) in link.server_events


def test_a_verify_request_with_another_extension_is_refused():
    link = linked()
    link.client.start()
    body = messages.HelloVerifyRequest(Extension(Ext.PREMASTER, bytes(32))).body
    raw = messages.framed(MessageType.HELLO_VERIFY_REQUEST, body)
    with pytest.raises(ItlsError) as caught:
        link.client.receive(TlsRecord(ContentType.HANDSHAKE, raw).wire)
    assert caught.value.alert is ItlsAlert.UNSUPPORTED_EXTENSION


# ---- limits


def storm(link, wire: bytes) -> ItlsError | None:
    link.server_error = None
    link._to_server(wire, None)
    return link.server_error


@pytest.mark.parametrize("extra", [0, 1])
def test_empty_records_are_taken_up_to_a_limit(extra):
    link = handshaken()
    most = link.server.limits.empty_records
    for _ in range(most + extra):
        link.client.send(b"")
    error = storm(link, link.client.take())
    assert (error is not None) == bool(extra)
    if not extra:
        link.client.send(b"x")
        link.client.send(b"")
        assert storm(link, link.client.take()) is None


@pytest.mark.parametrize("kind", [ContentType.HANDSHAKE, ContentType.ALERT])
def test_an_empty_record_of_another_kind_is_refused(kind):
    link = linked()
    assert storm(link, TlsRecord(kind, b"").wire).alert is ItlsAlert.UNEXPECTED_MESSAGE


@pytest.mark.parametrize("data", [b"", b"x"])
def test_application_data_before_the_handshake_is_refused(data):
    link = linked()
    assert (
        storm(link, TlsRecord(ContentType.APPLICATION_DATA, data).wire).alert is ItlsAlert.UNEXPECTED_MESSAGE
    )


def test_change_cipher_spec_has_no_place():
    link = linked()
    assert (
        storm(link, TlsRecord(ContentType.CHANGE_CIPHER_SPEC, b"\x01").wire).alert
        is ItlsAlert.UNEXPECTED_MESSAGE
    )


def test_warnings_are_taken_up_to_a_limit():
    link = handshaken()
    for _ in range(link.server.limits.warnings):
        link.client.alert(ItlsAlert.USER_CANCELED, AlertLevel.WARNING)
    assert storm(link, link.client.take()) is None
    link.client.alert(ItlsAlert.USER_CANCELED, AlertLevel.WARNING)
    assert storm(link, link.client.take()).alert is ItlsAlert.UNEXPECTED_MESSAGE


def test_an_alert_of_another_length_is_refused():
    for data in (b"\x01", b"\x02\x28\x00"):
        assert storm(linked(), TlsRecord(ContentType.ALERT, data).wire).alert is ItlsAlert.DECODE_ERROR


def test_a_giant_message_is_refused_at_its_header():
    link = linked()
    most = link.server.limits.message_max
    head = b"\x01" + (most + 1).to_bytes(3, "big")
    assert storm(link, TlsRecord(ContentType.HANDSHAKE, head).wire).alert is ItlsAlert.DECODE_ERROR
    link = linked(server_limits=ConnectionLimits(message_max=most + 1))
    assert storm(link, TlsRecord(ContentType.HANDSHAKE, head).wire) is None


def test_a_record_that_is_too_long_is_refused_at_its_header():
    head = b"\x16\x03\x03"
    assert storm(linked(), head + (CIPHER_MAX + 1).to_bytes(2, "big")).alert is ItlsAlert.RECORD_OVERFLOW
    assert storm(linked(), head + CIPHER_MAX.to_bytes(2, "big")) is None


def test_a_hello_in_single_bytes_is_understood():
    link = linked()
    link.client.start()
    message = link.client.take()[5:]
    for byte in message:
        link.server.receive(TlsRecord(ContentType.HANDSHAKE, bytes((byte,))).wire)
    link.pump()
    assert link.established


def test_a_record_with_more_than_was_agreed_is_refused():
    link = handshaken()
    link.client._fragment_out = 1025
    link.client.send(bytes(1025))
    assert storm(link, link.client.take()).alert is ItlsAlert.RECORD_OVERFLOW


def test_another_handshake_message_after_the_handshake_is_refused():
    link = handshaken()
    link.client._send_message(MessageType.CLIENT_HELLO, b"")
    assert storm(link, link.client.take()).alert is ItlsAlert.UNEXPECTED_MESSAGE


def test_a_message_in_clear_behind_the_second_hello_is_refused():
    """What follows the hello in its record would be read as if it came under keys."""
    link = linked()
    link.client.start()
    link.server.receive(link.client.take())
    link.client.receive(link.server.take())
    message = link.client.take()[5:]
    finished = messages.framed(MessageType.FINISHED, bytes(12))
    assert (
        storm(link, TlsRecord(ContentType.HANDSHAKE, message + finished).wire).alert
        is ItlsAlert.UNEXPECTED_MESSAGE
    )


def test_an_alert_in_clear_counts_only_until_the_first_record_under_keys():
    link = handshaken()
    fatal = TlsRecord(ContentType.ALERT, b"\x02\x28").wire
    assert storm(link, fatal).alert is ItlsAlert.BAD_RECORD_MAC


def test_after_close_notify_nothing_is_said_but_all_is_heard():
    link = handshaken()
    link.client.close()
    link.server.send(b"on its way")
    link._to_client(link.server.take(), None)
    assert link.client_events[-1] == DataReceived(b"on its way")
    link.pump()
    assert link.server_events[-2:] == [Alerted(AlertMessage(1, 0)), StreamEnded(clean=True)]
    with pytest.raises(ItlsError, match="no connection"):
        link.client.send(b"late")
    link.server.close()
    link.pump()
    assert link.client_events[-1] == StreamEnded(clean=True)


def test_after_our_close_notify_an_error_is_raised_and_not_told():
    link = handshaken()
    link.client.close()
    link.client.take()
    with pytest.raises(ItlsError, match="MAC"):
        link.client.receive(TlsRecord(ContentType.APPLICATION_DATA, bytes(80)).wire)
    assert link.client.take() == b""


def test_after_the_end_bytes_mean_nothing():
    link = handshaken()
    link.client.alert(ItlsAlert.GENERIC)
    link.pump()
    assert link.server_events[-2:] == [Alerted(AlertMessage(2, 160)), StreamEnded(clean=False)]
    assert link.server.receive(b"\xff" * 100) == []
    assert buffered(link.server) == 0
    assert link.server.end_of_stream() == []
    assert link.client.receive(b"\xff" * 100) == []


def test_a_stream_that_ends_is_no_clean_end():
    link = handshaken()
    assert link.server.end_of_stream() == [StreamEnded(clean=False)]
    assert link.server.end_of_stream() == []
    with pytest.raises(ItlsError, match="no connection"):
        link.server.send(b"x")


def test_a_server_gives_so_many_challenges_and_no_more():
    link = linked()
    link.client.start()
    hello = link.client.take()
    for _ in range(ServerSettings().challenges):
        link.server.receive(hello)
    assert storm(link, hello).alert is ItlsAlert.CHALLENGE


def test_a_server_gives_otp_data_so_many_times_and_no_more():
    link = linked(identity=KeyIdentity(None, None, token=otp.parse_token(TOKEN)))
    link.client.start()
    hello = link.client.take()
    for _ in range(ServerSettings().otp_rounds):
        link.server.receive(hello)
    assert storm(link, hello).alert is ItlsAlert.UNSUPPORTED
    assert len(link.server._authority.provisioned) == ServerSettings().otp_rounds


def test_a_client_takes_otp_data_so_many_times_and_no_more():
    identity = KeyIdentity(None, None, token=otp.parse_token(TOKEN))
    link = linked(identity=identity, policy=ClientPolicy(otp_rounds=2))
    link.client.start()
    link.server.receive(link.client.take())
    data = link.server.take()
    link.client.receive(data)
    link.client.receive(data)
    with pytest.raises(ItlsError, match="again and again"):
        link.client.receive(data)


def test_otp_data_for_a_device_that_has_an_id2_changes_nothing():
    identity = KeyIdentity(ID2, OneDevice().key)
    link = linked(identity=identity)
    link.client.start()
    data = otp.build_data(bytes(16), "0" * 24, key_of(KeyType.AES_128)).data
    body = messages.HelloVerifyRequest(Extension(Ext.OTP_DATA, data)).body
    raw = messages.framed(MessageType.HELLO_VERIFY_REQUEST, body)
    with pytest.raises(ItlsError, match="OTP data"):
        link.client.receive(TlsRecord(ContentType.HANDSHAKE, raw).wire)
    assert identity.id2 == ID2


def test_starting_twice_is_refused():
    link = linked()
    link.client.start()
    with pytest.raises(ItlsError, match="started before"):
        link.client.start()


def test_a_device_without_anything_cannot_start():
    link = linked(identity=KeyIdentity(None, None))
    with pytest.raises(ItlsError, match="no product secret"):
        link.client.start()


def test_a_record_of_the_first_hello_may_say_tls_1_0():
    link = linked()
    link.client.start()
    data = link.client.take()
    link.server.receive(data[:1] + b"\x03\x01" + data[3:])
    assert link.server_seen[0].wire[1:3] == b"\x03\x01"
    with pytest.raises(ItlsError, match="version 03 01"):
        link.server.receive(data[:1] + b"\x03\x01" + data[3:])


def test_product_key_is_what_the_client_said():
    assert handshaken().server.hello.product_key == PRODUCT_KEY
