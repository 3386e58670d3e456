"""The driver against a bus whose chip follows a script; time passes only when the driver pauses or reads."""

from itertools import pairwise

import pytest

from harness.chip.errors import FramingError
from harness.chip.fm1280 import Fm1280I2c, Limits, Reading
from harness.chip.fm1280_frame import Frame, FrameError
from harness.errors import BenchError, UsageError
from harness.transport.base import Capability, I2cRead, I2cWrite, Transport
from harness.transport.errors import I2cNack

COMMAND = bytes.fromhex("80F8000000")
ANSWER = bytes.fromhex("81800C2122232425262728292A2B2C9000")
I_BLOCK = Frame(0x02, COMMAND).to_bytes()
NAK = Frame(0xBA).to_bytes()
GET_ATR = Frame(0x30).to_bytes()
OK = Frame(0x00, ANSWER).to_bytes()
WAIT = Frame(0xF2).to_bytes()
NACK = "nack"


class Clock:
    def __init__(self):
        self.now = 1000.0
        self.pauses = []

    def __call__(self):
        return self.now

    def pause(self, seconds):
        assert seconds > 0
        self.pauses.append(seconds)
        self.now += seconds


class Bus(Transport):
    """Answers reads from a list, the last entry stays. `continues`: a frame goes on where a read stopped."""

    def __init__(self, *reads, clock, continues=False, write_nacks=0, address=0x71):
        super().__init__("i2c")
        self.reads = list(reads)
        self.clock = clock
        self.continues = continues
        self.write_nacks = write_nacks
        self.address = address
        self.rest = b""
        self.opened = 0
        self.log = []

    @property
    def capabilities(self):
        return frozenset({Capability.I2C})

    @property
    def identity(self):
        return "fake bus"

    def open(self):
        self.opened += 1

    def close(self):
        self.opened -= 1

    def do(self, operation):
        self.clock.now += 0.0001
        if operation.address != self.address:
            raise I2cNack("no acknowledge")
        if isinstance(operation, I2cWrite):
            if self.write_nacks:
                self.write_nacks -= 1
                raise I2cNack("no acknowledge")
            self.rest = b""
            self.log.append((self.clock.now, operation.data))
            return b""
        assert isinstance(operation, I2cRead)
        if self.rest:
            frame, self.rest = self.rest, b""
        else:
            frame = self.reads.pop(0) if len(self.reads) > 1 else self.reads[0]
        if frame == NACK:
            raise I2cNack("no acknowledge")
        self.log.append((self.clock.now, None))
        if len(frame) > operation.length:
            if self.continues:
                self.rest = frame[operation.length :]
            else:
                self.reads.insert(0, frame)
        return frame[: operation.length].ljust(operation.length, b"\xff")

    @property
    def written(self):
        return [data for _, data in self.log if data is not None]


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def chip(clock):
    def make(*reads, limits=None, reading=Reading.ONE_READ, address=0x71, **of_bus):
        bus = Bus(*reads, clock=clock, **of_bus)
        driver = Fm1280I2c(
            bus, address, limits=limits, reading=reading, ask_atr=False, clock=clock, pause=clock.pause
        )
        driver.open()
        return driver, bus

    return make


def test_one_exchange(chip):
    driver, bus = chip(OK)
    assert driver.transmit(COMMAND) == ANSWER
    assert bus.written == [I_BLOCK]
    assert (driver.extensions, driver.repeated) == (0, 0)


@pytest.mark.parametrize(
    ("reading", "continues"),
    [
        (Reading.ONE_READ, False),
        (Reading.ONE_READ, True),
        (Reading.HEAD_THEN_REST, True),
        (Reading.HEAD_THEN_WHOLE, False),
    ],
)
def test_ways_of_reading_fit_kinds_of_chips(chip, reading, continues):
    driver, bus = chip(OK, reading=reading, continues=continues)
    assert driver.transmit(COMMAND) == ANSWER
    assert bus.written == [I_BLOCK]


def test_the_longest_answer_comes_in_one_read(chip):
    longest = bytes(range(256)) + b"\x90\x00"
    driver, _ = chip(Frame(0, longest).to_bytes())
    assert driver.transmit(COMMAND) == longest


def test_a_busy_chip_is_polled_until_it_acknowledges(chip, clock):
    driver, bus = chip(*[NACK] * 50, OK)
    assert driver.transmit(COMMAND) == ANSWER
    assert bus.written == [I_BLOCK]
    assert clock.pauses.count(0.001) == 50


def test_a_busy_chip_may_take_the_command_late(chip):
    driver, bus = chip(OK, write_nacks=20)
    assert driver.transmit(COMMAND) == ANSWER
    assert bus.written == [I_BLOCK]


def test_frames_keep_their_distance(chip):
    driver, bus = chip(WAIT, OK, OK)
    driver.transmit(COMMAND)
    driver.transmit(COMMAND)
    times = [at for at, _ in bus.log]
    assert len(times) == 5
    assert all(later - earlier >= 0.005 for earlier, later in pairwise(times))


def test_a_waiting_time_extension_starts_the_timer_anew(chip, clock):
    slow = [NACK] * 6000  # 6 s and more at 1 ms each, below the limit of 8 s
    driver, _ = chip(*slow, WAIT, *slow, WAIT, *slow, OK)
    before = clock.now
    assert driver.transmit(COMMAND) == ANSWER
    assert clock.now - before > 18
    assert driver.extensions == 2


def test_no_answer_in_time_is_driver_error_12(chip, clock):
    driver, _ = chip(NACK)
    before = clock.now
    with pytest.raises(FramingError, match=r"driver error 12 .*no answer within 8 s") as caught:
        driver.transmit(COMMAND)
    assert 8 < clock.now - before < 8.1
    assert caught.value.code == 12
    assert caught.value.transport == "i2c"


def test_extensions_without_end_are_bounded(chip, clock):
    driver, _ = chip(WAIT)
    before = clock.now
    with pytest.raises(FramingError, match=r"60 s in all, \d+ extensions"):
        driver.transmit(COMMAND)
    assert 60 < clock.now - before < 60.1


def test_limits_can_be_set(chip, clock):
    driver, _ = chip(NACK, limits=Limits(answer=0.5))
    before = clock.now
    with pytest.raises(FramingError, match=r"within 0.5 s"):
        driver.transmit(COMMAND)
    assert clock.now - before < 0.6


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        (OK[:-1] + bytes((OK[-1] ^ 1,)), 14),
        (b"\xff" * 20, 13),
        (b"\x00" * 20, 13),
        (
            Frame(0, bytes(300)).to_bytes(),
            13,
        ),  # a frame longer than any answer: the read does not reach its end
    ],
)
def test_a_broken_frame_is_asked_for_again(chip, broken, code):
    driver, bus = chip(broken, OK)
    if code == 13 and len(broken) > 263:
        bus.continues = True
        bus.reads = [broken[:263], OK]
    assert driver.transmit(COMMAND) == ANSWER
    assert bus.written == [I_BLOCK, NAK]
    assert driver.repeated == 1
    driver, bus = chip(broken[:263])
    with pytest.raises(FramingError, match=f"driver error {code}") as caught:
        driver.transmit(COMMAND)
    assert caught.value.code == code
    assert bus.written == [I_BLOCK, NAK, NAK, NAK]


def test_the_next_command_counts_anew(chip):
    bad = b"\xff" * 20
    driver, bus = chip(bad, bad, OK, bad, bad, OK)
    assert driver.transmit(COMMAND) == ANSWER
    assert driver.transmit(COMMAND) == ANSWER
    assert bus.written.count(NAK) == 4


def test_an_unknown_status_is_named(chip):
    driver, _ = chip(Frame(0x77, b"\x01\x02").to_bytes())
    with pytest.raises(FramingError, match="status 77: 0102") as caught:
        driver.transmit(COMMAND)
    assert caught.value.code == 0x77


def test_nobody_there_is_the_bench(chip, clock):
    driver, _ = chip(OK, address=0x20)
    before = clock.now
    with pytest.raises(BenchError, match="0x20") as caught:
        driver.transmit(COMMAND)
    assert clock.now - before < 1.1
    assert "address" in caught.value.hint


def test_a_chip_that_was_there_and_takes_nothing_more_is_the_device(chip):
    driver, bus = chip(OK)
    driver.transmit(COMMAND)
    bus.write_nacks = 10**9
    with pytest.raises(FramingError, match="did not take a frame"):
        driver.transmit(COMMAND)


def test_a_command_that_fits_no_frame_is_not_sent(chip):
    driver, bus = chip(OK)
    with pytest.raises(FrameError, match="1022 bytes"):
        driver.transmit(bytes(1022))
    assert bus.written == []


def test_open_asks_for_the_atr(clock):
    bus = Bus(NACK, Frame(0, b"\x3b\x01").to_bytes(), clock=clock)
    driver = Fm1280I2c(bus, clock=clock, pause=clock.pause)
    with driver:
        assert driver.atr == b"\x3b\x01"
        assert bus.written == [GET_ATR]
        assert bus.opened == 1
    assert bus.opened == 0


def test_a_failed_open_leaves_the_bus_closed(clock):
    bus = Bus(OK, clock=clock, address=0x20)
    with pytest.raises(BenchError):
        Fm1280I2c(bus, clock=clock, pause=clock.pause).open()
    assert bus.opened == 0


def test_the_transport_must_be_a_bus():
    class Stream(Bus):
        @property
        def capabilities(self):
            return frozenset({Capability.STREAM})

    with pytest.raises(UsageError, match="needed i2c"):
        Fm1280I2c(Stream(OK, clock=Clock()))
