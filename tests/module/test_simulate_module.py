"""`harness simulate module` as a real process, asked as the vendor's host asks: one write, then two reads."""

import os
import signal
import socket
import struct
import subprocess
import sys
from contextlib import contextmanager

import pytest
import typer
from typer.testing import CliRunner

from harness.carrier.module.host import SocketModule
from harness.carrier.module.wire import ByteOrder
from harness.cli import simulate
from harness.errors import UsageError
from harness.id2 import authcode
from harness.id2.keys import Key, KeyType
from harness.transport.base import StreamWrite
from harness.transport.serial.port import SerialTransport

ID = "2122232425262728292A2B2C"
KEY = "2122232425262728292A2B2C2D2E2F30"
PROGRAM = (sys.executable, "-m", "harness.cli.main", "simulate", "module")
SOUND = ("--key-type", "aes-128", "--id", ID, "--key", KEY)


@contextmanager
def simulated(*arguments):
    process = subprocess.Popen(
        [*PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def listening(process):
    line = process.stdout.readline()
    assert line.startswith("listening on "), line + process.stderr.read()
    return line.removeprefix("listening on ").strip()


def ended(process):
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return out + err


@pytest.fixture
def connect():
    """Connect as the vendor's host does; all is closed at the end."""
    made = []

    def connected(path):
        made.append(Host(path))
        return made[-1]

    yield connected
    for one in made:
        one.socket.close()


class Host:
    """The vendor's host: no timeout but ours, one read for a head and one for a body; the status is left undefined."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.socket.connect(str(path))

    def ask(self, command, body=b""):
        os.write(self.socket.fileno(), struct.pack("=IIIi", 0x1234, len(body), command, -77) + body)
        magic, size, number, status = struct.unpack("=IIIi", self.socket.recv(16))
        assert (magic, number) == (0x1234, command)
        answer = self.socket.recv(size) if size else b""
        assert len(answer) == size
        return status, answer


def field(data):
    return struct.pack(">I", len(data)) + data


def test_a_host_of_the_vendors_kind_is_served(tmp_path, connect):
    path = tmp_path / "module"
    with simulated(*SOUND, "--listen", f"unix:{path}") as process:
        assert listening(process) == f"unix:{path}"
        one = connect(path)
        assert one.ask(3) == (-1, b"")
        assert one.ask(0) == (0, b"")
        two = connect(path)  # as verifying a server code opens a second one
        assert two.ask(3) == (-1, b"")
        assert two.ask(0) == (0, b"")
        assert one.ask(2) == (0, bytes.fromhex("00030100"))
        assert one.ask(3) == two.ask(3) == (0, field(ID.encode()))
        status, code = two.ask(5, field(b"1512022279204") + field(b"abcd1234"))
        assert (status, code[4:8]) == (0, b"3~2~")
        key = Key.parse(KeyType.AES_128, KEY)
        assert not authcode.check(code[4:].decode(), key=key, id2=ID, extra=b"abcd1234")
        assert two.ask(4, field(b"7") + field(b""))[1][4:6] == b"0~"
        assert two.ask(10) == (0, bytes.fromhex("00000001"))
        assert two.ask(1) == (0, b"")
        assert one.ask(3)[0] == 0
        assert one.ask(77) == (-8, b"")
        assert one.ask(4, field(b"7")[:-1]) == (-2, b"")
        assert one.ask(6, b"\xff\xff\xff\xff") == (-2, b"")
        told = ended(process)
        assert KEY.lower() not in told.lower()
        assert not path.exists()


@pytest.mark.slow
def test_a_live_socket_is_not_stolen_and_a_stale_one_is_replaced(tmp_path, connect):
    path = tmp_path / "module"
    with simulated(*SOUND, "--listen", f"unix:{path}") as first:
        listening(first)
        with simulated(*SOUND, "--listen", f"unix:{path}") as second:
            _, err = second.communicate(timeout=60)
            assert second.returncode == 3
            assert "another program listens there" in err
        assert connect(path).ask(0) == (0, b"")
        first.kill()
        first.wait()
    assert path.exists()
    with simulated(*SOUND, "--listen", f"unix:{path}") as third:
        listening(third)
        assert connect(path).ask(0) == (0, b"")
        ended(third)
    assert not path.exists()


def test_over_a_serial_line(tmp_path):
    link = tmp_path / "tty"
    with simulated(*SOUND, "--listen", f"pty:{link}") as process:
        line = SerialTransport("module", listening(process).removeprefix("pty:"))
        line.open()
        try:
            host = SocketModule(line, 10.0, ByteOrder(sys.byteorder))
            line.do(StreamWrite(b"\xff\x00noise"))
            host.init()
            assert host.get_id() == ID
            assert host.get_challenge_auth_code("c" * 32, bytes(range(256)) * 2).startswith("2~2~")
        finally:
            line.close()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--key-type", "aes-128", "--key", KEY), "--id is missing"),
        (("--key-type", "aes-128", "--id", ID), "--key is missing"),
        (("--key-type", "aes-128", "--id", ID, "--key", KEY[:-2]), "--key"),
        (("--key-type", "sm1-128", "--id", ID, "--key", KEY), "the cipher is secret"),
        ((*SOUND, "--listen", "tcp:0.0.0.0:0"), "other machines"),
        ((*SOUND, "--fault", "garbage"), "sits in the console layer"),
        ((*SOUND, "--listen", "here"), "no address"),
    ],
)
def test_impossible_options(arguments, told):
    app = typer.Typer()
    app.callback()(lambda: None)
    simulate.register(app)
    result = CliRunner().invoke(app, ["simulate", "module", *arguments])
    assert isinstance(result.exception, UsageError), result.exception
    shown = result.exception.message + result.exception.hint
    assert told in shown
    assert KEY[:-2] not in shown + result.output
