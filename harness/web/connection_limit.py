"""How many connections a server has at once, and how long each may take to send a request."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable


class ConnectionLimit:
    """Counts connections and times the requests that they owe; all calls come from the server's loop.

    Silent peers and half-sent requests would otherwise take every place: for a connection too many, the one goes
    that has been waiting for its request for the longest.

    Attributes:
        request_s: Time for a request to arrive whole, seconds.
    """

    def __init__(self, most: int, request_s: float) -> None:
        """Start with no connections.

        Args:
            most: Most connections at once.
            request_s: Time for a request to arrive whole, seconds.
        """
        self.request_s = request_s
        self._most = most
        self._present: set[Hashable] = set()
        self._waiting: OrderedDict[Hashable, tuple[float, Callable[[], None]]] = OrderedDict()
        self._timers: dict[Hashable, asyncio.TimerHandle] = {}

    def enter(self, connection: Hashable, expire: Callable[[], None]) -> None:
        """Take a connection in; its first request is awaited from now on.

        Args:
            connection: Who it is.
            expire: Lets it go; called when its time is over, or when its place is needed.
        """
        if len(self._present) >= self._most:
            # With every other one in the middle of a call, it is the newcomer itself that goes.
            oldest = next(iter(self._waiting), None)
            if oldest is None:
                expire()
                return
            _, let_go = self._waiting[oldest]
            self.leave(oldest)
            let_go()
        self._present.add(connection)
        self.wait(connection, expire)

    def wait(self, connection: Hashable, expire: Callable[[], None]) -> None:
        """Give a request that is not whole its time, counted from its first wait on."""
        if connection not in self._present or connection in self._waiting:
            return
        loop = asyncio.get_running_loop()
        self._waiting[connection] = (loop.time() + self.request_s, expire)
        if connection not in self._timers:
            self._timers[connection] = loop.call_later(self.request_s, self._look, connection)

    def busy(self, connection: Hashable) -> None:
        """Stop the time: the request is there."""
        self._waiting.pop(connection, None)

    def leave(self, connection: Hashable) -> None:
        """Forget a connection."""
        self.busy(connection)
        self._present.discard(connection)
        if (timer := self._timers.pop(connection, None)) is not None:
            timer.cancel()

    def _look(self, connection: Hashable) -> None:
        """Let a connection go whose time is over; a timer a connection, as one a request would cost each of them."""
        del self._timers[connection]
        if connection not in self._waiting:
            return
        end, expire = self._waiting[connection]
        loop = asyncio.get_running_loop()
        if loop.time() < end:
            self._timers[connection] = loop.call_at(end, self._look, connection)
            return
        self.leave(connection)
        expire()
