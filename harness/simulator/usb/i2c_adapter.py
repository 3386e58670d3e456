"""A USB adapter for I²C that speaks as i2c-tiny-usb does, with simulated chips on its bus.

The kernel's `i2c-tiny-usb` makes it a `/dev/i2c-…`. Each message of a transaction is one control request, and a
second one asks whether the chip acknowledged. Source: Linux, drivers/i2c/busses/i2c-tiny-usb.c.
"""

from collections.abc import Mapping

from harness.simulator.bus.i2c import I2cSlave
from harness.simulator.chip.fm1280 import NotAcknowledged
from harness.simulator.usb.descriptors import Descriptors, Identity, Interface
from harness.simulator.usb.device import Setup, Stall, UsbDevice

DEFAULT = Identity(0x0403, 0xC631, product="i2c-tiny-usb, simulated", release=0x0205)

_FUNCTIONS, _SET_DELAY, _STATUS = 1, 2, 3
_TRANSFER = 4  # with 1 for the first message of a transaction and 2 for the last
_LAST_REQUEST = 7
_READ = 1
_I2C, _SMBUS_EMULATED = 0x00000001, 0x0EFF0008
_ACKNOWLEDGED, _NOT_ACKNOWLEDGED = 1, 2


class I2cTinyUsb(UsbDevice):
    """An adapter with a bus.

    Args:
        slaves: Devices on the bus by 7-bit address.
        identity: Identifies it among other devices.
    """

    def __init__(self, slaves: Mapping[int, I2cSlave], identity: Identity = DEFAULT) -> None:
        super().__init__(Descriptors(identity, (Interface(0, code=(0xFF, 0, 0)),)))
        self._slaves = dict(slaves)
        self._status = 0
        self.busy = 0  # messages that are not acknowledged, whoever they are for
        self.transfers = 0

    def control(self, setup: Setup, data: bytes) -> bytes:
        """Answer a request of the driver."""
        if setup.request == _FUNCTIONS:
            return (_I2C | _SMBUS_EMULATED).to_bytes(4, "little")
        if setup.request == _SET_DELAY:
            return b""
        if setup.request == _STATUS:
            return bytes((self._status,))
        if _TRANSFER <= setup.request <= _LAST_REQUEST:
            return self._message(setup, data)
        raise Stall

    def _message(self, setup: Setup, data: bytes) -> bytes:
        self.transfers += 1
        reads = bool(setup.value & _READ)
        answer = bytes(setup.length) if reads else b""
        self._status = _NOT_ACKNOWLEDGED
        slave = self._slaves.get(setup.index)
        if slave is None:
            return answer
        if self.busy:
            self.busy -= 1
            return answer
        try:
            if reads:
                answer = slave.read(setup.length)
            else:
                slave.write(data)
        except NotAcknowledged:
            return answer
        self._status = _ACKNOWLEDGED
        return answer
