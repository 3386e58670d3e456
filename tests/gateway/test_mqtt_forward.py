"""MQTT through the gateway to a broker: the CONNECT unchanged, then every byte; refusals; a broker that fails."""

import contextlib
import socket
import threading

import pytest

from harness.gateway.mqtt.packets import ConnAck
from harness.gateway.session_record import SessionTimeoutError
from harness.gateway.settings import GatewaySettings
from tests.gateway.gateway_bench import PATIENCE_S, Caller, GatewayBench, running_bench
from tests.gateway.test_mqtt import SUFFIX, packet


class Sink:
    """A broker that accepts, remembers and answers as it is told."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(PATIENCE_S)
        self._peers: list[socket.socket] = []
        self.address = self._listener.getsockname()[:2]

    def accept(self) -> socket.socket:
        peer, _ = self._listener.accept()
        self._peers.append(peer)
        peer.settimeout(PATIENCE_S)
        return peer

    def close(self) -> None:
        for opened in (self._listener, *self._peers):
            opened.close()


def read(peer: socket.socket, count: int) -> bytes:
    got = bytearray()
    while len(got) < count and (data := peer.recv(65536)):
        got += data
    return bytes(got)


@pytest.fixture
def sink():
    made = Sink()
    yield made
    made.close()


@pytest.fixture
def bench(sink):
    # What goes through unchanged is looked at here; how devices are kept apart stands in test_mqtt_isolation.
    with running_bench(GatewaySettings(isolate=False), broker=sink.address) as made:
        yield made


def connect_of(product, name: str = "lamp", suffix: str = SUFFIX, **how) -> bytes:
    return packet(f"{name}|{suffix}|", f"{name}&{product.product_key}", **how)


def forwarded(product, name: str = "lamp", **how) -> bytes:
    """Return the CONNECT as the broker gets it."""
    return packet(f"{product.product_key}.{name}", f"{name}&{product.product_key}", **how)


def on_platform(bench: GatewayBench):
    return bench.admin.create_product("lamp", console="iot-platform", licences=50)


def calling(bench: GatewayBench, product) -> Caller:
    return bench.established(product)


def over(bench: GatewayBench):
    return bench.gateway.wait_for(lambda one: one.stage == "closed", PATIENCE_S)


def test_connect_goes_on_under_the_devices_name_and_all_the_rest_both_ways(bench, sink):
    product = on_platform(bench)
    caller = calling(bench, product)
    hello = connect_of(product, will=("lamp/gone", "yes"))
    caller.send(hello[:7])
    caller.send(hello[7:] + b"\xc0\x00")
    broker = sink.accept()
    expected = forwarded(product, will=("lamp/gone", "yes")) + b"\xc0\x00"
    assert read(broker, len(expected)) == expected
    big = bytes(range(256)) * 256
    broker.sendall(b"\x20\x02\x00\x00" + big)
    assert caller.read(4 + len(big)) == b"\x20\x02\x00\x00" + big
    caller.send(big)
    assert read(broker, len(big)) == big
    record = bench.gateway.wait_for(lambda one: one.mqtt_device_name == "lamp", PATIENCE_S)
    assert record.mqtt_client_id == f"lamp|{SUFFIX}|"
    assert record.received.startswith(hello)
    caller.close()
    assert broker.recv(1) == b"", "the broker hears that the device is gone, and publishes its will"
    broker.close()


@pytest.mark.parametrize(
    ("hello", "answer"),
    [
        (lambda product: connect_of(product, head=b"\x00\x04MQTT\x05"), ConnAck.PROTOCOL),
        (lambda product: connect_of(product, suffix="securemode=2"), ConnAck.IDENTIFIER),
        (lambda _: packet(f"lamp|{SUFFIX}|", "lamp&a1AAAAAAAAA"), ConnAck.CREDENTIALS),
        (lambda _: packet(f"lamp|{SUFFIX}|", None, None), ConnAck.CREDENTIALS),
    ],
)
def test_a_refused_connect_gets_its_connack_and_the_end(bench, hello, answer):
    product = on_platform(bench)
    caller = calling(bench, product)
    caller.send(hello(product))
    assert caller.read(5) == answer.packet
    assert caller.ended_cleanly
    record = over(bench)
    assert record.error.startswith("MQTT: ")
    assert record.sent == answer.packet
    caller.close()


def test_a_device_off_the_whitelist_is_not_authorised(bench):
    product = on_platform(bench)
    bench.admin.set_registration(product.product_key, "whitelist", confirmed=True)
    caller = calling(bench, product)
    caller.send(connect_of(product))
    assert caller.read(5) == ConnAck.NOT_AUTHORIZED.packet
    assert over(bench).mqtt_device_name is None
    caller.close()


def test_what_is_no_mqtt_is_told_nothing(bench):
    caller = calling(bench, on_platform(bench))
    caller.send(b"GET / HTTP/1.1\r\n\r\n")
    caller.read_to_end()
    assert caller.received == []
    assert caller.ended_cleanly
    assert "0x47" in over(bench).error
    caller.close()


def test_a_device_that_never_sends_its_connect_is_let_go(sink):
    with running_bench(GatewaySettings(connect_s=0.5), broker=sink.address) as bench:
        caller = calling(bench, on_platform(bench))
        caller.read_to_end()
        assert over(bench).error == "connect_s: no MQTT CONNECT within 0.5 s"
        caller.close()


def test_a_broker_that_is_not_there_is_connack_3(sink):
    address = sink.address
    sink.close()
    with running_bench(broker=address) as bench:
        product = on_platform(bench)
        caller = calling(bench, product)
        caller.send(connect_of(product))
        assert caller.read(5) == ConnAck.UNAVAILABLE.packet
        assert "cannot be reached" in over(bench).error
        caller.close()


def test_a_broker_that_closes_ends_the_session_cleanly(bench, sink):
    product = on_platform(bench)
    caller = calling(bench, product)
    caller.send(connect_of(product))
    broker = sink.accept()
    read(broker, 10)
    broker.close()
    caller.read_to_end()
    assert caller.ended_cleanly
    assert over(bench).error == "the MQTT broker closed the connection"
    caller.close()


def test_a_device_that_leaves_while_the_broker_is_called_leaves_nothing_behind(bench, sink):
    product = on_platform(bench)
    for _ in range(5):
        caller = calling(bench, product)
        caller.send(connect_of(product))
        caller.close()
    bench.gateway.wait_for(lambda one: one.stage == "closed" and one.number == bench.last(), PATIENCE_S)
    assert bench.gateway.disconnect() == 0


def still_open(bench: GatewayBench, seconds: float) -> None:
    """Give a defect the time to show."""
    with pytest.raises(SessionTimeoutError):
        bench.gateway.wait_for(lambda one: one.stage == "closed", seconds)


def test_a_slow_device_slows_the_broker_down_and_nothing_is_lost(sink):
    with running_bench(GatewaySettings(isolate=False, write_buffer=500_000), broker=sink.address) as bench:
        product = on_platform(bench)
        caller = calling(bench, product)
        caller.send(connect_of(product))
        broker = sink.accept()
        read(broker, 10)
        caller.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        data = bytes(range(251)) * 48_000
        sender = threading.Thread(target=broker.sendall, args=(data,), daemon=True)
        sender.start()
        still_open(bench, 1)
        assert caller.read(len(data)) == data
        sender.join()
        caller.close()
        broker.close()


@pytest.mark.slow
def test_a_slow_broker_slows_the_device_down_and_nothing_is_lost(sink):
    with running_bench(GatewaySettings(isolate=False, records_per_s=None), broker=sink.address) as bench:
        product = on_platform(bench)
        caller = calling(bench, product)
        caller.send(connect_of(product))
        broker = sink.accept()
        broker.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        data = bytes(range(249)) * 36_000
        caller.connection.send(data)
        sender = threading.Thread(target=caller.flush, daemon=True)
        sender.start()
        with pytest.raises(SessionTimeoutError):
            bench.gateway.wait_for(lambda one: one.bytes_in > len(data), 2)
        expected = forwarded(product) + data
        assert read(broker, len(expected)) == expected
        sender.join()
        caller.close()
        broker.close()


def flush_until_cut(caller: Caller) -> None:
    with contextlib.suppress(OSError):
        caller.flush()


@pytest.mark.slow
def test_a_broker_that_reads_nothing_is_let_go_when_the_gateway_stops(sink):
    settings = GatewaySettings(isolate=False, records_per_s=None)
    with running_bench(settings, broker=sink.address) as bench:
        product = on_platform(bench)
        caller = calling(bench, product)
        caller.send(connect_of(product))
        broker = sink.accept()
        broker.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        caller.connection.send(bytes(9_000_000))
        sender = threading.Thread(target=flush_until_cut, args=(caller,), daemon=True)
        sender.start()
        taken = -1
        while taken < (taken := bench.gateway.sessions()[-1].bytes_in):
            still_open(bench, 0.3)
    sender.join()
    with contextlib.suppress(ConnectionResetError):
        while broker.recv(65536):
            pass


def test_what_came_before_a_broken_record_still_goes_on(bench, sink):
    product = on_platform(bench)
    caller = calling(bench, product)
    caller.send(connect_of(product))
    broker = sink.accept()
    read(broker, len(forwarded(product)))
    caller.connection.send(b"good")
    caller.socket.sendall(caller.connection.take() + bytes(64))
    assert read(broker, 5) == b"good"
    assert over(bench).ended == "alert"
    caller.close()
    broker.close()


def until_full(caller: Caller) -> None:
    for _ in range(64):
        caller.send(bytes(500_000))


def test_two_devices_with_one_client_id_are_two_clients_at_the_broker(bench, sink):
    product = on_platform(bench)
    names = ("lamp", "door")
    callers = []
    for name in names:
        caller = calling(bench, product)
        callers.append(caller)
        caller.send(packet(f"12345|{SUFFIX}|", f"{name}&{product.product_key}"))
        expected = forwarded(product, name)
        assert read(sink.accept(), len(expected)) == expected
    for caller in callers:
        caller.close()


def test_a_connect_in_time_ends_the_time_for_it(sink):
    with running_bench(GatewaySettings(connect_s=1), broker=sink.address) as bench:
        product = on_platform(bench)
        caller = calling(bench, product)
        caller.send(connect_of(product))
        broker = sink.accept()
        read(broker, 10)
        still_open(bench, 1.5)
        caller.close()


@pytest.mark.slow
def test_a_device_that_is_not_listened_to_is_not_idle(sink):
    with running_bench(
        GatewaySettings(isolate=False, records_per_s=None, idle_s=1), broker=sink.address
    ) as bench:
        product = on_platform(bench)
        caller = calling(bench, product)
        caller.send(connect_of(product))
        broker = sink.accept()
        # The broker reads nothing: soon the gateway reads nothing either, and hears the device no more.
        caller.socket.settimeout(0.3)
        with pytest.raises(TimeoutError):
            until_full(caller)
        still_open(bench, 2.5)
        broker.close()
        caller.close()
