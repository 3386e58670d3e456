"""Where connections are accepted; without resources for another one it waits, and says so once a minute."""

import asyncio
import logging
import socket

from harness.itls.gateway.house import House

_LOG = logging.getLogger(__name__)
_AT_ONCE = 8
"""Connections that may be on their way in: none of them is counted yet, and each has a descriptor."""
_PAUSE_S = 0.5
_QUIET_S = 60.0


class Door:
    """Takes connections from a listening socket and gives them to a house. Runs in the gateway's loop.

    asyncio's own server goes on accepting without descriptors, with one log entry for each attempt.
    """

    def __init__(self, listener: socket.socket, house: House) -> None:
        """Open it.

        Args:
            listener: Listens already; stays its owner's.
            house: Makes the sessions.
        """
        self._listener = listener
        self._house = house
        self._loop = asyncio.get_running_loop()
        self._coming: set[asyncio.Task[object]] = set()
        self._pause: asyncio.TimerHandle | None = None
        self._said: float | None = None
        listener.setblocking(False)
        self._go_on()

    async def close(self) -> None:
        """Accept no more, and return when those that are just coming in are sessions."""
        if self._pause is not None:
            self._pause.cancel()
        self._loop.remove_reader(self._listener)
        if self._coming:
            await asyncio.wait(self._coming)

    def _go_on(self) -> None:
        self._pause = None
        self._loop.add_reader(self._listener, self._accept)

    def _accept(self) -> None:
        while len(self._coming) < _AT_ONCE:
            try:
                accepted, _ = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._wait(error)
                return
            accepted.setblocking(False)
            task = self._loop.create_task(
                self._loop.connect_accepted_socket(self._house.receive, accepted), name="itls-accept"
            )
            self._coming.add(task)
            task.add_done_callback(self._came)

    def _came(self, task: asyncio.Task[object]) -> None:
        self._coming.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _LOG.debug("a connection was gone before it was a session: %s", error)

    def _wait(self, error: OSError) -> None:
        """Leave the next ones in the system's queue for a while: the socket would stay readable, and spin."""
        self._loop.remove_reader(self._listener)
        self._pause = self._loop.call_later(_PAUSE_S, self._go_on)
        now = self._loop.time()
        if self._said is None or now - self._said >= _QUIET_S:
            self._said = now
            _LOG.warning("the gateway accepts no connections for now: %s", error.strerror or error)
