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
        self._waiting: OrderedDict[Hashable, tuple[asyncio.TimerHandle, Callable[[], None]]] = OrderedDict()

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
        timer = asyncio.get_running_loop().call_later(self.request_s, self._late, connection)
        self._waiting[connection] = (timer, expire)

    def busy(self, connection: Hashable) -> None:
        """Stop the time: the request is there."""
        if (waited := self._waiting.pop(connection, None)) is not None:
            waited[0].cancel()

    def leave(self, connection: Hashable) -> None:
        """Forget a connection."""
        self.busy(connection)
        self._present.discard(connection)

    def _late(self, connection: Hashable) -> None:
        _, expire = self._waiting[connection]
        self.leave(connection)
        expire()
