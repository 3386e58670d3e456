"""FM1280 over SPI: frames, the driver, and the simulated chip behind it."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.chip.errors import FramingError
from harness.chip.fm1280 import Reading
from harness.chip.fm1280_spi import Fm1280Spi, SpiFrameError, SpiLimits, build, check_byte, parse
from harness.errors import BenchError, UsageError
from harness.simulator.bus.i2c import SimulatedI2c
from harness.simulator.bus.spi import SimulatedSpi
from harness.simulator.chip import fm1280 as simulated
from harness.simulator.chip.fm1280_spi import Fm1280SpiSlave


class Echo:
    def __init__(self):
        self.slow = 0.0

    def session(self):
        return self

    def process(self, command):
        return bytes(1022) + b"\x90\x00" if command == b"\x80\xff" else command[::-1] + b"\x90\x00"

    def delay(self, command):
        return self.slow


class Clock:
    def __init__(self):
        self.time = 0.0

    def now(self):
        return self.time

    def sleep(self, seconds):
        self.time += seconds


def driver(slave, clock=None, **settings):
    clock = clock or Clock()
    return Fm1280Spi(SimulatedSpi("se", slave), clock=clock.now, pause=clock.sleep, **settings)


def test_a_frame_byte_by_byte():
    assert build(b"\x00\xa4\x04\x00").hex(" ") == "00 04 00 a4 04 00 5b"
    assert check_byte(bytes.fromhex("000400a40400")) == 0xFF ^ 0x04 ^ 0xA4 ^ 0x04


@settings(deadline=None)
@given(st.binary(min_size=2, max_size=1024), st.binary(max_size=20))
def test_what_is_built_can_be_read_whatever_lies_behind(data, tail):
    assert parse(build(data) + tail) == data


@settings(deadline=None)
@given(st.binary(max_size=40))
def test_anything_is_a_frame_or_the_one_error(raw):
    with suppress(SpiFrameError):
        parse(raw)


@pytest.mark.parametrize("length", [0, 1, 1025])
def test_lengths_outside_the_frame(length):
    with pytest.raises(SpiFrameError, match="a frame holds 2 to 1024"):
        build(bytes(length))


def test_one_wrong_bit_is_found():
    frame = bytearray(build(b"\x00\xa4\x04\x00"))
    for bit in range(8 * len(frame)):
        frame[bit // 8] ^= 1 << bit % 8
        with pytest.raises(SpiFrameError):
            parse(bytes(frame))
        frame[bit // 8] ^= 1 << bit % 8


@pytest.mark.parametrize(
    ("reading", "chip"),
    [
        (Reading.ONE_READ, simulated.Reading.ANEW),
        (Reading.ONE_READ, simulated.Reading.CONTINUES),
        (Reading.HEAD_THEN_WHOLE, simulated.Reading.ANEW),
        (Reading.HEAD_THEN_REST, simulated.Reading.CONTINUES),
    ],
)
@pytest.mark.parametrize("busy", [0, 5])
def test_apdus_pass(reading, chip, busy):
    with driver(Fm1280SpiSlave(Echo(), reading=chip, busy=busy), reading=reading) as channel:
        assert channel.chip_id == b"FM1280\x00"
        for command in (b"\x00\xa4", bytes(range(200)), b"\x80\xff"):
            assert channel.transmit(command) == Echo().process(command)


def test_the_wrong_reading_is_a_broken_frame():
    slave = Fm1280SpiSlave(Echo(), reading=simulated.Reading.CONTINUES)
    with (
        driver(slave, reading=Reading.HEAD_THEN_WHOLE) as channel,
        pytest.raises(FramingError, match="would return -10") as caught,
    ):
        channel.transmit(b"\x00\xa4")
    assert "reading" in caught.value.hint


def test_a_slow_chip_is_waited_for():
    clock, chip = Clock(), Echo()
    chip.slow = 3.0
    with driver(Fm1280SpiSlave(chip, clock=clock.now), clock) as channel:
        assert channel.transmit(b"\x00\xa4") == b"\xa4\x00\x90\x00"
    assert 3.0 <= clock.time < 3.1


def test_a_chip_that_stays_busy():
    clock, chip = Clock(), Echo()
    chip.slow = 100.0
    with driver(Fm1280SpiSlave(chip, clock=clock.now), clock, limits=SpiLimits(answer=2.0)) as channel:
        with pytest.raises(FramingError, match=r"not ready to answer within 2 s \(state 01\)"):
            channel.transmit(b"\x00\xa4")
        with pytest.raises(FramingError, match="not ready to take a command within 1 s"):
            channel.transmit(b"\x00\xa4")


def test_a_spoilt_answer():
    slave = Fm1280SpiSlave(Echo(), spoil=lambda frame: frame[:-1] + b"\x00")
    with driver(slave) as channel, pytest.raises(FramingError, match="LRC is 00"):
        channel.transmit(b"\x00\xa4\x04\x01")


@pytest.mark.parametrize("idle", [0x00, 0xFF])
def test_a_bus_with_nothing_on_it(idle):
    class Nobody:
        def transfer(self, data, length):
            return bytes((idle,)) * length

    channel = driver(Nobody())
    with pytest.raises(BenchError, match=f"nothing answers on the SPI bus se: its input stays at {idle:02X}"):
        channel.open()
    channel._transport.open()
    channel.close()


def test_a_command_that_does_not_fit():
    with driver(Fm1280SpiSlave(Echo())) as channel, pytest.raises(FramingError, match="cannot be sent"):
        channel.transmit(bytes(1025))


def test_a_broken_command_leaves_the_chip_silent():
    slave = Fm1280SpiSlave(Echo())
    assert slave.transfer(b"\x02\x00\x02\x00\xa4\x00", 0) == b""
    assert slave.transfer(b"\x03", 4) == b"\xff" * 4


def test_i2c_is_not_enough():
    with pytest.raises(UsageError, match="needed spi, supplied i2c"):
        Fm1280Spi(SimulatedI2c("se", {}))
