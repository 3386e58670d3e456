"""A secure element on I²C is pulled out at every exchange of a session in turn, and plugged in again each time."""

import threading

import pytest

from harness.chip.fm1280 import Fm1280I2c
from harness.chip.ica.chip import IcaChip
from harness.chip.session import ChipSession
from harness.errors import BenchError
from harness.id2 import published
from harness.id2.keys import KeyType
from harness.simulator.chip.config import ChipConfig
from harness.simulator.chip.fm1280 import Fm1280Slave
from harness.simulator.chip.kinds import make_chip
from harness.simulator.usb.i2c_adapter import I2cTinyUsb
from harness.simulator.usb.nodes import node
from harness.simulator.usb.vhci import Plug
from harness.transport.i2c.bus import I2cTransport
from harness.transport.identity import UsbSelector

KNOWN = published.KEYS[KeyType.AES_128]


class Adapter(I2cTinyUsb):
    """Is pulled out when it has carried a given number of messages."""

    def __init__(self):
        super().__init__({0x71: Fm1280Slave(make_chip(ChipConfig("ica", KNOWN.id2, KNOWN.key)))})
        self.plug = Plug(self)
        self.left = -1
        self.pulling = None

    def control(self, setup, data):
        answer = super().control(setup, data)
        if setup.request & 4:
            self.left -= 1
            if self.left == 0:
                self.hang()
                self.pulling = threading.Thread(target=self.plug.remove)
                self.pulling.start()
        return answer


def identify(adapter):
    """Find the adapter by what it is, open a session, and read the chip's ID twice."""
    node(adapter.plug.place, "i2c-*")
    where = UsbSelector(vid=0x0403, pid=0xC631, location=adapter.plug.place)
    with ChipSession(Fm1280I2c(I2cTransport("chip", where))) as session:
        chip = IcaChip(session)
        return {chip.get_id().id_bytes.hex().upper() for _ in range(2)}


def test_every_exchange():
    adapter = Adapter()
    with adapter.plug:
        assert identify(adapter) == {KNOWN.id2}
        messages = adapter.transfers
        assert messages >= 6
        for number in range(1, messages):
            adapter.left = number
            with pytest.raises(BenchError) as caught:
                identify(adapter)
            assert caught.value.transport == "chip"
            adapter.pulling.join()
            adapter.hang(on=False)
            adapter.plug.insert()
        assert identify(adapter) == {KNOWN.id2}
