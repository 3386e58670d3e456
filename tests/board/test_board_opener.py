"""From settings to transports: what is made, what it occupies, and what is said when it cannot be."""

import socket

import pytest

from harness.board.opening.opener import context_of, make_transport, occupies
from harness.board.opening.resolve import Resolver
from harness.errors import BenchError, UsageError
from harness.id2 import published
from harness.id2.keys import Key, KeyType
from harness.transport.base import StreamRead, StreamWrite
from harness.transport.i2c.bus import I2cTransport
from harness.transport.serial import settings
from harness.transport.serial.port import SerialTransport
from harness.transport.socket import SocketTransport

HEAD = """\
version: 1
name: lab
plan: {pattern: own-platform, carrier: se, platform: third-party-os, key_type: aes-128}
"""


@pytest.fixture
def board(load_text):
    """Return a board with one transport named `t`."""

    def make(settings, part="console: {transport: t}"):
        return load_text(f"{HEAD}transports:\n  t: {{{settings}}}\n{part}\n")

    return make


def made(board):
    return make_transport(board, "t", Resolver(board))


FM1280 = "chip: {transport: t, framing: fm1280}"


def test_i2c(board):
    transport = made(board("kind: i2c, bus: /dev/i2c-42", FM1280))
    assert isinstance(transport, I2cTransport)
    assert (transport.name, transport.path) == ("t", "/dev/i2c-42")


def test_serial(board):
    transport = made(board("kind: serial, port: /dev/ttyS0, baudrate: 9600, parity: even, stopbits: 2"))
    assert isinstance(transport, SerialTransport)
    assert transport.port == "/dev/ttyS0"


def test_serial_by_usb_identity(board, monkeypatch):
    asked = []

    def find(*properties):
        asked.append(properties)
        return "/dev/ttyUSB7"

    monkeypatch.setattr(settings, "find_port", find)
    found = board(
        "kind: serial, usb: {vid: 0x0403, pid: 24577, serial_number: A1, interface: 0, location: 1-1.4}"
    )
    transport = made(found)
    assert isinstance(transport, SerialTransport)
    assert transport.port == "/dev/ttyUSB7"
    assert occupies(found.transports["t"], found.folder) == ("/dev/ttyUSB7",)
    assert asked == [(0x0403, 0x6001, "A1", "0", "1-1.4")] * 2


def test_usb_adapter_that_is_not_there(board):
    with pytest.raises(BenchError, match="no serial port with serial_number no-such-adapter") as caught:
        made(board("kind: serial, usb: {serial_number: no-such-adapter}"))
    assert (caught.value.board, caught.value.transport) == ("lab", "t")


def test_tcp_socket_carries_bytes(board):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        transport = made(board(f"kind: socket, host: 127.0.0.1, port: {port}"))
        assert isinstance(transport, SocketTransport)
        with transport, server.accept()[0] as far_end:
            transport.do(StreamWrite(b"to"))
            assert far_end.recv(10) == b"to"
            far_end.sendall(b"from")
            assert transport.do(StreamRead(10, 5.0)) == b"from"


def test_unix_socket_is_relative_to_the_file(board, tmp_path):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "chip.sock"))
        server.listen()
        with made(board("kind: socket, path: chip.sock")), server.accept()[0]:
            pass


def test_unknown_transport(board):
    found = board("kind: serial, port: /dev/ttyS0")
    with pytest.raises(UsageError, match="the board has no transport 'x'; it has t"):
        make_transport(found, "x", Resolver(found))


def test_a_simulated_chip_has_the_resolved_key(board):
    found = board(
        "kind: simulated-i2c, address: 0x48, device: {key_type: aes-256, key: {published: aes-256}, "
        "answers: direct, fault: id-length-11, vendor: 0x8182, seed: 9}",
        FM1280,
    )
    settings = found.transports["t"]
    chip = settings.chip(context_of(found, "t", Resolver(found)))
    known = published.KEYS[KeyType.AES_256]
    assert (chip.config.key, chip.config.id_text, chip.config.vendor) == (known.key, known.id2, 0x8182)
    assert chip.config.fault.name == "id-length-11"
    assert list(settings.slaves(chip)) == [0x48]


def test_a_simulated_chip_has_its_test_key(board):
    key = "00112233445566778899AABBCCDDEEFF"
    found = board(
        "kind: simulated-spi, "
        f"device: {{key_type: aes-128, id: 2122232425262728292A2B2C, key: {{test_key: {key}}}}}",
        "chip: {transport: t, framing: fm1280-spi}",
    )
    chip = found.transports["t"].chip(context_of(found, "t", Resolver(found)))
    assert chip.config.key == Key.parse(KeyType.AES_128, key)


def test_a_simulated_console_plays_its_file(board, tmp_path):
    (tmp_path / "a.log").write_bytes(b"hello\n")
    transport = made(board("kind: simulated-console, file: a.log"))
    assert transport.identity == "captured console a.log, played back, on a pseudo-terminal"


@pytest.mark.parametrize(
    ("settings", "part", "place"),
    [
        ("kind: i2c, bus: /dev/i2c-42, address: 0x48", FM1280, ("/dev/i2c-42 address 0x48",)),
        ("kind: serial, port: /dev/ttyS0", "console: {transport: t}", ("/dev/ttyS0",)),
        ("kind: serial, port: 'socket://h:70'", "console: {transport: t}", ("h:70",)),
        ("kind: serial, port: 'rfc2217://h:70'", "console: {transport: t}", ("h:70",)),
        ("kind: socket, host: h, port: 70", "console: {transport: t}", ("h:70",)),
        ("kind: simulated-console, file: x", "console: {transport: t}", ()),
    ],
)
def test_what_a_transport_occupies(board, settings, part, place):
    found = board(settings, part)
    assert occupies(found.transports["t"], found.folder) == place


def test_two_names_of_one_port_are_one_place(board, tmp_path):
    (tmp_path / "by-id").symlink_to("/dev/null")
    found = board(f"kind: serial, port: {tmp_path}/by-id")
    assert occupies(found.transports["t"], found.folder) == ("/dev/null",)


def test_one_socket_is_one_place_whoever_names_it(board, tmp_path):
    found = board("kind: socket, path: sub/../chip.sock")
    assert occupies(found.transports["t"], found.folder) == (str(tmp_path / "chip.sock"),)


def test_links_in_a_circle_are_a_place_too(board, tmp_path):
    (tmp_path / "round").symlink_to("round")
    found = board(f"kind: serial, port: {tmp_path}/round")
    assert occupies(found.transports["t"], found.folder) == (f"{tmp_path}/round",)
