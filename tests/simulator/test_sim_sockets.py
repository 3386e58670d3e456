"""Chips and consoles on real sockets."""

import os
import socket
import stat
import threading
from contextlib import suppress

import pytest

from harness.errors import BenchError, UsageError
from harness.simulator.bus.address import (
    PtyAddress,
    TcpAddress,
    UnixAddress,
    parse_address,
    require_loopback,
)
from harness.simulator.bus.sockets import SocketServer, serve_chip
from harness.simulator.console.board import PlayedConsole
from tests.descriptors import open_descriptors, opened_since

ID_ANSWER = "81800C2122232425262728292A2B2C9000"


class Client:
    """A client that sends hex lines."""

    def __init__(self, address):
        if isinstance(address, UnixAddress):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.connect(str(address.path))
        else:
            self.socket = socket.create_connection((address.host, address.port))
        self.socket.settimeout(60)
        self.lines = self.socket.makefile("rb")

    def ask(self, command):
        self.socket.sendall(command.encode() + b"\n")
        return self.lines.readline().decode().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.lines.close()
        self.socket.close()


@pytest.fixture(params=["tcp", "unix"])
def address(request, tmp_path):
    return TcpAddress("127.0.0.1", 0) if request.param == "tcp" else UnixAddress(tmp_path / "chip.sock")


def test_one_client_after_another(chip_of, address):
    with serve_chip(chip_of(), address) as server:
        for _ in range(3):
            with Client(server.address) as client:
                assert client.ask("80F8000000") == ID_ANSWER
                assert client.ask("80EE000000") == "6D00"


def test_clients_at_once_have_sessions_of_their_own(chip_of, address):
    with (
        serve_chip(chip_of(answers="get-response"), address) as server,
        Client(server.address) as one,
        Client(server.address) as other,
    ):
        assert one.ask("80F8000000") == "610F"
        assert other.ask("00C000000F") == "6985"
        assert one.ask("00C000000F") == ID_ANSWER


def test_they_share_the_chip(chip_of, address):
    wrong = "0020000006" + b"000000".hex()
    with (
        serve_chip(chip_of(), address) as server,
        Client(server.address) as one,
        Client(server.address) as other,
    ):
        assert [one.ask(wrong), other.ask(wrong), one.ask(wrong)] == ["63C2", "63C1", "63C0"]
        assert other.ask("00200000") == "6983"


def test_many_clients_at_once(chip_of):
    failures = []

    def talk(where):
        with Client(where) as client:
            for _ in range(20):
                command = "80F60001155103000010" + os.urandom(16).hex()
                if len(client.ask(command)) != 36:
                    failures.append(command)

    with serve_chip(chip_of(), TcpAddress("127.0.0.1", 0)) as server:
        threads = [threading.Thread(target=talk, args=(server.address,)) for _ in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not failures


def test_a_half_closed_connection_still_gets_its_answers(chip_of, address):
    with serve_chip(chip_of(), address) as server, Client(server.address) as client:
        client.socket.sendall(b"80F8000000\n80EE000000\n")
        client.socket.shutdown(socket.SHUT_WR)
        assert client.lines.read().decode().split() == [ID_ANSWER, "6D00"]


def test_stop_ends_connections_and_gives_everything_back(chip_of, address):
    before = open_descriptors()
    server = serve_chip(chip_of(fault="slow-answer"), address).start()
    with Client(server.address) as client:
        client.socket.sendall(b"80F60001155103000010" + b"00" * 16 + b"\n")
        server.stop()
        server.stop()
        with suppress(ConnectionResetError):  # the server may leave with our command unread
            assert client.lines.read() == b""
    assert not opened_since(before)
    if isinstance(address, UnixAddress):
        assert not address.path.exists()


def test_malformed_lines_are_reported(chip_of, address):
    said = []
    with serve_chip(chip_of(), address, complain=said.append) as server, Client(server.address) as client:
        assert client.ask("no hex") == "6F00"
    assert said == ["not hex: b'no hex'"]


def test_a_console_plays_for_each_connection(tmp_path):
    capture = tmp_path / "console.log"
    capture.write_bytes(b"one\r\ntwo\r\n")
    with SocketServer(TcpAddress("127.0.0.1", 0), lambda: PlayedConsole(capture)) as server:
        for _ in range(2):
            with Client(server.address) as client:
                assert client.lines.readline() == b"one\r\n"
                assert client.lines.readline() == b"two\r\n"
                assert client.ask("") == "one"


# --- addresses ---


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("tcp:127.0.0.1:0", TcpAddress("127.0.0.1", 0)),
        ("tcp:localhost:65535", TcpAddress("localhost", 65535)),
        ("tcp:[::1]:80", TcpAddress("::1", 80)),
        ("pty", PtyAddress()),
    ],
)
def test_addresses(text, address):
    assert parse_address(text) == address
    assert str(address) == text


def test_paths_in_addresses(tmp_path):
    assert parse_address(f"unix:{tmp_path}/a:b") == UnixAddress(tmp_path / "a:b")
    assert parse_address(f"pty:{tmp_path}/l") == PtyAddress(tmp_path / "l")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tcp",
        "tcp:127.0.0.1",
        "tcp:127.0.0.1:",
        "tcp::80",
        "tcp:h:65536",
        "tcp:h:-1",
        "udp:h:1",
        "unix:",
        "pty:",
    ],
)
def test_wrong_addresses(text):
    with pytest.raises(UsageError, match="no address"):
        parse_address(text)


def test_a_socket_path_that_is_too_long():
    with pytest.raises(UsageError, match="107"):
        parse_address("unix:/" + "x" * 120)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_only_this_machine(chip_of, host):
    with pytest.raises(UsageError, match="other machines"):
        serve_chip(chip_of(), TcpAddress(host, 0)).start()


def test_remote_when_asked_for(chip_of):
    server = serve_chip(chip_of(), TcpAddress("0.0.0.0", 0), allow_remote=True).start()
    with server, Client(TcpAddress("127.0.0.1", server.address.port)) as client:
        assert client.ask("80F8000000") == ID_ANSWER


def test_unix_sockets_are_always_local(tmp_path):
    require_loopback(UnixAddress(tmp_path / "s"))


def test_an_address_in_use(chip_of, address):
    with serve_chip(chip_of(), address) as server:
        with pytest.raises(BenchError, match=r"in use|another program listens"):
            serve_chip(chip_of(), server.address).start()
        with Client(server.address) as client:
            assert client.ask("80F8000000") == ID_ANSWER


def test_a_stale_socket_is_replaced_and_a_file_is_not(chip_of, tmp_path):
    path = tmp_path / "chip.sock"
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))
    with serve_chip(chip_of(), UnixAddress(path)) as server:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with Client(server.address) as client:
            assert client.ask("80F8000000") == ID_ANSWER
    path.write_text("mine")
    with pytest.raises(UsageError, match="no socket"):
        serve_chip(chip_of(), UnixAddress(path)).start()
    assert path.read_text() == "mine"


def test_a_folder_that_is_not_there(chip_of, tmp_path):
    with pytest.raises(BenchError, match="No such file"):
        serve_chip(chip_of(), UnixAddress(tmp_path / "none" / "s")).start()


def test_an_unknown_host(chip_of):
    with pytest.raises(BenchError, match=r"no\.such\.host"):
        serve_chip(chip_of(), TcpAddress("no.such.host.invalid", 0)).start()
