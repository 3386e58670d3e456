"""Clients of iTLS that lack one check each, or make one by half: what broken firmware is built of."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

from harness.id2 import codetext
from harness.id2.codes import ItlsAlert
from harness.id2.errors import Id2Error
from harness.itls import messages
from harness.itls.client import ClientConnection
from harness.itls.device_identity import KeyIdentity
from harness.itls.errors import ItlsError
from harness.itls.events import DataReceived, Event
from harness.itls.extensions import Ext, Extension
from harness.itls.key_schedule import PREMASTER_SIZE, SessionKeys
from harness.itls.messages import TLS_1_2, HelloVerifyRequest, MessageType, ServerHello
from harness.itls.records import HEADER_SIZE, ContentType, Protection, RecordBuffer, TlsRecord
from harness.itls.suites import BLOCK_SIZE

_SEPARATOR = b"~"
_KNOWN_TYPES = frozenset(ContentType)
_SKIPPED = 8  # sequence numbers that a careless firmware looks ahead
_UNASKED = frozenset({11, 14})  # Certificate, ServerHelloDone

Compare = Callable[[bytes, bytes], bool]


# ---- comparisons of a part


def first(count: int) -> Compare:
    """Compare the first bytes only."""
    return lambda expected, came: expected[:count] == came[:count]


def last(count: int) -> Compare:
    """Compare the last bytes only."""
    return lambda expected, came: expected[-count:] == came[-count:]


def block(number: int) -> Compare:
    """Compare one block of 16 bytes only."""
    at = number * BLOCK_SIZE
    return lambda expected, came: expected[at : at + BLOCK_SIZE] == came[at : at + BLOCK_SIZE]


def length(expected: bytes, came: bytes) -> bool:
    """Compare how long they are."""
    return len(expected) == len(came)


def total(expected: bytes, came: bytes) -> bool:
    """Compare the sums of all bytes."""
    return sum(expected) == sum(came)


# ---- the server code and the pre-master secret


def _held(client_identity: object) -> KeyIdentity:
    assert isinstance(client_identity, KeyIdentity), "simulated devices have their key in memory"
    return client_identity


def _require_code(*, right: bool) -> None:
    if not right:
        raise ItlsError("ServerHello with a wrong server code", ItlsAlert.HANDSHAKE_FAILURE)


def comparing_code(compare: Compare) -> type[ClientConnection]:
    """Return a client that compares the server code's signature in this way; its head must be right."""

    class Comparing(ClientConnection):
        def _check_code(self, hello: ServerHello) -> None:
            due = codetext.parse(_held(self._identity).server_code(self._client_random.hex().upper()))
            try:
                code = codetext.parse((hello.content(Ext.AUTH_CODE) or b"").decode("latin-1"))
            except Id2Error:
                _require_code(right=False)
                return
            head = (code.type, code.hash, code.device_random) == (due.type, due.hash, due.device_random)
            _require_code(right=head and compare(due.sign, code.sign))

    return Comparing


def comparing_fields(*fields: int) -> type[ClientConnection]:
    """Return a client that looks at these fields of the server code only: type, hash, device random, signature."""

    class Comparing(ClientConnection):
        def _check_code(self, hello: ServerHello) -> None:
            due = _held(self._identity).server_code(self._client_random.hex().upper())
            came = (hello.content(Ext.AUTH_CODE) or b"").split(_SEPARATOR)
            wanted = due.encode().split(_SEPARATOR)
            _require_code(right=len(came) == len(wanted) and all(came[at] == wanted[at] for at in fields))

    return Comparing


class IgnoresPremasterPadding(ClientConnection):
    """What a pre-master secret of the right length is padded with is not looked at."""

    def _premaster(self, hello: ServerHello) -> bytes:
        sealed = hello.content(Ext.PREMASTER) or b""
        if len(sealed) - PREMASTER_SIZE in {BLOCK_SIZE // 2, BLOCK_SIZE}:
            opened = _held(self._identity).opened(sealed)
            padding = opened[PREMASTER_SIZE:]
            short = 1 <= padding[-1] < len(padding) and padding.endswith(padding[-1:] * padding[-1])
            if not short:  # else it is a longer secret, whose length is looked at
                return opened[:PREMASTER_SIZE]
        return super()._premaster(hello)


# ---- Finished, MAC and padding


def comparing_finished(compare: Compare) -> type[ClientConnection]:
    """Return a client that compares the server's Finished in this way."""

    class Comparing(ClientConnection):
        def _finished_is_right(self, expected: bytes, came: bytes) -> bool:
            return compare(expected, came)

    return Comparing


def reading_with(reader: type[Protection]) -> type[ClientConnection]:
    """Return a client that reads records under keys with this."""

    class Reading(ClientConnection):
        _PROTECTION: ClassVar[type[Protection]] = reader

    return Reading


def comparing_mac(compare: Compare) -> type[ClientConnection]:
    """Return a client that compares the MAC of records in this way."""

    class Comparing(Protection):
        def _mac_is_right(self, expected: bytes, came: bytes) -> bool:
            return compare(expected, came)

    return reading_with(Comparing)


class AnyPadding(Protection):
    """Takes off as many bytes as the last one says, whatever they are."""

    def _padding_of(self, opened: bytes) -> int | None:
        padding = opened[-1] + 1
        return padding if padding + self._mac_size <= len(opened) else None


class ClampedPadding(Protection):
    """Takes padding that is longer than the record for the bytes that have its value."""

    def _padding_of(self, opened: bytes) -> int | None:
        if opened[-1] + 1 + self._mac_size <= len(opened):
            return super()._padding_of(opened)
        return min(len(opened) - len(opened.rstrip(opened[-1:])), BLOCK_SIZE)


# ---- versions, compression, forms


class _AnyVersionBuffer(RecordBuffer):
    def next(self) -> TlsRecord | None:
        if len(self._data) >= HEADER_SIZE:
            self._data[1:3] = TLS_1_2
        return super().next()


class AnyRecordVersion(ClientConnection):
    """The version in the header of a record is passed over, and the MAC is made over 03 03."""

    def __init__(self, *args: Any, **rest: Any) -> None:
        super().__init__(*args, **rest)
        self._in = _AnyVersionBuffer()


class AnyVersion(ClientConnection):
    """The version in the ServerHello is passed over."""

    def _agreed(self, hello: ServerHello) -> Any:
        return super()._agreed(replace(hello, version=TLS_1_2))


class AnyCompression(ClientConnection):
    """The compression method is passed over; nothing is ever compressed."""

    def _agreed(self, hello: ServerHello) -> Any:
        return super()._agreed(replace(hello, compression=0))


class LongSessionId(ClientConnection):
    """The session id of the ServerHello may be as long as it likes; the transcript is made of what came."""

    def _handshake(self, kind: int, body: bytes, raw: bytes) -> list[Event]:
        if kind == MessageType.SERVER_HELLO:
            at = len(TLS_1_2) + messages.RANDOM_SIZE
            body = body[:at] + b"\x00" + body[at + 1 + body[at] :]
        return super()._handshake(kind, body, raw)


class AnyChallengeExtension(ClientConnection):
    """The challenge is taken out of whatever extension it comes in."""

    def _verify_request(self, body: bytes) -> list[Event]:
        request = messages.parse_hello_verify_request(body)
        if request.extension.number != Ext.OTP_DATA:
            body = HelloVerifyRequest(Extension(Ext.CHALLENGE, request.extension.data)).body
        return super()._verify_request(body)


# ---- order


class SkipsUnasked(ClientConnection):
    """Certificates and the end of a flight are read as TLS has them, and thrown away."""

    def _record(self, record: TlsRecord, events: list[Event]) -> None:
        in_clear = len(record.payload) % BLOCK_SIZE
        if record.kind is ContentType.HANDSHAKE and in_clear and record.payload[0] in _UNASKED:
            return
        super()._record(record, events)


class _KnownTypesBuffer(RecordBuffer):
    def next(self) -> TlsRecord | None:
        data = self._data
        while len(data) >= HEADER_SIZE and data[0] not in _KNOWN_TYPES:
            del data[: HEADER_SIZE + int.from_bytes(data[3:HEADER_SIZE], "big")]
        return super().next()


class SkipsUnknownTypes(ClientConnection):
    """Records of an unknown type are thrown away."""

    def __init__(self, *args: Any, **rest: Any) -> None:
        super().__init__(*args, **rest)
        self._in = _KnownTypesBuffer()


class SkipsChangeCipherSpec(ClientConnection):
    """A ChangeCipherSpec is thrown away, as TLS 1.3 has it."""

    def _record(self, record: TlsRecord, events: list[Event]) -> None:
        if record.kind is not ContentType.CHANGE_CIPHER_SPEC:
            super()._record(record, events)


class TakesDataInClear(ClientConnection):
    """Application data that is no whole number of blocks is taken for data in clear, whatever the state."""

    def _record(self, record: TlsRecord, events: list[Event]) -> None:
        if record.kind is ContentType.APPLICATION_DATA and len(record.payload) % BLOCK_SIZE:
            events.append(DataReceived(record.payload))
            return
        super()._record(record, events)


class TakesAnotherFinished(ClientConnection):
    """A Finished in the middle of the session is thrown away."""

    def _handshake(self, kind: int, body: bytes, raw: bytes) -> list[Event]:
        if self.established and kind == MessageType.FINISHED:
            return []
        return super()._handshake(kind, body, raw)


class NoCodeNeeded(ClientConnection):
    """A ServerHello without a server code is accepted."""

    def _check_code(self, hello: ServerHello) -> None:
        if hello.content(Ext.AUTH_CODE) is not None:
            super()._check_code(hello)


class _LooksAhead(Protection):
    def open(self, record: TlsRecord) -> bytes:
        expected = self.sequence
        for skipped in range(_SKIPPED):
            self.sequence = expected + skipped
            try:
                return super().open(record)
            except ItlsError as error:
                if error.alert is not ItlsAlert.BAD_RECORD_MAC:
                    raise
        self.sequence = expected
        return super().open(record)


class SkipsSequence(ClientConnection):
    """The next few sequence numbers are as good as the right one."""

    def _protect(self, keys: SessionKeys, *, as_client: bool, checks_mac: bool = True) -> None:
        super()._protect(keys, as_client=as_client, checks_mac=checks_mac)
        self._reader = _LooksAhead(keys.suite, keys.server)


class OneFragment(ClientConnection):
    """The negotiated fragment length is kept for what comes, not for what goes."""

    def _fragment(self, size: int) -> None:
        sends = self._fragment_out
        super()._fragment(size)
        self._fragment_out = sends
