"""Hostile bytes at both sides, in every state of the handshake and after it.

What must hold for any stream, cut in any way: no exception but `ItlsError`; after one the connection is closed and holds
nothing; what is held of a peer never exceeds one record and one message. The default run is short; `make fuzz` runs
each target for its share of FUZZ_SECONDS.
"""

import os
import random
import time
import tracemalloc

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from harness.itls import messages
from harness.itls.connection import Connection, ConnectionLimits
from harness.itls.errors import ItlsError
from harness.itls.extensions import KEY_GROUP, VERSION, Ext, Extension
from harness.itls.messages import ClientHello, HelloVerifyRequest, MessageType, ServerHello
from harness.itls.records import CIPHER_MAX, HEADER_SIZE, PLAIN_MAX, ContentType, TlsRecord
from harness.itls.transcript import transcript
from tests.itls.conftest import CHALLENGE, ID2, PRODUCT_KEY, Link, buffered, linked

SECONDS = float(os.environ.get("FUZZ_SECONDS", "300"))
EXAMPLES = 40
MEMORY = 256 * 1024
"""Bytes that one connection may hold at any time beyond what is fed to it in one piece."""

BOUND = HEADER_SIZE + CIPHER_MAX + 4 + ConnectionLimits().message_max + PLAIN_MAX

# ---- what is sent: garbage, records of garbage, messages of garbage, and right messages with something wrong

numbers = st.one_of(st.sampled_from([*Ext, 0xFF01, 0x0016]), st.integers(0, 0xFFFF))
extension_data = st.one_of(
    st.sampled_from(
        [
            b"",
            b"\x02",
            VERSION,
            KEY_GROUP,
            KEY_GROUP + ID2.encode(),
            KEY_GROUP + b"F" * 48,
            CHALLENGE.encode(),
            PRODUCT_KEY.encode(),
            b"0~2~" + b"A" * 16 + b"~" + CHALLENGE.encode() + b"~AAAA",
        ]
    ),
    st.binary(max_size=64),
)
extension_lists = st.lists(st.builds(Extension, numbers, extension_data), max_size=8).map(tuple)
randoms = st.binary(min_size=32, max_size=32)
suite_numbers = st.one_of(st.sampled_from([0xD001, 0xD003, 0xD004, 0x00FF]), st.integers(0, 0xFFFF))
client_hellos = st.builds(
    ClientHello,
    randoms,
    st.lists(suite_numbers, max_size=5).map(tuple),
    extension_lists,
    st.sampled_from([b"\x03\x03", b"\x03\x01", b"\xfe\xfd"]),
    st.binary(max_size=34),
    st.sampled_from([b"\x00", b"", b"\x01"]),
)
requests = st.builds(HelloVerifyRequest, st.builds(Extension, numbers, extension_data))
server_hellos = st.builds(ServerHello, randoms, suite_numbers, extension_lists)


def handshake(kind, body):
    return TlsRecord(ContentType.HANDSHAKE, messages.framed(kind, body)[:PLAIN_MAX]).wire


def raw_record(kind, version, payload, size):
    return bytes((kind,)) + version + (len(payload) if size is None else size).to_bytes(2, "big") + payload


message_kinds = st.sampled_from([*MessageType, 0, 4, 11, 14, 16, 255])
records = st.one_of(
    st.builds(
        raw_record,
        st.sampled_from([20, 21, 22, 23, 24, 0, 255]),
        st.sampled_from([b"\x03\x03", b"\x03\x03", b"\x03\x01", b"\x00\x00"]),
        st.binary(max_size=120),
        st.one_of(st.none(), st.none(), st.integers(0, 0xFFFF)),
    ),
    st.builds(handshake, message_kinds, st.binary(max_size=120)),
    st.builds(lambda hello: handshake(MessageType.CLIENT_HELLO, hello.body), client_hellos),
    st.builds(lambda one: handshake(MessageType.HELLO_VERIFY_REQUEST, one.body), requests),
    st.builds(lambda hello: handshake(MessageType.SERVER_HELLO, hello.body), server_hellos),
    st.builds(lambda data: TlsRecord(ContentType.ALERT, data).wire, st.binary(max_size=3)),
)
garbage = st.one_of(st.binary(max_size=300), st.lists(records, max_size=6).map(b"".join))


@st.composite
def spoilers(draw):
    """A function that spoils a right stream: bits, bytes put in or left out, pieces said twice."""
    edits = draw(
        st.lists(
            st.tuples(
                st.sampled_from("xidzt"), st.integers(0, 2000), st.integers(1, 255), st.integers(1, 40)
            ),
            min_size=1,
            max_size=4,
        )
    )

    def spoil(data: bytes) -> bytes:
        out = bytearray(data)
        for what, where, value, size in edits:
            at = where % (len(out) + 1)
            if what == "x" and at < len(out):
                out[at] ^= value
            elif what == "i":
                out[at:at] = bytes((value,)) * size
            elif what == "d":
                del out[at : at + size]
            elif what == "z":
                out[at:at] = out[at : at + size]
            else:
                del out[at:]
        return bytes(out)

    return spoil


cuts = st.one_of(st.none(), st.integers(1, 50))


def feed(connection: Connection, data: bytes, cut: int | None) -> None:
    pieces = [data] if cut is None else [data[at : at + cut] for at in range(0, len(data), cut)]
    for piece in pieces:
        try:
            events = connection.receive(piece)
        except ItlsError as error:
            events, said = connection.before_error, str(error)
            assert connection.closed
            assert buffered(connection) == 0
            assert len(said) < 1000
        assert len(events) <= len(data) + 1
        assert buffered(connection) <= BOUND
        connection.take()


# ---- where it is sent to


def server_at(step: int) -> tuple[Link, bytes]:
    """A server after `step` right records of the client, and the stream that would be right now."""
    link = linked()
    link.client.start()
    for _ in range(step):
        link.server.receive(link.client.take())
        link.client.receive(link.server.take())
    if step == 3:
        link.client.send(b"data")
        link.client.close()
    return link, link.client.take()


def client_at(step: int) -> tuple[Link, bytes]:
    link = linked()
    link.client.start()
    for _ in range(step):
        link.server.receive(link.client.take())
        link.client.receive(link.server.take())
    link.server.receive(link.client.take())
    if step == 3:
        link.server.send(b"data")
        link.server.close()
    return link, link.server.take()


def at_a_server(step, data, spoil, cut):
    link, right = server_at(step)
    feed(link.server, data if spoil is None else spoil(right), cut)
    transcript(link.server_seen)
    return link


def at_a_client(step, data, spoil, cut):
    link, right = client_at(step)
    feed(link.client, data if spoil is None else spoil(right), cut)
    transcript(link.client_seen, side="client")
    return link


def under_keys(said, cut, to_server, early):
    """A peer that has the keys, and says anything: after the handshake, or (a client) instead of its Finished."""
    link = linked()
    link.client.start()
    for _ in range(2):
        link.server.receive(link.client.take())
        link.client.receive(link.server.take())
    if early:
        link.client.take()
        link.client._writer.sequence = 0
    else:
        link.pump()
        assert link.established
    writer, reader = (link.client, link.server) if to_server or early else (link.server, link.client)
    for kind, plain in said:
        writer._write(kind, plain)
    feed(reader, writer.take(), cut)


def swallow(parse, data):
    """What can be read is written back to the same bytes."""
    try:
        read = parse(data)
    except ItlsError:
        return
    if isinstance(read, ClientHello):
        assert isinstance(read.product_key, str | None)
        assert isinstance(read.provisioned, bool)
    if not isinstance(read, bytes):
        # A hello without extensions may leave out the length of their list.
        assert read.body in (data, data + b"\x00\x00")


contents = st.one_of(
    st.binary(max_size=80),
    st.builds(messages.framed, message_kinds, st.binary(max_size=20)),
    st.builds(messages.framed, st.just(MessageType.FINISHED), st.binary(min_size=12, max_size=12)),
)
spoiled = st.one_of(st.none(), spoilers())
steps = st.sampled_from([0, 1, 2, 3])
TARGETS = {
    "server": (at_a_server, (steps, garbage, spoiled, cuts)),
    "client": (at_a_client, (steps, garbage, spoiled, cuts)),
    "under keys": (
        under_keys,
        (
            st.lists(st.tuples(st.sampled_from(ContentType), contents), max_size=5),
            cuts,
            st.booleans(),
            st.booleans(),
        ),
    ),
    "parsers": (
        swallow,
        (
            st.sampled_from(
                [
                    messages.parse_client_hello,
                    messages.parse_hello_verify_request,
                    messages.parse_server_hello,
                    messages.parse_finished,
                ]
            ),
            st.one_of(
                st.binary(max_size=200),
                client_hellos.map(lambda one: one.body),
                server_hellos.map(lambda one: one.body),
                requests.map(lambda one: one.body),
            ),
        ),
    ),
}


def run(target, examples):
    check, strategies = TARGETS[target]

    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.tuples(*strategies))
    def one(values):
        check(*values)

    one()


@pytest.mark.parametrize("target", list(TARGETS))
def test_nothing_but_the_documented_error(target):
    run(target, EXAMPLES)


@pytest.mark.fuzz
@pytest.mark.parametrize("target", list(TARGETS))
def test_nothing_but_the_documented_error_for_long(target):
    until = time.monotonic() + SECONDS / 2 / len(TARGETS)
    rounds = 0
    while time.monotonic() < until:
        run(target, 50)
        rounds += 1
    print(f"{target}: {rounds * 50} streams")  # noqa: T201 - how much the time was good for


def spoiled_at_random(seed: str) -> None:
    """A right stream of either side with a few edits: many times faster than what hypothesis can shrink."""
    draw = random.Random(seed)
    to_server, step = draw.random() < 0.5, draw.randrange(4)
    link, right = server_at(step) if to_server else client_at(step)
    out = bytearray(right)
    for _ in range(draw.randint(1, 4)):
        at = draw.randrange(len(out) + 1)
        edit = draw.randrange(6)
        if edit == 0 and at < len(out):
            out[at] ^= 1 << draw.randrange(8)
        elif edit == 1 and at < len(out):
            out[at] = draw.choice([0, 1, 0x7F, 0x80, 0xFF, 20, 21, 22, 23])
        elif edit == 2:
            out[at:at] = draw.randbytes(draw.randint(1, 40))
        elif edit == 3:
            del out[at : at + draw.randint(1, 40)]
        elif edit == 4:
            out[at:at] = out[: draw.randint(1, 300)]
        else:
            out[at : at + 2] = draw.randrange(1 << 16).to_bytes(2, "big")
    feed(link.server if to_server else link.client, bytes(out), draw.choice([None, None, 1, 7, 60]))


def spoil_until(until: float | None, most: int, start: int) -> int:
    done = 0
    while done < most and (until is None or time.monotonic() < until):
        seed = f"{start}-{done}"
        try:
            spoiled_at_random(seed)
        except Exception as error:
            raise AssertionError(f"spoiled_at_random({seed!r}) fails") from error
        done += 1
    return done


def test_right_streams_spoiled_at_random():
    assert spoil_until(None, 200, start=5) == 200


@pytest.mark.fuzz
def test_right_streams_spoiled_at_random_for_long():
    start = random.SystemRandom().randrange(1 << 32)
    done = spoil_until(time.monotonic() + SECONDS / 2, 1 << 60, start)
    print(f"spoiled at random from {start}: {done} streams")  # noqa: T201 - how much the time was good for


# ---- memory


def floods():
    head = messages.framed(MessageType.CLIENT_HELLO, b"")[:1]
    hello = server_at(0)[1]
    return {
        "a record that never ends": hello[:3] + CIPHER_MAX.to_bytes(2, "big") + bytes(2 * CIPHER_MAX),
        "a message that never ends": TlsRecord(
            ContentType.HANDSHAKE, head + ConnectionLimits().message_max.to_bytes(3, "big") + bytes(100)
        ).wire
        + TlsRecord(ContentType.HANDSHAKE, b"x").wire * 20_000,
        "giant records": TlsRecord(ContentType.HANDSHAKE, head + b"\x00\x20\x00" + bytes(PLAIN_MAX - 4)).wire
        * 100,
        "warnings": TlsRecord(ContentType.ALERT, b"\x01\x5a").wire * 20_000,
        "empty records": TlsRecord(ContentType.APPLICATION_DATA, b"").wire * 20_000,
        "hellos": hello * 3_000,
        "zeros": bytes(1_000_000),
        "a hello with 2,000 extensions": handshake(
            MessageType.CLIENT_HELLO,
            ClientHello(bytes(32), (0xD004,), tuple(Extension(number, b"") for number in range(2_000))).body,
        ),
    }


@pytest.mark.parametrize("name", list(floods()))
def test_memory_of_one_connection_is_bounded(name):
    data = floods()[name]
    link = linked()
    link.server._observe = None
    pieces = [data[at : at + PLAIN_MAX] for at in range(0, len(data), PLAIN_MAX)]
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        for piece in pieces:
            feed(link.server, piece, None)
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak - before < MEMORY, name
    assert after - before < MEMORY / 4, name
