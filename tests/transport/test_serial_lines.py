"""DTR, RTS, the modem lines and break. A pseudo-terminal has none, so the kernel's calls are played."""

import errno
import struct
import termios
import threading
import time

import pytest

from harness.errors import BenchError, UsageError
from harness.transport.base import Capability, Line, ReadLines, SendBreak, SetLines, SetSpeed
from harness.transport.recording.recorder import Recorded
from harness.transport.recording.recording import read
from harness.transport.recording.writer import Recording
from harness.transport.serial import lines as module
from harness.transport.serial.lines import LineStep, perform
from harness.transport.serial.port import SerialTransport
from tests.transport.callers import ModemLines
from tests.transport.contract import StreamBench, StreamContract


class Wires:
    """The kernel's state of a port's lines."""

    def __init__(self):
        self.state = termios.TIOCM_DTR | termios.TIOCM_RTS
        self.log = []
        self.failure = 0

    def ioctl(self, fd, request, argument=0):
        if request in (termios.TIOCEXCL, termios.TIOCNXCL):
            return 0
        if self.failure:
            raise OSError(self.failure, "played")
        if request == termios.TIOCMGET:
            return struct.pack("I", self.state)
        if request == termios.TIOCMSET:
            (self.state,) = struct.unpack("I", argument)
            self.log.append((bool(self.state & termios.TIOCM_DTR), bool(self.state & termios.TIOCM_RTS)))
        elif request in (0x5416, 0x5417):
            self.log.append(("raise" if request == 0x5416 else "lower", *struct.unpack("I", argument)))
        elif request in (0x5427, 0x5428):
            self.log.append("break" if request == 0x5427 else "end")
        else:
            raise AssertionError(hex(request))
        return argument


@pytest.fixture
def wires(monkeypatch):
    played = Wires()
    monkeypatch.setattr(module.fcntl, "ioctl", played.ioctl)
    return played


@pytest.fixture
def port(pty):
    transport = SerialTransport("console", pty.path)
    transport.open()
    yield transport
    transport.close()


def test_each_output_alone_and_both_at_once(wires, port):
    lines = ModemLines(port)
    lines.set(dtr=False)
    lines.set(rts=False)
    lines.set(dtr=True, rts=True)
    assert wires.log == [(False, True), (False, False), (True, True)]


@pytest.mark.parametrize(
    ("bit", "line"),
    [
        (termios.TIOCM_CTS, Line.CTS),
        (termios.TIOCM_DSR, Line.DSR),
        (termios.TIOCM_RI, Line.RI),
        (termios.TIOCM_CD, Line.CD),
    ],
)
def test_each_input(wires, port, bit, line):
    assert ModemLines(port).read() == Line(0)
    wires.state |= bit
    assert ModemLines(port).read() == line


def test_a_break_begins_and_ends(wires, port):
    ModemLines(port).send_break(1)
    assert wires.log == ["break", "end"]


def test_close_ends_a_break(wires, port, monkeypatch):
    monkeypatch.setattr(module, "LONGEST_BREAK", 60_000)
    closing = threading.Timer(0.05, port.close)
    closing.start()
    started = time.monotonic()
    port.do(SendBreak(60_000))
    closing.join()
    assert time.monotonic() - started < 30
    assert wires.log == ["break", "end"]
    with pytest.raises(BenchError, match="not open"):
        port.do(ReadLines())


@pytest.mark.parametrize("length", [0, -1, 5001])
def test_impossible_breaks(wires, port, length):
    with pytest.raises(UsageError, match="1 to 5000 ms"):
        port.do(SendBreak(length))
    assert wires.log == []


def test_a_port_without_such_lines_says_so(port):
    for operation in (SetLines(dtr=True), ReadLines()):
        with pytest.raises(BenchError, match=r"port /dev/pts/\d+: cannot (set|read) its lines") as caught:
            port.do(operation)
        assert caught.value.transport == "console"
        assert "pseudo-terminals" in caught.value.hint


def test_a_lost_port(wires, port):
    wires.failure = errno.EIO
    with pytest.raises(BenchError, match="cannot send a break"):
        port.do(SendBreak(1))


def test_the_speed_of_an_open_port_is_changed_and_given_back(port):
    """The rest of its settings stays as it is."""
    fileno = port._speed._port.fileno()
    before = termios.tcgetattr(fileno)
    port.do(SetSpeed(9600))
    after = termios.tcgetattr(fileno)
    assert after[4:6] == [termios.B9600] * 2
    port.do(SetSpeed(None))
    assert termios.tcgetattr(fileno) == before
    assert before[4:6] == [termios.B115200] * 2
    with pytest.raises(BenchError, match="refused 4000000000 baud") as caught:
        port.do(SetSpeed(4_000_000_000))
    assert caught.value.transport == "console"


def test_a_socket_has_no_lines():
    transport = SerialTransport("console", "socket://127.0.0.1:1")
    assert transport.capabilities == {Capability.STREAM}
    with pytest.raises(UsageError, match="SetLines needs lines, supplied stream"):
        transport.do(SetLines(dtr=True))
    with pytest.raises(UsageError, match="needed lines, supplied stream"):
        ModemLines(transport)


def test_a_port_that_only_pyserial_reaches():
    with SerialTransport("console", "loop://") as transport:
        lines = ModemLines(transport)
        lines.set(dtr=False, rts=False)
        assert not lines.read() & (Line.CTS | Line.DSR)
        lines.set(dtr=True, rts=True)
        assert lines.read() & Line.CTS
        lines.send_break(1)


def test_opening_and_closing_leave_the_lines_alone(wires, pty):
    transport = SerialTransport("console", pty.path)
    transport.open()
    modes = termios.tcgetattr(pty.slave)
    assert not modes[2] & termios.HUPCL
    transport.close()
    assert wires.log == []


def test_what_is_asked_for_is_set_at_open(wires, pty):
    with SerialTransport("console", pty.path, dtr=False, rts=True):
        assert wires.log == [("lower", termios.TIOCM_DTR), ("raise", termios.TIOCM_RTS)]
    assert len(wires.log) == 2


def test_a_sequence_in_its_order(wires, port):
    waits = []
    steps = [
        LineStep(dtr=False, rts=True),
        LineStep(wait_ms=50),
        LineStep(dtr=True, break_ms=1, wait_ms=7),
    ]
    perform(port, steps, lambda seconds: waits.append((seconds, len(wires.log))))
    assert wires.log == [(False, True), (True, True), "break", "end"]
    assert waits == [(0.05, 1), (0.007, 4)]
    assert [str(step) for step in steps] == ["dtr off, rts on", "wait 50 ms", "dtr on, break 1 ms, wait 7 ms"]


def test_lines_are_recorded(wires, pty, tmp_path):
    inner = SerialTransport("console", pty.path)
    path = tmp_path / "console.jsonl"
    with Recording(path, inner) as recording, Recorded(inner, recording) as transport:
        transport.do(SetLines(dtr=False))
        transport.do(SetLines(dtr=True, rts=False))
        wires.state |= termios.TIOCM_CD
        transport.do(ReadLines())
        transport.do(SendBreak(300))
    with read(path) as reading:
        records = [
            (each.op, each.direction, each.data) for each in reading if each.op not in ("open", "close")
        ]
    assert records == [
        ("set-lines", ">", b"\x01\x00"),
        ("set-lines", ">", b"\x03\x01"),
        ("get-lines", "<", b"\x08"),
        ("break", ">", b"\x00\x00\x01\x2c"),
    ]


class PtyBench(StreamBench):
    def __init__(self, pty):
        self.pty = pty

    def transport(self):
        return SerialTransport(self.name, self.pty.path)

    def say(self, data):
        self.pty.say(data)

    def hear(self, count):
        return self.pty.hear(count)

    def unplug(self):
        self.pty.unplug()


class TestSerialContract(StreamContract):
    @pytest.fixture
    def bench(self, pty):
        return PtyBench(pty)
