"""The log of one session, and the store of all logs: written by the gateway's event loop, read by any thread."""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Self

from harness.gateway.other_protocols import OtherProtocol
from harness.gateway.session_record import Ending, SessionRecord, SessionTimeoutError, Stage
from harness.gateway.settings import GatewaySettings
from harness.id2 import otp
from harness.itls.alerts import AlertMessage
from harness.itls.events import Direction, ObservedRecord
from harness.itls.key_schedule import SessionKeys
from harness.itls.messages import ClientHello
from harness.itls.records import ContentType
from harness.itls.server import Admission, Authority
from harness.itls.suites import Suite

_SHOWN = 5
_ERROR_MAX = 400
_SEEN_OVERHEAD = 256


class SessionLog:
    """The log of one session. Write inside `with log:` only; waiting threads are notified when the block ends.

    Attributes:
        number: As in `SessionRecord`, like all the others.
    """

    def __init__(self, store: "SessionStore", number: int, peer: str, misbehaviour: str) -> None:
        self.number = number
        self.peer = peer
        self.misbehaviour = misbehaviour
        self.opened_ns = time.monotonic_ns()
        self.established_ns: int | None = None
        self.closed_ns: int | None = None
        self.product_key: str | None = None
        self.id2: str | None = None
        self.provisioned: str | None = None
        self.suite: Suite | None = None
        self.reached: Stage = "connected"
        self.ended: Ending = "open"
        self.error = ""
        self.mqtt_client_id: str | None = None
        self.mqtt_device_name: str | None = None
        self.keys: SessionKeys | None = None
        self.other_protocol: OtherProtocol | None = None
        self.bytes_in = 0
        self.bytes_out = 0
        self.version = 0
        self.kept = 0
        self._alerts: dict[Direction, AlertMessage] = {}
        self._seen: list[ObservedRecord] = []
        self._wire = {Direction.IN: bytearray(), Direction.OUT: bytearray()}
        self._plain = {Direction.IN: bytearray(), Direction.OUT: bytearray()}
        self._truncated = False
        self._store = store
        self._lock = threading.RLock()

    def __enter__(self) -> Self:
        self._lock.acquire()
        return self

    def __exit__(self, *exc: object) -> None:
        self.version += 1
        self._lock.release()
        self._store.changed()

    def received(self, data: bytes) -> None:
        """Note bytes from the device."""
        self.bytes_in += len(data)
        self._keep(self._wire[Direction.IN], data)

    def sent(self, data: bytes) -> None:
        """Note bytes to the device."""
        self.bytes_out += len(data)
        self._keep(self._wire[Direction.OUT], data)

    def record(self, seen: ObservedRecord) -> None:
        """Note a record: alerts and application data among them by themselves."""
        if seen.kind is ContentType.ALERT and len(seen.plain) == 2:
            before = self._alerts.get(seen.direction)
            if before is None or not before.fatal:
                self._alerts[seen.direction] = AlertMessage(seen.plain[0], seen.plain[1])
        elif seen.kind is ContentType.APPLICATION_DATA:
            self._keep(self._plain[seen.direction], seen.plain)
        size = len(seen.plain) + len(seen.wire) + _SEEN_OVERHEAD
        if len(self._seen) < self._store.settings.keep_records and self._store.room(self, size):
            self._seen.append(seen)
        else:
            self._truncated = True

    @property
    def alerted_fatally(self) -> bool:
        """Whether the gateway sent a fatal alert."""
        sent = self._alerts.get(Direction.OUT)
        return sent is not None and sent.fatal

    def reach(self, stage: Stage) -> None:
        """Note how far it has come."""
        self.reached = stage

    def end(self, how: Ending, error: str = "") -> None:
        """Note that it is over; what is said first counts."""
        if self.ended == "open":
            self.ended = how
            self.error = error[:_ERROR_MAX]
            self.closed_ns = time.monotonic_ns()
            self._store.ended(self)

    def snapshot(self) -> SessionRecord:
        """Return the log as it stands; from any thread."""
        with self._lock:
            return SessionRecord(
                number=self.number,
                peer=self.peer,
                opened_ns=self.opened_ns,
                established_ns=self.established_ns,
                closed_ns=self.closed_ns,
                product_key=self.product_key,
                id2=self.id2,
                provisioned=self.provisioned,
                suite=self.suite,
                stage=self.reached if self.closed_ns is None else "closed",
                reached=self.reached,
                alert_sent=self._alerts.get(Direction.OUT),
                alert_received=self._alerts.get(Direction.IN),
                ended=self.ended,
                error=self.error,
                misbehaviour=self.misbehaviour,
                mqtt_client_id=self.mqtt_client_id,
                mqtt_device_name=self.mqtt_device_name,
                seen=tuple(self._seen),
                wire_in=bytes(self._wire[Direction.IN]),
                wire_out=bytes(self._wire[Direction.OUT]),
                bytes_in=self.bytes_in,
                bytes_out=self.bytes_out,
                received=bytes(self._plain[Direction.IN]),
                sent=bytes(self._plain[Direction.OUT]),
                truncated=self._truncated,
                keys=self.keys,
                other_protocol=self.other_protocol,
            )

    def _keep(self, store: bytearray, data: bytes) -> None:
        kept = data[: max(0, self._store.settings.keep_bytes - len(store))]
        if kept and not self._store.room(self, len(kept)):
            kept = b""
        store += kept
        self._truncated = self._truncated or len(kept) < len(data)


class LoggedAuthority:
    """Ask another authority, and log how far the device has come with its answers."""

    def __init__(self, authority: Authority, log: Callable[[], SessionLog]) -> None:
        self._authority = authority
        self._log = log

    def challenge(self, hello: ClientHello) -> str:
        """Return a challenge."""
        challenge = self._authority.challenge(hello)
        self._log().reach("challenged")
        return challenge

    def provision(self, hello: ClientHello) -> bytes:
        """Return OTP data."""
        data = self._authority.provision(hello)
        self._log().provisioned = otp.parse_data(data).id2
        self._log().reach("provisioned")
        return data

    def admit(self, hello: ClientHello, challenge: str | None) -> Admission:
        """Judge an auth code."""
        admission = self._authority.admit(hello, challenge)
        self._log().reach("admitted")
        return admission


class SessionStore:
    """All logs of a gateway, oldest first; the oldest that ended go when there are too many.

    Whoever holds a log's lock may take the store's; never the other way round.
    """

    def __init__(self, settings: GatewaySettings) -> None:
        self.settings = settings
        self._logs: dict[int, SessionLog] = {}
        self._over: deque[int] = deque()
        self._next = 0
        self._kept = 0
        self._changed = threading.Condition()
        self._waiting = 0
        self._turn = 0

    def open(self, peer: str, misbehaviour: str) -> SessionLog:
        """Begin a log."""
        with self._changed:
            log = SessionLog(self, self._next, peer, misbehaviour)
            self._next += 1
            self._logs[log.number] = log
            self._trim()
            self._turn += 1
            self._changed.notify_all()
        return log

    def ended(self, log: SessionLog) -> None:
        """Allow the log of a session that is over to be dropped."""
        with self._changed:
            self._over.append(log.number)
            self._trim()

    def room(self, log: SessionLog, size: int) -> bool:
        """Make room for some bytes of a log, and tell whether there was any to be made."""
        most = self.settings.keep_total_bytes
        with self._changed:
            while self._kept + size > most and self._over and self._over[0] != log.number:
                self._drop()
            if self._kept + size > most or log.number not in self._logs:
                return False
            self._kept += size
            log.kept += size
        return True

    def changed(self) -> None:
        """Notify the waiting threads that a log has changed."""
        self._turn += 1
        if self._waiting:
            with self._changed:
                self._changed.notify_all()

    def records(self) -> tuple[SessionRecord, ...]:
        """Return what is remembered, oldest first."""
        return tuple(log.snapshot() for log in self._all())

    def wait_for(self, wanted: Callable[[SessionRecord], bool], timeout: float, after: int) -> SessionRecord:
        """Return the newest session that is as wanted and whose number is higher than `after`.

        Args:
            wanted: Looks at one session; called in this thread, each time a session has changed.
            timeout: How long to wait for it, seconds.
            after: Number of the last session that does not count.

        Raises:
            SessionTimeoutError: There was none; the message says what there was instead.
        """
        deadline = time.monotonic() + timeout
        looked_at: dict[int, int] = {}
        with self._changed:
            self._waiting += 1
        try:
            while True:
                turn = self._turn
                for log in reversed(self._all()):
                    version = log.version
                    if log.number <= after or looked_at.get(log.number) == version:
                        continue
                    looked_at[log.number] = version
                    record = log.snapshot()
                    if wanted(record):
                        return record
                left = deadline - time.monotonic()
                if left <= 0:
                    raise self._not_seen(timeout, after)
                with self._changed:
                    if self._turn == turn:
                        self._changed.wait(left)
        finally:
            with self._changed:
                self._waiting -= 1

    def _all(self) -> tuple[SessionLog, ...]:
        with self._changed:
            return tuple(self._logs.values())

    def _not_seen(self, timeout: float, after: int) -> SessionTimeoutError:
        newer = [log for log in self._all() if log.number > after]
        if not newer:
            return SessionTimeoutError(
                f"no device connected within {timeout:g} s",
                hint="check that this address is set in the device, and that its network reaches this computer",
            )
        count = "was 1 session" if len(newer) == 1 else f"were {len(newer)} sessions"
        return SessionTimeoutError(
            f"no session was as it was waited for within {timeout:g} s; there {count}",
            traffic=[str(log.snapshot()) for log in newer[-_SHOWN:]],
        )

    def _trim(self) -> None:
        while len(self._logs) > self.settings.keep_sessions and self._over:
            self._drop()

    def _drop(self) -> None:
        gone = self._logs.pop(self._over.popleft())
        self._kept -= gone.kept
        gone.kept = 0
