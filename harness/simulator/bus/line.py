"""A simulated device at the end of a serial line: a pseudo-terminal and the serial transport on it."""

from collections.abc import Callable

from harness.errors import BenchError, HarnessError, UsageError
from harness.simulator.bus.pty import PtyServer
from harness.simulator.bus.stream import StreamDevice
from harness.transport.base import Capability, Operation, Transport, refuse
from harness.transport.serial.port import SerialTransport


class SimulatedLine(Transport):
    """A serial line whose far end is simulated. Opening it powers the device up.

    Args:
        name: Name of the transport.
        make_device: Makes the device for one opening.
        device_identity: What a report says this is.
    """

    def __init__(self, name: str, make_device: Callable[[], StreamDevice], device_identity: str) -> None:
        super().__init__(name)
        self._make_device = make_device
        self._identity = device_identity
        self._server: PtyServer | None = None
        self._line: SerialTransport | None = None

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it carries."""
        return frozenset({Capability.STREAM})

    @property
    def identity(self) -> str:
        """What this is, and that it is simulated."""
        return f"{self._identity}, on a pseudo-terminal"

    def open(self) -> None:
        """Take it into use."""
        if self._server is not None:
            raise UsageError(f"{self.name}: opened twice", transport=self.name)
        server = PtyServer(self._make_device()).start()
        line = SerialTransport(self.name, server.path)
        try:
            line.open()
        except HarnessError:
            server.stop()
            raise
        self._server, self._line = server, line
        server.power_on()

    def close(self) -> None:
        """Let it go; may be called more than once."""
        server, line = self._server, self._line
        self._server = self._line = None
        if line is not None:
            line.close()
        if server is not None:
            server.stop()

    def do(self, operation: Operation) -> bytes:
        """Carry out one operation."""
        if operation.capability not in self.capabilities:
            raise refuse(self, operation)
        line = self._line
        if line is None:
            raise BenchError(f"{self.name}: not open", transport=self.name)
        return line.do(operation)
