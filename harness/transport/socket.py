"""Byte streams over TCP and Unix sockets."""

import errno
import os
import socket
import threading
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from harness.errors import BenchError, UsageError
from harness.settings.words import PathText, wrong
from harness.transport.base import Capability, Operation, StreamRead, StreamWrite, Transport, refuse
from harness.transport.descriptor import Descriptor
from harness.transport.found import Found
from harness.transport.kind import StandIn, TransportContext, TransportKind, absent

CONNECT_LIMIT = 5.0
"""Seconds to wait for a connection."""

_CAPABILITIES = frozenset({Capability.STREAM})
_OPERATIONS = (StreamRead, StreamWrite)
_GONE = "the far end closed the connection: check that its program still runs"


class SocketTransport(Transport):
    """A TCP connection (`host` and `port`) or a Unix stream socket (`path`)."""

    def __init__(
        self,
        name: str,
        host: str | None = None,
        port: int | None = None,
        *,
        path: str | None = None,
        connect_limit: float = CONNECT_LIMIT,
    ) -> None:
        """Describe the far end; nothing is touched before `open`.

        Args:
            name: Name of the transport in the board file.
            host: Host name or address.
            port: TCP port.
            path: Path of a Unix socket, instead of host and port.
            connect_limit: Seconds to wait for the connection.

        Raises:
            UsageError: neither or both kinds of far end are given.
        """
        super().__init__(name)
        if (path is None) == (host is None) or (host is None) != (port is None):
            raise UsageError("a socket needs host and port, or path", transport=name)
        self._host = host or ""
        self._port = port or 0
        self._path = path
        self._connect_limit = connect_limit
        self._line: Descriptor | None = None
        self._lock = threading.Lock()

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Carries a byte stream."""
        return _CAPABILITIES

    @property
    def identity(self) -> str:
        """The far end: `tcp:HOST:PORT` or `unix:PATH`."""
        return f"unix:{self._path}" if self._path is not None else f"tcp:{self._host}:{self._port}"

    def open(self) -> None:
        """Connect.

        Raises:
            BenchError: nobody answers there.
            UsageError: opened twice.
        """
        with self._lock:
            if self._line is not None:
                raise UsageError(f"{self.identity}: opened twice", transport=self.name)
            try:
                if self._path is not None:
                    self._line = connect_unix(self._path, self._connect_limit)
                else:
                    self._line = connect_tcp(self._host, self._port, self._connect_limit)
            except BenchError as error:
                error.at(transport=self.name)
                raise

    def close(self) -> None:
        """Disconnect and wake a blocked read."""
        with self._lock:
            line, self._line = self._line, None
            if line is not None:
                line.close()

    def do(self, operation: Operation) -> bytes:
        """Read or write."""
        line = self._line
        if not isinstance(operation, _OPERATIONS):
            raise refuse(self, operation)
        if line is None:
            raise BenchError(f"{self.identity}: not open", transport=self.name)
        try:
            if isinstance(operation, StreamRead):
                return line.read(operation.limit, operation.timeout)
            line.write(operation.data)
        except BenchError as error:
            error.at(transport=self.name)
            raise
        return b""


def connect_tcp(host: str, port: int, limit: float = CONNECT_LIMIT) -> Descriptor:
    """Connect to a TCP port within `limit` seconds.

    Raises:
        BenchError: nobody answers there.
    """
    place = f"tcp:{host}:{port}"
    try:
        connection = socket.create_connection((host, port), limit)
    except (OSError, OverflowError) as error:
        raise _cannot_connect(place, error, limit) from error
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return _descriptor(connection, place)


def connect_unix(path: str, limit: float = CONNECT_LIMIT) -> Descriptor:
    """Connect to a Unix stream socket within `limit` seconds.

    Raises:
        BenchError: nobody answers there.
    """
    place = f"unix:{path}"
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(limit)
    try:
        connection.connect(path)
    except OSError as error:
        connection.close()
        raise _cannot_connect(place, error, limit) from error
    return _descriptor(connection, place)


def _descriptor(connection: socket.socket, place: str) -> Descriptor:
    connection.setblocking(False)

    def release() -> None:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        connection.close()

    return Descriptor(connection.fileno(), place, release, gone=_GONE)


_HINTS = {
    errno.ECONNREFUSED: "nothing listens there: start the far end, or correct the port",
    errno.ENOENT: "there is no such socket: start the far end, or correct the path",
    errno.EACCES: "give yourself permission to write to that socket",
    errno.ENOTSOCK: "that path is no socket",
}


def _cannot_connect(place: str, error: OSError | OverflowError, limit: float) -> BenchError:
    if isinstance(error, TimeoutError):
        return BenchError(
            f"{place}: no answer within {limit:g} s", hint="check the address, the network and the far end"
        )
    code = error.errno if isinstance(error, OSError) else None
    if isinstance(error, socket.gaierror):
        return BenchError(f"{place}: the host is not known", hint="check the host name")
    reason = os.strerror(code).lower() if code and code > 0 else str(error)
    return BenchError(f"{place}: cannot connect: {reason}", hint=_HINTS.get(code or 0, "check the address"))


class SocketSettings(TransportKind):
    """A byte stream over TCP or a Unix socket, such as a simulated chip in another process."""

    kind: Literal["socket"] = Field(description="A TCP or Unix socket.")
    host: Annotated[str, Field(min_length=1, max_length=255)] | None = Field(
        default=None, description="Host name or address."
    )
    port: int | None = Field(default=None, description="TCP port.", ge=1, le=65535)
    path: PathText | None = Field(
        default=None, description="Path of a Unix socket, instead of host and port."
    )

    @model_validator(mode="after")
    def _one_far_end(self) -> Self:
        if self.path is not None and (self.host is not None or self.port is not None):
            raise wrong("says path and host or port; write only one of them")
        if self.path is None and (self.host is None or self.port is None):
            raise wrong("needs host and port, or path")
        return self

    @classmethod
    def can_supply(cls) -> frozenset[Capability]:
        """Return what it carries: a stream."""
        return _CAPABILITIES

    def make(self, context: TransportContext) -> SocketTransport:
        """Return the socket, not connected."""
        if self.path is not None:
            return SocketTransport(context.name, path=str(context.folder / self.path))
        return SocketTransport(context.name, host=self.host, port=self.port)

    def occupies(self, folder: Path) -> tuple[str, ...]:
        """Return the far end."""
        return (os.path.realpath(folder / self.path) if self.path else f"{self.host}:{self.port}",)

    def place(self) -> str:
        """Return the far end."""
        return self.path or f"{self.host}:{self.port}"

    def remark(self, folder: Path) -> str:
        """Return whether the Unix socket is not there."""
        return absent(folder / self.path if self.path else None)

    def means(self, found: Found) -> bool:
        """Tell that nothing found on this machine is a far end."""
        del found
        return False

    @property
    def keeps_writes(self) -> bool:
        """A Unix socket does, for what is as short as answers of a module."""
        return self.path is not None

    @property
    def can_be_unplugged(self) -> bool:
        """A connection that ends is no unplugged device."""
        return False

    @property
    def stands_in(self) -> StandIn | None:
        """What is behind a socket the harness cannot know."""
        return None
