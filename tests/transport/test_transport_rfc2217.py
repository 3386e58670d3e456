import os
import select
import socket
import threading

import pytest
import serial
import serial.rfc2217

from harness.errors import BenchError
from harness.transport.base import StreamRead, StreamWrite
from harness.transport.serial import SerialTransport


class LinelessPort(serial.Serial):
    """A pseudo-terminal has no modem lines; the server side wants to report some."""

    cts = dsr = cd = property(lambda _self: True)
    ri = property(lambda _self: False)

    def _update_dtr_state(self):
        pass

    def _update_rts_state(self):
        pass


class PortServer:
    """A serial port served over the network, with pyserial's own server side, for one client."""

    def __init__(self, path):
        self.port = LinelessPort(path, timeout=0)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"rfc2217://127.0.0.1:{self.listener.getsockname()[1]}"
        self.connection = None
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def write(self, data):
        self.connection.sendall(data)

    def serve(self):
        self.connection, _ = self.listener.accept()
        manager = serial.rfc2217.PortManager(self.port, self)
        try:
            while True:
                readable, _, _ = select.select([self.connection, self.port.fileno()], [], [])
                if self.connection in readable:
                    if not (data := self.connection.recv(4096)):
                        return
                    self.port.write(b"".join(manager.filter(data)))
                if self.port.fileno() in readable:
                    self.write(b"".join(manager.escape(self.port.read(4096))))
        except OSError:
            return

    def drop(self):
        self.connection.shutdown(socket.SHUT_RDWR)
        self.connection.close()

    def close(self):
        self.listener.close()
        if self.connection is not None:
            self.connection.close()
        self.thread.join(5)
        self.port.close()


@pytest.fixture
def server(pty):
    running = PortServer(pty.path)
    yield running
    running.close()


def test_a_port_over_the_network(pty, server, later):
    with SerialTransport("console", server.url, baudrate=9600) as transport:
        assert transport.identity == server.url
        transport.do(StreamWrite(b"ls\xff\r\n"))
        assert pty.hear(5) == b"ls\xff\r\n"
        pty.say(b"a\xffb")
        got = b""
        while len(got) < 3:
            got += transport.do(StreamRead(100, 5.0))
        assert got == b"a\xffb"
        assert server.port.baudrate == 9600
        later(transport.close, 0.2)
        with pytest.raises(BenchError, match="closed"):
            transport.do(StreamRead(100, 60.0))


def read_until_it_ends(transport):
    while True:
        assert transport.do(StreamRead(100, 0.2)) == b""


def test_the_network_goes_away(server, later):
    with SerialTransport("console", server.url) as transport:
        later(server.drop, 0.1)
        with pytest.raises(BenchError, match="gone") as caught:
            read_until_it_ends(transport)
        assert caught.value.transport == "console"


def test_nobody_there():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(BenchError, match="refused") as caught:
        SerialTransport("console", f"rfc2217://127.0.0.1:{port}").open()
    assert "far end" in caught.value.hint
    assert os.strerror(111) in caught.value.message
