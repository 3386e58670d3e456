"""The kernel's side of I²C is played at the level of its ioctl calls: there is no bus in a container."""

import ctypes
import errno
import os
from pathlib import Path

import pytest
import smbus2.smbus2 as kernel

from harness.errors import BenchError, UsageError
from harness.simulator.chip.fm1280 import NotAcknowledged
from harness.transport.base import Capability, I2cRead, I2cWrite, StreamRead
from harness.transport.errors import I2cNack
from harness.transport.i2c import bus as module
from harness.transport.i2c.adapters import I2cAdapter
from harness.transport.i2c.bus import I2cPatience, I2cTransport
from harness.transport.identity import UsbSelector
from tests.transport.contract import I2cBench, I2cContract
from tests.transport.far_ends import EchoSlave


class Adapter:
    """An adapter with one device, as the kernel shows it."""

    def __init__(self):
        self.functions = kernel.I2cFunc.I2C | kernel.I2cFunc.SMBUS_EMUL
        self.messages = []
        self.answer = bytes(range(256)) * 4
        self.failure = 0
        self.failures = -1  # how often; for ever when negative
        self.slaves = None  # by address; without them everything is acknowledged
        self.path = None
        self.held = set()

    def open(self, path, _flags):
        self.path = path
        if self.failure:
            raise OSError(self.failure, os.strerror(self.failure))
        return os.open("/dev/null", os.O_RDWR)

    def ioctl(self, _fd, request, argument):
        if self.failure and self.failures:
            self.failures -= 1
            raise OSError(self.failure, os.strerror(self.failure))
        if request == kernel.I2C_FUNCS:
            argument.value = int(self.functions)
        elif request == kernel.I2C_RDWR:
            assert argument.nmsgs == 1
            message = argument.msgs[0]
            if self.slaves is not None:
                return self.slave(message)
            if message.flags & kernel.I2C_M_RD:
                ctypes.memmove(message.buf, self.answer, message.len)
                self.messages.append((message.addr, message.len))
            else:
                self.messages.append((message.addr, ctypes.string_at(message.buf, message.len)))
        return 0

    def slave(self, message):
        try:
            slave = self.slaves[message.addr]
            if message.flags & kernel.I2C_M_RD:
                ctypes.memmove(message.buf, slave.read(message.len), message.len)
            else:
                slave.write(ctypes.string_at(message.buf, message.len))
        except (KeyError, NotAcknowledged):
            raise OSError(errno.ENXIO, os.strerror(errno.ENXIO)) from None
        return 0


class Calls:
    """Stands for the module `os` inside smbus2."""

    def __init__(self, adapter):
        self.adapter = adapter
        self.O_RDWR = os.O_RDWR

    def open(self, path, flags):
        opened = self.adapter.open(path, flags)
        self.adapter.held.add(opened)
        return opened

    def close(self, descriptor):
        os.close(descriptor)
        self.adapter.held.remove(descriptor)


@pytest.fixture
def adapter(monkeypatch):
    played = Adapter()
    monkeypatch.setattr(kernel, "os", Calls(played))
    monkeypatch.setattr(kernel, "ioctl", played.ioctl)
    return played


@pytest.fixture
def bus(adapter):
    transport = I2cTransport("se", 7)
    transport.open()
    yield transport
    transport.close()


def test_one_transaction_each(adapter, bus):
    assert bus.do(I2cWrite(0x71, b"\x05\x00\x00\x02hi\x68")) == b""
    assert bus.do(I2cRead(0x71, 3)) == b"\x00\x01\x02"
    assert adapter.messages == [(0x71, b"\x05\x00\x00\x02hi\x68"), (0x71, 3)]
    assert adapter.path == "/dev/i2c-7"
    assert bus.capabilities == {Capability.I2C}


def test_reads_and_writes_longer_than_an_smbus_block(adapter, bus):
    assert bus.do(I2cRead(0x71, 1000)) == adapter.answer[:1000]
    data = os.urandom(1027)
    bus.do(I2cWrite(0x71, data))
    assert adapter.messages[-1] == (0x71, data)


def test_the_bus_may_be_named_by_its_path(adapter):
    with I2cTransport("se", "/dev/i2c-by-name/se") as transport:
        assert adapter.path == "/dev/i2c-by-name/se"
        assert transport.identity.startswith("/dev/i2c-by-name/se")


@pytest.mark.parametrize("code", [errno.ENXIO, errno.EREMOTEIO])
def test_no_acknowledge_has_its_own_error(adapter, bus, code):
    adapter.failure = code
    for operation in (I2cRead(0x71, 3), I2cWrite(0x71, b"x")):
        with pytest.raises(I2cNack, match=r"/dev/i2c-7 address 0x71: no acknowledge") as caught:
            bus.do(operation)
        assert caught.value.transport == "se"
        assert "pull-ups" in caught.value.hint


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (errno.ETIMEDOUT, "timed out"),
        (errno.EBUSY, "busy"),
        (errno.EAGAIN, "another master"),
        (errno.ENODEV, "the adapter is gone"),
        (errno.EIO, "input/output error"),
        (errno.EOPNOTSUPP, "refused the message"),
        (errno.EINVAL, "refused the message"),
    ],
)
def test_other_failures_are_no_missing_acknowledge(adapter, bus, code, message):
    adapter.failure = code
    with pytest.raises(BenchError, match=message) as caught:
        bus.do(I2cRead(0x71, 3))
    assert not isinstance(caught.value, I2cNack)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("code", "message", "hint"),
    [
        (errno.ENOENT, "no such I²C bus", "i2c-dev"),
        (errno.ENODEV, "no such I²C bus", "i2c-dev"),
        (errno.EACCES, "permission denied", "group i2c"),
        (errno.EBUSY, "busy", "end the program"),
        (errno.ENOTTY, "is no I²C bus", "/dev/i2c-N"),
    ],
)
def test_a_bus_that_cannot_be_opened(adapter, code, message, hint):
    adapter.failure = code
    transport = I2cTransport("se", 7)
    with pytest.raises(BenchError, match=message) as caught:
        transport.open()
    assert "/dev/i2c-7" in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.transport == "se"
    with pytest.raises(BenchError, match="not open"):
        transport.do(I2cRead(0x71, 1))


def test_a_real_missing_bus_lists_the_ones_that_are_there():
    if list(Path("/dev").glob("i2c-*")):
        pytest.skip("this machine has I²C buses")
    with pytest.raises(BenchError, match="no such I²C bus") as caught:
        I2cTransport("se", 123).open()
    assert "buses here: none" in caught.value.hint


def test_an_existing_file_is_no_bus():
    with pytest.raises(BenchError, match="is no I²C bus"):
        I2cTransport("se", "/dev/null").open()


def test_an_adapter_for_smbus_only(adapter):
    adapter.functions = kernel.I2cFunc.SMBUS_EMUL
    with pytest.raises(BenchError, match="SMBus commands only"):
        I2cTransport("se", 7).open()
    assert adapter.held == set()


def test_a_bus_that_refuses_to_say_what_it_can_is_let_go(adapter, monkeypatch):
    def refuse(*_arguments):
        raise OSError(errno.ENOTTY, "Inappropriate ioctl for device")

    monkeypatch.setattr(kernel, "ioctl", refuse)
    with pytest.raises(BenchError, match="is no I²C bus"):
        I2cTransport("se", 7).open()
    assert adapter.held == set()


@pytest.mark.parametrize("address", [0x03, 0x77])
def test_the_first_and_the_last_address(bus, address):
    assert bus.do(I2cRead(address, 1)) == b"\x00"


@pytest.mark.parametrize("address", [0x00, 0x02, 0x78, 0xE2, -1])
def test_impossible_addresses(adapter, bus, address):
    with pytest.raises(UsageError, match="no 7-bit I²C address") as caught:
        bus.do(I2cRead(address, 1))
    assert "0x71" in caught.value.hint
    assert adapter.messages == []


@pytest.mark.parametrize(
    "operation", [I2cRead(0x71, 0), I2cWrite(0x71, b""), I2cRead(0x71, 8193), I2cRead(0x71, -5)]
)
def test_impossible_lengths(adapter, bus, operation):
    with pytest.raises(UsageError, match="a message has 1 to 8192 bytes"):
        bus.do(operation)
    assert adapter.messages == []


def test_streams_are_refused(bus):
    with pytest.raises(UsageError, match="StreamRead needs stream"):
        bus.do(StreamRead(1, 0.0))


def test_opened_twice_and_closed_twice(adapter, bus):
    with pytest.raises(UsageError, match="opened twice"):
        bus.open()
    bus.close()
    bus.close()
    assert adapter.held == set()
    with pytest.raises(BenchError, match="not open"):
        bus.do(I2cRead(0x71, 1))
    bus.open()
    assert bus.do(I2cRead(0x71, 1)) == b"\x00"


def patient(**settings):
    clock = Clock()
    transport = I2cTransport("se", 7, I2cPatience(**settings), clock=clock.now, pause=clock.sleep)
    transport.open()
    return transport, clock


class Clock:
    """Time that passes only while somebody waits."""

    def __init__(self):
        self.time = 0.0
        self.waits = 0

    def now(self):
        return self.time

    def sleep(self, seconds):
        self.time += seconds
        self.waits += 1


def test_a_busy_device_is_asked_again_until_it_acknowledges(adapter):
    transport, clock = patient(nak_tries=10, pause=0.01)
    adapter.failure, adapter.failures = errno.ENXIO, 4
    assert transport.do(I2cRead(0x71, 3)) == b"\x00\x01\x02"
    assert clock.waits == 4
    transport.close()


def test_tries_are_limited_by_count(adapter):
    transport, clock = patient(nak_tries=3, nak_time=60.0)
    adapter.failure = errno.ENXIO
    with pytest.raises(I2cNack, match="no acknowledge in 4 tries"):
        transport.do(I2cWrite(0x71, b"x"))
    assert clock.waits == 3
    transport.close()


def test_tries_are_limited_by_time(adapter):
    transport, clock = patient(nak_tries=100_000, nak_time=0.1, pause=0.03)
    adapter.failure = errno.ENXIO
    with pytest.raises(I2cNack, match="no acknowledge in 5 tries"):
        transport.do(I2cWrite(0x71, b"x"))
    assert clock.time == pytest.approx(0.12)
    transport.close()


def test_only_a_missing_acknowledge_is_tried_again(adapter):
    transport, clock = patient(nak_tries=10)
    adapter.failure = errno.ETIMEDOUT
    with pytest.raises(BenchError, match="the bus hangs") as caught:
        transport.do(I2cRead(0x71, 1))
    assert "clock_stretch_s" in caught.value.hint
    assert clock.waits == 0
    transport.close()


def test_the_adapter_is_told_how_long_the_clock_may_be_held(adapter, monkeypatch):
    told = []
    monkeypatch.setattr(module.fcntl, "ioctl", lambda fd, request, value: told.append((request, value)))
    transport = I2cTransport("se", 7, I2cPatience(clock_stretch=2.5))
    transport.open()
    assert told == [(0x0702, 250)]
    transport.close()


def test_an_adapter_whose_node_is_gone_is_gone_whatever_the_error(adapter, tmp_path):
    node = tmp_path / "i2c-7"
    node.touch()
    transport = I2cTransport("se", str(node))
    transport.open()
    node.unlink()
    adapter.failure = errno.ENXIO
    with pytest.raises(
        BenchError, match=r"the adapter is gone, seen while reading, at \d\d:\d\d:\d\d"
    ) as caught:
        transport.do(I2cRead(0x71, 1))
    assert not isinstance(caught.value, I2cNack)
    transport.close()


def test_an_adapter_by_name_is_looked_up_at_open(adapter, monkeypatch):
    monkeypatch.setattr(module, "find_adapter", lambda wanted: I2cAdapter(f"/dev/i2c-{len(str(wanted))}"))
    transport = I2cTransport("se", "i2c-tiny-usb")
    assert transport.identity == "I²C adapter 'i2c-tiny-usb'"
    with transport:
        assert adapter.path == "/dev/i2c-12"
    assert I2cTransport("se", UsbSelector(location="1-1")).identity == "I²C adapter with location 1-1"


def test_an_adapter_that_is_not_there_names_the_transport(monkeypatch):
    def missing(_wanted):
        raise BenchError("no I²C adapter named 'x'")

    monkeypatch.setattr(module, "find_adapter", missing)
    with pytest.raises(BenchError) as caught:
        I2cTransport("se", "x").open()
    assert caught.value.transport == "se"


class AdapterBench(I2cBench):
    """The kernel's ioctl calls in front of an echo slave."""

    def __init__(self, adapter):
        self.adapter = adapter
        self.slave = EchoSlave()
        adapter.slaves = {self.echo: self.slave}

    def transport(self):
        return I2cTransport(self.name, 7)

    def unplug(self):
        self.adapter.failure = errno.ENODEV


class TestI2cContract(I2cContract):
    @pytest.fixture
    def bench(self, adapter):
        return AdapterBench(adapter)


def on_adapter(monkeypatch, driver, name):
    monkeypatch.setattr(module, "i2c_adapters", lambda: (I2cAdapter("/dev/i2c-7", name, driver=driver),))
    return I2cTransport("se", 7)


@pytest.mark.parametrize(
    ("driver", "name", "code"),
    [
        ("i2c-tiny-usb", "i2c-tiny-usb at bus 001 device 009", errno.EIO),
        ("mcp2221", "MCP2221 usb-i2c bridge", errno.EIO),
        ("", "MCP2221 usb-i2c bridge", errno.EIO),
        ("cp2112", "CP2112 SMBus Bridge on hidraw0", errno.ETIMEDOUT),
        ("i2c-diolan-u2c", "i2c-diolan-u2c at bus 001 device 004", errno.EIO),
        ("xiic-i2c", "xiic-i2c xiic-i2c", errno.EIO),
    ],
)
def test_an_adapter_that_calls_a_missing_acknowledge_otherwise_is_known(
    adapter, monkeypatch, driver, name, code
):
    with on_adapter(monkeypatch, driver, name) as bus:
        adapter.failure = code
        with pytest.raises(
            I2cNack, match=f"no acknowledge .{errno.errorcode[code]}, as its driver .* calls it"
        ):
            bus.do(I2cRead(0x71, 4))
        adapter.failure = 0


@pytest.mark.parametrize(
    ("driver", "shown"), [("i2c-designware", "driver i2c-designware"), ("", "does not name")]
)
def test_an_error_of_another_adapter_is_explained(adapter, monkeypatch, driver, shown):
    with on_adapter(monkeypatch, driver, "Synopsys DesignWare I2C adapter") as bus:
        adapter.failure = errno.EIO
        with pytest.raises(BenchError, match="the adapter reports an input/output error") as caught:
            bus.do(I2cRead(0x71, 4))
        assert not isinstance(caught.value, I2cNack)
        assert shown in caught.value.hint
        assert "missing acknowledge" in caught.value.hint
        adapter.failure = 0
