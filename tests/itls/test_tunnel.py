"""The tunnel: plain TCP in, iTLS out; with raw sockets and with a real MQTT client."""

import socket
import threading

import paho.mqtt.client as mqtt
import pytest

from harness.errors import BenchError
from harness.id2.codes import ItlsAlert
from harness.itls import socket_client
from harness.itls.device_identity import KeyIdentity
from harness.itls.misbehaviour import catalogue
from harness.itls.tunnel import Tunnel
from tests.itls.conftest import ID2, KEY, PRODUCT_KEY
from tests.itls.echo_server import WAIT, EchoServer


def tunnel_to(server, **how):
    return Tunnel(lambda: socket_client.connect(*server.address, KeyIdentity(ID2, KEY), PRODUCT_KEY), **how)


def dial(tunnel):
    return socket.create_connection(tunnel.address, WAIT)


def read(connection, size):
    data = b""
    while len(data) < size:
        piece = connection.recv(65536)
        assert piece, "closed too early"
        data += piece
    return data


class Broker:
    """Just enough of MQTT 3.1.1: takes every client, and gives each message to who sent it."""

    def __init__(self):
        self._data = b""

    def __call__(self, data):
        self._data += data
        out = b""
        while (packet := self._packet()) is not None:
            kind, body = packet
            if kind >> 4 == 1:
                out += bytes.fromhex("20020000")
            elif kind >> 4 == 8:
                out += b"\x90\x03" + body[:2] + b"\x00"
            elif kind >> 4 == 3:
                out += bytes((kind,)) + self._length(len(body)) + body
            elif kind >> 4 == 12:
                out += b"\xd0\x00"
        return out

    @staticmethod
    def _length(size):
        out = bytearray()
        while True:
            size, digit = divmod(size, 128)
            out.append(digit | (0x80 if size else 0))
            if not size:
                return bytes(out)

    def _packet(self):
        size = shift = 0
        for at, byte in enumerate(self._data[1:5], start=1):
            size |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                end = at + 1 + size
                if len(self._data) < end:
                    return None
                kind, body, self._data = self._data[0], self._data[at + 1 : end], self._data[end:]
                return kind, body
        return None


def test_bytes_go_there_and_back():
    with EchoServer() as server, tunnel_to(server) as tunnel, dial(tunnel) as one, dial(tunnel) as two:
        one.sendall(b"one" * 10_000)
        two.sendall(b"two")
        assert read(two, 3) == b"two"
        assert read(one, 30_000) == b"one" * 10_000
    assert tunnel.errors == ()


def test_nothing_plain_is_on_the_wire():
    with EchoServer() as server, tunnel_to(server) as tunnel, dial(tunnel) as one:
        one.sendall(b"payload that is secret")
        read(one, 22)
    assert b"payload that is secret" in b"".join(seen.plain for seen in server.seen)
    assert b"secret" not in b"".join(seen.wire for seen in server.seen)


def test_a_client_that_goes_takes_its_connection_along():
    with EchoServer() as server:
        with tunnel_to(server) as tunnel, dial(tunnel) as one:
            one.sendall(b"x")
            read(one, 1)
        assert tunnel.errors == ()
    assert server.clean_ends == 1


def test_a_far_end_that_goes_ends_the_client_and_is_noted():
    with EchoServer() as server, tunnel_to(server) as tunnel, dial(tunnel) as one:
        one.sendall(b"x")
        read(one, 1)
        server.hang_up()
        assert one.recv(1) == b""
    assert "without close_notify" in str(tunnel.errors[0])


def test_a_far_end_that_refuses_ends_the_client_and_is_noted():
    refusing = catalogue.alert(ItlsAlert.SUSPENDED).hooks
    with EchoServer(hooks=refusing) as server, tunnel_to(server) as tunnel, dial(tunnel) as one:
        assert one.recv(1) == b""
    assert "168" in str(tunnel.errors[0])


def test_only_so_many_at_the_same_time():
    with (
        EchoServer() as server,
        tunnel_to(server, most=2) as tunnel,
        dial(tunnel) as one,
        dial(tunnel) as two,
    ):
        for connection in (one, two):
            connection.sendall(b"x")
            read(connection, 1)
        with dial(tunnel) as three:
            assert three.recv(1) == b""
        one.sendall(b"y")
        assert read(one, 1) == b"y"


def test_closing_ends_connections_and_threads():
    before = threading.active_count()
    with EchoServer() as server:
        tunnel = tunnel_to(server)
        tunnel.open()
        with dial(tunnel) as one:
            one.sendall(b"x")
            read(one, 1)
            tunnel.close()
            assert one.recv(1) == b""
        with pytest.raises(BenchError, match="not open"):
            _ = tunnel.address
        tunnel.close()
    assert threading.active_count() == before


def test_a_port_that_is_taken_is_a_bench_error():
    with socket.create_server(("127.0.0.1", 0)) as taken, EchoServer() as server:
        tunnel = tunnel_to(server, port=taken.getsockname()[1])
        with pytest.raises(BenchError, match="cannot listen"):
            tunnel.open()


def test_paho_talks_mqtt_through_it():
    messages: list[bytes] = []
    got = threading.Event()
    subscribed = threading.Event()

    def on_message(_client, _data, message):
        messages.append(message.payload)
        got.set()

    with EchoServer(behind=Broker) as server, tunnel_to(server) as tunnel:
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="one|securemode=8,authtype=id2|")
        client.on_message = on_message
        client.on_connect = lambda *_: client.subscribe("echo")
        client.on_subscribe = lambda *_: subscribed.set()
        client.connect(*tunnel.address)
        client.loop_start()
        try:
            assert subscribed.wait(WAIT)
            client.publish("echo", b"z" * 20_000)
            assert got.wait(WAIT)
            client.disconnect()
        finally:
            client.loop_stop()
    assert messages == [b"z" * 20_000]
    assert tunnel.errors == ()
