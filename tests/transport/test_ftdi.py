"""FTDI bridges: found by the real pyusb on simulated devices; the controller is one of the test's own."""

import errno
import sys

import pytest

from harness.errors import BenchError, UsageError
from harness.simulator.usb.descriptors import Descriptors, Endpoint, Identity, Interface
from harness.simulator.usb.device import UsbDevice
from harness.transport.base import I2cRead, I2cWrite, SpiTransfer, StreamRead
from harness.transport.ftdi.bridge import FtdiI2c, FtdiSpi
from harness.transport.identity import UsbSelector
from tests.transport.contract import I2cBench, I2cContract
from tests.transport.far_ends import EchoSlave
from tools.usb_backend import MemoryBackend


class I2cNackError(OSError):
    """Named as pyftdi's."""


def bridge(serial_number="F1", pid=0x6014, ports=1):
    interfaces = tuple(
        Interface(number, (Endpoint(0x02 + 2 * number), Endpoint(0x81 + 2 * number)))
        for number in range(ports)
    )
    return UsbDevice(Descriptors(Identity(0x0403, pid, serial_number, product="bridge"), interfaces))


class Controller:
    """An I²C controller in front of an echo slave, or an SPI controller whose port echoes."""

    def __init__(self, bench, *settings):
        self.bench = bench
        self.settings = settings
        self.closed = False
        self.port = self

    def read(self, address, readlen):
        return bytearray(self._slave(address, lambda slave: slave.read(readlen)))

    def write(self, address, out):
        self._slave(address, lambda slave: slave.write(out))

    def exchange(self, out, readlen):
        self._check()
        return bytearray(out[::-1][:readlen].ljust(readlen, b"\xff"))

    def close(self):
        self.closed = True
        self._check()

    def _slave(self, address, use):
        self._check()
        if address != 0x48:
            raise I2cNackError("NACK from slave")
        return use(self.bench.slave)

    def _check(self):
        if self.bench.failure is not None:
            raise self.bench.failure


class BridgeBench(I2cBench):
    def __init__(self):
        self.backend = MemoryBackend()
        self.device = bridge()
        self.backend.plug(self.device)
        self.slave = EchoSlave()
        self.failure = None
        self.made = []

    def connect(self, device, *settings):
        self.made.append(Controller(self, *settings))
        return self.made[-1]

    def transport(self):
        wanted = UsbSelector(serial_number="F1")
        return FtdiI2c(self.name, wanted, backend=self.backend, connect=self.connect)

    def unplug(self):
        self.backend.unplug(self.device)
        lost = OSError(errno.ENODEV, "No such device")
        self.failure = RuntimeError("UsbError")
        self.failure.__cause__ = lost


class TestFtdiI2c(I2cContract):
    @pytest.fixture
    def bench(self):
        return BridgeBench()


@pytest.fixture
def bench():
    return BridgeBench()


def i2c(bench, **settings):
    wanted = settings.pop("wanted", UsbSelector(serial_number="F1"))
    return FtdiI2c("se", wanted, backend=bench.backend, connect=bench.connect, **settings)


def spi(bench, **settings):
    wanted = UsbSelector(serial_number="F1")
    return FtdiSpi("se", wanted, backend=bench.backend, connect=bench.connect, **settings)


def test_what_was_found_and_what_it_occupies(bench):
    transport = i2c(bench, frequency=400_000, clock_stretching=True)
    assert transport.place() == "usb 1-1 interface 0"
    with transport:
        assert transport.identity == "usb 0403:6014, 'bridge', serial number F1, location 1-1, interface 0"
    (controller,) = bench.made
    assert controller.settings == (1, 400_000, True)
    assert controller.closed


def test_the_first_port_of_several_unless_another_is_named(bench):
    bench.backend.plug(bridge("F4", 0x6011, ports=4), "1-2")
    with i2c(bench, wanted=UsbSelector(serial_number="F4")) as transport:
        assert transport.identity.endswith("interface 0")
    with i2c(bench, wanted=UsbSelector(serial_number="F4", interface=1)) as transport:
        assert transport.identity.endswith("interface 1")
    assert [controller.settings[0] for controller in bench.made] == [1, 2]


def test_two_bridges_are_told_apart(bench):
    bench.backend.plug(bridge("F2"), "1-2")
    with pytest.raises(UsageError, match="2 FTDI bridges have vid 0403, pid 6014") as caught:
        i2c(bench, wanted=UsbSelector(0x0403, 0x6014)).open()
    assert caught.value.hint == "tell them apart by serial_number: F1 or F2"


def test_a_plain_serial_adapter_is_no_bridge(bench):
    bench.backend.plug(bridge("U1", 0x6001), "1-2")
    with pytest.raises(BenchError, match="no FTDI bridge with vid 0403, serial_number U1"):
        i2c(bench, wanted=UsbSelector(serial_number="U1")).open()


@pytest.mark.parametrize(
    "operation", [I2cRead(0xE2, 1), I2cRead(0x02, 1), I2cWrite(0x48, b""), I2cRead(0x48, 8193)]
)
def test_impossible_messages(bench, operation):
    with i2c(bench) as transport, pytest.raises(UsageError, match=r"no 7-bit I²C address|1 to 8192 bytes"):
        transport.do(operation)


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (OSError(errno.EACCES, "Access denied"), "permission denied"),
        (OSError(errno.EBUSY, "Resource busy"), "in use by another program"),
        (ValueError("odd"), "odd while opening it"),
    ],
)
def test_a_bridge_that_does_not_open(bench, failure, message):
    def refuse(*_arguments):
        raise failure

    for kind in (FtdiI2c, FtdiSpi):
        transport = kind("se", UsbSelector(serial_number="F1"), backend=bench.backend, connect=refuse)
        with pytest.raises(BenchError, match=message) as caught:
            transport.open()
        assert caught.value.transport == "se"
        assert caught.value.hint


def test_a_failure_amid_a_transaction_names_the_moment(bench):
    with i2c(bench) as transport:
        bench.failure = RuntimeError("strange")
        with pytest.raises(BenchError, match="strange while reading at address 0x48"):
            transport.do(I2cRead(0x48, 1))
        bench.failure = None


def test_spi_transfers(bench):
    with spi(bench, frequency=2_000_000, mode=0, chip_select=1) as transport:
        assert bench.made[0].settings == (1, 2_000_000, 0, 1)
        assert transport.do(SpiTransfer(b"\x9f\x01", 3)) == b"\x01\x9f\xff"
        assert transport.do(SpiTransfer(b"\x02", 0)) == b""
        for wrong in (SpiTransfer(b"", 0), SpiTransfer(b"x", -1), SpiTransfer(b"x", 65280)):
            with pytest.raises(UsageError, match="1 to 65280 bytes"):
                transport.do(wrong)
        with pytest.raises(UsageError, match="needs stream, supplied spi"):
            transport.do(StreamRead(1, 0.0))
        with pytest.raises(UsageError, match="opened twice"):
            transport.open()
        bench.unplug()
        with pytest.raises(BenchError, match=r"unplugged while transferring, at \d\d:\d\d"):
            transport.do(SpiTransfer(b"\x05", 1))
    with pytest.raises(BenchError, match="not open"):
        transport.do(SpiTransfer(b"\x05", 1))


@pytest.mark.parametrize("kind", [FtdiI2c, FtdiSpi])
def test_without_pyftdi_the_extra_is_named(bench, monkeypatch, kind):
    for module in ("pyftdi", "pyftdi.i2c", "pyftdi.spi"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UsageError, match="need the library pyftdi") as caught:
        kind("se", UsbSelector(serial_number="F1"), backend=bench.backend).open()
    assert "id2-harness[ftdi]" in caught.value.hint


def test_the_real_pyftdi_takes_what_it_is_given(bench, monkeypatch):
    """pyftdi itself sets the bridge up as far as the simulated one, which has no MPSSE, answers."""
    pytest.importorskip("pyftdi")
    for kind in (FtdiI2c, FtdiSpi):
        with pytest.raises(BenchError, match="while opening it"):
            kind("se", UsbSelector(serial_number="F1"), backend=bench.backend).open()
