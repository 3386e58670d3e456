"""What a firmware that runs by itself needs: power that can fail at any time, sockets that fail with it."""

import errno
import os
import select
import socket
import struct
import time
from contextlib import suppress
from typing import Self

from harness.simulator.bus.stream import StopSignal

_CHUNK = 65536
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class PowerOff(Exception):  # noqa: N818 - an event of the board's life, not an error
    """The power has failed: the firmware ends where it stands."""


class WireLost(Exception):  # noqa: N818 - an event of the board's life, not an error
    """The connection could not be made, or is gone.

    Attributes:
        number: `errno` of the system call; 0 when the server just ended the stream.
        what: What happened, in a few words.
    """

    def __init__(self, what: str, number: int = 0) -> None:
        super().__init__(what)
        self.what = what
        self.number = number


class Power:
    """The power of a board; every wait of its firmware ends with it."""

    def __init__(self) -> None:
        self._off = StopSignal()

    def fail(self) -> None:
        """Switch the power off."""
        self._off.set()

    def let_go(self) -> None:
        """Close the descriptors; no firmware may run any more."""
        self._off.close()

    def pause(self, seconds: float) -> None:
        """Wait.

        Raises:
            PowerOff: The power failed before the time was over.
        """
        self.wait(None, 0, seconds)

    def wait(self, fileno: int | None, wanted: int, seconds: float | None) -> bool:
        """Wait for events of a descriptor.

        Args:
            fileno: The descriptor; None for none.
            wanted: Flags of `select.poll`.
            seconds: How long at most; None for ever.

        Returns:
            False when the time was over first.

        Raises:
            PowerOff: The power failed.
        """
        poll = select.poll()
        poll.register(self._off.fileno(), select.POLLIN)
        if fileno is not None:
            poll.register(fileno, wanted)
        until = None if seconds is None else time.monotonic() + seconds
        while True:
            left = None if until is None else max(until - time.monotonic(), 0.0) * 1000
            ready = [number for number, _ in poll.poll(left)]
            if self._off.is_set or self._off.fileno() in ready:
                raise PowerOff
            if ready:
                return True
            if until is not None and time.monotonic() >= until:
                return False


class LinkWire:
    """A TCP connection of a board.

    Args:
        host: Address of the server.
        port: Its port.
        power: The board's power.
        timeout: Seconds to connect, and for the server to take what is sent.

    Raises:
        WireLost: It cannot be reached.
        PowerOff: The power failed meanwhile.
    """

    def __init__(self, host: str, port: int, power: Power, timeout: float) -> None:
        self._power = power
        self._timeout = timeout
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        try:
            self._connect(host, port)
        except BaseException:
            self.close(abruptly=True)
            raise

    def _connect(self, host: str, port: int) -> None:
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        number = self._socket.connect_ex((host, port))
        if number not in (0, errno.EINPROGRESS):
            raise WireLost(os.strerror(number), number)
        if not self._power.wait(self._socket.fileno(), select.POLLOUT, self._timeout):
            raise WireLost("no answer to the connection attempt")
        number = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if number:
            raise WireLost(os.strerror(number), number)

    def receive(self, seconds: float | None) -> bytes | None:
        """Return the next bytes; None when none came in time.

        Raises:
            WireLost: The stream has ended or was cut.
            PowerOff: The power failed.
        """
        if not self._power.wait(self._socket.fileno(), select.POLLIN, seconds):
            return None
        try:
            data = self._socket.recv(_CHUNK)
        except BlockingIOError:
            return None
        except OSError as error:
            raise WireLost("connection reset by the server", error.errno or 0) from error
        if not data:
            raise WireLost("the server ended the stream")
        return data

    def send(self, data: bytes) -> None:
        """Send all of it.

        Raises:
            WireLost: The server is gone, or takes nothing for too long.
            PowerOff: The power failed.
        """
        view = memoryview(data)
        while view:
            try:
                view = view[self._socket.send(view) :]
            except BlockingIOError:
                if not self._power.wait(self._socket.fileno(), select.POLLOUT, self._timeout):
                    raise WireLost("the server takes nothing") from None
            except OSError as error:
                raise WireLost("connection lost while sending", error.errno or 0) from error

    def close(self, *, abruptly: bool = False) -> None:
        """Let it go; abruptly as a board without power does, so that nothing waits on either side."""
        if abruptly:
            with suppress(OSError):
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.close(abruptly=kind is PowerOff)
