"""The shared contract of all transports, on the kernel's own buses: the fast fakes are held to the slow truth."""

import queue
from pathlib import Path

import pytest

from harness.simulator.bus.stream import Output, StreamDevice
from harness.simulator.usb.apdu_pipe import ApduPipe
from harness.simulator.usb.ccid import CcidToken
from harness.simulator.usb.cdc_acm import CdcAcm
from harness.simulator.usb.ftdi import FtdiSerial
from harness.simulator.usb.i2c_adapter import I2cTinyUsb
from harness.simulator.usb.nodes import node
from harness.transport.i2c.bus import I2cTransport
from harness.transport.identity import UsbSelector
from harness.transport.serial.port import SerialTransport
from harness.transport.usb.ccid import CcidTransport
from harness.transport.usb.pipe import UsbPipeTransport
from tests.transport.contract import (
    ApduBench,
    ApduContract,
    I2cBench,
    I2cContract,
    StreamBench,
    StreamContract,
)
from tests.transport.far_ends import EXCHANGES, EchoChip, EchoSlave


class UsbfsBench(ApduBench):
    exchanges = EXCHANGES

    def __init__(self, insert, device, make):
        self.device = device
        self.plug = insert(device)
        self.where = UsbSelector(location=self.plug.place)
        self.make = make

    def transport(self):
        return self.make(self.name, self.where)

    def unplug(self):
        self.plug.remove()

    def hush(self, *, on):
        self.device.nak(0x81, on=on)


class TestApduPipeOnUsbfs(ApduContract):
    @pytest.fixture
    def bench(self, insert):
        return UsbfsBench(insert, ApduPipe(EchoChip()), UsbPipeTransport)

    def test_a_stalled_pipe_is_cleared(self, bench):
        bench.device.stall(0x81)
        with bench.transport() as transport:
            for _ in range(2):  # the first exchange may tell of the stall; it must not last
                try:
                    answered = self.works(bench, transport)
                except Exception:  # noqa: BLE001 - which error it is, T's own tests say
                    continue
            assert answered
        assert bench.device.cleared_halts >= 1


class TestCcidOnUsbfs(ApduContract):
    @pytest.fixture
    def bench(self, insert):
        return UsbfsBench(insert, CcidToken(EchoChip(), extensions=1), CcidTransport)


class KernelI2c(I2cBench):
    def __init__(self, insert):
        self.plug = insert(I2cTinyUsb({self.echo: EchoSlave()}))
        self.path = str(node(self.plug.place, "i2c-*"))

    def transport(self):
        return I2cTransport(self.name, self.path)

    def unplug(self):
        self.plug.remove()


class TestI2cDev(I2cContract):
    @pytest.fixture
    def bench(self, insert):
        return KernelI2c(insert)


class Ear(StreamDevice):
    """Keeps what it hears."""

    def __init__(self, heard):
        self.heard = heard

    def receive(self, data):
        for byte in data:
            self.heard.put(byte)
        return iter(())

    def power_on(self):
        return iter((Output(b""),))


class KernelTty(StreamBench):
    def __init__(self, insert, make, pattern, pipe):
        self.heard = queue.Queue()
        self.device = make(lambda: Ear(self.heard), settle=0.0)
        self.plug = insert(self.device)
        self.path = str(node(self.plug.place, pattern))
        self.pipe = pipe

    def transport(self):
        return SerialTransport(self.name, self.path)

    def unplug(self):
        self.plug.remove()
        assert not Path(self.path).exists()

    def say(self, data):
        self.device.send(self.pipe, self.device.packed(data))

    def hear(self, count):
        return bytes(self.heard.get(timeout=10) for _ in range(count))


@pytest.mark.parametrize(
    "kind", [(CdcAcm, "ttyACM*", 0x83), (FtdiSerial, "ttyUSB*", 0x81)], ids=["cdc-acm", "ftdi_sio"]
)
class TestTty(StreamContract):
    @pytest.fixture
    def bench(self, insert, kind):
        return KernelTty(insert, *kind)
