"""One connection of a device: bytes to iTLS and back, its limits, and its end. Runs in the gateway's loop."""

import asyncio
import contextlib
import logging
import socket
import struct
import time
from collections.abc import Callable
from typing import Protocol

from harness.gateway.flow import Flow
from harness.gateway.other_protocols import HEAD_MAX, OtherProtocol, recognised
from harness.gateway.session_log import LoggedAuthority, SessionLog
from harness.gateway.session_record import Ending
from harness.gateway.settings import GatewaySettings
from harness.id2.codes import ItlsAlert
from harness.itls.errors import ItlsError
from harness.itls.events import DataReceived, Direction, ObservedRecord, StreamEnded
from harness.itls.server import Authority, ServerConnection, ServerHooks, ServerSettings
from harness.web.delivery import unacknowledged

_LOG = logging.getLogger(__name__)
_HIGH_WATER = 64 * 1024
_LINGER_BYTES = 256 * 1024
_NO_LINGER = struct.pack("ii", 1, 0)
_LOOKS = 4
"""How often within `stalled_s` it is looked whether the device reads."""


class Upstream(Protocol):
    """Where the plain stream of a session goes, and where its answers come from."""

    def established(self) -> None:
        """Begin: the handshake is complete."""
        ...

    def data(self, data: bytes) -> None:
        """Take application data of the device."""
        ...

    def full(self, *, yes: bool) -> None:
        """Stop sending to the device while it does not read; go on when it reads again."""
        ...

    def over(self) -> None:
        """End: the session is over."""
        ...


class Session(asyncio.BufferedProtocol):
    """The gateway's side of one connection.

    Attributes:
        host: IP address of the device.
    """

    def __init__(
        self,
        authority: Authority,
        settings: GatewaySettings,
        shared: bytearray,
        *,
        log_for: Callable[["Session", str], SessionLog | None],
        upstream: Callable[["Session"], Upstream],
        hooks: ServerHooks,
        notice: Callable[[str, OtherProtocol], None],
        gone: Callable[["Session"], None],
    ) -> None:
        """Prepare for a connection.

        Args:
            authority: Who judges devices.
            settings: Limits.
            shared: Where all sessions of one loop read into: it is emptied before another one reads, and bounds
                how long one of them keeps the others waiting.
            log_for: Opens its log when the peer (address and port) is known; None when there are too many.
            upstream: Makes the upstream of the session.
            hooks: What it does wrong on purpose.
            notice: Told of a host that speaks another protocol.
            gone: Told when the connection is gone.
        """
        self._settings = settings
        self._shared = shared
        self._log_for = log_for
        self._gone = gone
        self._notice = notice
        self._loop = asyncio.get_running_loop()
        self._connection = ServerConnection(
            LoggedAuthority(authority, lambda: self.log),
            settings=ServerSettings(echo_max_fragment=settings.echo_max_fragment),
            observe=self._observe,
            hooks=hooks,
        )
        self._upstream = upstream(self)
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._stall: asyncio.TimerHandle | None = None
        self._read_out = 0
        self._read_at = 0.0
        self._flow = Flow(settings.records_per_s)
        self._heard = self._loop.time()
        self._records = 0
        self._lingered = 0
        self._head = b""
        self._over = False
        self._log: SessionLog | None = None
        self.host = ""

    # ---- what the loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin the session of a device that has connected, or abort it when there are too many."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._flow.begin(transport)
        peer = transport.get_extra_info("peername") or ("", 0)
        self.host = str(peer[0])
        log = self._log_for(self, f"{peer[0]}:{peer[1]}")
        if log is None:
            self._over = True
            transport.abort()
            return
        self._log = log
        transport.set_write_buffer_limits(high=_HIGH_WATER)
        self._timer = self._loop.call_later(self._settings.handshake_s, self._handshake_too_slow)

    def get_buffer(self, sizehint: int) -> bytearray:
        """Say where the next bytes go."""
        del sizehint
        return self._shared

    def buffer_updated(self, nbytes: int) -> None:
        """Act on bytes that came."""
        data = bytes(memoryview(self._shared)[:nbytes])
        if self._over:
            self._last_words(data)
            return
        self._heard = self._loop.time()
        with self.log as log:
            log.received(data)
            if len(self._head) < HEAD_MAX and not log.established_ns:
                self._head += data[:HEAD_MAX]
            if not log.established_ns and log.bytes_in > self._settings.handshake_bytes:
                self._refuse(f"more than {self._settings.handshake_bytes} bytes without a handshake")
                return
            self._receive(data)
        records, self._records = self._records, 0
        if not self._over:
            self._flow.count(records)

    def eof_received(self) -> bool:
        """End the session: the device will send no more."""
        if not self._over:
            with self.log:
                self._connection.end_of_stream()
                self._end("cut", "the device ended the stream without close_notify")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Log how the connection ended, and forget it."""
        if not self._over:
            with self.log:
                self._mark_over("cut" if exc is None else "reset", "" if exc is None else _reason(exc))
        for timer in (self._timer, self._stall):
            if timer is not None:
                timer.cancel()
        self._gone(self)

    def pause_writing(self) -> None:
        """Stop the upstream while the device does not read, and watch whether it reads again."""
        if not self._over:
            self._upstream.full(yes=True)
            self._read_out, self._read_at = self._taken(), self._loop.time()
            self._stall = self._loop.call_later(self._settings.stalled_s / _LOOKS, self._watch_stall)

    def resume_writing(self) -> None:
        """Let the upstream go on: the device reads again."""
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None
        if not self._over:
            self._upstream.full(yes=False)

    # ---- called by the upstream

    @property
    def log(self) -> SessionLog:
        """What is noted of it; there from the connection on."""
        assert self._log is not None, "only a connection that was counted has a log"
        return self._log

    @property
    def counted(self) -> bool:
        """Whether it was counted, and not closed at once because there were too many."""
        return self._log is not None

    @property
    def over(self) -> bool:
        """Whether it has ended; its connection may still be there for a moment."""
        return self._over

    @property
    def established(self) -> bool:
        """Whether application data may flow."""
        connection = self._connection
        return connection.established and not connection.closed and not self._over

    @property
    def device(self) -> tuple[str, str]:
        """ProductKey and ID² that were admitted."""
        return self.log.product_key or "", self.log.id2 or ""

    def send(self, data: bytes) -> None:
        """Send application data; one that does not read and lets too much store up is dropped."""
        if not self.established:
            return
        with self.log:
            self._connection.send(data)
            self._flush()
            if self._transport is not None:
                waiting = self._transport.get_write_buffer_size()
                if waiting > self._settings.write_buffer:
                    self._mark_over("timeout", f"write_buffer: the device leaves {waiting} bytes unread")
                    self._reset()

    def hold(self, why: str, *, yes: bool) -> None:
        """Stop reading from the device for a reason, or go on; it is read when there is no reason left."""
        if not self._over:
            self._flow.hold(why, yes=yes)

    def finish(self, how: Ending = "clean", error: str = "") -> None:
        """Say close_notify and end the session."""
        if self._over:
            return
        with self.log:
            self._connection.close()
            self._flush()
            self._end(how, error)

    def reset(self, error: str = "the gateway reset the connection") -> None:
        """End the session with a TCP reset."""
        if self._over:
            return
        with self.log:
            self._mark_over("reset", error)
        self._reset()

    def drop(self) -> None:
        """End the session without close_notify, as a server does that has crashed."""
        if not self._over:
            with self.log:
                self._mark_over("cut", "the gateway was stopped")
        self._abort()

    # ---- what happens

    def _observe(self, seen: ObservedRecord) -> None:
        if seen.direction is Direction.IN:
            self._records += 1
        self.log.record(seen)

    def _receive(self, data: bytes) -> None:
        connection, log = self._connection, self.log
        error: ItlsError | None = None
        events: list[object] = []
        try:
            events += connection.receive(data)
        except ItlsError as refused:
            events += connection.before_error
            error = refused
        except Exception:  # noqa: BLE001 - a defect of ours costs one session, and the device gets an alert
            _LOG.exception("a session failed inside the gateway")
            connection.alert(ItlsAlert.INTERNAL_ERROR)
            error = ItlsError("the gateway itself failed", ItlsAlert.INTERNAL_ERROR)
        self._note_progress()
        if connection.established and log.established_ns is None:
            log.established_ns = time.monotonic_ns()
            log.reach("established")
            self._watch_idle()
            self._flush()
            self._upstream.established()
        self._flush()
        for event in events:
            if self._over:
                return
            if isinstance(event, DataReceived):
                self._upstream.data(event.data)
            elif isinstance(event, StreamEnded):
                connection.close()
                self._flush()
                self._end("clean" if event.clean else "alert")
        if error is not None:
            self._end("alert", self._told(error))
        elif connection.closed:  # by hooks that misbehave
            self._end("alert" if log.alerted_fatally else "clean")

    def _told(self, error: ItlsError) -> str:
        """Return why the session ends; when what came is another protocol altogether, that."""
        other = None if self._connection.established else recognised(self._head)
        if other is None:
            return error.message
        self.log.other_protocol = other
        self._notice(self.host, other)
        return f"{other.sentence} ({error.message})"

    def _last_words(self, data: bytes) -> None:
        """Read on from a device that has not heard yet that it is over.

        A closed socket with unread bytes would reset the connection, and with it the last alert that was sent.
        What the device says to a close_notify or a broken stream is noted; it changes nothing.
        """
        self._lingered += len(data)
        if self._lingered > _LINGER_BYTES:
            self._abort()
        elif self._connection.established:
            with self.log as log, contextlib.suppress(ItlsError):
                log.received(data)
                self._connection.receive(data)

    def _note_progress(self) -> None:
        connection, log = self._connection, self.log
        if connection.hello is not None:
            if log.reached == "connected":
                log.reach("hello")
            log.product_key, log.id2 = connection.hello.product_key, connection.hello.id2
        log.suite = connection.suite
        log.keys = connection.keys

    def _flush(self) -> None:
        data = self._connection.take()
        if data and self._transport is not None:
            self.log.sent(data)
            self._transport.write(data)
        if self._connection.cut_off:
            self._end("cut", "the stream was cut off on purpose")

    def _watch_idle(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._flow.held:  # it may well speak, and is not listened to
            self._heard = self._loop.time()
        left = self._heard + self._settings.idle_s - self._loop.time()
        if left > 0:
            self._timer = self._loop.call_later(left, self._watch_idle)
        else:
            self.finish("timeout", f"idle_s: nothing came for {self._settings.idle_s:g} s")

    def _handshake_too_slow(self) -> None:
        self.finish("timeout", f"handshake_s: no handshake within {self._settings.handshake_s:g} s")

    def _watch_stall(self) -> None:
        """Look whether the device read anything; one that does, however slowly, keeps its session."""
        now, taken = self._loop.time(), self._taken()
        if taken > self._read_out:
            self._read_out, self._read_at = taken, now
        if now - self._read_at < self._settings.stalled_s:
            self._stall = self._loop.call_later(self._settings.stalled_s / _LOOKS, self._watch_stall)
            return
        if not self._over:
            with self.log:
                self._mark_over(
                    "timeout", f"stalled_s: the device read nothing for {self._settings.stalled_s:g} s"
                )
        self._reset()

    def _taken(self) -> int:
        """Return how many bytes the device's side has taken.

        The system holds megabytes of its own for a connection; what waits in the transport alone may not move for
        minutes although the device reads.
        """
        transport = self._transport
        if transport is None or transport.is_closing():
            return 0
        return self.log.bytes_out - transport.get_write_buffer_size() - unacknowledged(transport)

    def _refuse(self, error: str) -> None:
        self._connection.alert(ItlsAlert.DECODE_ERROR)
        self._flush()
        self._end("alert", error)

    def _end(self, how: Ending, error: str = "") -> None:
        """Mark the session as over; its connection lingers until the device has closed too, for `linger_s` at most."""
        if self._over:
            return
        self._mark_over(how, error)
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        self._timer = self._loop.call_later(self._settings.linger_s, self._abort)
        try:
            transport.write_eof()
        except OSError:
            self._abort()

    def _mark_over(self, how: Ending, error: str) -> None:
        if self._over:
            return
        self._over = True
        if self._timer is not None:
            self._timer.cancel()
        self._flow.end()
        self._note_progress()
        self.log.end(how, error)
        self._upstream.over()

    def _abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _reset(self) -> None:
        transport = self._transport
        if transport is None:
            return
        if not transport.is_closing():
            found: socket.socket = transport.get_extra_info("socket")
            with contextlib.suppress(OSError):  # the connection is gone already
                found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        transport.abort()


def _reason(error: Exception) -> str:
    strerror = getattr(error, "strerror", None)
    return str(strerror or error)
