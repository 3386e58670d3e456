"""The gateway with real sockets: sessions and their records, raw data, ends of every kind, restarts, misbehaviour."""

import socket
import struct
import threading

import pytest

from harness.errors import BenchError, UsageError
from harness.gateway.gateway import Gateway
from harness.gateway.session_record import SessionTimeoutError
from harness.gateway.settings import GatewaySettings
from harness.id2.codes import ItlsAlert
from harness.id2.keys import Key, KeyType
from harness.itls.events import Direction
from harness.itls.misbehaviour import catalogue
from harness.itls.misbehaviour.case import Misbehaviour
from harness.itls.records import ContentType
from harness.itls.suites import Suite
from harness.service.mock.server import MockService
from tests.gateway.gateway_bench import PATIENCE_S, Caller, GatewayBench, running_bench
from tests.service.service_bench import Device


@pytest.fixture(scope="module")
def bench():
    with running_bench() as made:
        yield made


def closed(bench: GatewayBench, after: int):
    return bench.gateway.wait_for(lambda one: one.stage == "closed", PATIENCE_S, after=after)


@pytest.mark.parametrize("length", [45, 48])
def test_a_device_with_a_long_id_connects(bench, length):
    """IDs of the PUF form are longer than the 24 digits of a chip's; the key is one that both sides can encrypt with."""
    made = bench.device()
    uid = "7C19F00D52A4E6B1-LAB7-PUF_001" + "X" * (length - 45)
    long_one = Device(f"0500000007{0:04d}{len(uid):02X}{uid}", made.key)
    assert len(long_one.id2) == length
    bench.admin.add_device(long_one.id2, long_one.key)
    before = bench.last()
    caller = bench.established(bench.product(), long_one)
    caller.send(b"from a PUF")
    record = bench.gateway.wait_for(lambda one: one.received == b"from a PUF", PATIENCE_S, after=before)
    assert record.id2 == long_one.id2
    caller.close()


def test_a_device_with_an_ecc_key_is_refused_by_its_key_type(bench):
    key = Key.parse(KeyType.ECC_K256, "5B3C0C6E2A9D41F7865E13B0D4A7C92F1E60B8D35A4F97C2086E5D1B3A7F4C29")
    device = Device("050000000700001D7C19F00D52A4E6B1-LAB7-PUF_002", key)
    bench.admin.add_device(device.id2, device.key)
    caller = bench.call(bench.product(), device).shake_hands()
    assert not caller.connection.established
    assert caller.alert is ItlsAlert.KEY_TYPE


def test_the_record_of_a_session_tells_all_of_it(bench):
    before = bench.last()
    product, device = bench.product(), bench.device()
    caller = bench.established(product, device)
    open_one = bench.gateway.wait_for(lambda one: one.stage == "established", PATIENCE_S, after=before)
    caller.send(b"from the device")
    bench.gateway.wait_for(lambda one: one.received == b"from the device", PATIENCE_S, after=before)
    bench.gateway.send(open_one.number, b"from the cloud")
    assert caller.read(14) == b"from the cloud"
    caller.connection.close()
    caller.flush()
    caller.read_to_end()
    record = closed(bench, before)
    assert record.number == open_one.number == before + 1
    assert (record.product_key, record.id2) == (product.product_key, device.id2)
    assert (record.received, record.sent) == (b"from the device", b"from the cloud")
    assert (record.ended, record.reached, record.error) == ("clean", "established", "")
    assert record.suite is Suite.AES_256_CBC_SHA256
    assert record.opened_ns < record.established_ns < record.closed_ns
    assert record.alert_received.closes
    assert record.alert_sent.closes
    assert (len(record.wire_in), len(record.wire_out)) == (record.bytes_in, record.bytes_out)
    assert b"".join(seen.wire for seen in record.seen if seen.direction is Direction.IN) == record.wire_in
    assert b"from the cloud" in [seen.plain for seen in record.seen]
    assert b"from the" not in record.wire_in + record.wire_out
    assert not record.truncated
    caller.close()


def test_a_record_shows_no_key(bench):
    before = bench.last()
    caller = bench.established()
    record = bench.gateway.wait_for(lambda one: one.stage == "established", PATIENCE_S, after=before)
    assert record.keys.master.reveal() == caller.connection.keys.master.reveal()
    for shown in (repr(record), str(record)):
        assert record.keys.master.reveal().hex() not in shown
        assert str(record.keys.master.reveal()) not in shown
    caller.close()


def test_fragments_go_both_ways_and_echo_is_a_setting():
    with running_bench(GatewaySettings(echo=True)) as bench:
        caller = bench.established()
        data = bytes(range(256)) * 64
        caller.send(data)
        assert caller.read(len(data)) == data
        assert max(map(len, caller.received)) == 1024, "what the device asked for in its hello"
        caller.close()


def test_sending_needs_an_open_session_of_a_raw_gateway(bench):
    with pytest.raises(UsageError, match="session 123456 is not open"):
        bench.gateway.send(123456, b"x")
    with (
        MockService() as mock,
        Gateway(mock, broker=("127.0.0.1", 1)) as gateway,
        pytest.raises(UsageError, match="broker"),
    ):
        gateway.send(0, b"x")


def test_clean_disconnect_says_close_notify_to_all(bench):
    callers = [bench.established() for _ in range(3)]
    assert bench.gateway.disconnect() == 3
    for caller in callers:
        caller.read_to_end()
        assert caller.ended_cleanly
        caller.close()
    assert bench.gateway.disconnect() == 0
    assert closed(bench, -1).ended == "clean"


def test_dirty_disconnect_is_a_tcp_reset(bench):
    before = bench.last()
    caller = bench.established()
    assert bench.gateway.disconnect(clean=False) == 1
    with pytest.raises(ConnectionResetError):
        caller.socket.recv(1)
    assert closed(bench, before).ended == "reset"
    caller.close()


def test_a_device_that_just_ends_the_stream_is_cut_and_one_that_resets_is_reset(bench):
    before = bench.last()
    bench.established().close()
    assert closed(bench, before).ended == "cut"
    before = bench.last()
    caller = bench.established()
    caller.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    caller.close()
    assert closed(bench, before).ended == "reset"


def test_what_the_device_answers_to_a_close_notify_is_noted(bench):
    before = bench.last()
    caller = bench.established()
    bench.gateway.disconnect()
    caller.step()
    caller.connection.close()
    caller.flush()
    bench.gateway.wait_for(lambda one: one.alert_received is not None, PATIENCE_S, after=before)
    caller.close()


def test_stop_cuts_without_a_word_and_start_listens_on_the_same_port():
    with running_bench() as bench:
        product, device = bench.product(), bench.device()
        address = bench.gateway.address
        first = bench.established(product, device)
        bench.gateway.stop()
        bench.gateway.stop()
        first.read_to_end()
        assert not first.ended_cleanly
        with pytest.raises(ConnectionError):
            bench.plain()
        with pytest.raises(UsageError, match="not running"):
            bench.gateway.disconnect()
        bench.gateway.start()
        assert bench.gateway.address == address
        with pytest.raises(UsageError, match="running already"):
            bench.gateway.start()
        second = bench.established(product, device)
        assert [record.number for record in bench.gateway.sessions()] == [0, 1]
        assert bench.gateway.sessions()[0].ended == "cut"
        for caller in (first, second):
            caller.close()


def test_a_taken_port_and_a_foreign_address_are_the_benchs(bench):
    host, port = bench.gateway.address
    with pytest.raises(BenchError, match="taken") as taken:
        Gateway(bench.mock, host=host, port=port).start()
    assert "port" in taken.value.hint
    with pytest.raises(BenchError, match="not an address of this computer"):
        Gateway(bench.mock, host="192.0.2.1").start()
    with pytest.raises(UsageError, match="not been started"):
        _ = Gateway(bench.mock).address


def test_waiting_says_what_was_seen_instead():
    with running_bench() as bench:
        with pytest.raises(SessionTimeoutError, match=r"no device connected within 0\.01 s") as nobody:
            bench.gateway.wait_for(lambda _one: True, 0.01)
        assert nobody.value.hint
        product, device = bench.product(licences=0), bench.device()
        caller = bench.call(product, device).shake_hands()
        caller.close()
        with pytest.raises(SessionTimeoutError, match="there was 1 session") as seen:
            bench.gateway.wait_for(lambda one: one.stage == "established", 0.01)
        assert device.id2 in seen.value.traffic[0]
        assert "161" in seen.value.traffic[0]
        assert seen.value.outcome == "failed"
        with pytest.raises(SessionTimeoutError, match="no device connected"):
            bench.gateway.wait_for(lambda _one: True, 0.01, after=0)
        bench.call(product, device).shake_hands().close()
        with pytest.raises(SessionTimeoutError, match="there were 2 sessions"):
            bench.gateway.wait_for(lambda one: one.stage == "established", 0.01)


def test_waiting_gets_the_newest_and_is_woken_by_what_happens_later(bench):
    product, device = bench.product(), bench.device()
    first, second = bench.established(product, device), bench.established(product, device)
    newest = bench.gateway.wait_for(lambda one: one.id2 == device.id2, PATIENCE_S)
    assert newest.number == bench.last()
    timer = threading.Timer(0.05, lambda: second.send(b"later"))
    timer.start()
    # So long that it would be noticed if it were waited for in vain.
    found = bench.gateway.wait_for(lambda one: one.received == b"later", 3600)
    assert found.number == newest.number
    timer.join()
    first.close()
    second.close()


def misbehaving(bench: GatewayBench, wrong: Misbehaviour) -> Caller:
    bench.gateway.misbehave(wrong, times=1)
    caller = bench.call(bench.product(), bench.device()).shake_hands()
    caller.read_to_end()
    return caller


def test_misbehaviour_strikes_as_many_connections_as_it_should(bench):
    before = bench.last()
    caller = misbehaving(bench, catalogue.alert(ItlsAlert.DISCARDED))
    assert caller.alert == ItlsAlert.DISCARDED
    caller.close()
    record = closed(bench, before)
    assert record.misbehaviour == "alert-169"
    assert record.alert_sent.number == ItlsAlert.DISCARDED
    bench.established().close()
    bench.gateway.misbehave(catalogue.alert(ItlsAlert.BUSY))
    for _ in range(2):
        caller = bench.call(bench.product(), bench.device()).shake_hands()
        assert caller.alert == ItlsAlert.BUSY
        caller.close()
    bench.gateway.misbehave(None)
    bench.established().close()
    with pytest.raises(UsageError, match="times"):
        bench.gateway.misbehave(None, times=0)


def test_the_answer_of_a_device_to_misbehaviour_is_in_the_record(bench):
    before = bench.last()
    caller = misbehaving(bench, catalogue.MISBEHAVIOURS["wrong-server-code"])
    assert caller.error is not None
    caller.close()
    record = closed(bench, before)
    assert record.alert_received.number == ItlsAlert.HANDSHAKE_FAILURE
    assert (record.reached, record.ended, record.established_ns) == ("admitted", "alert", None)


@pytest.mark.parametrize("after", [0, 1, 5, 50, 200])
def test_a_stream_that_is_cut_on_purpose_ends_right_there(bench, after):
    before = bench.last()
    caller = misbehaving(bench, catalogue.cut(after))
    caller.close()
    record = closed(bench, before)
    assert (record.bytes_out, record.ended, record.error) == (
        after,
        "cut",
        "the stream was cut off on purpose",
    )
    assert record.alert_sent is None or not record.alert_sent.closes


def test_alerts_are_seen_whatever_else_is_kept():
    with running_bench(GatewaySettings(keep_records=0, keep_bytes=0, keep_total_bytes=0)) as bench:
        caller = bench.call(bench.product(licences=0), bench.device()).shake_hands()
        caller.close()
        record = closed(bench, -1)
        assert (record.alert_sent.number, record.seen, record.wire_in) == (ItlsAlert.NO_QUOTA, (), b"")
        assert record.truncated
        assert record.bytes_in


def test_memory_for_records_is_bounded():
    settings = GatewaySettings(keep_sessions=4, keep_bytes=2000, keep_records=6, keep_total_bytes=20_000)
    with running_bench(settings) as bench:
        product, device = bench.product(), bench.device()
        for _ in range(12):
            caller = bench.established(product, device)
            caller.send(bytes(5000))
            caller.connection.close()
            caller.flush()
            caller.read_to_end()
            caller.close()
        records = bench.gateway.sessions()
        assert [record.number for record in records] == [8, 9, 10, 11][-len(records) :]
        assert records
        kept = sum(
            len(one.wire_in)
            + len(one.wire_out)
            + len(one.received)
            + sum(len(seen.wire) for seen in one.seen)
            for one in records
        )
        assert kept <= 20_000
        assert all(len(one.seen) <= 6 and len(one.received) <= 2000 for one in records)
        assert records[-1].bytes_in > 5000
        assert len(records[-1].received) == 2000, "there is always room for the newest"


def test_the_kind_of_each_record_is_noted(bench):
    before = bench.last()
    caller = bench.established()
    record = bench.gateway.wait_for(lambda one: one.stage == "established", PATIENCE_S, after=before)
    kinds = [(seen.direction.value, seen.kind, seen.sequence) for seen in record.seen]
    hello = ContentType.HANDSHAKE
    clear = [("in", hello, None), ("out", hello, None)]
    assert kinds == [*clear, *clear, ("in", hello, 0), ("out", hello, 0)]
    caller.close()


def test_settings_below_what_makes_sense_are_refused():
    for wrong in ({"handshake_s": 0}, {"connections": 0}, {"keep_bytes": -1}, {"records_per_s": 0}):
        with pytest.raises(UsageError, match=next(iter(wrong))):
            GatewaySettings(**wrong)
