import re
import socket
import threading
import time

import pytest

from harness.errors import BenchError, UsageError
from harness.transport.base import Capability, Exchange, StreamRead, StreamWrite
from harness.transport.serial.port import SerialTransport
from harness.transport.socket import SocketTransport


class Server:
    """Accepts one connection after the other and hands it to `serve`."""

    def __init__(self, listener, serve):
        self.listener = listener
        self.serve = serve
        self.connections = []
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            with connection:
                self.serve(connection)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(5)


def echo(connection):
    while data := connection.recv(4096):
        connection.sendall(data)


def greet_and_leave(connection):
    connection.sendall(b"hello\r\n")


@pytest.fixture
def tcp():
    servers = []

    def start(serve):
        server = Server(socket.create_server(("127.0.0.1", 0)), serve)
        servers.append(server)
        return server.listener.getsockname()[1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def unix(tmp_path):
    listener = socket.socket(socket.AF_UNIX)
    path = tmp_path / "chip.sock"
    listener.bind(str(path))
    listener.listen()
    server = Server(listener, echo)
    yield str(path)
    server.close()


def whole(transport, count):
    data = b""
    while len(data) < count:
        data += transport.do(StreamRead(65536, 5.0))
    return data


def test_tcp(tcp):
    transport = SocketTransport("chip", "127.0.0.1", tcp(echo))
    assert transport.capabilities == {Capability.STREAM}
    assert re.fullmatch(r"tcp:127\.0\.0\.1:\d+", transport.identity)
    with transport:
        transport.do(StreamWrite(b"80F8000000\n"))
        assert whole(transport, 11) == b"80F8000000\n"
        assert transport.do(StreamRead(10, 0.05)) == b""


def test_unix(unix):
    with SocketTransport("chip", path=unix) as transport:
        assert transport.identity == f"unix:{unix}"
        transport.do(StreamWrite(b"80F8000000\n"))
        assert whole(transport, 11) == b"80F8000000\n"


def test_small_writes_leave_at_once(tcp, monkeypatch):
    seen = []
    connect = socket.create_connection

    def keep(*arguments):
        seen.append(connect(*arguments))
        return seen[0]

    monkeypatch.setattr(socket, "create_connection", keep)
    with SocketTransport("chip", "127.0.0.1", tcp(echo)):
        assert seen[0].getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert seen[0].gettimeout() == 0
    assert seen[0].fileno() == -1


def test_the_far_end_closing_is_an_error_after_its_last_bytes(tcp):
    with SocketTransport("chip", "127.0.0.1", tcp(greet_and_leave)) as transport:
        assert whole(transport, 7) == b"hello\r\n"
        with pytest.raises(BenchError, match="the device is gone") as caught:
            transport.do(StreamRead(10, 5.0))
    assert caught.value.transport == "chip"
    assert "far end" in caught.value.hint


def test_close_wakes_a_blocked_read(tcp, later):
    transport = SocketTransport("chip", "127.0.0.1", tcp(echo))
    transport.open()
    later(transport.close)
    started = time.monotonic()
    with pytest.raises(BenchError, match="closed"):
        transport.do(StreamRead(10, 60.0))
    assert time.monotonic() - started < 30
    transport.close()


def test_a_large_write_to_a_slow_reader(tcp):
    got = []

    def slow(connection):
        total = 0
        while data := connection.recv(65536):
            total += len(data)
            time.sleep(0.001)
        got.append(total)

    with SocketTransport("chip", "127.0.0.1", tcp(slow)) as transport:
        transport.do(StreamWrite(bytes(8_000_000)))
    deadline = time.monotonic() + 60
    while not got and time.monotonic() < deadline:
        time.sleep(0.01)
    assert got == [8_000_000]


def test_before_open_and_opened_twice(unix):
    transport = SocketTransport("chip", path=unix)
    with pytest.raises(BenchError, match="not open"):
        transport.do(StreamRead(1, 0.0))
    with transport, pytest.raises(UsageError, match="opened twice"):
        transport.open()


def test_another_kind_of_operation_is_refused(unix):
    with (
        SocketTransport("chip", path=unix) as transport,
        pytest.raises(UsageError, match="Exchange needs apdu"),
    ):
        transport.do(Exchange(b"\x00", 1.0))


def test_nothing_listens():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(BenchError, match="connection refused") as caught:
        SocketTransport("chip", "127.0.0.1", port).open()
    assert "nothing listens" in caught.value.hint
    assert caught.value.transport == "chip"


def test_no_answer_in_time():
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        waiting = []
        try:
            while True:  # fill the queue of connections, so that the next one gets no answer
                waiting.append(socket.create_connection(address, 0.2))
        except TimeoutError:
            pass
        with pytest.raises(BenchError, match=r"no answer within 0\.2 s"):
            SocketTransport("chip", *address, connect_limit=0.2).open()
        for each in waiting:
            each.close()


def test_an_unknown_host():
    with pytest.raises(BenchError, match=r"host is not known|cannot connect"):
        SocketTransport("chip", "no-such-host.invalid", 1).open()


@pytest.mark.parametrize(("name", "hint"), [("absent", "no such socket"), ("file", "")])
def test_a_path_that_is_no_socket(tmp_path, name, hint):
    (tmp_path / "file").write_text("x")
    with pytest.raises(BenchError, match="cannot connect") as caught:
        SocketTransport("chip", path=str(tmp_path / name)).open()
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    "settings",
    [{}, {"host": "h"}, {"port": 1}, {"host": "h", "port": 1, "path": "p"}, {"port": 1, "path": "p"}],
)
def test_neither_or_both_kinds_of_far_end(settings):
    with pytest.raises(UsageError, match="host and port, or path"):
        SocketTransport("chip", **settings)


def test_a_socket_url_of_a_serial_line_loses_no_greeting(tcp):
    port = tcp(greet_and_leave)
    with SerialTransport("console", f"socket://127.0.0.1:{port}") as transport:
        assert whole(transport, 7) == b"hello\r\n"
        with pytest.raises(BenchError, match="gone"):
            transport.do(StreamRead(10, 5.0))


def test_a_socket_url_that_nobody_serves():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(BenchError, match="refused") as caught:
        SerialTransport("console", f"socket://127.0.0.1:{port}").open()
    assert caught.value.transport == "console"
