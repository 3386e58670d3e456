"""The iTLS access point: thousands of devices at once, judged by a mock service, before an MQTT broker if wanted."""

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Self, TypeVar

from harness.errors import UsageError
from harness.gateway.authority import StoreAuthority
from harness.gateway.event_loop import GatewayLoop, not_running
from harness.gateway.mqtt.identity import Registry
from harness.gateway.mqtt.upstream import BrokerSides, MqttUpstream
from harness.gateway.session import Session, Upstream
from harness.gateway.session_log import SessionStore
from harness.gateway.session_record import SessionRecord
from harness.gateway.sessions import PendingMisbehaviour, Sessions
from harness.gateway.settings import GatewaySettings
from harness.gateway.upstream import RawUpstream
from harness.itls.misbehaviour.case import Misbehaviour
from harness.service.mock.server import MockService
from harness.web.acceptor import listen
from harness.web.descriptors import connections_at_once

_LOG = logging.getLogger(__name__)
_BACKLOG = 1024
_PORT_HINT = (
    "end what listens there (ss -ltnp shows it: another gateway, or Debian's own mosquitto on 1883), or choose another "
    "port"
)
_PLENTY = 256
"""So many devices at once are more than a bench has, and fewer than the default is nothing to warn of."""
_Result = TypeVar("_Result")


class Gateway:
    """Listen for devices and admit them by the store of a mock service; use it as a context manager.

    With a broker it speaks MQTT: the CONNECT is checked, then all goes through. Without one it is raw: what comes
    is in the session's record, and what goes back is `send`, or an echo by setting.

    All methods may be called from any thread.
    """

    def __init__(
        self,
        service: MockService,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        broker: tuple[str, int] | None = None,
        settings: GatewaySettings | None = None,
    ) -> None:
        """Prepare; nothing listens yet.

        Args:
            service: Whose products, devices, licences, settings and clock decide; it must be open as long as this is.
            host: Address of this computer to listen on.
            port: 0 lets the system choose.
            broker: Host and port of the MQTT broker; None for a raw gateway.
            settings: Limits and choices.
        """
        self._settings = settings or GatewaySettings()
        self._host = host
        self._port = port
        self._broker = broker
        self._authority = StoreAuthority(service.core, self._settings)
        self._registry = Registry(service.core, names_per_id2=self._settings.names_per_id2)
        self._store = SessionStore(self._settings)
        self._pending = PendingMisbehaviour()
        self._switch = threading.Lock()
        self._running: GatewayLoop | None = None
        self._said_room = False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port; they stay the same when it is stopped and started again.

        Raises:
            UsageError: It never listened and its port is not chosen yet.
        """
        if not self._port:
            raise UsageError("the gateway has not been started; enter it with `with`")
        return self._host, self._port

    def start(self) -> None:
        """Listen, in a thread, until `stop`.

        Raises:
            BenchError: The port is taken or not allowed, or the host is not this computer.
            UsageError: It is running.
        """
        with self._switch:
            if self._running is not None:
                raise UsageError("the gateway is running already")
            listener = listen(self._host, self._port, name="the gateway", backlog=_BACKLOG, hint=_PORT_HINT)
            self._port = listener.getsockname()[1]
            settings = self._within_descriptors()
            self._running = GatewayLoop(listener, lambda: self._sessions(settings))

    def stop(self) -> None:
        """Stop listening and abort every connection without close_notify; stopping twice is fine."""
        with self._switch:
            if self._running is not None:
                self._running.stop()
                self._running = None

    def misbehave(self, misbehaviour: Misbehaviour | None, *, times: int | None = None) -> None:
        """Misbehave towards the connections that come from now on.

        Args:
            misbehaviour: What to do wrong; None stops misbehaving.
            times: To how many of them; None for all, until told otherwise.

        Raises:
            UsageError: `times` is below 1.
        """
        if times is not None and times < 1:
            raise UsageError(f"misbehave: times must be 1 or more, not {times}")
        self._pending.set(misbehaviour, times)

    def disconnect(self, *, clean: bool = True) -> int:
        """End every session: with close_notify and FIN, or by a TCP reset. Return how many those were.

        Raises:
            UsageError: It is not running, or was stopped meanwhile.
        """
        return self._in_loop(lambda sessions: sessions.disconnect(clean=clean))

    def sessions(self) -> tuple[SessionRecord, ...]:
        """Return the sessions that are remembered, oldest first."""
        return self._store.records()

    def wait_for(
        self, wanted: Callable[[SessionRecord], bool], timeout: float, *, after: int = -1
    ) -> SessionRecord:
        """Return the newest session that is as wanted, as soon as there is one.

        Args:
            wanted: Looks at one session, as often as it changes.
            timeout: How long to wait, seconds.
            after: Only sessions with a higher number count.

        Raises:
            SessionTimeoutError: No such session came within `timeout`; the message lists those that came.
        """
        return self._store.wait_for(wanted, timeout, after)

    def send(self, number: int, data: bytes) -> None:
        """Send application data to a device, from a raw gateway.

        Args:
            number: Of its session.
            data: Goes out in fragments of what was negotiated.

        Raises:
            UsageError: A broker stands upstream, there is no such session whose handshake is complete, or the gateway
                is not running.
        """
        if self._broker is not None:
            raise UsageError("a gateway with a broker upstream sends what the broker sends")

        def send(sessions: Sessions) -> bool:
            session = sessions.connected.get(number)
            if session is None or not session.established:
                return False
            session.send(data)
            return True

        if not self._in_loop(send):
            raise UsageError(f"session {number} is not open for application data")

    def _in_loop(self, work: Callable[[Sessions], _Result]) -> _Result:
        running = self._running
        if running is None:
            raise not_running()
        return running.call(work)

    def _within_descriptors(self) -> GatewaySettings:
        """Return the settings with no more connections than there are descriptors for, and log that once."""
        wanted = self._settings.connections
        room = connections_at_once(1 if self._broker is None else 2)
        if room is None or room >= wanted:
            return self._settings
        if not self._said_room:
            self._said_room = True
            chosen = wanted != GatewaySettings().connections
            _LOG.log(
                logging.WARNING if chosen or room < _PLENTY else logging.INFO,
                "the gateway takes %d devices at once, not %d: the limit of open files allows no more (ulimit -n)",
                room,
                wanted,
            )
        return replace(self._settings, connections=room)

    def _sessions(self, settings: GatewaySettings) -> Sessions:
        sides = BrokerSides()

        def upstream(session: Session) -> Upstream:
            if self._broker is not None:
                return MqttUpstream(session, self._registry, self._broker, self._settings, sides)
            return RawUpstream(session, echo=self._settings.echo)

        return Sessions(
            self._authority, settings, self._store, self._pending, upstream, drop_upstreams=sides.abort
        )
