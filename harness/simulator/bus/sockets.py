"""Simulated devices on TCP and Unix sockets: each connection is its own session with the same device."""

import errno
import os
import select
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Self

from harness.errors import BenchError, UsageError
from harness.simulator.bus.address import Address, TcpAddress, UnixAddress, lookup, require_loopback
from harness.simulator.bus.stream import Pump, StopSignal, StreamDevice
from harness.simulator.chip.hexline import Complain, HexLineChip, ignore
from harness.simulator.chip.model import ChipModel

_MOST_CONNECTIONS = 64
_BACKLOG = 16
_BREATH = 100  # milliseconds

MakeDevice = Callable[[], StreamDevice]


class SocketServer:
    """Listens, and gives every connection a device of its own.

    Args:
        address: Where to listen.
        make_device: Makes the device for one connection.
        allow_remote: Whether other machines may connect.

    Attributes:
        address: Where it listens; after `start` with the port that port 0 became.
    """

    def __init__(self, address: Address, make_device: MakeDevice, *, allow_remote: bool = False) -> None:
        self.address = address
        self._make_device = make_device
        self._allow_remote = allow_remote
        self._listener: socket.socket | None = None
        self._stop: StopSignal | None = None
        self._thread: threading.Thread | None = None
        self._connections: set[threading.Thread] = set()
        self._lock = threading.Lock()

    def start(self) -> Self:
        """Begin to listen; does nothing when it listens already.

        Raises:
            UsageError: the address is reachable from other machines, or is no socket address.
            BenchError: it is in use, or the system does not give it.
        """
        if self._listener is not None:
            return self
        if not self._allow_remote:
            require_loopback(self.address)
        if isinstance(self.address, TcpAddress):
            self._listener = _listen_tcp(self.address)
            host, port = self._listener.getsockname()[:2]
            self.address = TcpAddress(str(host), int(port))
        elif isinstance(self.address, UnixAddress):
            self._listener = _listen_unix(self.address)
        else:
            raise UsageError(f"{self.address}: a socket is needed", hint="write tcp:HOST:PORT or unix:PATH")
        self._listener.setblocking(False)
        self._stop = StopSignal()
        self._thread = threading.Thread(
            target=self._accept_all,
            args=(self._listener, self._stop),
            name=f"listen {self.address}",
            daemon=True,
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """End every connection, and listen no more; may be called more than once."""
        listener, self._listener = self._listener, None
        stop, self._stop = self._stop, None
        if listener is None or stop is None:
            return
        stop.set()
        if self._thread is not None:
            self._thread.join()
        with self._lock:
            connections = tuple(self._connections)
        for thread in connections:
            thread.join()
        if isinstance(self.address, UnixAddress):
            with suppress(OSError):
                self.address.path.unlink()
        listener.close()
        stop.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _accept_all(self, listener: socket.socket, stop: StopSignal) -> None:
        poll = select.poll()
        poll.register(listener, select.POLLIN)
        poll.register(stop.fileno(), select.POLLIN)
        while not stop.is_set:
            poll.poll()
            try:
                connection, _ = listener.accept()
            except BlockingIOError:
                continue  # gone again before we took it, or woken for the end
            except OSError:
                stop.wait(_BREATH)  # no descriptors left: let connections end instead of spinning
                continue
            self._take(connection, stop)

    def _take(self, connection: socket.socket, stop: StopSignal) -> None:
        with self._lock:
            if len(self._connections) >= _MOST_CONNECTIONS:
                connection.close()
                return
            thread = threading.Thread(target=self._serve, args=(connection, stop), daemon=True)
            self._connections.add(thread)
        thread.start()

    def _serve(self, connection: socket.socket, stop: StopSignal) -> None:
        try:
            with connection:
                connection.setblocking(False)
                if connection.family != socket.AF_UNIX:
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                Pump(connection.fileno(), self._make_device(), stop).run()
        finally:
            with self._lock:
                self._connections.discard(threading.current_thread())


def serve_chip(
    chip: ChipModel, listen: Address, *, allow_remote: bool = False, complain: Complain = ignore
) -> SocketServer:
    """Return a server, not yet started, that speaks hex lines: one APDU a line, one answer a line.

    Args:
        chip: The chip that all connections share; each has its own session.
        listen: Where to listen.
        allow_remote: Whether other machines may connect.
        complain: Gets one line for each line that was no hex APDU.
    """
    return SocketServer(listen, lambda: HexLineChip(chip.session(), complain), allow_remote=allow_remote)


def _listen_tcp(address: TcpAddress) -> socket.socket:
    family, place = lookup(address)[0]
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise _cannot_listen(address, error) from error
    return listener


def _listen_unix(address: UnixAddress) -> socket.socket:
    _clear_stale(address)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)  # the key of a device sits behind this socket
    try:
        listener.bind(str(address.path))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise _cannot_listen(address, error) from error
    finally:
        os.umask(before)
    return listener


def _clear_stale(address: UnixAddress) -> None:
    """Remove the socket of a simulator that was killed; leave anything else alone."""
    if not address.path.exists():
        return
    if not address.path.is_socket():
        raise UsageError(f"{address}: something that is no socket stands there", hint="name another path")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(address.path))
        except ConnectionRefusedError:
            address.path.unlink(missing_ok=True)
        except OSError as error:
            raise _cannot_listen(address, error) from error
        else:
            raise BenchError(f"{address}: another program listens there", hint="end it, or name another path")


def _cannot_listen(address: Address, error: OSError) -> BenchError:
    hints = {
        errno.EADDRINUSE: "end the program that uses it, or listen at port 0 for a free one",
        errno.EACCES: "listen at a port above 1023, or at a path that you may write",
    }
    return BenchError(f"{address}: {error.strerror or error}", hint=hints.get(error.errno or 0, ""))
