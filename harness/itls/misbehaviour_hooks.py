"""How a server misbehaves: hooks of one connection each, for `misbehaviour.py`.

Source: device-protocol.md h.3.
"""

import base64
import binascii
from collections.abc import Callable, Iterable
from dataclasses import replace

from harness.id2.codes import ItlsAlert
from harness.itls import suites
from harness.itls.alerts import AlertMessage, Level
from harness.itls.connection import Connection
from harness.itls.extensions import Ext, Extension
from harness.itls.messages import ClientHello, ServerHello
from harness.itls.records import PLAIN_MAX, ContentType, Protection, Record
from harness.itls.server import ServerHooks

UNKNOWN_EXTENSION = 0x2ABC
STORM = 1000
OVERSIZE = PLAIN_MAX + 2048
_NO_SUITE_OF_OURS = 0x002F


class WrongServerCode(ServerHooks):
    """Signs the server code with noise."""

    def server_hello(self, hello: ServerHello) -> ServerHello:
        """Alter the first byte of the signature; its constant last block stays."""
        return _changed(hello, Ext.AUTH_CODE, _other_signature)


class NoServerCode(ServerHooks):
    """Leaves the server code out."""

    def server_hello(self, hello: ServerHello) -> ServerHello:
        """Drop 0x2002."""
        return _without(hello, Ext.AUTH_CODE)


class OtherRandom(ServerHooks):
    """Has the server code made over another random."""

    def judged(self, hello: ClientHello) -> ClientHello:
        """Show the authority a hello whose random differs in one bit."""
        return replace(hello, random=_flipped(hello.random, 0))


class NoPremaster(ServerHooks):
    """Leaves the pre-master secret out, as an attacker on the path may."""

    def server_hello(self, hello: ServerHello) -> ServerHello:
        """Drop 0x2003."""
        return _without(hello, Ext.PREMASTER)

    def derived_from(self, premaster: bytes) -> bytes:
        """Derive from nothing."""
        del premaster
        return b""


class EmptyPremaster(NoPremaster):
    """Sends the extension with nothing in it."""

    def server_hello(self, hello: ServerHello) -> ServerHello:
        """Empty 0x2003."""
        return _changed(hello, Ext.PREMASTER, lambda _: b"")


class WrongFinished(ServerHooks):
    """Says another Finished."""

    def finished(self, verify_data: bytes) -> bytes:
        """Alter one bit."""
        return _flipped(verify_data, len(verify_data) - 1)


class SuiteNotOffered(ServerHooks):
    """Chooses what was not on the list, the weakest first."""

    def __init__(self) -> None:
        self._offered: tuple[int, ...] = ()

    def refusal(self, hello: ClientHello) -> ItlsAlert | None:
        """Note what is offered; refuse nothing."""
        self._offered = hello.suites
        return None

    def server_hello(self, hello: ServerHello) -> ServerHello:
        """Change the suite."""
        return replace(hello, suite=_first_missing(suites.Suite, self._offered))


class UnknownExtension(ServerHooks):
    """Says what nobody asked."""

    def server_hello(self, hello: ServerHello) -> ServerHello:
        """Add an extension of an unknown number."""
        return replace(hello, extensions=(*hello.extensions, Extension(UNKNOWN_EXTENSION, b"unasked")))


class Replayed(ServerHooks):
    """Sends the first record with application data twice."""

    def __init__(self) -> None:
        self._done = False

    def record(self, kind: ContentType, data: bytes, *, encrypted: bool) -> bytes:
        """Double it."""
        del encrypted
        if self._done or kind is not ContentType.APPLICATION_DATA:
            return data
        self._done = True
        return data + data


class Oversize(ServerHooks):
    """Sends a record that is longer than any may be, before its first application data."""

    def __init__(self) -> None:
        self._done = False
        self._first = b""

    def before_record(self, kind: ContentType, protection: Protection | None) -> None:
        """Make the record, so that it has the lower number."""
        if not self._done and protection is not None and kind is ContentType.APPLICATION_DATA:
            self._done = True
            self._first = Record(kind, protection.protect(kind, bytes(OVERSIZE))).wire

    def record(self, kind: ContentType, data: bytes, *, encrypted: bool) -> bytes:
        """Put it in front."""
        del kind, encrypted
        first, self._first = self._first, b""
        return first + data


class AlertStorm(ServerHooks):
    """Sends many warnings before its first record."""

    def __init__(self) -> None:
        self._done = False

    def record(self, kind: ContentType, data: bytes, *, encrypted: bool) -> bytes:
        """Put them in front."""
        del kind, encrypted
        if self._done:
            return data
        self._done = True
        warning = AlertMessage(Level.WARNING, ItlsAlert.USER_CANCELED).data
        return Record(ContentType.ALERT, warning).wire * STORM + data


class NoCloseNotify(ServerHooks):
    """Ends the stream right after the handshake."""

    def __init__(self) -> None:
        self._over = False

    def established(self, connection: Connection) -> None:
        """Note that the Finished is on its way."""
        del connection
        self._over = True

    def hangs_up(self, sent: int) -> bool:
        """End once it went out."""
        del sent
        return self._over


class _Premaster(ServerHooks):
    def __init__(self, size: int) -> None:
        self._size = size

    def premaster(self, data: bytes) -> bytes:
        return (data + data)[: self._size]


class _Challenge(ServerHooks):
    def __init__(self, size: int) -> None:
        self._size = size

    def challenge(self, data: bytes) -> bytes:
        return (data + data)[: self._size]


class _WrongMac(ServerHooks):
    # The MAC covers the record's number, so another number for one record makes a wrong MAC over right content, and
    # the records after it are right again.
    _FAR = 1 << 40

    def __init__(self, kind: ContentType) -> None:
        self._kind = kind
        self._done = False
        self._moved: Protection | None = None

    def before_record(self, kind: ContentType, protection: Protection | None) -> None:
        if not self._done and protection is not None and kind is self._kind:
            self._done = True
            self._moved = protection
            protection.sequence += self._FAR

    def record(self, kind: ContentType, data: bytes, *, encrypted: bool) -> bytes:
        del kind, encrypted
        if self._moved is not None:
            self._moved.sequence -= self._FAR
            self._moved = None
        return data


class _Skipped(ServerHooks):
    def __init__(self, kind: ContentType) -> None:
        self._kind = kind
        self._done = False

    def before_record(self, kind: ContentType, protection: Protection | None) -> None:
        if not self._done and protection is not None and kind is self._kind:
            self._done = True
            protection.sequence += 1


class _Refusing(ServerHooks):
    def __init__(self, number: ItlsAlert) -> None:
        self._number = number

    def refusal(self, hello: ClientHello) -> ItlsAlert | None:
        del hello
        return self._number


class _Cut(ServerHooks):
    def __init__(self, after: int) -> None:
        self._after = after

    def stream(self, sent: int, data: bytes) -> bytes:
        return data[: max(0, self._after - sent)]

    def hangs_up(self, sent: int) -> bool:
        return sent >= self._after


def premaster_of(size: int) -> Callable[[], ServerHooks]:
    """Seal, and derive from, a pre-master secret of so many bytes."""
    return lambda: _Premaster(size)


def challenge_of(size: int) -> Callable[[], ServerHooks]:
    """Give a challenge of so many characters."""
    return lambda: _Challenge(size)


def wrong_mac(kind: ContentType) -> Callable[[], ServerHooks]:
    """Give the first encrypted record of this kind a wrong MAC."""
    return lambda: _WrongMac(kind)


def skipped(kind: ContentType) -> Callable[[], ServerHooks]:
    """Skip a sequence number before the first encrypted record of this kind."""
    return lambda: _Skipped(kind)


def refusing(number: ItlsAlert) -> Callable[[], ServerHooks]:
    """Answer the first hello with this alert."""
    return lambda: _Refusing(number)


def cut_after(after: int) -> Callable[[], ServerHooks]:
    """End the stream after so many bytes."""
    return lambda: _Cut(after)


def _changed(hello: ServerHello, number: Ext, change: Callable[[bytes], bytes]) -> ServerHello:
    return replace(
        hello,
        extensions=tuple(
            Extension(number, change(one.data)) if one.number == number else one for one in hello.extensions
        ),
    )


def _without(hello: ServerHello, number: Ext) -> ServerHello:
    return replace(hello, extensions=tuple(one for one in hello.extensions if one.number != number))


def _other_signature(code: bytes) -> bytes:
    head, mark, sign = code.rpartition(b"~")
    try:
        return head + mark + base64.b64encode(_flipped(base64.b64decode(sign, validate=True), 0))
    except (binascii.Error, IndexError):
        # The authority of a test may give any text as code.
        return code + b"?"


def _flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :]


def _first_missing(known: Iterable[int], offered: tuple[int, ...]) -> int:
    return next((number for number in known if number not in offered), _NO_SUITE_OF_OURS)
