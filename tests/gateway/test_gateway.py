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
from harness.itls import misbehaviour
from harness.itls.connection import Direction
from harness.itls.records import ContentType
from harness.itls.suites import Suite
from harness.service.mock.server import MockService
from tests.gateway.gateway_bench import PATIENCE_S, Caller, Shop, shop


@pytest.fixture(scope="module")
def far_end():
    with shop() as made:
        yield made


def closed(far_end: Shop, after: int):
    return far_end.gateway.wait_for(lambda one: one.stage == "closed", PATIENCE_S, after=after)


def test_the_record_of_a_session_tells_all_of_it(far_end):
    before = far_end.last()
    product, device = far_end.product(), far_end.device()
    caller = far_end.established(product, device)
    open_one = far_end.gateway.wait_for(lambda one: one.stage == "established", PATIENCE_S, after=before)
    caller.send(b"from the device")
    far_end.gateway.wait_for(lambda one: one.received == b"from the device", PATIENCE_S, after=before)
    far_end.gateway.send(open_one.number, b"from the cloud")
    assert caller.read(14) == b"from the cloud"
    caller.connection.close()
    caller.flush()
    caller.read_to_end()
    record = closed(far_end, before)
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


def test_a_record_shows_no_key(far_end):
    before = far_end.last()
    caller = far_end.established()
    record = far_end.gateway.wait_for(lambda one: one.stage == "established", PATIENCE_S, after=before)
    assert record.keys.master.reveal() == caller.connection.keys.master.reveal()
    for shown in (repr(record), str(record)):
        assert record.keys.master.reveal().hex() not in shown
        assert str(record.keys.master.reveal()) not in shown
    caller.close()


def test_fragments_go_both_ways_and_echo_is_a_setting():
    with shop(GatewaySettings(echo=True)) as far_end:
        caller = far_end.established()
        data = bytes(range(256)) * 64
        caller.send(data)
        assert caller.read(len(data)) == data
        assert max(map(len, caller.received)) == 1024, "what the device asked for in its hello"
        caller.close()


def test_sending_needs_an_open_session_of_a_raw_gateway(far_end):
    with pytest.raises(UsageError, match="session 123456 is not open"):
        far_end.gateway.send(123456, b"x")
    with (
        MockService() as mock,
        Gateway(mock, broker=("127.0.0.1", 1)) as gateway,
        pytest.raises(UsageError, match="broker"),
    ):
        gateway.send(0, b"x")


def test_clean_disconnect_says_close_notify_to_all(far_end):
    callers = [far_end.established() for _ in range(3)]
    assert far_end.gateway.disconnect() == 3
    for caller in callers:
        caller.read_to_end()
        assert caller.ended_cleanly
        caller.close()
    assert far_end.gateway.disconnect() == 0
    assert closed(far_end, -1).ended == "clean"


def test_dirty_disconnect_is_a_tcp_reset(far_end):
    before = far_end.last()
    caller = far_end.established()
    assert far_end.gateway.disconnect(clean=False) == 1
    with pytest.raises(ConnectionResetError):
        caller.socket.recv(1)
    assert closed(far_end, before).ended == "reset"
    caller.close()


def test_a_device_that_just_ends_the_stream_is_cut_and_one_that_resets_is_reset(far_end):
    before = far_end.last()
    far_end.established().close()
    assert closed(far_end, before).ended == "cut"
    before = far_end.last()
    caller = far_end.established()
    caller.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    caller.close()
    assert closed(far_end, before).ended == "reset"


def test_what_the_device_answers_to_a_close_notify_is_noted(far_end):
    before = far_end.last()
    caller = far_end.established()
    far_end.gateway.disconnect()
    caller.step()
    caller.connection.close()
    caller.flush()
    far_end.gateway.wait_for(lambda one: one.alert_received is not None, PATIENCE_S, after=before)
    caller.close()


def test_stop_cuts_without_a_word_and_start_listens_on_the_same_port():
    with shop() as far_end:
        product, device = far_end.product(), far_end.device()
        address = far_end.gateway.address
        first = far_end.established(product, device)
        far_end.gateway.stop()
        far_end.gateway.stop()
        first.read_to_end()
        assert not first.ended_cleanly
        with pytest.raises(ConnectionError):
            far_end.plain()
        with pytest.raises(UsageError, match="not running"):
            far_end.gateway.disconnect()
        far_end.gateway.start()
        assert far_end.gateway.address == address
        with pytest.raises(UsageError, match="running already"):
            far_end.gateway.start()
        second = far_end.established(product, device)
        assert [record.number for record in far_end.gateway.sessions()] == [0, 1]
        assert far_end.gateway.sessions()[0].ended == "cut"
        for caller in (first, second):
            caller.close()


def test_a_taken_port_and_a_foreign_address_are_the_benchs(far_end):
    host, port = far_end.gateway.address
    with pytest.raises(BenchError, match="taken") as taken:
        Gateway(far_end.mock, host=host, port=port).start()
    assert "port" in taken.value.hint
    with pytest.raises(BenchError, match="not an address of this computer"):
        Gateway(far_end.mock, host="192.0.2.1").start()
    with pytest.raises(UsageError, match="not been started"):
        _ = Gateway(far_end.mock).address


def test_waiting_says_what_was_seen_instead():
    with shop() as far_end:
        with pytest.raises(SessionTimeoutError, match=r"no device connected within 0\.01 s") as nobody:
            far_end.gateway.wait_for(lambda _one: True, 0.01)
        assert nobody.value.hint
        product, device = far_end.product(licences=0), far_end.device()
        caller = far_end.call(product, device).shake_hands()
        caller.close()
        with pytest.raises(SessionTimeoutError, match="there was 1 session") as seen:
            far_end.gateway.wait_for(lambda one: one.stage == "established", 0.01)
        assert device.id2 in seen.value.traffic[0]
        assert "161" in seen.value.traffic[0]
        assert seen.value.outcome == "failed"
        with pytest.raises(SessionTimeoutError, match="no device connected"):
            far_end.gateway.wait_for(lambda _one: True, 0.01, after=0)
        far_end.call(product, device).shake_hands().close()
        with pytest.raises(SessionTimeoutError, match="there were 2 sessions"):
            far_end.gateway.wait_for(lambda one: one.stage == "established", 0.01)


def test_waiting_gets_the_newest_and_is_woken_by_what_happens_later(far_end):
    product, device = far_end.product(), far_end.device()
    first, second = far_end.established(product, device), far_end.established(product, device)
    newest = far_end.gateway.wait_for(lambda one: one.id2 == device.id2, PATIENCE_S)
    assert newest.number == far_end.last()
    timer = threading.Timer(0.05, lambda: second.send(b"later"))
    timer.start()
    # So long that it would be noticed if it were waited for in vain.
    found = far_end.gateway.wait_for(lambda one: one.received == b"later", 3600)
    assert found.number == newest.number
    timer.join()
    first.close()
    second.close()


def misbehaving(far_end: Shop, wrong: misbehaviour.Misbehaviour) -> Caller:
    far_end.gateway.misbehave(wrong, times=1)
    caller = far_end.call(far_end.product(), far_end.device()).shake_hands()
    caller.read_to_end()
    return caller


def test_misbehaviour_strikes_as_many_connections_as_it_should(far_end):
    before = far_end.last()
    caller = misbehaving(far_end, misbehaviour.alert(ItlsAlert.DISCARDED))
    assert caller.alert == ItlsAlert.DISCARDED
    caller.close()
    record = closed(far_end, before)
    assert record.misbehaviour == "alert-169"
    assert record.alert_sent.number == ItlsAlert.DISCARDED
    far_end.established().close()
    far_end.gateway.misbehave(misbehaviour.alert(ItlsAlert.BUSY))
    for _ in range(2):
        caller = far_end.call(far_end.product(), far_end.device()).shake_hands()
        assert caller.alert == ItlsAlert.BUSY
        caller.close()
    far_end.gateway.misbehave(None)
    far_end.established().close()
    with pytest.raises(UsageError, match="times"):
        far_end.gateway.misbehave(None, times=0)


def test_the_answer_of_a_device_to_misbehaviour_is_in_the_record(far_end):
    before = far_end.last()
    caller = misbehaving(far_end, misbehaviour.MISBEHAVIOURS["wrong-server-code"])
    assert caller.error is not None
    caller.close()
    record = closed(far_end, before)
    assert record.alert_received.number == ItlsAlert.HANDSHAKE_FAILURE
    assert (record.reached, record.ended, record.established_ns) == ("admitted", "alert", None)


@pytest.mark.parametrize("after", [0, 1, 5, 50, 200])
def test_a_stream_that_is_cut_on_purpose_ends_right_there(far_end, after):
    before = far_end.last()
    caller = misbehaving(far_end, misbehaviour.cut(after))
    caller.close()
    record = closed(far_end, before)
    assert (record.bytes_out, record.ended, record.error) == (
        after,
        "cut",
        "the stream was cut off on purpose",
    )
    assert record.alert_sent is None or not record.alert_sent.closes


def test_alerts_are_seen_whatever_else_is_kept():
    with shop(GatewaySettings(keep_records=0, keep_bytes=0, keep_total_bytes=0)) as far_end:
        caller = far_end.call(far_end.product(licences=0), far_end.device()).shake_hands()
        caller.close()
        record = closed(far_end, -1)
        assert (record.alert_sent.number, record.seen, record.wire_in) == (ItlsAlert.NO_QUOTA, (), b"")
        assert record.truncated
        assert record.bytes_in


def test_memory_for_records_is_bounded():
    settings = GatewaySettings(keep_sessions=4, keep_bytes=2000, keep_records=6, keep_total_bytes=20_000)
    with shop(settings) as far_end:
        product, device = far_end.product(), far_end.device()
        for _ in range(12):
            caller = far_end.established(product, device)
            caller.send(bytes(5000))
            caller.connection.close()
            caller.flush()
            caller.read_to_end()
            caller.close()
        records = far_end.gateway.sessions()
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


def test_the_kind_of_each_record_is_noted(far_end):
    before = far_end.last()
    caller = far_end.established()
    record = far_end.gateway.wait_for(lambda one: one.stage == "established", PATIENCE_S, after=before)
    kinds = [(seen.direction.value, seen.kind, seen.sequence) for seen in record.seen]
    hello = ContentType.HANDSHAKE
    clear = [("in", hello, None), ("out", hello, None)]
    assert kinds == [*clear, *clear, ("in", hello, 0), ("out", hello, 0)]
    caller.close()


def test_settings_below_what_makes_sense_are_refused():
    for wrong in ({"handshake_s": 0}, {"connections": 0}, {"keep_bytes": -1}, {"records_per_s": 0}):
        with pytest.raises(UsageError, match=next(iter(wrong))):
            GatewaySettings(**wrong)
