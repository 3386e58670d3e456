"""The contract on the buses of this process: what is easy to use in tests must keep what real ones keep."""

import pytest

from harness.errors import BenchError, UsageError
from harness.simulator.bus.i2c import SimulatedI2c
from harness.simulator.bus.spi import SimulatedSpi
from harness.simulator.usb.ccid import CcidToken
from harness.transport.base import CardReset, I2cRead, SpiTransfer
from harness.transport.identity import UsbSelector
from harness.transport.recording.recorder import Recorded
from harness.transport.recording.recording import read
from harness.transport.recording.writer import Recording
from harness.transport.usb.ccid import CcidTransport
from tests.transport.contract import I2cBench, I2cContract
from tests.transport.far_ends import EchoChip, EchoSlave
from tools.usb_backend import MemoryBackend


class SimulatedBench(I2cBench):
    def transport(self):
        return SimulatedI2c(self.name, {self.echo: EchoSlave()})

    def unplug(self):
        raise AssertionError("a bus in this process has no plug")


class TestSimulatedI2c(I2cContract):
    @pytest.fixture
    def bench(self):
        return SimulatedBench()

    test_without_its_device_it_does_not_open = None
    test_unplugged_it_raises_and_never_answers = None


class Answering:
    def transfer(self, data, length):
        return data[::-1][:length].ljust(length, b"\xff")


def test_spi_transfers_and_what_it_refuses():
    with SimulatedSpi("se", Answering()) as bus:
        assert bus.do(SpiTransfer(b"\x01\x02", 3)) == b"\x02\x01\xff"
        for nothing in (SpiTransfer(b"", 0), SpiTransfer(b"x", -1)):
            with pytest.raises(UsageError, match="at least one byte"):
                bus.do(nothing)
        with pytest.raises(UsageError, match="needs i2c, supplied spi"):
            bus.do(I2cRead(0x48, 1))
        with pytest.raises(UsageError, match="opened twice"):
            bus.open()
    with pytest.raises(BenchError, match="not open"):
        bus.do(SpiTransfer(b"x", 0))


def test_spi_and_card_resets_are_recorded(tmp_path):
    spi = SimulatedSpi("se", Answering())
    with Recording(tmp_path / "spi.jsonl", spi) as recording, Recorded(spi, recording) as recorded:
        recorded.do(SpiTransfer(b"\x9f", 2))
    backend = MemoryBackend()
    backend.plug(CcidToken(EchoChip()))
    reader = CcidTransport("se", UsbSelector(location="1-1"), backend=backend)
    with Recording(tmp_path / "ccid.jsonl", reader) as recording, Recorded(reader, recording) as recorded:
        assert recorded.do(CardReset()) == bytes.fromhex("3B80800101")
    found = []
    for name in ("spi", "ccid"):
        with read(tmp_path / f"{name}.jsonl") as reading:
            found += [
                (each.op, each.direction, each.data.hex()) for each in reading if each.direction in "<>"
            ]
    assert found == [("spi", ">", "9f"), ("spi", "<", "9fff"), ("card-reset", "<", "3b80800101")]
