"""The kernel's side of I²C is played at the level of its ioctl calls: there is no bus in a container."""

import ctypes
import errno
import os
from pathlib import Path

import pytest
import smbus2.smbus2 as kernel

from harness.errors import BenchError, UsageError
from harness.transport.base import Capability, I2cRead, I2cWrite, StreamRead
from harness.transport.errors import I2cNack
from harness.transport.i2c import I2cTransport


class Adapter:
    """An adapter with one device, as the kernel shows it."""

    def __init__(self):
        self.functions = kernel.I2cFunc.I2C | kernel.I2cFunc.SMBUS_EMUL
        self.messages = []
        self.answer = bytes(range(256)) * 4
        self.failure = 0
        self.path = None
        self.held = set()

    def open(self, path, _flags):
        self.path = path
        if self.failure:
            raise OSError(self.failure, os.strerror(self.failure))
        return os.open("/dev/null", os.O_RDWR)

    def ioctl(self, _fd, request, argument):
        if self.failure:
            raise OSError(self.failure, os.strerror(self.failure))
        if request == kernel.I2C_FUNCS:
            argument.value = int(self.functions)
        elif request == kernel.I2C_RDWR:
            assert argument.nmsgs == 1
            message = argument.msgs[0]
            if message.flags & kernel.I2C_M_RD:
                ctypes.memmove(message.buf, self.answer, message.len)
                self.messages.append((message.addr, message.len))
            else:
                self.messages.append((message.addr, ctypes.string_at(message.buf, message.len)))
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
