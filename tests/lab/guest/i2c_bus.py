"""The I²C transport on the kernel's own i2c-dev, with a simulated adapter under the kernel's own driver."""

import errno
import threading
from pathlib import Path

import pytest
from smbus2 import SMBus, i2c_msg

from harness.errors import BenchError, UsageError
from harness.simulator.chip.fm1280 import NotAcknowledged
from harness.simulator.usb.descriptors import Identity
from harness.simulator.usb.i2c_adapter import I2cTinyUsb
from harness.simulator.usb.nodes import node
from harness.transport.errors import I2cNack
from harness.transport.i2c.bus import I2cTransport
from tests.transport.callers import I2cBus

ADDRESS = 0x48


class Echo:
    """A chip that answers with what was written to it, backwards."""

    def __init__(self):
        self.memory = b""

    def write(self, data):
        self.memory = bytes(data)

    def read(self, length):
        if not self.memory:
            raise NotAcknowledged
        return self.memory[::-1][:length].ljust(length, b"\xff")


class Rig:
    def __init__(self, insert):
        self.adapter = I2cTinyUsb({ADDRESS: Echo()})
        self.plug = insert(self.adapter)
        self.path = str(node(self.plug.place, "i2c-*"))
        self.transport = I2cTransport("chip", self.path)
        self.bus = I2cBus(self.transport)


@pytest.fixture
def rig(insert):
    made = Rig(insert)
    with made.transport:
        yield made


def test_bytes_go_there_and_back(rig):
    rig.bus.write(ADDRESS, b"\x00\xa4\x04\x00")
    assert rig.bus.read(ADDRESS, 6) == b"\x00\x04\xa4\x00\xff\xff"
    assert "i2c-tiny-usb" in rig.transport.identity


def test_256_bytes_in_one_message(rig):
    data = bytes(range(256))
    rig.bus.write(ADDRESS, data)
    assert rig.bus.read(ADDRESS, 256) == data[::-1]


def test_write_and_read_in_one_transaction(rig):
    with SMBus(rig.path) as bus:
        answer = i2c_msg.read(ADDRESS, 3)
        bus.i2c_rdwr(i2c_msg.write(ADDRESS, b"abc"), answer)
        assert bytes(answer) == b"cba"


def test_nobody_at_the_address(rig):
    with pytest.raises(I2cNack) as caught:
        rig.bus.read(0x49, 1)
    assert "0x49" in str(caught.value)
    assert rig.path in str(caught.value)


def test_a_busy_chip_does_not_acknowledge_and_then_does(rig):
    rig.adapter.busy = 2
    refused = 0
    while True:
        try:
            rig.bus.write(ADDRESS, b"x")
        except I2cNack:
            refused += 1
        else:
            break
    assert refused == 2


def test_a_refused_request_of_the_adapter_is_the_bench(rig):
    rig.adapter.stall(0)
    with pytest.raises(BenchError) as caught:
        rig.bus.write(ADDRESS, b"x")
    assert rig.path in str(caught.value)
    rig.bus.write(ADDRESS, b"x")  # the next one is answered


def test_a_hung_bus_is_given_up_and_comes_back(rig):
    rig.adapter.hang()
    with pytest.raises(BenchError) as caught:
        rig.bus.write(ADDRESS, b"x")
    assert rig.path in str(caught.value)
    rig.adapter.hang(on=False)
    rig.bus.write(ADDRESS, b"back")
    assert rig.bus.read(ADDRESS, 4) == b"kcab"


def test_the_adapter_disappears_amid_a_transaction(rig):
    rig.adapter.hang()
    pulled = threading.Timer(0.3, rig.plug.remove)
    pulled.start()
    with pytest.raises(BenchError) as caught:
        rig.bus.write(ADDRESS, b"x")
    pulled.join()
    assert rig.path in str(caught.value)
    with pytest.raises(BenchError):
        rig.bus.write(ADDRESS, b"x")
    rig.transport.close()
    assert not Path(rig.path).exists()
    rig.adapter.hang(on=False)
    rig.plug.insert()
    path = str(node(rig.plug.place, "i2c-*"))
    with I2cTransport("chip", path) as again:
        I2cBus(again).write(ADDRESS, b"again")
        assert I2cBus(again).read(ADDRESS, 5) == b"niaga"


def test_a_bus_that_is_not_there():
    with pytest.raises(BenchError) as caught:
        I2cTransport("chip", 77).open()
    assert "/dev/i2c-77" in str(caught.value)


def test_two_equal_adapters_are_told_apart(insert):
    adapters_of_this_machine = pytest.importorskip("harness.transport.i2c.adapters")
    identity_module = pytest.importorskip("harness.transport.identity")
    left, right = (Identity(0x0403, 0xC631, serial, product="twin") for serial in ("LEFT", "RIGHT"))
    paths = {}
    for who in (left, right):
        plug = insert(I2cTinyUsb({ADDRESS: Echo()}, who))
        paths[who.serial_number] = str(node(plug.place, "i2c-*"))
    find, selector = adapters_of_this_machine.find_adapter, identity_module.UsbSelector
    assert find(selector(vid=0x0403, pid=0xC631, serial_number="RIGHT")).device == paths["RIGHT"]
    assert find(selector(vid=0x0403, pid=0xC631, serial_number="LEFT")).device == paths["LEFT"]
    with pytest.raises(UsageError) as caught:
        find(selector(vid=0x0403, pid=0xC631))
    assert "LEFT" in f"{caught.value} {caught.value.hint}"
    assert "RIGHT" in f"{caught.value} {caught.value.hint}"


def test_the_errors_of_the_kernel_are_the_ones_that_the_fast_bus_has(rig):
    """What the simulated bus in this process raises is what the kernel's bus raises."""
    with SMBus(rig.path) as bus, pytest.raises(OSError) as caught:
        bus.read_byte(0x49)
    assert caught.value.errno == errno.ENXIO
