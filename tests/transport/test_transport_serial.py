import fcntl
import os
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from harness.errors import BenchError, UsageError
from harness.transport.base import Capability, I2cRead, StreamRead, StreamWrite
from harness.transport.holders import Holder, holders
from harness.transport.serial import port as module
from harness.transport.serial.find import SerialPort
from harness.transport.serial.port import SerialTransport
from tests.descriptors import open_descriptors, opened_since

TCGETS2 = 0x802C542A


@pytest.fixture
def port(pty):
    transport = SerialTransport("console", pty.path)
    yield transport
    transport.close()


def test_bytes_go_both_ways(pty, port):
    port.open()
    assert port.do(StreamWrite(b"ls\r\n")) == b""
    assert pty.hear(4) == b"ls\r\n"
    pty.say(b"\x00\xff\r\n\x11\x13\x03")
    assert port.do(StreamRead(100, 5.0)) == b"\x00\xff\r\n\x11\x13\x03"


def test_a_read_returns_what_is_there_at_once(pty, port):
    port.open()
    pty.say(b"abc")
    started = time.monotonic()
    assert port.do(StreamRead(2, 30.0)) == b"ab"
    assert port.do(StreamRead(2, 30.0)) == b"c"
    assert time.monotonic() - started < 15


def test_a_read_of_nothing_is_empty_after_its_time(port):
    port.open()
    started = time.monotonic()
    assert port.do(StreamRead(10, 0.05)) == b""
    assert time.monotonic() - started >= 0.045
    assert port.do(StreamRead(10, 0.0)) == b""


def test_output_from_before_the_opening_is_not_thrown_away(pty, port):
    pty.say(b"booted\r\n")
    port.open()
    assert port.do(StreamRead(100, 5.0)) == b"booted\r\n"


def test_a_large_write_is_written_whole_while_the_board_reads(pty, port, later):
    port.open()
    data = os.urandom(300_000)
    got = []
    later(lambda: got.append(pty.hear(len(data))), 0.0)
    port.do(StreamWrite(data))
    deadline = time.monotonic() + 60
    while not got and time.monotonic() < deadline:
        time.sleep(0.01)
    assert got == [data]


def test_a_large_read_is_not_torn(pty, port, later):
    port.open()
    data = os.urandom(300_000)
    later(lambda: os.write(pty.master, data) == len(data) or pty.say(b""), 0.0)
    got = b""
    while len(got) < len(data):
        chunk = port.do(StreamRead(65536, 5.0))
        assert chunk
        assert len(chunk) <= 65536
        got += chunk
    assert got == data


def test_an_unplugged_device_raises_and_never_gives_an_empty_read(pty, port, later):
    port.open()
    later(pty.unplug)
    with pytest.raises(BenchError, match="the device is gone") as caught:
        port.do(StreamRead(10, 30.0))
    assert caught.value.transport == "console"
    assert pty.path in caught.value.message or "/dev/pts" in caught.value.message
    with pytest.raises(BenchError, match="the device is gone"):
        port.do(StreamRead(10, 0.0))
    with pytest.raises(BenchError, match="gone"):
        write_on(port)


def write_on(port):
    """Write for some seconds: a pseudo terminal tells who reads before it hangs up, and takes bytes until then."""
    until = time.monotonic() + 5
    while time.monotonic() < until:
        port.do(StreamWrite(b"x"))


def test_close_wakes_a_blocked_read(port, later):
    port.open()
    later(port.close)
    started = time.monotonic()
    with pytest.raises(BenchError, match="closed"):
        port.do(StreamRead(10, 60.0))
    assert time.monotonic() - started < 30


def test_close_wakes_a_blocked_write(port, later):
    port.open()
    later(port.close, 0.2)
    with pytest.raises(BenchError, match="closed"):
        port.do(StreamWrite(bytes(1_000_000)))


def test_a_write_that_nobody_takes_gives_up(port, monkeypatch):
    monkeypatch.setattr("harness.transport.descriptor._BLOCKED", 0.1)
    port.open()
    with pytest.raises(BenchError, match="took no byte for") as caught:
        port.do(StreamWrite(bytes(1_000_000)))
    assert "flow control" in caught.value.hint


def test_before_open_and_after_close(port):
    with pytest.raises(BenchError, match="not open"):
        port.do(StreamRead(1, 0.0))
    port.open()
    port.close()
    port.close()
    with pytest.raises(BenchError, match="not open"):
        port.do(StreamWrite(b"x"))


def test_it_may_be_opened_again(pty, port):
    for word in (b"one", b"two"):
        port.open()
        pty.say(word)
        assert port.do(StreamRead(10, 5.0)) == word
        port.close()


def test_no_descriptor_is_left_behind(pty):
    before = open_descriptors()
    for _ in range(5):
        with SerialTransport("c", pty.path):
            assert opened_since(before)
        with pytest.raises(BenchError):
            SerialTransport("c", "/dev/null").open()
    assert not opened_since(before)


def test_opened_twice_is_a_mistake(port):
    port.open()
    with pytest.raises(UsageError, match="opened twice"):
        port.open()


def test_another_kind_of_operation_is_refused(port):
    assert port.capabilities == {Capability.STREAM, Capability.LINES, Capability.SPEED}
    with pytest.raises(UsageError, match="I2cRead needs i2c"):
        port.do(I2cRead(0x71, 1))


def test_the_settings_reach_the_line(pty):
    transport = SerialTransport("c", pty.path, baudrate=9600, bytesize=7, parity="even", stopbits=2)
    with transport:
        modes = termios.tcgetattr(pty.slave)
        assert modes[4] == termios.B9600
        assert modes[2] & termios.CSIZE == termios.CS7 or modes[2] & termios.CSTOPB


def test_an_odd_baud_rate_survives_the_opening(pty):
    with SerialTransport("c", pty.path, baudrate=1_234_567):
        raw = bytearray(44)
        fcntl.ioctl(pty.slave, TCGETS2, raw)
        assert struct.unpack("2I", raw[36:44]) == (1_234_567, 1_234_567)


def test_closing_does_not_drop_the_modem_lines(pty, port):
    modes = termios.tcgetattr(pty.slave)
    modes[2] |= termios.HUPCL
    termios.tcsetattr(pty.slave, termios.TCSANOW, modes)
    port.open()
    assert not termios.tcgetattr(pty.slave)[2] & termios.HUPCL


@pytest.mark.parametrize("steals", [1, 3])
def test_bytes_that_another_program_took_are_waited_for_again(pty, port, monkeypatch, steals):
    port.open()
    pty.say(b"mine")
    real, stolen = os.read, []

    def read(fileno, limit):
        if len(stolen) < steals:
            stolen.append(limit)
            raise BlockingIOError
        return real(fileno, limit)

    monkeypatch.setattr("harness.transport.descriptor.os.read", read)
    assert port.do(StreamRead(10, 5.0)) == b"mine"


def test_bytes_that_another_program_takes_for_ever_do_not_hold_a_read(pty, port, monkeypatch):
    def read(_fileno, _limit):
        raise BlockingIOError

    port.open()
    pty.say(b"never mine")
    monkeypatch.setattr("harness.transport.descriptor.os.read", read)
    assert port.do(StreamRead(10, 0.05)) == b""
    assert port.do(StreamRead(10, 0.0)) == b""
    monkeypatch.undo()


def test_a_read_never_gives_more_than_its_limit(pty, port, later):
    port.open()
    data = os.urandom(20_000)
    later(lambda: pty.say(data), 0.0)
    got = b""
    for limit in (1, 4095, 4096, 4097, 5000, 2711):
        part = b""
        while len(part) < limit:
            chunk = port.do(StreamRead(limit - len(part), 5.0))
            assert 0 < len(chunk) <= limit - len(part)
            part += chunk
        got += part
    assert got == data


def test_a_missing_device_lists_the_ports_that_are_there(monkeypatch):
    present = (SerialPort("/dev/ttyUSB3", 0x0403, 0x6001, "A10K", "1-2", 0, None, "FT232R"),)
    monkeypatch.setattr("harness.transport.serial.find.serial_ports", lambda: present)
    with pytest.raises(BenchError, match="no such device") as caught:
        SerialTransport("console", "/dev/ttyNOWHERE9").open()
    assert "/dev/ttyNOWHERE9" in caught.value.message
    assert "/dev/ttyUSB3" in caught.value.hint
    assert "0403:6001" in caught.value.hint
    assert caught.value.transport == "console"


def test_no_serial_ports_at_all(monkeypatch):
    monkeypatch.setattr("harness.transport.serial.find.serial_ports", tuple)
    with pytest.raises(BenchError) as caught:
        SerialTransport("console", "/dev/ttyNOWHERE9").open()
    assert "no serial ports" in caught.value.hint


HOLD = """
import fcntl, os, sys
port = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY)
fcntl.flock(port, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


def test_a_held_port_names_its_holder(pty, port):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, pty.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as program:
        assert program.stdout.readline() == b"held\n"
        with pytest.raises(BenchError, match="held by") as caught:
            port.open()
        assert f"pid {program.pid}" in caught.value.message
        assert Path(sys.executable).name in caught.value.message
        program.stdin.close()
    port.open()


def test_a_port_that_this_process_holds_already(pty, port):
    port.open()
    with pytest.raises(BenchError, match="this process has it open already"):
        SerialTransport("other", pty.path).open()


def test_a_holder_that_cannot_be_seen(pty, port, monkeypatch):
    port.open()
    monkeypatch.setattr(module, "holders", lambda _path: ())
    with pytest.raises(BenchError, match="may not see") as caught:
        SerialTransport("other", pty.path).open()
    assert pty.path in caught.value.hint


def test_a_real_tty_that_another_program_reads_is_refused(pty, port, monkeypatch):
    # A program that takes no lock (a terminal of the old kind) would steal every other byte.
    monkeypatch.setattr(module, "_PASSING_S", 0.2)
    monkeypatch.setattr(module, "_other_holders", lambda _path: (Holder(77, "oldterm /dev/ttyUSB0"),))
    with pytest.raises(BenchError, match=r"also open in pid 77 \(oldterm"):
        port.open()
    monkeypatch.undo()
    port.open()


def test_a_program_that_only_looks_at_a_new_port_is_waited_for(port, monkeypatch):
    looks = [(Holder(244, "(udev-worker)"),)] * 3
    monkeypatch.setattr(module, "_other_holders", lambda _path: looks.pop() if looks else ())
    port.open()
    assert not looks


def test_a_pseudo_terminal_may_be_held_by_its_own_board(pty):
    held = subprocess.Popen(
        [sys.executable, "-c", HOLD.replace("fcntl.flock(port, fcntl.LOCK_EX)", ""), pty.path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with held as program:
        program.stdout.readline()
        assert [each.pid for each in holders(pty.path) if each.pid != os.getpid()] == [program.pid]
        with SerialTransport("c", pty.path):
            pass
        program.stdin.close()


@pytest.mark.parametrize("path", [__file__, "/tmp", "/dev/null"])
def test_what_is_no_serial_port(path):
    with pytest.raises(BenchError, match="is no serial port"):
        SerialTransport("c", path).open()


def test_no_permission(monkeypatch, tmp_path):
    def denied(*_arguments):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("serial.serialposix.os.open", denied)
    with pytest.raises(BenchError, match="permission denied") as caught:
        SerialTransport("c", str(tmp_path / "tty")).open()
    assert "group" in caught.value.hint


@pytest.mark.parametrize(
    ("port", "settings", "message"),
    [
        ("foo://bar", {}, "protocol 'foo' not known"),
        ("socket://nohost", {}, "socket://HOST:PORT"),
        ("socket://host:99999", {}, "out of range"),
        ("/dev/ttyS0", {"parity": "strange"}, "parity 'strange' is none of"),
        ("/dev/ttyS0", {"bytesize": 9}, "byte size"),
        ("/dev/ttyS0", {"stopbits": 3}, "stop bit"),
        ("/dev/ttyS0", {"baudrate": -1}, "baudrate"),
    ],
)
def test_impossible_settings_are_found_before_anything_is_opened(port, settings, message):
    with pytest.raises(UsageError, match=f"(?i){message}"):
        SerialTransport("c", port, **settings)


def test_identity_names_the_device_behind_a_link_and_its_usb_identity(pty, tmp_path, monkeypatch):
    link = tmp_path / "by-id"
    link.symlink_to(pty.path)
    known = SerialPort(pty.path, 0x1A86, 0x7523, None, "1-1.4", 0, None, None)
    monkeypatch.setattr("harness.transport.serial.find.serial_ports", lambda: (known,))
    transport = SerialTransport("c", str(link))
    assert transport.identity == str(link)
    with transport:
        assert transport.identity == f"{link} = {pty.path} (usb 1a86:7523, location 1-1.4, interface 0)"


def test_loop_url_is_read_through_pyserial(later):
    with SerialTransport("c", "loop://") as transport:
        transport.do(StreamWrite(b"there and back"))
        assert transport.do(StreamRead(5, 1.0)) == b"there"
        assert transport.do(StreamRead(100, 1.0)) == b" and back"
        assert transport.do(StreamRead(100, 0.0)) == b""
        assert transport.do(StreamRead(100, 0.06)) == b""
        later(transport.close)
        with pytest.raises(BenchError, match="closed"):
            transport.do(StreamRead(100, 60.0))


def test_a_url_that_searches_and_finds_nothing():
    with pytest.raises(BenchError, match="no ports found"):
        SerialTransport("c", "hwgrep://no-such-port-anywhere").open()
