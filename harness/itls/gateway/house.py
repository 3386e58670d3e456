"""Where connections arrive: counts them and gives each its session. Runs in the gateway's loop."""

import asyncio
import contextlib
import logging
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

from harness.itls.gateway.behind import Behind
from harness.itls.gateway.session import Session
from harness.itls.gateway.settings import GatewaySettings
from harness.itls.gateway.sheet import Pile, Sheet
from harness.itls.other_protocols import OtherProtocol
from harness.itls.server import Authority, ServerHooks

if TYPE_CHECKING:
    from harness.itls.misbehaviour import Misbehaviour

_LOG = logging.getLogger(__name__)
_QUIET_S = 60.0
_READ_AT_ONCE = 20 * 1024
"""A record of the largest size and a bit: this much of one device is worked on before the next has its turn."""


class Mood:
    """What the gateway does wrong on purpose, and for how many connections more; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._misbehaviour: Misbehaviour | None = None
        self._left: int | None = None

    def set(self, misbehaviour: "Misbehaviour | None", times: int | None) -> None:
        """Misbehave from the next connection on; None behaves again."""
        with self._lock:
            self._misbehaviour, self._left = misbehaviour, times

    def take(self) -> "Misbehaviour | None":
        """Return what the next connection meets, and count it."""
        with self._lock:
            taken = self._misbehaviour
            if taken is not None and self._left is not None:
                self._left -= 1
                if self._left <= 0:
                    self._misbehaviour = None
            return taken


class House:
    """All sessions of a gateway while its loop runs.

    Attributes:
        sessions: Those whose connection is there, by number.
    """

    def __init__(
        self,
        authority: Authority,
        settings: GatewaySettings,
        pile: Pile,
        mood: Mood,
        behind: Callable[[Session], Behind],
    ) -> None:
        self.sessions: dict[int, Session] = {}
        self._authority = authority
        self._settings = settings
        self._pile = pile
        self._mood = mood
        self._behind = behind
        self._newcomers: OrderedDict[int, Session] = OrderedDict()
        self._peers: Counter[str] = Counter()
        self._noticed: dict[str, float] = {}
        self._shared = bytearray(_READ_AT_ONCE)
        self._empty = asyncio.Event()
        self._empty.set()

    def receive(self) -> Session:
        """Make the session of a connection that was just accepted."""
        misbehaviour = self._mood.take()
        name = "" if misbehaviour is None else misbehaviour.name
        return Session(
            self._authority,
            self._settings,
            self._shared,
            sheet_for=lambda session, peer: self._open(session, peer, name),
            behind=self._behind,
            hooks=ServerHooks() if misbehaviour is None else misbehaviour.hooks(),
            notice=self._notice,
            gone=self._gone,
        )

    def disconnect(self, *, clean: bool) -> int:
        """End every session that is not over, and say how many those were."""
        running = [session for session in self.sessions.values() if not session.over]
        for session in running:
            if clean:
                session.finish(error="the gateway was told to disconnect")
            else:
                session.reset()
        return len(running)

    async def clear(self, patience_s: float) -> None:
        """End every session without a word, and return when their connections are gone."""
        for session in list(self.sessions.values()):
            session.drop()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._empty.wait(), patience_s)

    def _open(self, session: Session, peer: str, misbehaviour: str) -> Sheet | None:
        settings = self._settings
        if self._peers[session.host] >= settings.connections_per_peer:
            return None
        if len(self.sessions) >= settings.connections and not self._make_room():
            return None
        sheet = self._pile.open(peer, misbehaviour)
        self.sessions[sheet.number] = session
        self._newcomers[sheet.number] = session
        self._peers[session.host] += 1
        self._empty.clear()
        return sheet

    def _make_room(self) -> bool:
        """Let the connection go that has been the longest without a handshake, and tell whether there was one.

        Silent peers would otherwise keep devices out for as long as a handshake may take.
        """
        while self._newcomers:
            _, session = self._newcomers.popitem(last=False)
            if not session.over and not session.established:
                session.reset("connections: no handshake yet, and another one needs the place")
                return True
        return False

    def _notice(self, host: str, other: OtherProtocol) -> None:
        """Write into the log that something else than iTLS is spoken, once a minute for each protocol."""
        now = time.monotonic()
        if now - self._noticed.get(other.name, -_QUIET_S) >= _QUIET_S:
            self._noticed[other.name] = now
            _LOG.warning("%s: %s", host, other.sentence)

    def _gone(self, session: Session) -> None:
        if not session.counted:
            return
        del self.sessions[session.sheet.number]
        self._newcomers.pop(session.sheet.number, None)
        self._peers[session.host] -= 1
        if not self._peers[session.host]:
            del self._peers[session.host]
        if not self.sessions:
            self._empty.set()
