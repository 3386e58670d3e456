"""A chip that answers no more: is it there, and did wrong, or is it gone, which says nothing about it?"""

import pytest

from harness.board.opening.watched import Hearing, WatchedChannel
from harness.chip.channel import ApduChannel
from harness.chip.direct import Direct
from harness.chip.errors import (
    AnswerError,
    AnswerTimeoutError,
    ChipTimeoutError,
    FramingError,
)
from harness.chip.fm1280 import Fm1280I2c, Limits
from harness.chip.fm1280_spi import Fm1280Spi, SpiLimits
from harness.chip.hexline import HexLine
from harness.errors import BenchError, DeviceError, ToolError, UsageError
from harness.hostload import Host, HostOverloadedError
from harness.id2 import published
from harness.id2.keys import KeyType
from harness.simulator.bus.i2c import SimulatedI2c
from harness.simulator.bus.spi import SimulatedSpi
from harness.simulator.chip.config import ChipConfig
from harness.simulator.chip.fm1280 import Fm1280Slave, NotAcknowledged
from harness.simulator.chip.fm1280_spi import Fm1280SpiSlave
from harness.simulator.chip.framing_hooks import BccWrongAlways, WtxForever
from harness.simulator.chip.kinds import make_chip
from harness.simulator.chip.model import ChipModel
from harness.transport.base import Capability, Exchange, StreamRead, Transport
from harness.transport.errors import Silent, UsbStall

SELECT = bytes.fromhex("00A404000EA0000000416C6959756E2E494432")
GET_ID = bytes.fromhex("80F8000000")
OK = b"\x90\x00"


class Clock:
    """Time that passes when somebody waits, and a little at each look."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        self.now += 0.001
        return self.now

    def pause(self, seconds):
        self.now += seconds


def quiet_host(clock):
    return Host(clock=clock, waited=dict, stolen=lambda: 0.0, beats=False)


@pytest.fixture
def clock():
    return Clock()


def watched(inner, clock, hearing=None, host=None, timeout=1.0):
    return WatchedChannel(
        inner,
        probe=SELECT,
        timeout=timeout,
        hearing=hearing or Hearing(),
        machine=host or Host(clock=lambda: 0.0, waited=dict, stolen=lambda: 0.0, beats=False),
        clock=clock,
        pause=clock.pause,
    )


class Scripted(ApduChannel):
    """A channel that answers, or raises, what a list says; its last entry for ever."""

    name = "se"

    def __init__(self, *answers, opens=()):
        self.answers = list(answers)
        self.opens = list(opens)
        self.sent = []
        self.closed = 0

    def open(self):
        if self.opens and (problem := self.opens.pop(0)) is not None:
            raise problem

    def close(self):
        self.closed += 1

    def transmit(self, command):
        self.sent.append(command)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


class Leaving:
    """A slave on I²C that leaves the bus when it is told."""

    def __init__(self, slave):
        self.slave = slave
        self.here = True
        self.hangs_on = None
        self.hangs = False

    def write(self, data):
        if not self.here or self.hangs:
            raise NotAcknowledged
        if self.hangs_on is not None and self.hangs_on in data:
            self.hangs = True
            return
        self.slave.write(data)

    def read(self, length):
        if not self.here or self.hangs:
            raise NotAcknowledged
        return self.slave.read(length)


def chip_model() -> ChipModel:
    key = published.KEYS[KeyType.AES_128]
    return make_chip(ChipConfig("ica", key.id2, key.key))


def on_i2c(clock, slave, timeout=1.0):
    bus = SimulatedI2c("se", {0x71: slave})
    limits = Limits(answer=timeout, total=7 * timeout, frame_delay=0.0)
    return Fm1280I2c(bus, limits=limits, clock=clock, pause=clock.pause)


def test_a_chip_that_drops_off_the_bus_is_for_the_bench(clock):
    slave = Leaving(Fm1280Slave(chip_model()))
    channel = watched(on_i2c(clock, slave), clock)
    channel.open()
    assert channel.transmit(SELECT)[-2:] == OK
    slave.here = False
    with pytest.raises(BenchError, match="the device is unplugged, without power, or hung") as caught:
        channel.transmit(GET_ID)
    assert caught.value.outcome == "blocked"
    assert "power-cycle" in caught.value.hint
    slave.here = True
    assert channel.transmit(SELECT)[-2:] == OK  # plugged in again, it is used again


def test_a_chip_that_hangs_in_one_command_and_lives_has_failed(clock):
    slave = Leaving(Fm1280Slave(chip_model()))
    channel = watched(on_i2c(clock, slave), clock)
    channel.open()
    channel.transmit(SELECT)
    slave.hangs_on = GET_ID

    class Power(Fm1280I2c):
        """Opening it anew powers the chip: it comes back."""

        def open(self):
            slave.hangs, slave.hangs_on = False, None
            super().open()

    channel.inner.__class__ = Power
    with pytest.raises(ChipTimeoutError) as caught:
        channel.transmit(GET_ID)
    assert caught.value.outcome == "failed"
    assert "command 80 F8 00 00 was not answered within 1 s" in caught.value.message
    assert "the device is there: opened anew, it answered 00 A4 04 00 after" in caught.value.message
    assert channel.transmit(SELECT)[-2:] == OK


def test_an_empty_bus_was_never_heard(clock):
    channel = watched(on_i2c(clock, Leaving(None)), clock)
    channel.inner._transport._slaves.clear()
    with pytest.raises(BenchError, match="nothing acknowledges at I²C address 0x71"):
        channel.open()


def test_another_device_at_the_address_was_never_heard(clock):
    class Sensor:
        def write(self, data):
            pass

        def read(self, length):
            return b"\x19\x80" * (length // 2) + b"\x19" * (length % 2)

    with pytest.raises(BenchError, match="nothing sound was ever heard from the chip on se") as caught:
        watched(on_i2c(clock, Sensor()), clock).open()
    assert "command_set" in caught.value.hint


def test_a_chip_whose_frames_are_all_wrong_has_spoken(clock):
    channel = watched(on_i2c(clock, Fm1280Slave(chip_model(), BccWrongAlways())), clock)
    with pytest.raises(FramingError) as caught:
        channel.open()
    assert caught.value.outcome == "failed"


def test_a_chip_that_asks_for_more_time_for_ever_has_spoken(clock):
    channel = watched(on_i2c(clock, Fm1280Slave(chip_model(), WtxForever())), clock)
    channel.open()
    with pytest.raises(FramingError, match="in all") as caught:
        channel.transmit(SELECT)
    assert caught.value.outcome == "failed"


class Unwired:
    """An SPI slave whose wires can be cut: its input then reads one level for ever."""

    def __init__(self, slave):
        self.slave = slave
        self.level = None

    def transfer(self, data, length):
        return self.slave.transfer(data, length) if self.level is None else bytes((self.level,)) * length


@pytest.mark.parametrize("level", [0x00, 0xFF])
def test_a_chip_that_leaves_an_spi_bus(clock, level):
    slave = Unwired(Fm1280SpiSlave(chip_model()))
    spi = Fm1280Spi(
        SimulatedSpi("se", slave), limits=SpiLimits(answer=0.5, write=0.5), clock=clock, pause=clock.pause
    )
    channel = watched(spi, clock)
    channel.open()
    assert channel.transmit(SELECT)[-2:] == OK
    slave.level = level
    with pytest.raises(BenchError, match="unplugged, without power, or hung"):
        channel.transmit(GET_ID)


class Line(Transport):
    """A stream whose far end answers each line as it is told."""

    def __init__(self, answer):
        super().__init__("se")
        self.answer = answer
        self.pending = b""

    capabilities = frozenset({Capability.STREAM})
    identity = "line"
    is_open = False

    def open(self):
        if self.is_open:
            raise UsageError("line: opened twice")
        self.is_open = True

    def close(self):
        self.is_open = False

    def do(self, operation):
        if not self.is_open:
            raise BenchError("line: not open")
        if isinstance(operation, StreamRead):
            data, self.pending = self.pending, b""
            return data
        self.pending += self.answer(bytes.fromhex(operation.data.decode()))
        return b""


def hex_line(clock, answer):
    return HexLine(Line(answer), timeout=0.5, clock=clock)


def test_a_port_with_something_else_behind_it_was_never_heard(clock):
    channel = watched(hex_line(clock, lambda _: b"login: \r\nPassword: \r\n"), clock)
    channel.open()
    with pytest.raises(BenchError, match="nothing sound was ever heard") as caught:
        channel.transmit(SELECT)
    assert caught.value.outcome == "blocked"


def test_a_line_that_turns_to_other_text_is_the_device_speaking(clock):
    says = [b"9000\n", b"Hard fault\n"]
    channel = watched(hex_line(clock, lambda _: says.pop(0)), clock)
    channel.open()
    assert channel.transmit(SELECT) == OK
    with pytest.raises(AnswerError, match="Hard fault"):
        channel.transmit(GET_ID)


def test_a_line_that_goes_silent(clock):
    says = iter([b"9000\n"])
    channel = watched(hex_line(clock, lambda _: next(says, b"")), clock)
    channel.open()
    channel.transmit(SELECT)
    with pytest.raises(BenchError, match="unplugged, without power, or hung"):
        channel.transmit(GET_ID)
    with pytest.raises(BenchError, match="nothing was"):  # the port outlives the chip, and is opened anew
        channel.transmit(GET_ID)


def test_a_device_that_comes_back_is_opened_and_selected_anew(clock):
    inner = Scripted(OK, BenchError("end of stream"), OK, OK)
    channel = watched(inner, clock)
    channel.open()
    channel.transmit(SELECT)
    with pytest.raises(BenchError, match="end of stream"):
        channel.transmit(GET_ID)
    assert inner.closed == 1
    assert channel.transmit(GET_ID) == OK
    assert inner.sent == [SELECT, GET_ID, SELECT, GET_ID]


def test_a_late_answer_is_not_taken_for_the_next_one(clock):
    """The answer to the command before comes with the one to the probe: both are gone before the run goes on."""
    late = []

    def answer(command):
        if command == GET_ID:
            late.append(b"6F00\n")
            return b""
        said = b"".join(late) + b"9000\n"
        late.clear()
        return said

    channel = watched(hex_line(clock, answer), clock)
    channel.open()
    channel.transmit(SELECT)
    with pytest.raises(ChipTimeoutError, match="the device is there"):
        channel.transmit(GET_ID)
    assert channel.transmit(SELECT) == OK


def test_a_silent_reader_with_a_live_chip_has_failed(clock):
    inner = Scripted(OK, Silent("nothing within 1 s"), OK)
    channel = watched(inner, clock)
    channel.transmit(SELECT)
    with pytest.raises(ChipTimeoutError, match="nothing within 1 s; the device is there") as caught:
        channel.transmit(GET_ID)
    assert caught.value.outcome == "failed"
    assert inner.closed == 1


def test_a_silent_reader_with_a_dead_chip_is_for_the_bench(clock):
    inner = Scripted(OK, Silent("nothing within 1 s"))
    channel = watched(inner, clock)
    channel.transmit(SELECT)
    with pytest.raises(BenchError, match="unplugged, without power, or hung"):
        channel.transmit(GET_ID)


def test_a_device_whose_node_is_gone(clock):
    inner = Scripted(
        OK, AnswerTimeoutError("no answer within 1 s"), opens=[None] + [BenchError("no such device")] * 99
    )
    channel = watched(inner, clock)
    channel.open()
    channel.transmit(SELECT)
    with pytest.raises(BenchError, match=r"no sound answer comes either \(no such device\)"):
        channel.transmit(GET_ID)


def test_a_chip_that_is_still_busy_is_waited_for(clock):
    inner = Scripted(
        OK, AnswerTimeoutError("late"), AnswerTimeoutError("busy"), AnswerTimeoutError("busy"), OK
    )
    channel = watched(inner, clock)
    channel.transmit(SELECT)
    with pytest.raises(ChipTimeoutError, match="the device is there"):
        channel.transmit(GET_ID)


def test_a_refusal_of_the_device_stands(clock):
    channel = watched(Scripted(OK, UsbStall("stalled")), clock)
    channel.transmit(SELECT)
    with pytest.raises(UsbStall):
        channel.transmit(GET_ID)


def test_a_refusal_of_what_was_never_heard_is_for_the_bench(clock):
    with pytest.raises(BenchError, match="nothing sound was ever heard"):
        watched(Scripted(UsbStall("stalled")), clock).transmit(SELECT)
    with pytest.raises(BenchError, match="an answer of 1 bytes"):
        watched(Scripted(b"\x90"), clock).transmit(SELECT)


def test_hearing_is_kept_over_sessions(clock):
    hearing = Hearing()
    watched(Scripted(OK), clock, hearing).transmit(SELECT)
    with pytest.raises(UsbStall):
        watched(Scripted(UsbStall("stalled")), clock, hearing).transmit(SELECT)


def test_a_replay_that_lacks_the_question_keeps_what_happened(clock):
    inner = Scripted(OK, AnswerTimeoutError("no answer"), opens=[None, ToolError("not in the recording")])
    channel = watched(inner, clock)
    channel.open()
    channel.transmit(SELECT)
    with pytest.raises(AnswerTimeoutError, match="no answer"):
        channel.transmit(GET_ID)


class Stopped(ApduChannel):
    """A channel in whose command the whole process is stopped."""

    name = "se"

    def __init__(self, now, stopped, error):
        self.now = now
        self.stopped = stopped
        self.error = error

    def open(self):
        pass

    def close(self):
        pass

    def transmit(self, command):
        self.now[0] += self.stopped
        if self.error is not None and command != SELECT:
            raise self.error
        return OK


@pytest.mark.parametrize("error", [AnswerTimeoutError("no answer"), Silent("nothing")])
def test_a_time_out_of_a_stopped_host_accuses_nobody(clock, error):
    now = [0.0]
    host = quiet_host(lambda: now[0])
    channel = watched(Stopped(now, 124.0, error), clock, Hearing(heard=True), host)
    with pytest.raises(HostOverloadedError, match="this machine is overloaded") as caught:
        channel.transmit(GET_ID)
    assert caught.value.outcome == "blocked"
    assert "took 124.0 s, allowed 1 s" in caught.value.message


def test_a_device_error_of_a_stopped_host_stands(clock):
    now = [0.0]
    channel = watched(
        Stopped(now, 124.0, DeviceError("wrong")), clock, Hearing(heard=True), quiet_host(lambda: now[0])
    )
    with pytest.raises(DeviceError, match="wrong"):
        channel.transmit(GET_ID)


def test_a_direct_channel_over_a_transport_that_falls_silent(clock):
    class Usb(Transport):
        capabilities = frozenset({Capability.APDU})
        identity = "usb"
        alive = True

        def open(self):
            pass

        def close(self):
            pass

        def do(self, operation):
            assert isinstance(operation, Exchange)
            if not self.alive:
                raise Silent("nothing within 1 s")
            return OK

    usb = Usb("se")
    channel = watched(Direct(usb), clock)
    channel.open()
    channel.transmit(SELECT)
    usb.alive = False
    with pytest.raises(BenchError, match="unplugged, without power, or hung"):
        channel.transmit(GET_ID)
