"""All sessions of a gateway: counts connections and gives each its session. Runs in the gateway's event loop."""

import asyncio
import contextlib
import logging
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable

from harness.gateway.other_protocols import OtherProtocol
from harness.gateway.session import Session, Upstream
from harness.gateway.session_log import SessionLog, SessionStore
from harness.gateway.settings import GatewaySettings
from harness.itls.misbehaviour.case import Misbehaviour
from harness.itls.server import Authority, ServerHooks

_LOG = logging.getLogger(__name__)
_QUIET_S = 60.0
_READ_AT_ONCE = 20 * 1024
"""A record of the largest size and a bit: this much of one device is worked on before the next has its turn."""


class PendingMisbehaviour:
    """What the gateway does wrong on purpose, and for how many more connections; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._misbehaviour: Misbehaviour | None = None
        self._left: int | None = None

    def set(self, misbehaviour: Misbehaviour | None, times: int | None) -> None:
        """Misbehave from the next connection on; with None, stop misbehaving."""
        with self._lock:
            self._misbehaviour, self._left = misbehaviour, times

    def take(self) -> Misbehaviour | None:
        """Return the misbehaviour of the next connection, and count that connection."""
        with self._lock:
            taken = self._misbehaviour
            if taken is not None and self._left is not None:
                self._left -= 1
                if self._left <= 0:
                    self._misbehaviour = None
            return taken


class Sessions:
    """All sessions of a gateway while its loop runs.

    Attributes:
        connected: Those whose connection is open, by number.
    """

    def __init__(
        self,
        authority: Authority,
        settings: GatewaySettings,
        store: SessionStore,
        pending: PendingMisbehaviour,
        upstream: Callable[[Session], Upstream],
        drop_upstreams: Callable[[], None],
    ) -> None:
        self.connected: dict[int, Session] = {}
        self._authority = authority
        self._settings = settings
        self._store = store
        self._pending = pending
        self._upstream = upstream
        self._drop_upstreams = drop_upstreams
        self._newcomers: OrderedDict[int, Session] = OrderedDict()
        self._peers: Counter[str] = Counter()
        self._noticed: dict[str, float] = {}
        self._shared = bytearray(_READ_AT_ONCE)
        self._empty = asyncio.Event()
        self._empty.set()

    def receive(self) -> Session:
        """Return the session of a connection that was just accepted."""
        misbehaviour = self._pending.take()
        name = "" if misbehaviour is None else misbehaviour.name
        return Session(
            self._authority,
            self._settings,
            self._shared,
            log_for=lambda session, peer: self._open(session, peer, name),
            upstream=self._upstream,
            hooks=ServerHooks() if misbehaviour is None else misbehaviour.hooks(),
            notice=self._notice,
            gone=self._gone,
        )

    def disconnect(self, *, clean: bool) -> int:
        """End every session that is not over, and return how many those were."""
        running = [session for session in self.connected.values() if not session.over]
        for session in running:
            if clean:
                session.finish(error="the gateway was told to disconnect")
            else:
                session.reset()
        return len(running)

    async def clear(self, patience_s: float) -> None:
        """Abort every connection without close_notify, and return when all are gone or after `patience_s` seconds."""
        for session in list(self.connected.values()):
            session.drop()
        self._drop_upstreams()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._empty.wait(), patience_s)

    def _open(self, session: Session, peer: str, misbehaviour: str) -> SessionLog | None:
        settings = self._settings
        if self._peers[session.host] >= settings.connections_per_peer:
            return None
        if len(self.connected) >= settings.connections and not self._make_room():
            return None
        log = self._store.open(peer, misbehaviour)
        self.connected[log.number] = session
        self._newcomers[log.number] = session
        self._peers[session.host] += 1
        self._empty.clear()
        return log

    def _make_room(self) -> bool:
        """Reset the oldest connection without a handshake, and return whether there was one.

        Silent peers would otherwise keep devices out for as long as a handshake may take.
        """
        while self._newcomers:
            _, session = self._newcomers.popitem(last=False)
            if not session.over and not session.established:
                session.reset("connections: no handshake yet, and another one needs the place")
                return True
        return False

    def _notice(self, host: str, other: OtherProtocol) -> None:
        """Log that a peer speaks another protocol than iTLS, at most once a minute for each protocol."""
        now = time.monotonic()
        if now - self._noticed.get(other.name, -_QUIET_S) >= _QUIET_S:
            self._noticed[other.name] = now
            _LOG.warning("%s: %s", host, other.sentence)

    def _gone(self, session: Session) -> None:
        if not session.counted:
            return
        del self.connected[session.log.number]
        self._newcomers.pop(session.log.number, None)
        self._peers[session.host] -= 1
        if not self._peers[session.host]:
            del self._peers[session.host]
        if not self.connected:
            self._empty.set()
