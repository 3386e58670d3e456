"""Listen, and accept connections; without resources for another one it waits, and says so once a minute."""

import asyncio
import errno
import logging
import socket
import ssl
from collections.abc import Callable

from harness.errors import BenchError

_LOG = logging.getLogger(__name__)
_AT_ONCE = 8
"""Connections that may be on their way in: none of them is counted yet, and each has a descriptor."""
_HANDSHAKES_AT_ONCE = 64
"""The same with TLS, where a peer may take its time on the way."""
_PAUSE_S = 0.5
_QUIET_S = 60.0
_TURNS = 10


def listen(host: str, port: int, *, name: str, backlog: int, hint: str) -> socket.socket:
    """Return a listening socket.

    Args:
        host: An address of this computer.
        port: 0 lets the system choose.
        name: Who listens, for the message: "the gateway".
        backlog: Connections that wait to be accepted.
        hint: What to do when the port cannot be had.

    Raises:
        BenchError: The port is taken or not allowed, or the address is another computer's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio switches Nagle off only for sockets that say TCP.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(backlog)
    except (OSError, OverflowError) as error:
        listener.close()
        number = getattr(error, "errno", None)
        if number == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
            raise BenchError(
                f"{name} cannot listen on {host}: it is not an address of this computer",
                hint="give one of its addresses, for example 127.0.0.1, or 0.0.0.0 for all of them",
            ) from None
        taken = number == errno.EADDRINUSE
        reason = "it is taken" if taken else getattr(error, "strerror", None) or str(error)
        raise BenchError(f"{name} cannot listen on {host} port {port}: {reason}", hint=hint) from None
    return listener


class Acceptor:
    """Takes connections from a listening socket and gives each to a protocol. Runs in its server's loop.

    asyncio's own server goes on accepting without descriptors, with one log entry for each attempt, and leaves
    connections unclosed that were accepted in the moment in which it ends.
    """

    def __init__(
        self,
        listener: socket.socket,
        protocol: Callable[[], asyncio.BaseProtocol],
        *,
        name: str,
        tls: ssl.SSLContext | None = None,
        tls_handshake_s: float | None = None,
    ) -> None:
        """Accept from now on.

        Args:
            listener: Listens already; stays its owner's.
            protocol: Makes what serves one connection.
            name: What accepts, for the log: "the gateway".
            tls: Speak TLS with this.
            tls_handshake_s: Time for the TLS handshake, seconds; asyncio's own when left out.
        """
        self._listener = listener
        self._protocol = protocol
        self._name = name
        self._tls = tls
        self._tls_handshake_s = None if tls is None else tls_handshake_s
        self._loop = asyncio.get_running_loop()
        self._coming: dict[asyncio.Task[object], socket.socket] = {}
        self._pause: asyncio.TimerHandle | None = None
        self._said: float | None = None
        self._closed = False
        listener.setblocking(False)
        self._go_on()

    async def close(self) -> None:
        """Accept no more; return when those just coming in are served or, in a TLS handshake, gone."""
        self._closed = True
        if self._pause is not None:
            self._pause.cancel()
        self._loop.remove_reader(self._listener)
        # A handshake can be given up only when it has begun.
        await turns()
        if self._tls is not None:
            for task in self._coming:
                task.cancel()
        if self._coming:
            await asyncio.wait(self._coming)
        await turns()

    def _go_on(self) -> None:
        self._pause = None
        self._loop.add_reader(self._listener, self._accept)

    def _accept(self) -> None:
        while len(self._coming) < self._most:
            try:
                accepted, _ = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._wait(error)
                return
            accepted.setblocking(False)
            task = self._loop.create_task(
                self._loop.connect_accepted_socket(
                    self._protocol, accepted, ssl=self._tls, ssl_handshake_timeout=self._tls_handshake_s
                ),
                name="accept",
            )
            self._coming[task] = accepted
            task.add_done_callback(self._came)
        # The rest stays in the system's queue until one of these has come in.
        self._loop.remove_reader(self._listener)
        if self._tls is not None:
            # Silent peers would keep others out for as long as a handshake may take: the oldest makes room.
            next(iter(self._coming)).cancel()

    def _came(self, task: asyncio.Task[object]) -> None:
        full = len(self._coming) >= self._most
        accepted = self._coming.pop(task)
        if task.cancelled() or (error := task.exception()) is not None:
            # A task that ended before its first step never took the socket over.
            accepted.close()
            if not task.cancelled():
                _LOG.debug("a connection was gone before it was served: %s", error)
        if full and self._pause is None and not self._closed:
            self._go_on()

    @property
    def _most(self) -> int:
        return _AT_ONCE if self._tls is None else _HANDSHAKES_AT_ONCE

    def _wait(self, error: OSError) -> None:
        """Leave the next ones in the system's queue for a while: the socket would stay readable, and spin."""
        self._loop.remove_reader(self._listener)
        self._pause = self._loop.call_later(_PAUSE_S, self._go_on)
        now = self._loop.time()
        if self._said is None or now - self._said >= _QUIET_S:
            self._said = now
            _LOG.warning("%s accepts no connections for now: %s", self._name, error.strerror or error)


async def turns() -> None:
    """Let the loop do what is due: TLS connections take several turns to begin and to close."""
    for _ in range(_TURNS):
        await asyncio.sleep(0)
