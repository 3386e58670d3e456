"""An I²C bus in this process, with simulated chips on it; and what every bus in this process does."""

from collections.abc import Mapping
from typing import Protocol

from harness.errors import BenchError, UsageError
from harness.simulator.chip.fm1280 import NotAcknowledged
from harness.transport.base import Capability, I2cRead, I2cWrite, Operation, Transport, refuse
from harness.transport.errors import I2cNack

_ADDRESSES = range(0x03, 0x78)  # the bus reserves the others


class I2cSlave(Protocol):
    """A device on the bus; both methods raise `NotAcknowledged` when it does not answer to its address."""

    def write(self, data: bytes) -> None:
        """Take one write transaction."""

    def read(self, length: int) -> bytes:
        """Give one read transaction its bytes."""


class SimulatedBus(Transport):
    """A bus in this process, of one capability; opened and closed as a real one is."""

    def __init__(self, name: str, capability: Capability, identity: str) -> None:
        """Keep what it is.

        Args:
            name: Name of the transport.
            capability: What it carries.
            identity: What a report says this is.
        """
        super().__init__(name)
        self._capabilities = frozenset({capability})
        self._identity = identity
        self._open = False

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it carries."""
        return self._capabilities

    @property
    def identity(self) -> str:
        """What this is, and that it is simulated."""
        return self._identity

    def open(self) -> None:
        """Take it into use."""
        if self._open:
            raise UsageError(f"{self.name}: opened twice", transport=self.name)
        self._open = True

    def close(self) -> None:
        """Let it go; may be called more than once."""
        self._open = False

    def require_open(self) -> None:
        """Raise the error of a bus that is not in use.

        Raises:
            BenchError: it is not open.
        """
        if not self._open:
            raise BenchError(f"{self.name}: not open", transport=self.name)


class SimulatedI2c(SimulatedBus):
    """An I²C bus in this process.

    Args:
        name: Name of the transport.
        slaves: Devices by 7-bit address.
        identity: What a report says this is.

    Raises:
        UsageError: an address that the bus reserves.
    """

    def __init__(self, name: str, slaves: Mapping[int, I2cSlave], identity: str = "") -> None:
        super().__init__(name, Capability.I2C, identity or "simulated I²C bus")
        for address in slaves:
            if address not in _ADDRESSES:
                raise UsageError(f"I²C address {address:#04x} is reserved; use 0x03 to 0x77", transport=name)
        self._slaves = dict(slaves)

    def open(self) -> None:
        """Take it into use; a simulated chip gets its power then, as a simulated board does."""
        super().open()
        for slave in self._slaves.values():
            power_on = getattr(slave, "power_on", None)
            if power_on is not None:
                power_on()

    def do(self, operation: Operation) -> bytes:
        """Carry out one operation."""
        if not isinstance(operation, (I2cRead, I2cWrite)):
            raise refuse(self, operation)
        slave = self._slave(operation.address)
        try:
            if isinstance(operation, I2cRead):
                return slave.read(operation.length)
            slave.write(operation.data)
        except NotAcknowledged:
            raise self._nack(operation.address) from None
        return b""

    def _slave(self, address: int) -> I2cSlave:
        self.require_open()
        try:
            return self._slaves[address]
        except KeyError:
            raise self._nack(address) from None

    def _nack(self, address: int) -> I2cNack:
        return I2cNack(
            f"{self.name}: no acknowledge from address {address:#04x}",
            hint="check the address and the chip's supply",
            transport=self.name,
        )
