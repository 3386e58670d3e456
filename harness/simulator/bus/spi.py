"""An SPI bus in this process, with one simulated slave on it."""

from typing import Protocol

from harness.errors import UsageError
from harness.simulator.bus.i2c import SimulatedBus
from harness.transport.base import Capability, Operation, SpiTransfer, refuse


class SpiSlave(Protocol):
    """A device on the bus."""

    def transfer(self, data: bytes, length: int) -> bytes:
        """Take one transfer: the bytes that the host writes, then as many as it reads."""


class SimulatedSpi(SimulatedBus):
    """An SPI bus in this process.

    Args:
        name: Name of the transport.
        slave: The device on it.
        identity: What a report says this is.
    """

    def __init__(self, name: str, slave: SpiSlave, identity: str = "") -> None:
        super().__init__(name, Capability.SPI, identity or "simulated SPI bus")
        self._slave = slave

    def open(self) -> None:
        """Take it into use; a simulated chip gets its power then, as a simulated board does."""
        super().open()
        power_on = getattr(self._slave, "power_on", None)
        if power_on is not None:
            power_on()

    def do(self, operation: Operation) -> bytes:
        """Carry out one transfer."""
        if not isinstance(operation, SpiTransfer):
            raise refuse(self, operation)
        self.require_open()
        if operation.length < 0 or not (operation.data or operation.length):
            raise UsageError(f"{self.name}: a transfer has at least one byte", transport=self.name)
        return self._slave.transfer(operation.data, operation.length)
