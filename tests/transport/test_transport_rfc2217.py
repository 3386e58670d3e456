import os
import select
import shutil
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest
import serial
import serial.rfc2217

from harness.errors import BenchError
from harness.transport.base import SetLines, StreamRead, StreamWrite
from harness.transport.serial.port import SerialTransport


class LinelessPort(serial.Serial):
    """A pseudo-terminal has no modem lines; the server side wants to report some."""

    cts = dsr = cd = property(lambda _self: True)
    ri = property(lambda _self: False)

    def __init__(self, *args, **settings):
        self.moved = []
        self.purged = 0
        super().__init__(*args, **settings)
        self.moved.clear()
        self.purged = 0

    def _update_dtr_state(self):
        self.moved.append(("dtr", self._dtr_state))

    def _update_rts_state(self):
        self.moved.append(("rts", self._rts_state))

    def reset_input_buffer(self):
        self.purged += 1
        super().reset_input_buffer()

    def reset_output_buffer(self):
        self.purged += 1
        super().reset_output_buffer()


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


def test_opening_moves_no_line_and_purges_nothing(pty, server):
    pty.say(b"booting: 35 bytes that wait already")
    with SerialTransport("console", server.url) as transport:
        got = b""
        while len(got) < 35:
            chunk = transport.do(StreamRead(100, 5.0))
            assert chunk, f"only {got!r} came"
            got += chunk
        assert got == b"booting: 35 bytes that wait already"
        assert (server.port.moved, server.port.purged) == ([], 0)
        transport.do(SetLines(dtr=False, rts=True))
        assert server.port.moved == [("dtr", False), ("rts", True)]


@pytest.mark.parametrize(
    ("asked", "moved"), [({"dtr": False}, [("dtr", False)]), ({"rts": False}, [("rts", False)])]
)
def test_a_line_that_was_asked_for_is_set_at_open(server, asked, moved):
    with SerialTransport("console", server.url, **asked):
        assert server.port.moved == moved


def test_the_reason_of_a_server_that_hangs_up_is_told(later):
    """It may hang up before the client has negotiated anything."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def refuse():
            for _ in range(2):
                connection, _ = listener.accept()
                connection.sendall(b"\xff\xfb\x03\xff\xfd\x2cPort already in use\x1b[2J\r\n")
                connection.close()

        threading.Thread(target=refuse, daemon=True).start()
        url = f"rfc2217://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(BenchError, match="the server refuses: Port already in use") as caught:
            SerialTransport("console", url).open()
    assert caught.value.outcome == "blocked"
    assert "\x1b" not in caught.value.message
    assert "other program" in caught.value.hint


def test_a_console_without_rfc2217_refuses_nothing(later):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        kept = []

        def talk():
            for _ in range(2):
                kept.append(listener.accept()[0])
                kept[-1].sendall(b"login: ")

        threading.Thread(target=talk, daemon=True).start()
        url = f"rfc2217://127.0.0.1:{listener.getsockname()[1]}?timeout=0.2"
        with pytest.raises(BenchError, match="does not seem to support RFC2217"):
            SerialTransport("console", url).open()
        for connection in kept:
            connection.close()


@pytest.fixture
def ser2net(pty, tmp_path):
    """The server that labs use, on a pseudo-terminal."""
    program = shutil.which("ser2net") or shutil.which("ser2net", path="/usr/sbin")
    if program is None:
        pytest.skip("ser2net is not installed: tools/ensure-command.sh ser2net ser2net")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = tmp_path / "ser2net.yaml"
    settings.write_text(
        f"connection: &board\n  accepter: telnet(rfc2217),tcp,127.0.0.1,{port}\n"
        f"  connector: serialdev,{pty.path},115200n81,local\n"
    )
    log = (tmp_path / "log").open("wb")
    with subprocess.Popen([program, "-n", "-d", "-c", settings], stdout=log, stderr=log) as running:
        try:
            _until_it_listens(port)
            yield f"rfc2217://127.0.0.1:{port}"
        finally:
            running.kill()
            log.close()


def _until_it_listens(port):
    deadline = time.monotonic() + 20
    while f":{port:04X} 00000000:0000 0A" not in _sockets():
        assert time.monotonic() < deadline, "ser2net does not listen"
        time.sleep(0.05)


def _sockets():
    return Path("/proc/net/tcp").read_text()


def test_real_ser2net_carries_both_ways(pty, ser2net):
    with SerialTransport("console", ser2net) as transport:
        pty.say(b"a\xffb")
        got = b""
        while len(got) < 3:
            chunk = transport.do(StreamRead(100, 10.0))
            assert chunk, f"only {got!r} came"
            got += chunk
        assert got == b"a\xffb"
        transport.do(StreamWrite(b"ls\r\n"))
        assert pty.hear(4) == b"ls\r\n"


def test_real_ser2net_with_a_busy_port_says_why(ser2net):
    with (
        SerialTransport("console", ser2net),
        pytest.raises(BenchError, match="Port already in use") as caught,
    ):
        SerialTransport("second", ser2net).open()
    assert caught.value.transport == "second"
