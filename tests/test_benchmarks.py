"""The benchmarks are run by hand and by CI alone: at least the devices that they plug in can be made, and answer."""

import importlib
import os
from pathlib import Path

import pytest

from benchmarks import bus_devices, report, uart
from harness.board.reading.file import load
from harness.report import model


@pytest.mark.parametrize("kind", ["i2c", "ttyACM", "ttyUSB", "pipe", "ccid"])
def test_the_device_of_a_bus_can_be_made(kind):
    assert bus_devices.usb_device(kind).name


def test_the_chip_has_one_answer():
    assert bus_devices.FixedChip().process(bus_devices.COMMAND) == bus_devices.ANSWER


@pytest.fixture
def way():
    """One way through the serial line, at 10000 bytes a second, with its two far ends."""
    source, write = os.pipe()
    read, sink = os.pipe()
    os.set_blocking(read, False)
    yield uart.Direction(source, sink, 10_000 * uart.BITS), write, read
    for end in (source, write, read, sink):
        os.close(end)


def arrived(read):
    try:
        return os.read(read, 1000)
    except BlockingIOError:
        return b""


def test_the_serial_line_gives_each_byte_its_time(way):
    line, write, read = way
    os.write(write, b"0123456789ABCDEFGHIJ")
    line.take(5.0)
    assert line.due == pytest.approx(5.0 + 0.0008 + uart.LATENCY_S)
    line.give(line.due - 1e-6)
    assert arrived(read) == b""
    line.give(line.due)
    assert arrived(read) == b"01234567"
    line.give(5.0 + 0.002 + uart.LATENCY_S + 1e-6)
    assert arrived(read) == b"89ABCDEFGHIJ"


def test_what_comes_while_the_serial_line_is_busy_waits_for_its_end(way):
    line, write, read = way
    os.write(write, b"x" * 100)
    line.take(0.0)
    os.write(write, b"y")
    line.take(0.001)
    line.give(0.01 + uart.LATENCY_S + 1e-6)
    assert arrived(read) == b"x" * 100
    assert line.due == pytest.approx(0.0101 + uart.LATENCY_S)


def test_the_board_file_of_the_serial_line_is_one(tmp_path):
    file = tmp_path / "uart.yaml"
    file.write_text(uart.BOARD_FILE.format(name="uart", baud=uart.BAUD, port="/dev/pts/1", pid=1))
    assert load(file).transports["console"].kind == "serial"


@pytest.mark.firmware
def test_the_bare_wires_of_the_probe_can_be_built(tmp_path, monkeypatch):
    """They take files of our firmware's boards, which ask for more of their own from time to time."""
    monkeypatch.syspath_prepend(Path(uart.__file__).parent)
    probe = importlib.import_module("probe")
    for _, make_wire, _ in probe.MACHINES.values():
        make_wire(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"wire-linux", "wire-cortex-m3"}


def test_the_run_of_the_report_benchmark_is_a_whole_run_with_failures_and_recordings(tmp_path):
    folder = report.write_run(tmp_path, 2 * report.FAILS, 200_000)
    loaded = model.load(folder)
    assert (loaded.totals.passed, loaded.totals.failed) == (2 * report.FAILS - 2, 2)
    assert not loaded.incomplete
    assert 190_000 <= (folder / "transport" / "se.rec").stat().st_size < 210_000
    assert "<td>failed</td>" in report.table(loaded)
