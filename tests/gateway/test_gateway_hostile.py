"""Hostile and broken peers at real sockets: each costs only itself, while another device works on."""

import random
import socket
import time

import pytest

from harness.errors import UsageError
from harness.gateway.settings import GatewaySettings
from harness.id2.codes import ItlsAlert
from harness.itls.records import ContentType
from tests.gateway.gateway_bench import PATIENCE_S, Caller, GatewayBench, running_bench

SHORT = GatewaySettings(handshake_s=0.3, linger_s=0.3)


class Witness:
    """A device that works on while others misbehave."""

    def __init__(self, bench: GatewayBench) -> None:
        self._caller = bench.established()
        self.works()

    def works(self) -> None:
        before = len(b"".join(self._caller.received))
        self._caller.send(b"still here")
        assert self._caller.read(before + 10)[before:] == b"still here"

    def close(self) -> None:
        self._caller.close()


@pytest.fixture
def bench():
    with running_bench(GatewaySettings(echo=True)) as made:
        yield made


@pytest.fixture
def witness(bench):
    made = Witness(bench)
    yield made
    made.works()
    made.close()


def the_others_end(bench: GatewayBench, after: int):
    return bench.gateway.wait_for(lambda one: one.stage == "closed", PATIENCE_S, after=after)


def drained(peer: socket.socket) -> bytes:
    """Read until the gateway is done with this peer."""
    got = b""
    try:
        while data := peer.recv(65536):
            got += data
    except ConnectionError:
        pass
    peer.close()
    return got


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00",
        bytes(5),
        b"\x16\x03\x03\xff\xff",
        b"\x17\x03\x03\x00\x01x",
        b"\x16\x03\x03\x00\x04\x01\x00\x40\x00",
        b"\x16\x03\x03\x00\x00",
        b"\xff" * 100_000,
    ],
    ids=["http", "mqtt", "zeros", "long-record", "early-data", "long-message", "empty-record", "noise"],
)
def test_garbage_gets_a_fatal_alert_and_the_end(bench, witness, garbage):
    before = bench.last()
    peer = bench.plain()
    peer.sendall(garbage)
    answer = drained(peer)
    record = the_others_end(bench, before)
    assert record.ended == "alert", record
    assert record.alert_sent is not None
    assert record.alert_sent.fatal
    assert record.error
    assert record.bytes_in <= 41_000, "and no more was listened to"
    if answer:
        assert answer[0] == ContentType.ALERT
    witness.works()


def test_noise_at_every_point_of_a_handshake(bench, witness):
    product, device = bench.product(), bench.device()
    bench.established(product, device).close()
    before = bench.last()
    noise = random.Random(5)
    places = range(0, the_others_end(bench, before - 1).bytes_in, 35)
    for at in places:
        caller = bench.call(product, device)
        sent = 0
        caller.connection.start()
        while True:
            data = caller.connection.take()
            if sent + len(data) > at:
                caller.socket.sendall(data[: at - sent] + noise.randbytes(300))
                caller.socket.shutdown(socket.SHUT_WR)
                break
            caller.socket.sendall(data)
            sent += len(data)
            caller.events += caller.connection.receive(caller.socket.recv(65536))
        drained(caller.socket)
    records = [one for one in bench.gateway.sessions() if one.number > before]
    assert len(records) == len(places)
    assert {one.ended for one in records} <= {"alert", "cut"}
    assert not any(one.established_ns for one in records)


def test_silent_peers_are_let_go_after_the_time_for_a_handshake():
    with running_bench(SHORT) as bench:
        peers = [bench.plain() for _ in range(20)]
        half = bench.call(bench.product(), bench.device())
        half.connection.start()
        half.socket.sendall(half.connection.take()[:50])
        for peer in peers:
            assert drained(peer) == bytes.fromhex("15030300020100")
        half.read_to_end()
        record = the_others_end(bench, -1)
        assert (record.ended, record.error) == ("timeout", "handshake_s: no handshake within 0.3 s")
        half.close()


def test_a_peer_that_drips_bytes_has_no_more_time_than_others():
    with running_bench(SHORT) as bench:
        caller = bench.call(bench.product(), bench.device())
        caller.connection.start()
        caller.socket.settimeout(0.01)
        answer = None
        for byte in caller.connection.take():
            try:
                caller.socket.sendall(bytes((byte,)))
                answer = caller.socket.recv(100)
            except TimeoutError:
                continue
            except ConnectionError:
                break
            if answer:
                break
        assert answer == bytes.fromhex("15030300020100"), "close_notify, long before its hello was whole"
        caller.close()


def test_a_session_that_says_nothing_ends_and_one_that_speaks_does_not():
    with running_bench(GatewaySettings(idle_s=1.5, echo=True)) as bench:
        quiet, lively = bench.established(), bench.established()
        quiet.socket.settimeout(0.1)
        beats = 0
        while not quiet.eof:
            lively.send(b"beat")
            beats += 1
            assert lively.read(4 * beats)
            try:
                quiet.step()
            except TimeoutError:
                continue
        assert quiet.ended_cleanly
        assert the_others_end(bench, -1).error == "idle_s: nothing came for 1.5 s"
        assert beats > 2
        lively.send(b"beat")
        assert len(lively.read(4 * beats + 4)) == 4 * beats + 4
        quiet.close()
        lively.close()


def test_a_peer_that_vanishes_without_a_word_is_found_by_the_idle_time():
    with running_bench(GatewaySettings(idle_s=0.5)) as bench:
        caller = bench.established()
        # The socket stays open and says nothing more: what a gateway sees of a device that lost its power.
        record = the_others_end(bench, -1)
        assert (record.ended, record.reached) == ("timeout", "established")
        caller.close()


def test_too_much_before_the_handshake_is_done():
    with running_bench(GatewaySettings(handshake_bytes=2048, echo=True)) as bench:
        witness = Witness(bench)
        before = bench.last()
        peer = bench.plain()
        # A hello that never ends: records that are right, of a message that is never whole.
        record = b"\x16\x03\x03\x00\x64" + b"\x01\x00\x1f\x00" + bytes(96)
        filler = b"\x16\x03\x03\x00\x64" + bytes(100)
        peer.sendall(record + filler * 30)
        drained(peer)
        ended = the_others_end(bench, before)
        assert ended.error == "more than 2048 bytes without a handshake"
        assert ended.alert_sent.number == ItlsAlert.DECODE_ERROR
        witness.works()
        witness.close()


def reads_nothing(bench: GatewayBench) -> Caller:
    """A device whose receive buffer is small and that reads no more once its handshake is done."""
    caller = bench.established()
    caller.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    return caller


def until_refused(bench: GatewayBench, number: int, chunk: bytes) -> None:
    for _ in range(2000):
        bench.gateway.send(number, chunk)


def until_closed(peer: socket.socket) -> None:
    for _ in range(2000):
        peer.sendall(bytes(65536))


def until_full(slow: Caller) -> None:
    """Send until the gateway has had enough: the systems at both ends hold some megabytes on the way."""
    for _ in range(60):
        slow.connection.send(bytes(1_000_000))
        slow.flush()


def test_a_slow_reader_is_dropped_when_too_much_piles_up():
    with running_bench(GatewaySettings(write_buffer=200_000)) as bench:
        witness = bench.established()
        slow = reads_nothing(bench)
        number = bench.last()
        with pytest.raises(UsageError, match="not open"):
            until_refused(bench, number, bytes(16_384))
        record = the_others_end(bench, number - 1)
        assert record.ended == "timeout"
        assert record.error.startswith("write_buffer: the device leaves ")
        bench.gateway.send(number - 1, b"witness")
        assert witness.read(7) == b"witness"
        slow.close()
        witness.close()


def test_an_echo_that_nobody_takes_holds_its_sender_back_and_then_drops_it():
    with running_bench(GatewaySettings(stalled_s=0.3, echo=True, records_per_s=None)) as bench:
        slow = reads_nothing(bench)
        number = bench.last()
        with pytest.raises(ConnectionError):
            until_full(slow)
        record = the_others_end(bench, number - 1)
        assert (record.ended, record.error) == ("timeout", "stalled_s: the device read nothing for 0.3 s")
        slow.close()


@pytest.mark.slow
def test_a_flood_of_small_records_is_read_slowly_and_lost_in_nothing():
    with running_bench(GatewaySettings(records_per_s=500)) as bench:
        witness = bench.established()
        flooder = bench.established()
        number = bench.last()
        for _ in range(1500):
            flooder.connection.send(b"x")
        began = time.monotonic()
        flooder.flush()
        bench.gateway.send(number - 1, b"witness")
        assert witness.read(7) == b"witness"
        bench.gateway.wait_for(lambda one: len(one.received) == 1500, PATIENCE_S, after=number - 1)
        # 500 may come at once; the others take two seconds, less the last piece that was read too much.
        assert time.monotonic() - began > 1
        flooder.close()
        witness.close()


def test_connections_are_limited_in_all_and_by_peer():
    for settings in (GatewaySettings(connections=3), GatewaySettings(connections_per_peer=3)):
        with running_bench(settings) as bench:
            callers = [bench.established() for _ in range(3)]
            assert drained(bench.plain()) == b""
            assert len(bench.gateway.sessions()) == 3, "one that is not let in leaves nothing"
            callers.pop().close()
            bench.gateway.wait_for(lambda one: one.stage == "closed", PATIENCE_S)
            bench.established().close()
            for caller in callers:
                caller.close()


def test_a_peer_that_goes_on_sending_after_its_end_is_closed():
    with running_bench(GatewaySettings(linger_s=600)) as bench:
        peer = bench.plain()
        peer.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert peer.recv(100)[:1] == bytes((ContentType.ALERT,))
        with pytest.raises(ConnectionError):
            until_closed(peer)
        peer.close()
        bench.established().close()


def test_a_peer_that_never_closes_is_closed_after_a_while():
    with running_bench(GatewaySettings(linger_s=0.2, connections=1)) as bench:
        product, device = bench.product(), bench.device()
        peer = bench.plain()
        peer.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert peer.recv(100)[:1] == bytes((ContentType.ALERT,))
        end = time.monotonic() + PATIENCE_S
        came_in = False
        while not came_in and time.monotonic() < end:
            caller = bench.call(product, device).shake_hands()
            came_in = caller.connection.established
            caller.close()
        assert came_in, "there is room again, although the peer never closed"
        peer.close()


def test_a_defect_of_the_gateway_costs_one_session(bench, witness, monkeypatch, caplog):
    def broken(*_):
        raise ZeroDivisionError("on purpose")

    before = bench.last()
    with monkeypatch.context() as patch:
        patch.setattr("harness.gateway.authority.StoreAuthority.challenge", broken)
        caller = bench.call(bench.product(), bench.device()).shake_hands()
    assert caller.alert == ItlsAlert.INTERNAL_ERROR
    assert the_others_end(bench, before).error == "the gateway itself failed"
    assert "a session failed inside the gateway" in caplog.text
    caller.close()
