"""An SPI bus in this process, with one simulated slave on it."""

from typing import Protocol

from harness.errors import BenchError, UsageError
from harness.transport.base import Capability, Operation, SpiTransfer, Transport, refuse


class SpiSlave(Protocol):
    """A device on the bus."""

    def transfer(self, data: bytes, length: int) -> bytes:
        """Take one transfer: the bytes that the host writes, then as many as it reads."""


class SimulatedSpi(Transport):
    """An SPI bus in this process.

    Args:
        name: Name of the transport.
        slave: The device on it.
        identity: What a report says this is.
    """

    def __init__(self, name: str, slave: SpiSlave, identity: str = "") -> None:
        super().__init__(name)
        self._slave = slave
        self._identity = identity or "simulated SPI bus"
        self._open = False

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it carries."""
        return frozenset({Capability.SPI})

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

    def do(self, operation: Operation) -> bytes:
        """Carry out one transfer."""
        if not isinstance(operation, SpiTransfer):
            raise refuse(self, operation)
        if not self._open:
            raise BenchError(f"{self.name}: not open", transport=self.name)
        if operation.length < 0 or not (operation.data or operation.length):
            raise UsageError(f"{self.name}: a transfer has at least one byte", transport=self.name)
        return self._slave.transfer(operation.data, operation.length)
