"""Misbehaviour in form and order: versions, compression, messages that nobody asked for, records in clear, floods.

No case here is what a client of TLS 1.2 may take: a record in clear that says 03 02 (Mbed TLS, of which the vendor's
client is made, takes any minor version up to its own there; under keys the MAC covers the version), a new session id
of up to 32 bytes, another version inside a HelloVerifyRequest (RFC 6347 4.2.1), a pre-master secret that does not
begin with 03 03 (nothing is published of its content). An extension that comes twice is forbidden to the server, and no
text tells the client to look (RFC 5246 7.4.1.4): it is noted, and decides nothing.

Source: device-protocol.md h.1 to h.3; RFC 5246 6, 6.1, 6.2, 7.2.2, 7.4, 7.4.1.3, E.1; RFC 5746 4.2.
"""

from collections.abc import Callable
from dataclasses import replace

from harness.id2.codes import ItlsAlert
from harness.itls.extensions import Ext, Extension
from harness.itls.messages import HelloVerifyRequest, MessageType, ServerHello, framed
from harness.itls.misbehaviour_case import (
    BAD_FINISHED,
    BAD_RECORD,
    BAD_SERVER_HELLO,
    REFUSES_DATA,
    REFUSES_FINISHED,
    Misbehaviour,
    Strikes,
)
from harness.itls.records import HEADER_SIZE, ContentType, Protection, Record
from harness.itls.server import ServerHooks
from harness.severity import Severity

FLOOD = 1000
"""Records without content in a flood."""

_UNKNOWN_EXTENSION = 0x2ABC
_UNKNOWN_TYPE = 99
_CERTIFICATE = framed(11, bytes(3))
_HELLO_DONE = framed(14, b"")
_HELLO_REQUEST = framed(0, b"")
_REFUSES_HELLO = "It ends the handshake, with an alert or by hanging up, and never sends its Finished."
_VERSION_ALERTS = BAD_SERVER_HELLO | {ItlsAlert.PROTOCOL_VERSION.value, ItlsAlert.UNEXPECTED_MESSAGE.value}
_IN_PLACE = BAD_FINISHED | {ItlsAlert.UNEXPECTED_MESSAGE.value, ItlsAlert.PROTOCOL_VERSION.value}
_IN_DATA = BAD_RECORD | {ItlsAlert.UNEXPECTED_MESSAGE.value, ItlsAlert.PROTOCOL_VERSION.value}
_NO_CODE = "It drops the connection without an auth code over what came."


class _Hello(ServerHooks):
    """Changes the ServerHello."""

    def __init__(self, change: Callable[[ServerHello], ServerHello]) -> None:
        self._change = change

    def server_hello(self, hello: ServerHello) -> ServerHello:
        return self._change(hello)


class _OtherRequest(ServerHooks):
    """Puts the challenge into an extension that is none."""

    def verify_request(self, request: HelloVerifyRequest) -> HelloVerifyRequest:
        return replace(request, extension=Extension(_UNKNOWN_EXTENSION, request.extension.data))


class _RecordVersion(ServerHooks):
    """Changes the version in the header of one record; the MAC is made over 03 03."""

    def __init__(self, version: bytes, wanted: Callable[[ContentType, bytes, bool], bool]) -> None:
        self._version = version
        self._wanted = wanted
        self._done = False

    def record(self, kind: ContentType, data: bytes, *, encrypted: bool) -> bytes:
        if self._done or not self._wanted(kind, data, encrypted):
            return data
        self._done = True
        return data[:1] + self._version + data[3:]


class _Before(ServerHooks):
    """Sends something in clear before one record, or behind it."""

    def __init__(
        self, extra: bytes, wanted: Callable[[ContentType, bytes, bool], bool], *, behind: bool = False
    ) -> None:
        self._extra = extra
        self._wanted = wanted
        self._behind = behind
        self._done = False

    def record(self, kind: ContentType, data: bytes, *, encrypted: bool) -> bytes:
        if self._done or not self._wanted(kind, data, encrypted):
            return data
        self._done = True
        return data + self._extra if self._behind else self._extra + data


class _Unasked(ServerHooks):
    """Sends records under keys before its first application data."""

    def __init__(self, kind: ContentType, content: bytes, times: int = 1) -> None:
        self._kind = kind
        self._content = content
        self._times = times
        self._done = False
        self._first = b""

    def before_record(self, kind: ContentType, protection: Protection | None) -> None:
        if self._done or protection is None or kind is not ContentType.APPLICATION_DATA:
            return
        self._done = True
        self._first = b"".join(
            Record(self._kind, protection.protect(self._kind, self._content)).wire for _ in range(self._times)
        )

    def record(self, kind: ContentType, data: bytes, *, encrypted: bool) -> bytes:
        del kind, encrypted
        first, self._first = self._first, b""
        return first + data


def _is_server_hello(kind: ContentType, data: bytes, encrypted: bool) -> bool:
    return kind is ContentType.HANDSHAKE and not encrypted and data[HEADER_SIZE] == MessageType.SERVER_HELLO


def _is_finished(kind: ContentType, data: bytes, encrypted: bool) -> bool:
    del data
    return kind is ContentType.HANDSHAKE and encrypted


def _is_data(kind: ContentType, data: bytes, encrypted: bool) -> bool:
    del data, encrypted
    return kind is ContentType.APPLICATION_DATA


def _is_first(kind: ContentType, data: bytes, encrypted: bool) -> bool:
    del kind, data, encrypted
    return True


def _twice(number: Ext) -> Callable[[ServerHello], ServerHello]:
    def changed(hello: ServerHello) -> ServerHello:
        again = tuple(one for one in hello.extensions if one.number == number)
        return replace(hello, extensions=(*hello.extensions, *again))

    return changed


def _of_hello(name: str, summary: str, change: Callable[[ServerHello], ServerHello]) -> Misbehaviour:
    return Misbehaviour(
        name,
        summary,
        _REFUSES_HELLO,
        Severity.MAJOR,
        lambda: _Hello(change),
        Strikes.SERVER_HELLO,
        must_not_establish=True,
        expected_alerts=_VERSION_ALERTS,
    )


def _around_hello(name: str, summary: str, hooks: Callable[[], ServerHooks]) -> Misbehaviour:
    return Misbehaviour(
        name,
        summary,
        _REFUSES_HELLO,
        Severity.MAJOR,
        hooks,
        Strikes.SERVER_HELLO,
        must_not_establish=True,
        expected_alerts=_VERSION_ALERTS,
    )


def _around_finished(name: str, summary: str, hooks: Callable[[], ServerHooks]) -> Misbehaviour:
    return Misbehaviour(
        name,
        summary,
        REFUSES_FINISHED,
        Severity.CRITICAL,
        hooks,
        Strikes.FINISHED,
        must_not_establish=True,
        expected_alerts=_IN_PLACE,
    )


def _around_data(name: str, summary: str, hooks: Callable[[], ServerHooks]) -> Misbehaviour:
    return Misbehaviour(
        name,
        summary,
        REFUSES_DATA,
        Severity.CRITICAL,
        hooks,
        Strikes.DATA,
        must_not_establish=False,
        expected_alerts=_IN_DATA,
    )


def _clear(kind: ContentType, content: bytes) -> bytes:
    return Record(kind, content).wire


VERSIONS = (
    *(
        _of_hello(
            f"server-hello-version-{version}",
            f"The ServerHello says version {version[:2]} {version[2:]}; iTLS is TLS 1.2, 03 03.",
            lambda hello, version=version: replace(hello, version=bytes.fromhex(version)),  # type: ignore[misc]
        )
        for version in ("0300", "0301", "0302", "0304", "ffff")
    ),
    *(
        _around_hello(
            f"record-version-{version}",
            f"The record with the ServerHello says version {version[:2]} {version[2:]}.",
            lambda version=version: _RecordVersion(bytes.fromhex(version), _is_server_hello),  # type: ignore[misc]
        )
        for version in ("0304", "ffff")
    ),
    *(
        _around_finished(
            f"finished-record-version-{version}",
            f"The record with the server's Finished says version {version[:2]} {version[2:]}, which its MAC, made over "
            "03 03, does not cover.",
            lambda version=version: _RecordVersion(bytes.fromhex(version), _is_finished),  # type: ignore[misc]
        )
        for version in ("0302", "0304", "ffff")
    ),
)
"""Another protocol version than TLS 1.2."""

COMPRESSIONS = tuple(
    _of_hello(
        f"compression-{method}",
        f"The server chooses compression method {method}, which the board did not offer.",
        lambda hello, method=method: replace(hello, compression=method),  # type: ignore[misc]
    )
    for method in (1, 64, 255)
)
"""Compression that nobody offered: DEFLATE, LZS, and a number that means nothing."""

FORMS = (
    _of_hello(
        "session-id-33",
        "The session id in the ServerHello has 33 bytes; 32 are the most.",
        lambda hello: replace(hello, session_id=bytes(range(33))),
    ),
    Misbehaviour(
        "challenge-in-other-extension",
        "The HelloVerifyRequest has the challenge in an extension of another number than 0x2010.",
        _NO_CODE,
        Severity.MAJOR,
        _OtherRequest,
        Strikes.CHALLENGE,
        must_not_establish=True,
        expected_alerts=BAD_SERVER_HELLO
        | {ItlsAlert.UNSUPPORTED_EXTENSION.value, ItlsAlert.UNEXPECTED_MESSAGE.value},
    ),
)
"""Messages whose form is wrong."""

ORDERS = (
    _around_hello(
        "certificate-unasked",
        "Before the ServerHello comes a Certificate, which iTLS has not.",
        lambda: _Before(_clear(ContentType.HANDSHAKE, _CERTIFICATE), _is_server_hello),
    ),
    _around_hello(
        "unknown-record-type",
        "Before the ServerHello comes a record of type 99, which there is not.",
        lambda: _Before(bytes((_UNKNOWN_TYPE, 3, 3, 0, 1, 0)), _is_server_hello),
    ),
    _around_hello(
        "data-before-keys",
        "Before the ServerHello comes application data in clear.",
        lambda: _Before(_clear(ContentType.APPLICATION_DATA, b"too early"), _is_server_hello),
    ),
    _around_finished(
        "hello-done-unasked",
        "Behind the ServerHello comes a ServerHelloDone in clear, which iTLS has not.",
        lambda: _Before(_clear(ContentType.HANDSHAKE, _HELLO_DONE), _is_server_hello, behind=True),
    ),
    _around_finished(
        "data-before-finished",
        "Before the server's Finished comes application data in clear.",
        lambda: _Before(_clear(ContentType.APPLICATION_DATA, b"too early"), _is_finished),
    ),
    _around_finished(
        "change-cipher-spec",
        "Before the server's Finished comes a ChangeCipherSpec, which iTLS has not.",
        lambda: _Before(_clear(ContentType.CHANGE_CIPHER_SPEC, b"\x01"), _is_finished),
    ),
    _around_data(
        "data-in-clear",
        "Before the first application data comes application data in clear.",
        lambda: _Before(_clear(ContentType.APPLICATION_DATA, b"in clear"), _is_data),
    ),
    _around_data(
        "finished-twice",
        "Before the first application data comes another Finished, under keys.",
        lambda: _Unasked(ContentType.HANDSHAKE, framed(MessageType.FINISHED, bytes(12))),
    ),
)
"""Messages that are out of place, and records in clear where keys are due."""

SURVIVED = tuple(
    Misbehaviour(
        name,
        summary,
        "It goes on, or gives the connection up; either way it connects again afterwards.",
        Severity.MAJOR,
        hooks,
        strikes=None,
        must_not_establish=False,
        expected_alerts=_IN_DATA,
    )
    for name, summary, hooks in (
        (
            "empty-records",
            f"Before its first application data the server sends {FLOOD} records without content, under keys.",
            lambda: _Unasked(ContentType.APPLICATION_DATA, b"", FLOOD),
        ),
        (
            "empty-handshake-records",
            f"Before it answers the first hello, the server sends {FLOOD} handshake records without content.",
            lambda: _Before(_clear(ContentType.HANDSHAKE, b"") * FLOOD, _is_first),
        ),
        (
            "hello-request",
            "Before its first application data the server asks for another handshake with a HelloRequest.",
            lambda: _Unasked(ContentType.HANDSHAKE, _HELLO_REQUEST),
        ),
    )
)
"""What a board may sit out or refuse, as it likes."""

NOTED = tuple(
    Misbehaviour(
        f"extension-twice-{number:04x}",
        f"The ServerHello holds the extension {number:#06x} twice.",
        "It had better end the handshake: no extension may come twice (RFC 5246 7.4.1.4).",
        Severity.MINOR,
        lambda number=number: _Hello(_twice(number)),  # type: ignore[misc]
        Strikes.SERVER_HELLO,
        must_not_establish=False,
        expected_alerts=_VERSION_ALERTS,
    )
    for number in (Ext.AUTH_CODE, Ext.PREMASTER)
)
"""What a board had better refuse, and nothing obliges it to."""

FORM = (*VERSIONS, *COMPRESSIONS, *FORMS, *ORDERS, *SURVIVED, *NOTED)
"""All of them."""
