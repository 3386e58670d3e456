"""What both sides of an iTLS connection share: records in, records out, alerts, closing. No I/O.

Bytes from the wire go into `receive`, what must be sent comes from `take`; both in any portions.

Source: device-protocol.md h.3; RFC 5246 6.2, 7.2.
"""

import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from harness.id2.codes import ItlsAlert
from harness.itls import messages, records
from harness.itls.alerts import ALERT_SIZE, AlertLevel, AlertMessage
from harness.itls.errors import ItlsError
from harness.itls.events import (
    Alerted,
    DataReceived,
    Direction,
    Event,
    ObservedRecord,
    StreamEnded,
)
from harness.itls.hooks import Hooks
from harness.itls.key_schedule import SessionKeys
from harness.itls.messages import MessageType
from harness.itls.records import ContentType, Protection, RecordBuffer, TlsRecord

_MESSAGE_HEADER = 4


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """How much a peer may ask of this side.

    Attributes:
        message_max: Longest handshake message, bytes.
        empty_records: Records without content in a row.
        warnings: Alerts of level warning in one connection, beside close_notify.
        fragment: Longest fragment that this side sends when nothing else is negotiated, bytes.
        oversize: How far a record may exceed the longest that was agreed, bytes. A side that checks has 0.
    """

    message_max: int = 8192
    empty_records: int = 16
    warnings: int = 8
    fragment: int = records.PLAIN_MAX
    oversize: int = 0


class Connection(ABC):
    """One side of a connection; `client.py` and `server.py` add their handshake.

    Attributes:
        keys: What was derived, once the handshake came so far.
        established: Application data may flow.
        closed: This side sends nothing more.
        cut_off: The hooks cut the stream off: whoever owns the transport sends what `take` gave, and closes it
            without another word.
        before_error: What the `receive` that raised had understood before, so that nothing is lost when good
            and bad records come in one piece.
    """

    _PROTECTION: ClassVar[type[Protection]] = Protection
    """What reads the peer's records under keys."""

    _WRITING: ClassVar[type[Protection]] = Protection
    """What writes this side's own."""

    def __init__(
        self,
        *,
        limits: ConnectionLimits | None = None,
        observe: Callable[[ObservedRecord], None] | None = None,
        hooks: Hooks | None = None,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self.limits = limits or ConnectionLimits()
        self.keys: SessionKeys | None = None
        self.established = False
        self.closed = False
        self.cut_off = False
        self.before_error: tuple[Event, ...] = ()
        self._sent = 0
        self._observe = observe
        self._hooks = hooks or Hooks()
        self._random = random
        self._out = bytearray()
        self._in = RecordBuffer(records.CIPHER_MAX + self.limits.oversize)
        self._message = bytearray()
        self._reader: Protection | None = None
        self._writer: Protection | None = None
        self._fragment_out = self.limits.fragment
        self._fragment_in = records.PLAIN_MAX + self.limits.oversize
        self._empty = 0
        self._warnings = 0
        self._peer_done = False

    # ---- what a caller does

    def receive(self, data: bytes) -> list[Event]:
        """Take bytes from the wire and say what they meant; after the end they mean nothing.

        Raises:
            ItlsError: The peer broke the protocol, or this side refuses. The alert for it, if there is one, is
                in `take()`; the connection is at its end; what came before is in `before_error`.
        """
        events: list[Event] = []
        if self._peer_done:
            return events
        self._in.add(data)
        try:
            while (record := self._next()) is not None:
                self._record(record, events)
        except ItlsError as error:
            self.before_error = tuple(events)
            self._fail(error)
            raise
        return events

    def end_of_stream(self) -> list[Event]:
        """Say that the peer's stream has ended; a stream that was cut gives an unclean end."""
        if self._peer_done:
            return []
        self.closed = True
        self._stop_reading()
        return [StreamEnded(clean=False)]

    def send(self, data: bytes) -> None:
        """Send application data, in fragments of what was negotiated.

        Raises:
            ItlsError: The handshake is not complete, or the connection is closed.
        """
        if not self.established or self.closed:
            raise ItlsError("application data has no connection to go to", None)
        self._write(ContentType.APPLICATION_DATA, data)

    def close(self) -> None:
        """Say close_notify; nothing more is sent, but what the peer still says is understood."""
        if not self.closed:
            self._alert(AlertLevel.WARNING, ItlsAlert.CLOSE_NOTIFY)
            self.closed = True

    def alert(self, number: int, level: AlertLevel = AlertLevel.FATAL) -> None:
        """Send an alert; a fatal one ends the connection both ways."""
        if self.closed:
            return
        self._alert(level, number)
        if level is AlertLevel.FATAL:
            self.closed = True
            self._stop_reading()

    def take(self) -> bytes:
        """Return what must go to the wire, and forget it."""
        if self.cut_off:
            return b""
        data = bytes(self._out)
        self._out.clear()
        shaped = self._hooks.stream(self._sent, data)
        self._sent += len(shaped)
        self.cut_off = len(shaped) < len(data) or self._hooks.hangs_up(self._sent)
        return shaped

    @property
    def has_output(self) -> bool:
        """Whether `take` would give something."""
        return bool(self._out)

    # ---- what a side adds

    @abstractmethod
    def _handshake(self, kind: int, body: bytes, raw: bytes) -> list[Event]:
        """Act on a handshake message; `raw` is the message with its header."""

    def _protect(self, keys: SessionKeys, *, as_client: bool, checks_mac: bool = True) -> None:
        """Put both directions under keys from here on."""
        self.keys = keys
        mine, theirs = (keys.client, keys.server) if as_client else (keys.server, keys.client)
        self._writer = self._WRITING(keys.suite, mine, self._random)
        self._reader = self._PROTECTION(keys.suite, theirs, self._random, checks_mac=checks_mac)

    def _send_message(self, kind: MessageType, body: bytes) -> bytes:
        raw = messages.framed(kind, body)
        self._write(ContentType.HANDSHAKE, raw)
        return raw

    def _fragment(self, size: int) -> None:
        """Keep to a maximum fragment length, both ways."""
        self._fragment_out = min(size, self.limits.fragment)
        self._fragment_in = size + self.limits.oversize

    # ---- records

    def _next(self) -> TlsRecord | None:
        return None if self._peer_done else self._in.next()

    def _record(self, record: TlsRecord, events: list[Event]) -> None:
        reader = None if self._in_clear(record) else self._reader
        sequence = None if reader is None else reader.sequence
        plain = record.payload if reader is None else reader.open(record)
        if self._observe is not None:
            self._observe(ObservedRecord(Direction.IN, record.kind, plain, record.wire, sequence))
        if len(plain) > self._fragment_in:
            raise ItlsError(
                f"a record of {len(plain)} bytes of content; {self._fragment_in} were agreed",
                ItlsAlert.RECORD_OVERFLOW,
            )
        if record.kind is ContentType.CHANGE_CIPHER_SPEC or (
            record.kind is ContentType.APPLICATION_DATA and not self.established
        ):
            raise ItlsError(
                f"a record of {record.kind.name} where it has no place", ItlsAlert.UNEXPECTED_MESSAGE
            )
        if not plain:
            self._empty += 1
            if record.kind is not ContentType.APPLICATION_DATA or self._empty > self.limits.empty_records:
                raise ItlsError("records without content", ItlsAlert.UNEXPECTED_MESSAGE)
            return
        self._empty = 0
        if record.kind is ContentType.HANDSHAKE:
            self._message += plain
            self._messages(events)
        elif record.kind is ContentType.ALERT:
            self._alerted(plain, events)
        else:
            events.append(DataReceived(plain))

    def _in_clear(self, record: TlsRecord) -> bool:
        """Return whether a record came before the peer's keys, though this side has its own already.

        No ChangeCipherSpec says when keys begin. A client that refuses the ServerHello has none, and says so in
        clear; an encrypted alert never has two bytes.
        """
        reader = self._reader
        return reader is None or (
            reader.sequence == 0 and record.kind is ContentType.ALERT and len(record.payload) == ALERT_SIZE
        )

    def _messages(self, events: list[Event]) -> None:
        while len(self._message) >= _MESSAGE_HEADER:
            size = int.from_bytes(self._message[1:_MESSAGE_HEADER], "big")
            if size > self.limits.message_max:
                raise ItlsError(
                    f"a handshake message of {size} bytes; {self.limits.message_max} are the most",
                    ItlsAlert.DECODE_ERROR,
                )
            end = _MESSAGE_HEADER + size
            if len(self._message) < end:
                return
            raw = bytes(self._message[:end])
            del self._message[:end]
            reader = self._reader
            events += self._handshake(raw[0], raw[_MESSAGE_HEADER:], raw)
            if self._message and self._reader is not reader:
                raise ItlsError("a message in clear after the keys changed", ItlsAlert.UNEXPECTED_MESSAGE)

    def _alerted(self, plain: bytes, events: list[Event]) -> None:
        if len(plain) != ALERT_SIZE:
            raise ItlsError(f"an alert of {len(plain)} bytes; it has {ALERT_SIZE}", ItlsAlert.DECODE_ERROR)
        message = AlertMessage(plain[0], plain[1])
        if message.closes:
            self._stop_reading()
            events += (Alerted(message), StreamEnded(clean=True))
        elif message.fatal:
            self.closed = True
            self._stop_reading()
            events += (Alerted(message), StreamEnded(clean=False))
        else:
            self._warnings += 1
            if self._warnings > self.limits.warnings:
                raise ItlsError("too many warnings", ItlsAlert.UNEXPECTED_MESSAGE)
            events.append(Alerted(message))

    def _write(self, kind: ContentType, data: bytes) -> None:
        size = self._fragment_out
        for at in range(0, len(data), size) if data else (0,):
            self._write_record(kind, data[at : at + size])

    def _write_record(self, kind: ContentType, plain: bytes) -> None:
        writer = self._writer
        self._hooks.before_record(kind, writer)
        sequence = None if writer is None else writer.sequence
        payload = plain if writer is None else writer.protect(kind, plain, partial(self._hooks.tail, kind))
        wire = self._hooks.record(kind, TlsRecord(kind, payload).wire, encrypted=writer is not None)
        if self._observe is not None and wire:
            self._observe(ObservedRecord(Direction.OUT, kind, plain, wire, sequence))
        self._out += wire

    def _alert(self, level: AlertLevel, number: int) -> None:
        self._write(ContentType.ALERT, AlertMessage(level, number).data)

    def _fail(self, error: ItlsError) -> None:
        if not self.closed and error.alert is not None:
            self._alert(AlertLevel.FATAL, error.alert)
        self.closed = True
        self._stop_reading()

    def _stop_reading(self) -> None:
        """Understand nothing more, and hold nothing of what came."""
        self._peer_done = True
        self._in.clear()
        self._message.clear()
