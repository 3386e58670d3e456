"""A transport to a simulated module: a Unix socket of this process, so that whole writes stay whole."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from harness.errors import BenchError, HarnessError, UsageError
from harness.simulator.bus.address import UnixAddress
from harness.simulator.bus.sockets import SocketServer
from harness.simulator.bus.stream import StreamDevice
from harness.transport.base import Capability, Operation, Transport, refuse
from harness.transport.socket import SocketTransport

_CAPABILITIES = frozenset({Capability.STREAM})


class ServedSocket(Transport):
    """A connection to a device that this process serves. Opening it makes the device of the connection.

    Args:
        name: Name of the transport.
        make_device: Makes the device for one opening.
        device_identity: What a report says this is.
    """

    def __init__(self, name: str, make_device: Callable[[], StreamDevice], device_identity: str) -> None:
        super().__init__(name)
        self._make_device = make_device
        self._identity = device_identity
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._server: SocketServer | None = None
        self._line: SocketTransport | None = None

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it carries."""
        return _CAPABILITIES

    @property
    def identity(self) -> str:
        """What this is, and that it is simulated."""
        return f"{self._identity}, on a Unix socket"

    def open(self) -> None:
        """Take it into use."""
        if self._server is not None:
            raise UsageError(f"{self.name}: opened twice", transport=self.name)
        folder = tempfile.TemporaryDirectory(prefix="id2-module-")
        path = Path(folder.name) / "socket"
        line = SocketTransport(self.name, path=str(path))
        server = SocketServer(UnixAddress(path), self._make_device)
        try:
            server.start()
            line.open()
        except HarnessError:
            server.stop()
            folder.cleanup()
            raise
        self._folder, self._server, self._line = folder, server, line

    def close(self) -> None:
        """Let it go; may be called more than once."""
        folder, server, line = self._folder, self._server, self._line
        self._folder = self._server = self._line = None
        if line is not None:
            line.close()
        if server is not None:
            server.stop()
        if folder is not None:
            folder.cleanup()

    def do(self, operation: Operation) -> bytes:
        """Carry out one operation."""
        if operation.capability not in _CAPABILITIES:
            raise refuse(self, operation)
        line = self._line
        if line is None:
            raise BenchError(f"{self.name}: not open", transport=self.name)
        return line.do(operation)
