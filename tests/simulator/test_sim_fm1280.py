"""The chip's side of the I²C framing, alone and against the harness's own driver."""

import pytest

from harness.chip.fm1280 import Fm1280I2c, Limits
from harness.chip.fm1280 import Reading as HostReading
from harness.errors import BenchError, DeviceError, UsageError
from harness.simulator.bus.i2c import SimulatedI2c
from harness.simulator.chip.fm1280 import Fm1280Slave, NotAcknowledged, Reading, build_frame, read_frame
from harness.simulator.faults.catalogue import find
from harness.transport.base import Capability, I2cRead, I2cWrite, StreamRead
from harness.transport.errors import I2cNack

GET_ID = bytes.fromhex("80F8000000")
ID_ANSWER = bytes.fromhex("81800C2122232425262728292A2B2C9000")
QUICK = Limits(answer=0.05, total=0.1, write=0.02, frame_delay=0.0, poll_pause=0.0)


def test_frame_of_the_protocol_page():
    assert build_frame(0x02, GET_ID).hex() == "0800000280f80000" + "00" + "72"
    assert read_frame(build_frame(0x30, b"")) == (0x30, b"")


def test_answer_and_what_lies_behind_it(chip_of):
    slave = Fm1280Slave(chip_of())
    with pytest.raises(NotAcknowledged):
        slave.read(4)
    slave.write(build_frame(0x02, GET_ID))
    raw = slave.read(30)
    assert raw[:22] == build_frame(0x00, ID_ANSWER)
    assert raw[22:] == b"\xff" * 8
    with pytest.raises(NotAcknowledged):
        slave.read(4)


@pytest.mark.parametrize("bad", [b"", b"\x08", build_frame(2, GET_ID)[:-1], build_frame(2, GET_ID) + b"\x00"])
def test_a_broken_frame_gets_no_answer(chip_of, bad):
    slave = Fm1280Slave(chip_of())
    slave.write(bad)
    with pytest.raises(NotAcknowledged):
        slave.read(4)


def test_a_wrong_check_byte_gets_no_answer(chip_of):
    slave = Fm1280Slave(chip_of())
    frame = bytearray(build_frame(2, GET_ID))
    frame[-1] ^= 0x80
    slave.write(bytes(frame))
    with pytest.raises(NotAcknowledged):
        slave.read(4)


def test_nak_repeats_the_last_answer(chip_of):
    slave = Fm1280Slave(chip_of())
    slave.write(build_frame(0xBA, b""))
    with pytest.raises(NotAcknowledged):
        slave.read(4)  # nothing was said yet
    slave.write(build_frame(0x02, bytes.fromhex("0084000008")))
    first = slave.read(15)
    for _ in range(2):
        slave.write(build_frame(0xBA, b""))
        assert slave.read(15) == first


def test_short_reads(chip_of):
    whole = build_frame(0x00, ID_ANSWER)
    anew, going_on = Fm1280Slave(chip_of()), Fm1280Slave(chip_of(), reading=Reading.CONTINUES)
    for slave in (anew, going_on):
        slave.write(build_frame(0x02, GET_ID))
        assert slave.read(2) == whole[:2]
    assert anew.read(22) == whole
    assert going_on.read(20) == whole[2:]


def test_get_atr_starts_a_new_session(chip_of):
    slave = Fm1280Slave(chip_of(), atr=b"\x3b\x00")
    pin = bytes.fromhex("0020000006313233343536")
    slave.write(build_frame(0x02, pin))
    assert read_frame(slave.read(7)) == (0, b"\x90\x00")
    slave.write(build_frame(0x30, b""))
    assert read_frame(slave.read(7)) == (0, b"\x3b\x00")
    slave.write(build_frame(0x02, bytes.fromhex("00200000")))
    assert read_frame(slave.read(7)) == (0, bytes.fromhex("63C3"))


@pytest.mark.parametrize("host_reading", list(HostReading))
@pytest.mark.parametrize("extensions", [0, 3])
def test_the_driver_of_the_harness_talks_to_it(chip_of, host_reading, extensions):
    reading = Reading.CONTINUES if host_reading is HostReading.HEAD_THEN_REST else Reading.ANEW
    bus = SimulatedI2c("bus", {0x71: Fm1280Slave(chip_of(), reading=reading, extensions=extensions)})
    with Fm1280I2c(bus, limits=QUICK, reading=host_reading) as channel:
        assert channel.atr
        assert channel.transmit(GET_ID) == ID_ANSWER
        assert channel.extensions == extensions
        assert channel.transmit(bytes.fromhex("80EE000000")).hex() == "6d00"


def host_against(chip_of, fault):
    broken = find(fault)
    slave = Fm1280Slave(chip_of(fault=fault), broken.framing_hooks())
    return Fm1280I2c(SimulatedI2c("bus", {0x71: slave}), limits=QUICK)


def test_a_repeat_repairs_one_bad_check_byte(chip_of):
    with host_against(chip_of, "bcc-wrong-once") as channel:
        assert channel.transmit(GET_ID) == ID_ANSWER
        assert channel.repeated == 1


@pytest.mark.parametrize("fault", ["bcc-wrong-always", "wtx-forever", "slow-answer"])
def test_the_device_is_blamed(chip_of, fault):
    with pytest.raises(DeviceError), host_against(chip_of, fault) as channel:
        channel.transmit(bytes.fromhex("80F60001155103000010" + "00" * 16))


def test_the_bench_is_blamed_when_nothing_acknowledges(chip_of):
    with pytest.raises(BenchError), host_against(chip_of, "nak-forever"):
        pass


# --- the bus ---


def test_several_slaves_and_empty_addresses(chip_of):
    bus = SimulatedI2c(
        "bus", {0x71: Fm1280Slave(chip_of()), 0x20: Fm1280Slave(chip_of(fault="id-length-11"))}
    )
    with bus:
        for address, size in ((0x71, 12), (0x20, 11)):
            bus.do(I2cWrite(address, build_frame(0x02, GET_ID)))
            assert bus.do(I2cRead(address, 32))[6] == size
        with pytest.raises(I2cNack, match="0x30"):
            bus.do(I2cWrite(0x30, b"\x00"))
        with pytest.raises(I2cNack, match="0x71"):
            bus.do(I2cRead(0x71, 1))


def test_rules_of_a_transport(chip_of):
    bus = SimulatedI2c("bus", {0x71: Fm1280Slave(chip_of())}, "simulated bus with a chip")
    assert bus.capabilities == {Capability.I2C}
    assert bus.identity == "simulated bus with a chip"
    with pytest.raises(BenchError, match="not open"):
        bus.do(I2cRead(0x71, 1))
    with bus:
        with pytest.raises(UsageError):
            bus.do(StreamRead(1, 0))
        with pytest.raises(UsageError, match="twice"):
            bus.open()
    bus.close()
    with pytest.raises(BenchError, match="not open"):
        bus.do(I2cRead(0x71, 1))


def test_reserved_addresses():
    with pytest.raises(UsageError, match="reserved"):
        SimulatedI2c("bus", {0x78: Fm1280Slave})
