"""Devices behind real pseudo-terminals."""

import os
import select
import termios
import time
from pathlib import Path

import pytest

from harness.chip.hexline import HexLine
from harness.chip.ica.chip import IcaChip
from harness.chip.session import ChipSession
from harness.errors import BenchError, UsageError
from harness.simulator.bus.pty import PtyServer
from harness.simulator.bus.stream import Output, StopSignal, StreamDevice
from harness.simulator.chip.hexline import HexLineChip
from harness.simulator.console.board import PlayedConsole
from harness.transport.base import StreamRead, StreamWrite
from harness.transport.serial.port import SerialTransport
from tests.descriptors import open_descriptors, opened_since


def read_all(fileno, size, seconds=5.0):
    """Read until there are `size` bytes; give up after some seconds."""
    data, end = b"", time.monotonic() + seconds
    while len(data) < size and select.select([fileno], [], [], max(0, end - time.monotonic()))[0]:
        data += os.read(fileno, 65536)
    return data


def raw_open(path):
    return os.open(path, os.O_RDWR | os.O_NOCTTY)


def test_a_chip_behind_a_terminal(chip_of):
    with PtyServer(HexLineChip(chip_of().session())) as server:
        channel = HexLine(SerialTransport("chip", server.path))
        with ChipSession(channel) as session:
            chip = IcaChip(session)
            chip.select()
            assert chip.get_id().id_bytes.hex().upper() == "2122232425262728292A2B2C"


def test_the_terminal_is_raw(chip_of):
    with PtyServer(HexLineChip(chip_of().session())) as server:
        fileno = raw_open(server.path)
        try:
            modes = termios.tcgetattr(fileno)
            assert not modes[3] & (termios.ECHO | termios.ICANON | termios.ISIG)
            assert not modes[1] & termios.OPOST
            os.write(fileno, b"80EE000000\n")
            assert read_all(fileno, 5) == b"6D00\n"
        finally:
            os.close(fileno)


def test_stop_is_clean_and_may_be_repeated(chip_of):
    before = open_descriptors()
    server = PtyServer(HexLineChip(chip_of().session())).start()
    transport = SerialTransport("chip", server.path)
    transport.open()
    server.stop()
    server.stop()
    with pytest.raises(BenchError):
        transport.do(StreamRead(10, 5.0))
    transport.close()
    assert not opened_since(before)


def test_stop_does_not_wait_for_a_slow_device(chip_of):
    server = PtyServer(HexLineChip(chip_of(fault="slow-answer").session())).start()
    fileno = raw_open(server.path)
    os.write(fileno, b"80F60001155103000010" + b"00" * 16 + b"\n")
    assert read_all(fileno, 1, seconds=0.05) == b""
    started = time.monotonic()
    server.stop()
    assert time.monotonic() - started < 60  # the device would have taken an hour
    os.close(fileno)


def test_power_on_starts_the_output(tmp_path):
    capture = tmp_path / "console.log"
    capture.write_bytes(b"hello\n")
    with PtyServer(PlayedConsole(capture)) as server:
        fileno = raw_open(server.path)
        try:
            assert read_all(fileno, 1, seconds=0.05) == b""
            server.power_on()
            assert read_all(fileno, 6) == b"hello\n"
        finally:
            os.close(fileno)


def test_each_opening_starts_anew(tmp_path):
    capture = tmp_path / "console.log"
    capture.write_bytes(b"hello\n")
    with PtyServer(PlayedConsole(capture), on_open=True) as server:
        for _ in range(2):
            fileno = raw_open(server.path)
            assert read_all(fileno, 6) == b"hello\n"
            os.write(fileno, b"\n")
            assert read_all(fileno, 6) == b"hello\n"
            os.close(fileno)
            time.sleep(0.1)


def test_a_long_output_arrives_whole_although_nobody_reads_at_first(tmp_path):
    capture = tmp_path / "console.log"
    data = bytes(at * 31 & 0xFF for at in range(300_000))
    capture.write_bytes(data)
    with PtyServer(PlayedConsole(capture, chunk=1000)) as server:
        fileno = raw_open(server.path)
        try:
            server.power_on()
            time.sleep(0.05)
            assert read_all(fileno, len(data)) == data
        finally:
            os.close(fileno)


def test_pacing_makes_pauses(tmp_path):
    capture = tmp_path / "console.log"
    capture.write_bytes(b"ab")
    outputs = list(PlayedConsole(capture, chunk=1, pacing=0.25).power_on())
    assert outputs == [Output(b"a", 0.25), Output(b"b", 0.25)]


def test_a_link_leads_to_the_terminal_and_goes_with_it(chip_of, tmp_path):
    link = tmp_path / "chip"
    link.symlink_to("/dev/pts/nonexistent")  # left behind by a simulator that was killed
    with PtyServer(HexLineChip(chip_of().session()), link=link) as server:
        assert str(link.readlink()) == server.path
    assert not link.is_symlink()
    link.write_text("mine")
    with pytest.raises(UsageError, match="File exists"):
        PtyServer(HexLineChip(chip_of().session()), link=link).start()
    assert link.read_text() == "mine"


class Speaker(StreamDevice):
    """Says something whenever it is told to, and notes its power."""

    def __init__(self):
        self.power = []
        self.waiting = []
        self._bell = StopSignal()

    def say(self, data):
        self.waiting.append(data)
        self._bell.nudge()

    def power_on(self):
        self.power.append("on")
        return iter(())

    def power_off(self):
        self.power.append("off")

    def receive(self, data):
        yield Output(b"<" + data + b">")

    def wakeup(self):
        return self._bell.fileno()

    def speak(self):
        self._bell.drain()
        while self.waiting:
            yield Output(self.waiting.pop(0))


def read_to(transport, end):
    got = b""
    while not got.endswith(end):
        piece = transport.do(StreamRead(4096, 5.0))
        assert piece
        got += piece
    return got


def test_a_device_may_speak_unasked():
    device = Speaker()
    server = PtyServer(device).start()
    with server, SerialTransport("console", server.path) as transport:
        server.power_on()
        device.say(b"boot\n")
        assert read_to(transport, b"boot\n") == b"boot\n"
        transport.do(StreamWrite(b"x"))
        assert read_to(transport, b">") == b"<x>"
        device.say(b"a" * 200_000)  # more than the terminal holds: what follows has to wait
        device.say(b"b")
        assert read_to(transport, b"b") == b"a" * 200_000 + b"b"
        assert device.power == ["on"]
    assert device.power == ["on", "off"]


def test_a_device_loses_power_with_each_closing_of_the_terminal():
    device = Speaker()
    with PtyServer(device, on_open=True) as server:
        for times in range(1, 3):
            with SerialTransport("console", server.path) as transport:
                transport.do(StreamWrite(b"x"))
                read_to(transport, b">")
            deadline = time.monotonic() + 60
            while device.power.count("off") < times:
                assert time.monotonic() < deadline
                time.sleep(0.005)
    assert device.power == ["on", "off"] * 2


def test_input_waits_while_the_device_is_busy():
    class Busy(StreamDevice):
        def __init__(self):
            self.got = 0

        def receive(self, data):
            self.got += len(data)
            yield Output(b"", 3600.0)

    device = Busy()
    server = PtyServer(device).start()
    fileno = raw_open(server.path)
    os.set_blocking(fileno, False)
    written = 0
    deadline = time.monotonic() + 0.3
    while time.monotonic() < deadline and written < 4_000_000:
        try:
            written += os.write(fileno, b"x" * 4096)
        except BlockingIOError:
            time.sleep(0.01)
    assert written < 4_000_000  # somebody had to wait: nothing is hoarded
    server.stop()
    os.close(fileno)


def test_nothing_is_lost_between_line_and_answer(chip_of):
    server = PtyServer(HexLineChip(chip_of().session())).start()
    with server, SerialTransport("chip", server.path) as transport:
        transport.do(StreamWrite(b"80EE000000\n" * 50))
        got = b""
        while got.count(b"\n") < 50:
            piece = transport.do(StreamRead(4096, 5.0))
            assert piece
            got += piece
        assert got == b"6D00\n" * 50


def test_a_missing_capture_is_one_clear_line(tmp_path):
    with pytest.raises(UsageError, match="No such file"):
        PlayedConsole(Path(tmp_path / "none.log"))
