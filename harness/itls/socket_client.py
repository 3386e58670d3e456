"""An iTLS client on a real socket: connect, send, receive, close; and the wrapper's exchange for an ID².

One thread may send while another receives; `close` may come from any.

Source: device-protocol.md h.3 (timeouts: 10 s to connect and send, 20 s to receive).
"""

import contextlib
import select
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from harness.errors import BenchError, DeviceError
from harness.itls.client import WRAPPER_POLICY, ClientConnection, ClientIdentity, ClientPolicy
from harness.itls.connection import ConnectionLimits
from harness.itls.errors import ItlsError
from harness.itls.events import Alerted, DataReceived, Event, ObservedRecord, StreamEnded
from harness.itls.key_schedule import SessionKeys
from harness.itls.suites import Suite

_CHUNK = 16 * 1024
_DRAIN = 1 << 20
_READABLE = select.POLLIN | select.POLLHUP | select.POLLERR


class SilentServerError(DeviceError):
    """The server said nothing in time."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long each step may take, seconds; as the vendor's client has them.

    Attributes:
        connect: Until TCP is there.
        handshake: From then until application data may flow.
        send: Until what is sent has gone into the network.
        linger: How long closing waits for the server to close too.
    """

    connect: float = 10.0
    handshake: float = 20.0
    send: float = 10.0
    linger: float = 1.0


class SocketClient:
    """A connection to an iTLS access point. Closes itself as a context manager."""

    def __init__(self, connection: socket.socket, client: ClientConnection, timeouts: Timeouts) -> None:
        """Take over a connected socket and a client that has not started; use `connect`."""
        self._socket = connection
        self._client = client
        self._timeouts = timeouts
        self._place = "{}:{}".format(*connection.getpeername()[:2])
        self._state = threading.Lock()
        self._writing = threading.Lock()
        self._reading = threading.Lock()
        self._received: deque[bytes] = deque()
        self._over: Exception | None = None
        self._ended = False
        self._closed = False
        connection.settimeout(timeouts.send)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def established(self) -> bool:
        """Application data may flow."""
        return self._client.established and not self._ended and not self._closed

    @property
    def suite(self) -> Suite | None:
        """What was agreed."""
        return self._client.suite

    @property
    def keys(self) -> SessionKeys | None:
        """The keys of the session, for its export."""
        return self._client.keys

    @property
    def provisioned_now(self) -> str | None:
        """The ID² that this connection brought."""
        return self._client.provisioned_now

    def send(self, data: bytes) -> None:
        """Send application data, whole.

        Raises:
            ItlsError: The connection is closed.
            BenchError: The network took it not within `Timeouts.send`, or broke.
        """
        with self._writing:
            with self._state:
                self._client.send(data)
            self._flush()

    def receive(self, timeout: float) -> bytes:
        """Return the next application data; nothing when the server has said close_notify, or this side closed.

        Args:
            timeout: Seconds.

        Raises:
            SilentServerError: Nothing came in that time.
            ItlsError: The stream was cut, the server sent an alert, or it broke the protocol.
            BenchError: The network broke.
        """
        deadline = time.monotonic() + timeout
        with self._reading:
            while not self._received:
                if self._closed:
                    return b""
                if self._over is not None:
                    raise self._over
                if self._ended:
                    return b""
                self._step(deadline, f"no data within {timeout:g} s")
            return self._received.popleft()

    def close(self) -> None:
        """Say close_notify, wait a moment for the server to close too, and release the socket."""
        with self._state:
            if self._closed:
                return
            self._closed = True
            self._client.close()
        # A sender that is stuck would keep the close_notify from going out: it is not waited for.
        if self._writing.acquire(timeout=self._timeouts.linger):
            try:
                with contextlib.suppress(BenchError):
                    self._flush()
            finally:
                self._writing.release()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
        if not self._reading.acquire(timeout=self._timeouts.linger):
            # Somebody waits in `receive`, and the server does not close: end that wait before the socket goes away.
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RD)
            self._reading.acquire()
        try:
            # Unread bytes in a socket that closes would reset the connection, and the close_notify with it.
            self._drain()
            self._socket.close()
        finally:
            self._reading.release()

    # ---- the handshake

    def shake_hands(self, *, until_provisioned: bool = False) -> None:
        """Do the handshake, or only the exchange that brings an ID²."""
        deadline = time.monotonic() + self._timeouts.handshake
        with self._reading:
            with self._state:
                self._client.start()
            self._flush_if_any()
            while not (self._client.provisioned_now if until_provisioned else self._client.established):
                if self._over is not None:
                    raise self._over
                if self._ended:
                    raise ItlsError(f"{self._place} said close_notify during the handshake", None)
                self._step(deadline, f"no handshake within {self._timeouts.handshake:g} s")

    # ---- bytes

    def _step(self, deadline: float, complaint: str) -> None:
        """Wait for bytes, and act on them."""
        poll = select.poll()
        poll.register(self._socket, _READABLE)
        left = deadline - time.monotonic()
        if left <= 0 or not poll.poll(max(1, int(left * 1000))):
            raise SilentServerError(
                f"{self._place}: {complaint}", hint="Read the log of the server, or allow more time."
            )
        try:
            data = self._socket.recv(_CHUNK)
        except OSError as error:
            self._over = BenchError(f"{self._place}: {error.strerror or error}")
            return
        with self._state:
            events = self._understood(data)
        self._note(events)
        self._flush_if_any()

    def _understood(self, data: bytes) -> list[Event]:
        if not data:
            return self._client.end_of_stream()
        try:
            return self._client.receive(data)
        except ItlsError as error:
            self._over = error.at(transport=self._place)
            return list(self._client.before_error)

    def _note(self, events: list[Event]) -> None:
        alert: Alerted | None = None
        for event in events:
            if isinstance(event, DataReceived):
                self._received.append(event.data)
            elif isinstance(event, Alerted):
                alert = event
            elif isinstance(event, StreamEnded):
                self._ended = True
                if not event.clean and self._over is None:
                    self._over = ItlsError(
                        f"{self._place} "
                        + (
                            "ended the stream without close_notify"
                            if alert is None
                            else f"sent the alert {alert.message}"
                        ),
                        None,
                        hint="" if alert is None else alert.message.hint,
                    )

    def _flush_if_any(self) -> None:
        with self._state:
            waiting = self._client.has_output
        if waiting:
            with self._writing:
                self._flush()

    def _flush(self) -> None:
        with self._state:
            data = self._client.take()
        try:
            self._socket.sendall(data)
        except TimeoutError:
            raise BenchError(
                f"{self._place} took nothing for {self._timeouts.send:g} s",
                hint="It does not read; restart it.",
            ) from None
        except OSError as error:
            # What the server said before it went away tells more than that it is away: it is read first.
            if self._client.established:
                raise BenchError(f"{self._place}: {error.strerror or error}") from None

    def _drain(self) -> None:
        deadline = time.monotonic() + self._timeouts.linger
        poll = select.poll()
        poll.register(self._socket, _READABLE)
        left = _DRAIN
        while left > 0 and (wait := deadline - time.monotonic()) > 0:
            if not poll.poll(max(1, int(wait * 1000))):
                return
            try:
                data = self._socket.recv(_CHUNK)
            except OSError:
                return
            if not data:
                return
            left -= len(data)


def connect(
    host: str,
    port: int,
    identity: ClientIdentity,
    product_key: str,
    *,
    policy: ClientPolicy | None = None,
    limits: ConnectionLimits | None = None,
    timeouts: Timeouts | None = None,
    observe: Callable[[ObservedRecord], None] | None = None,
) -> SocketClient:
    """Connect to an access point and do the handshake; a device without an ID² is given one on the way.

    Args:
        host: Name or address.
        port: 1 to 65535.
        identity: The device's side of ID².
        product_key: ProductKey.
        policy: What is offered and insisted on.
        limits: How much the server may ask.
        timeouts: How long each step may take.
        observe: Told of every record, in the thread that sends or receives.

    Raises:
        BenchError: Nobody answers there, or the network broke.
        SilentServerError: The handshake takes too long.
        ItlsError: The handshake failed; the message says on which side and why.
    """
    waits = timeouts or Timeouts()
    client = ClientConnection(identity, product_key, policy=policy, limits=limits, observe=observe)
    link = SocketClient(_open(host, port, waits.connect), client, waits)
    try:
        link.shake_hands()
    except BaseException:
        link.close()
        raise
    return link


def provision(
    host: str,
    port: int,
    identity: ClientIdentity,
    product_key: str,
    *,
    timeouts: Timeouts | None = None,
    observe: Callable[[ObservedRecord], None] | None = None,
) -> str:
    """Get an ID² as `id2_client_wrap_do_provisioning` does: one exchange, then hang up.

    Returns:
        The ID² that the identity now has.

    Raises:
        BenchError: Nobody answers there, or the network broke.
        SilentServerError: No answer in time.
        ItlsError: The server refused, or what it sent does not open.

    Source: device-protocol.md c.6, h.3.
    """
    waits = timeouts or Timeouts()
    client = ClientConnection(identity, product_key, policy=WRAPPER_POLICY, observe=observe)
    with SocketClient(_open(host, port, waits.connect), client, waits) as link:
        link.shake_hands(until_provisioned=True)
    assert client.provisioned_now is not None, "shake_hands waits for it"
    return client.provisioned_now


def _open(host: str, port: int, limit: float) -> socket.socket:
    try:
        connection = socket.create_connection((host, port), limit)
    except (OSError, OverflowError) as error:
        raise BenchError(
            f"no connection to {host}:{port}: {error}", hint="Check that the access point runs and its port."
        ) from None
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection
