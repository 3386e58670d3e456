"""The hooks of servers that misbehave: each class takes what it changes as data. One instance serves one connection."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from harness.id2.codes import ItlsAlert
from harness.itls.connection import Connection
from harness.itls.messages import ClientHello, HelloVerifyRequest, MessageType, ServerHello
from harness.itls.records import HEADER_SIZE, ContentType, Protection, TlsRecord
from harness.itls.server import ServerHooks
from harness.itls.suites import Suite

_T = TypeVar("_T")
Change = Callable[[bytes], bytes]
Which = Callable[[ContentType, bytes, bool], bool]
"""Tells by content type, wire bytes and whether it is encrypted if a record is the one to change."""

_NO_SUITE_OF_ITLS = 0x002F


def _unchanged(value: _T, /) -> _T:
    return value


def _sealed(premaster: bytes, seal: Change, /) -> bytes:
    return seal(premaster)


def _admitted(hello: ClientHello, /) -> ItlsAlert | None:
    del hello
    return None


@dataclass(slots=True)
class ChangedMessages(ServerHooks):
    """Change messages and secrets of the handshake; see `ServerHooks` for what each one is. What is not given stays."""

    refusal: Callable[[ClientHello], ItlsAlert | None] = _admitted
    judged: Callable[[ClientHello], ClientHello] = _unchanged
    challenge: Change = _unchanged
    verify_request: Callable[[HelloVerifyRequest], HelloVerifyRequest] = _unchanged
    premaster: Change = _unchanged
    sealed: Callable[[bytes, Change], bytes] = _sealed
    server_hello: Callable[[ServerHello], ServerHello] = _unchanged
    derived_from: Change = _unchanged
    finished: Change = _unchanged


class ChangedRecord(ServerHooks):
    """Change the first record that fits, as it goes to the wire."""

    def __init__(self, which: Which, change: Change) -> None:
        self._first = _FirstThat(which)
        self._change = change

    def record(self, kind: ContentType, data: bytes, *, encrypted: bool) -> bytes:
        """Return the record, changed if it is the one."""
        return self._change(data) if self._first(kind, data, encrypted) else data


class ChangedTail(ServerHooks):
    """Change MAC and padding of the first record of a kind under keys; `change` takes and returns both."""

    def __init__(self, kind: ContentType, change: Callable[[bytes, bytes], bytes]) -> None:
        self._first = _FirstThat(lambda one, _data, _encrypted: one is kind)
        self._change = change

    def tail(self, kind: ContentType, mac: bytes, padding: bytes) -> bytes:
        """Return what is encrypted behind the content."""
        return self._change(mac, padding) if self._first(kind, b"", True) else mac + padding


class RecordsBeforeData(ServerHooks):
    """Send records under keys before the first application data, in their right order of numbers."""

    def __init__(self, kind: ContentType, content: bytes, times: int = 1) -> None:
        self._first = _FirstThat(is_data)
        self._kind = kind
        self._content = content
        self._times = times
        self._before = b""

    def before_record(self, kind: ContentType, protection: Protection | None) -> None:
        """Protect the additional records first."""
        if protection is not None and self._first(kind, b"", True):
            protected = (protection.protect(self._kind, self._content) for _ in range(self._times))
            self._before = b"".join(TlsRecord(self._kind, payload).wire for payload in protected)

    def record(self, kind: ContentType, data: bytes, *, encrypted: bool) -> bytes:
        """Put them in front."""
        del kind, encrypted
        before, self._before = self._before, b""
        return before + data


class Renumbered(ServerHooks):
    """Add to the sequence number of the first encrypted record of a kind, which its MAC covers."""

    def __init__(self, kind: ContentType, by: int, *, for_one: bool) -> None:
        """Choose the record.

        Args:
            kind: Its content type.
            by: What is added to its number.
            for_one: The records after it have their right numbers again.
        """
        self._first = _FirstThat(lambda one, _data, _encrypted: one is kind)
        self._by = by
        self._for_one = for_one
        self._renumbered: Protection | None = None

    def before_record(self, kind: ContentType, protection: Protection | None) -> None:
        """Change the number."""
        if protection is not None and self._first(kind, b"", True):
            protection.sequence += self._by
            self._renumbered = protection if self._for_one else None

    def record(self, kind: ContentType, data: bytes, *, encrypted: bool) -> bytes:
        """Set it right again."""
        del kind, encrypted
        if self._renumbered is not None:
            self._renumbered.sequence -= self._by
            self._renumbered = None
        return data


class SuiteNotOffered(ServerHooks):
    """Choose a suite that was not offered, the weakest first."""

    def __init__(self) -> None:
        self._offered: tuple[int, ...] = ()

    def refusal(self, hello: ClientHello, /) -> ItlsAlert | None:
        """Remember what is offered; refuse nothing."""
        self._offered = hello.suites
        return None

    def server_hello(self, hello: ServerHello, /) -> ServerHello:
        """Change the suite."""
        others = (number for number in Suite if number not in self._offered)
        return replace(hello, suite=next(others, _NO_SUITE_OF_ITLS))


class NoCloseNotify(ServerHooks):
    """End the stream right after the handshake."""

    def __init__(self) -> None:
        self._established = False

    def established(self, connection: Connection) -> None:
        """Remember that the Finished is on its way."""
        del connection
        self._established = True

    def hangs_up(self, sent: int) -> bool:
        """End once it went out."""
        del sent
        return self._established


class Cut(ServerHooks):
    """End the stream after some bytes."""

    def __init__(self, after: int) -> None:
        self._after = after

    def stream(self, sent: int, data: bytes) -> bytes:
        """Return the bytes that still go out."""
        return data[: max(0, self._after - sent)]

    def hangs_up(self, sent: int) -> bool:
        """Return whether all of them went out."""
        return sent >= self._after


class _FirstThat:
    """True for the first record that fits, and never again."""

    def __init__(self, which: Which) -> None:
        self._which = which
        self._done = False

    def __call__(self, kind: ContentType, data: bytes, encrypted: bool) -> bool:
        if self._done or not self._which(kind, data, encrypted):
            return False
        self._done = True
        return True


def is_server_hello(kind: ContentType, data: bytes, encrypted: bool) -> bool:
    """Fit the record with the ServerHello."""
    return kind is ContentType.HANDSHAKE and not encrypted and data[HEADER_SIZE] == MessageType.SERVER_HELLO


def is_finished(kind: ContentType, data: bytes, encrypted: bool) -> bool:
    """Fit the record with the server's Finished."""
    del data
    return kind is ContentType.HANDSHAKE and encrypted


def is_data(kind: ContentType, data: bytes, encrypted: bool) -> bool:
    """Fit every record with application data."""
    del data, encrypted
    return kind is ContentType.APPLICATION_DATA


def is_any(kind: ContentType, data: bytes, encrypted: bool) -> bool:
    """Fit every record."""
    del kind, data, encrypted
    return True
