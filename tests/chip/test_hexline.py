"""Hex lines over real sockets and a real pty: what a device sends is in the test, the kernel cuts it up."""

import os
import pty
import socket
import threading
import tty
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.chip.errors import AnswerError
from harness.chip.hexline import HexLine
from harness.errors import BenchError, UsageError
from harness.transport.base import Capability, StreamRead, Transport
from harness.transport.serial.port import SerialTransport
from harness.transport.socket import SocketTransport

COMMAND = bytes.fromhex("80F8000000")


class Device:
    """A listening socket; each accepted line is answered with the next entry of `answers`, raw."""

    def __init__(self, answers, greeting=b""):
        self.answers = list(answers)
        self.greeting = greeting
        self.lines = []
        self.server = socket.create_server(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    @property
    def port(self):
        return self.server.getsockname()[1]

    def serve(self):
        connection, _ = self.server.accept()
        with suppress(ConnectionError), connection, connection.makefile("rb") as lines:
            if self.greeting:
                connection.sendall(self.greeting)
            for line in lines:
                self.lines.append(line)
                for part in self.answers.pop(0) if self.answers else ():
                    connection.sendall(part)

    def close(self):
        self.server.close()
        self.thread.join(5)


@pytest.fixture
def connect():
    opened = []

    def make(*answers, timeout=5.0, settle=0.0, greeting=b""):
        device = Device([answer if isinstance(answer, tuple) else (answer,) for answer in answers], greeting)
        line = HexLine(SocketTransport("chip", "127.0.0.1", device.port), timeout=timeout, settle=settle)
        line.open()
        opened.append((line, device))
        return line, device

    yield make
    for line, device in opened:
        line.close()
        device.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"81800C9000\n",
        b"81800c9000\n",
        b"81 80 0C 90 00\r\n",
        b"  81800C 9000 \r",
        b"\r\n\r\n81800C9000\r\n",
        b"\t8180\t0C9000\n",
        (b"81", b"800C90", b"00", b"\n"),
    ],
)
def test_ways_to_write_an_answer(connect, answer):
    line, device = connect(answer, b"6A82\n")
    assert line.transmit(COMMAND) == bytes.fromhex("81800C9000")
    assert line.transmit(b"\x00") == bytes.fromhex("6A82")  # nothing of the first answer is left
    assert device.lines == [b"80F8000000\n", b"00\n"]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"error: no card\n", r"no hex: 'error: no card', character 2 is 'r'"),
        (b"9000;\n", r"'9000;', character 5 is ';'"),
        (b"\xff\xfe\x00\n", r"'\\xff\\xfe\\x00', character 1 is '\\xff'"),
        (b"900\n", "odd number"),
        (b"A" * 2000 + b"\n", r"longer than 1032"),
    ],
)
def test_garbage_is_named(connect, answer, why):
    line, _ = connect(answer)
    with pytest.raises(AnswerError, match=why) as caught:
        line.transmit(COMMAND)
    assert caught.value.transport == "chip"
    assert caught.value.message.isprintable()
    assert caught.value.message.isascii() or "…" in caught.value.message
    assert len(caught.value.message) < 250


def test_a_line_without_end_is_bounded(connect):
    line, _ = connect((b"00" * 100,) * 60)
    with pytest.raises(AnswerError, match="longer than 1032"):
        line.transmit(COMMAND)


def test_blank_lines_without_end_are_bounded(connect):
    line, _ = connect((b"\r\n" * 5000,) * 20)
    with pytest.raises(AnswerError, match="blank lines"):
        line.transmit(COMMAND)


def test_silence_from_the_start_is_the_bench(connect):
    line, _ = connect(timeout=0.05)
    with pytest.raises(BenchError, match=r"nothing was ever heard") as caught:
        line.transmit(COMMAND)
    assert caught.value.hint


def test_silence_later_is_the_device(connect):
    line, _ = connect(b"9000\n", b"", timeout=0.1)
    line.transmit(COMMAND)
    with pytest.raises(AnswerError, match=r"no answer within 0.1 s"):
        line.transmit(COMMAND)


def test_half_a_line_is_the_device(connect):
    line, _ = connect(b"8180", timeout=0.1)
    with pytest.raises(AnswerError, match=r"did not end .*'8180'"):
        line.transmit(COMMAND)


def test_two_lines_for_one_command_are_an_error_once(connect):
    line, _ = connect(b"9000\n6A82\n", b"6D00\n", b"6E00\n")
    assert line.transmit(COMMAND) == b"\x90\x00"
    with pytest.raises(AnswerError, match=r"more than one answer line: '6A82\\n' came unasked"):
        line.transmit(COMMAND)
    assert line.transmit(COMMAND) == bytes.fromhex("6D00")


def test_a_banner_is_swallowed_where_that_is_asked_for(connect):
    line, _ = connect(b"9000\n", greeting=b"hex adapter 1.0\r\nready\r\n", settle=0.2)
    assert line.transmit(COMMAND) == b"\x90\x00"


def test_a_far_end_that_is_gone_is_the_bench(connect):
    line, device = connect(b"9000\n")
    line.transmit(COMMAND)
    device.server.close()
    line._transport.close()
    with pytest.raises(BenchError):
        line.transmit(COMMAND)


def test_a_late_answer_is_not_taken_for_the_next_one():
    """The device answers the first command only after the driver gave up on it."""
    host, device = socket.socketpair()
    transport = SocketPairTransport(host)
    line = HexLine(transport, timeout=0.05)
    line.open()
    device.sendall(b"9000\n")
    with pytest.raises(AnswerError, match="unasked"):
        line.transmit(COMMAND)
    with pytest.raises(AnswerError, match="no answer"):
        line.transmit(COMMAND)
    device.sendall(b"1111\n")
    transport.on_write = lambda: device.sendall(b"2222\n")
    assert line.transmit(COMMAND) == b"\x22\x22"
    line.close()
    device.close()


class SocketPairTransport(Transport):
    def __init__(self, end):
        super().__init__("pair")
        self.end = end
        self.on_write = lambda: None

    @property
    def capabilities(self):
        return frozenset({Capability.STREAM})

    @property
    def identity(self):
        return "socket pair"

    def open(self):
        pass

    def close(self):
        self.end.close()

    def do(self, operation):
        if isinstance(operation, StreamRead):
            self.end.settimeout(operation.timeout or 1e-6)
            try:
                return self.end.recv(operation.limit)
            except (TimeoutError, BlockingIOError):
                return b""
        self.end.sendall(operation.data)
        self.on_write()
        return b""


def test_over_a_real_pty():
    master, slave = pty.openpty()
    tty.setraw(slave)

    def chip():
        got = b""
        while not got.endswith(b"\n"):
            got += os.read(master, 100)
        os.write(master, b"61" + b"0F\r\n" if got == b"80F8000000\n" else b"6D00\n")

    thread = threading.Thread(target=chip, daemon=True)
    thread.start()
    with HexLine(SerialTransport("tty", os.ttyname(slave))) as line:
        assert line.transmit(COMMAND) == bytes.fromhex("610F")
    thread.join(5)
    os.close(master)
    os.close(slave)


class Canned(SocketPairTransport):
    """Gives canned chunks, then nothing."""

    def __init__(self, chunks):
        Transport.__init__(self, "canned")
        self.chunks = list(chunks)
        self.asked = False

    def close(self):
        pass

    def do(self, operation):
        if isinstance(operation, StreamRead):
            return self.chunks.pop(0)[: operation.limit] if self.asked and self.chunks else b""
        self.asked = True
        return b""


@given(st.lists(st.binary(min_size=1, max_size=300), max_size=8))
@settings(max_examples=200)
def test_whatever_comes_ends_in_bytes_or_one_of_two_errors(chunks):
    ticks = iter(range(10**6))
    line = HexLine(Canned(chunks), timeout=20, clock=lambda: next(ticks))
    problem = None
    try:
        assert isinstance(line.transmit(COMMAND), bytes)
    except (AnswerError, BenchError) as error:
        problem = error
    assert problem is None or problem.message.isprintable()


@given(st.binary(min_size=1, max_size=258), st.integers(1, 64), st.booleans())
def test_any_answer_comes_through_in_any_pieces(answer, size, upper):
    text = (answer.hex().upper() if upper else answer.hex()).encode() + b"\r\n"
    chunks = [text[at : at + size] for at in range(0, len(text), size)]
    assert HexLine(Canned(chunks), clock=lambda: 0.0).transmit(COMMAND) == answer


def test_the_transport_must_be_a_stream():
    class Bus(Canned):
        @property
        def capabilities(self):
            return frozenset({Capability.I2C})

    with pytest.raises(UsageError, match="needed stream"):
        HexLine(Bus([]))
