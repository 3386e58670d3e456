"""All misbehaviours of a server, by name: what it does wrong, and what a board must do then.

`alert(number)` and `cut(after)` take a number; `MISBEHAVIOURS` holds all others. Where a board may compare only a part
(the first bytes of a code, the last block, a sum of all bytes), several cases alter one byte each in another place, so
that whatever part is compared, one case leaves that part right; the last of each kind exchanges two bytes, so that
every sum and parity stays.

No case is what a client of TLS 1.2 may take: a record in clear that says 03 02 (Mbed TLS, of which the vendor's client
is made, takes any minor version up to its own there; under keys the MAC covers the version), a new session id of up to
32 bytes, another version inside a HelloVerifyRequest (RFC 6347 4.2.1), a pre-master secret that does not begin with
03 03 (nothing is published of its content). An extension that comes twice is forbidden to the server, and no text tells
the client to look (RFC 5246 7.4.1.4): it is noted, and decides nothing.

Source: device-protocol.md a.4, b.3, b.6, c.1, h.1 to h.4, k.9; RFC 5246 6, 6.1, 6.2, 7.2.2, 7.4, 7.4.1.3, 7.4.9, E.1;
RFC 5746 4.2.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import Final

from harness.id2 import defects
from harness.id2.codes import ItlsAlert
from harness.itls.alerts import AlertLevel, AlertMessage
from harness.itls.extensions import Ext, Extension
from harness.itls.messages import MessageType, framed
from harness.itls.misbehaviour import changes
from harness.itls.misbehaviour.case import Misbehaviour, Target
from harness.itls.misbehaviour.hooks import (
    Change,
    ChangedMessages,
    ChangedRecord,
    ChangedTail,
    Cut,
    NoCloseNotify,
    RecordsBeforeData,
    Renumbered,
    SuiteNotOffered,
    Which,
    is_any,
    is_data,
    is_finished,
    is_server_hello,
)
from harness.itls.records import PLAIN_MAX, ContentType, TlsRecord
from harness.itls.server import ServerHooks
from harness.severity import Severity

ACCEPTS_NO_PREMASTER = "k.9"
"""The vendor's known defect that `no-premaster` finds, as `harness.id2.defects` lists it."""

ACCEPTS_UNASKED = "h.2"
"""The one that `unknown-extension` finds."""

STORM = 1000
"""Warnings in a storm, and records without content in a flood."""

OVERSIZE = PLAIN_MAX + 2048
_FAR = 1 << 40
_UNKNOWN_EXTENSION = 0x2ABC
_UNKNOWN_TYPE = 99
_CERTIFICATE, _HELLO_DONE, _HELLO_REQUEST = framed(11, bytes(3)), framed(14, b""), framed(0, b"")
_WARNING = AlertMessage(AlertLevel.WARNING, ItlsAlert.USER_CANCELED).data

_BAD_HELLO = frozenset({ItlsAlert.HANDSHAKE_FAILURE, ItlsAlert.ILLEGAL_PARAMETER, ItlsAlert.DECODE_ERROR})
_BAD_FINISHED = _BAD_HELLO | {ItlsAlert.DECRYPTION, ItlsAlert.BAD_RECORD_MAC}
_BAD_RECORD = frozenset({ItlsAlert.BAD_RECORD_MAC, ItlsAlert.DECODE_ERROR})
_OUT_OF_PLACE = frozenset({ItlsAlert.UNEXPECTED_MESSAGE, ItlsAlert.PROTOCOL_VERSION})

MakesHooks = Callable[[], ServerHooks]


@dataclass(frozen=True, slots=True)
class _Rule:
    """What the misbehaviours of one kind have in common; see `Misbehaviour`."""

    expected: str
    severity: Severity
    target: Target | None
    alerts: frozenset[ItlsAlert] = frozenset()
    defect: str = ""

    def case(self, name: str, summary: str, hooks: MakesHooks) -> Misbehaviour:
        alerts = frozenset(alert.value for alert in self.alerts)
        return Misbehaviour(
            name, summary, self.expected, self.severity, hooks, self.target, alerts, self.defect
        )

    def cases(self, rows: Iterable[tuple[str, str, MakesHooks]]) -> tuple[Misbehaviour, ...]:
        return tuple(self.case(*row) for row in rows)


_REFUSES = (
    "It ends the handshake with the alert handshake_failure (40), or hangs up, and never sends its Finished."
)
_PROOF = _Rule(_REFUSES, Severity.CRITICAL, Target.SERVER_HELLO, _BAD_HELLO)
_SECRET = replace(_PROOF, severity=Severity.MAJOR)
_NO_SECRET = replace(
    _PROOF,
    expected=f"{_REFUSES} The vendor's client 3.1.0 goes on: {defects.get(ACCEPTS_NO_PREMASTER).title}.",
    defect=ACCEPTS_NO_PREMASTER,
)
_SUITE = replace(
    _PROOF, expected="It ends the handshake, with the alert illegal_parameter (47) or by hanging up."
)
_UNASKED = _Rule(
    "It ends the handshake, with the alert unsupported_extension (110) or by hanging up (RFC 5246 7.4.1.4). The "
    f"vendor's client 3.1.0 goes on: {defects.get(ACCEPTS_UNASKED).title}.",
    Severity.MINOR,
    Target.SERVER_HELLO,
    _BAD_HELLO | {ItlsAlert.UNSUPPORTED_EXTENSION},
    ACCEPTS_UNASKED,
)
_HELLO_FORM = _Rule(
    "It ends the handshake, with an alert or by hanging up, and never sends its Finished.",
    Severity.MAJOR,
    Target.SERVER_HELLO,
    _BAD_HELLO | _OUT_OF_PLACE,
)
_REPEATED = replace(
    _HELLO_FORM,
    expected="It had better end the handshake: no extension may come twice (RFC 5246 7.4.1.4).",
    severity=Severity.MINOR,
)
_CHALLENGE = _Rule(
    "It drops the connection without an alert and without an auth code over the challenge.",
    Severity.MAJOR,
    Target.CHALLENGE,
)
_CHALLENGE_FORM = _Rule(
    "It drops the connection without an auth code over what came.",
    Severity.MAJOR,
    Target.CHALLENGE,
    _BAD_HELLO | {ItlsAlert.UNSUPPORTED_EXTENSION, ItlsAlert.UNEXPECTED_MESSAGE},
)
_FINISHED = _Rule(
    "It ends the connection, with an alert or by hanging up, and sends no application data.",
    Severity.CRITICAL,
    Target.FINISHED,
    _BAD_FINISHED,
)
_FINISHED_ORDER = replace(_FINISHED, alerts=_BAD_FINISHED | _OUT_OF_PLACE)
_DATA = _Rule(
    "It ends the connection, with an alert or by hanging up, and acts on nothing that the record holds.",
    Severity.CRITICAL,
    Target.DATA,
    _BAD_RECORD,
)
_DATA_ORDER = replace(_DATA, alerts=_BAD_RECORD | _OUT_OF_PLACE)
_OVERSIZE = replace(_DATA, severity=Severity.MAJOR, alerts=_BAD_RECORD | {ItlsAlert.RECORD_OVERFLOW})
_SURVIVES = _Rule(
    "It goes on, or gives the connection up; either way it connects again afterwards.",
    Severity.MAJOR,
    None,
    _BAD_RECORD | _OUT_OF_PLACE,
)
_SURVIVES_STORM = replace(_SURVIVES, alerts=frozenset({ItlsAlert.UNEXPECTED_MESSAGE}))
_RECONNECTS = _Rule("It takes that for a cut connection, and connects again.", Severity.MINOR, None)


def _hello(change: changes.HelloChange) -> MakesHooks:
    return partial(ChangedMessages, server_hello=change)


def _finished(change: Change) -> MakesHooks:
    return partial(ChangedMessages, finished=change)


def _tail(kind: ContentType, change: changes.TailChange) -> MakesHooks:
    return partial(ChangedTail, kind, change)


def _before(which: Which, extra: bytes) -> MakesHooks:
    return partial(ChangedRecord, which, lambda record: extra + record)


def _clear(kind: ContentType, content: bytes) -> bytes:
    return TlsRecord(kind, content).wire


def _bits(name: str, what: str, parts: Iterable[int], fractions: str) -> Iterable[tuple[str, str, Change]]:
    """Yield name, summary and change of cases that each alter one bit: `part` fourths or fifths into the bytes."""
    for part in parts:
        change = changes.altered(part, _PARTS[fractions])
        yield f"{name}-part-{part}", f"One bit of {what} is wrong, {part} {fractions} into it.", change


_PARTS = {"quarters": 5, "fifths": 6}
"""How many bytes are altered, the first and last included; 6 are two in each block of 16 of a server code."""

_FINISHED_RECORD = "the record with the server's Finished"
_FIRST_DATA = "the first record with application data"

_SERVER_CODES = _PROOF.cases(
    (
        (
            "wrong-server-code",
            "The server code has the right form and challenge, but a signature that is not of this device's key.",
            _hello(changes.signature(changes.altered(0, 2))),
        ),
        (
            "no-server-code",
            "The ServerHello has no server code (0x2002).",
            _hello(changes.without(Ext.AUTH_CODE)),
        ),
        (
            "server-code-of-other-random",
            "The server code is a right one, but over the random of another hello: a recorded code played again.",
            partial(
                ChangedMessages, judged=lambda hello: replace(hello, random=changes.flipped(hello.random, 0))
            ),
        ),
        *(
            (name, summary, _hello(changes.signature(change)))
            for name, summary, change in _bits(
                "server-code", "the server code's signature", range(6), "fifths"
            )
        ),
        (
            "server-code-exchanged",
            "Two bytes of the server code's signature have changed places.",
            _hello(changes.signature(changes.exchanged)),
        ),
        (
            "server-code-type-0",
            "The server code says that it is of type 0, a device's; server codes are of type 10 or 11.",
            _hello(changes.code_field(0, lambda _: "0")),
        ),
        (
            "server-code-type-12",
            "The server code says that it is of type 12; server codes are of type 10 or 11.",
            _hello(changes.code_field(0, lambda _: "12")),
        ),
        (
            "server-code-other-devrand",
            "The server code names another device random than it is signed over.",
            _hello(changes.code_field(2, changes.other_digit)),
        ),
    )
)

_PREMASTERS = (
    _NO_SECRET.case(
        "no-premaster",
        "The ServerHello has no pre-master secret (0x2003), and the server derives its keys from an empty one.",
        partial(ChangedMessages, server_hello=changes.without(Ext.PREMASTER), derived_from=lambda _: b""),
    ),
    _PROOF.case(
        "empty-premaster",
        "The pre-master extension (0x2003) of the ServerHello is empty, and the keys are derived from nothing.",
        partial(
            ChangedMessages,
            server_hello=changes.extension(Ext.PREMASTER, lambda _: b""),
            derived_from=lambda _: b"",
        ),
    ),
    *(
        rule.case(
            f"premaster-{size}",
            f"The pre-master secret has {size} bytes instead of 48, and the keys are derived from it.",
            partial(ChangedMessages, premaster=changes.resized(size)),
        )
        for rule, size in ((_PROOF, 1), (_SECRET, 47), (_SECRET, 49), (_SECRET, 64))
    ),
    *(
        _SECRET.case(
            f"premaster-padding-{name}",
            summary,
            partial(ChangedMessages, sealed=changes.sealed_with(padding)),
        )
        for name, summary, padding in (
            (
                "mixed",
                "The padding of the pre-master secret has a wrong first byte.",
                lambda block: bytes((block ^ 1,)) + bytes((block,)) * (block - 1),
            ),
            (
                "zeros",
                "Of the padding of the pre-master secret only the last byte is right, the others are zero.",
                lambda block: bytes(block - 1) + bytes((block,)),
            ),
            (
                "too-long",
                "The padding of the pre-master secret says that it is longer than a block.",
                lambda block: bytes((block + 1,)) * block,
            ),
            (
                "00",
                "The padding of the pre-master secret is a block of zeros; SDK 3.1.0 makes 64 bytes of it, not 48.",
                bytes,
            ),
        )
    ),
)

_CHALLENGES = (
    *_CHALLENGE.cases(
        (
            f"challenge-{size}",
            f"The challenge has {size} characters instead of 32.",
            partial(ChangedMessages, challenge=changes.resized(size)),
        )
        for size in (1, 31, 33, 64)
    ),
    _CHALLENGE_FORM.case(
        "challenge-in-other-extension",
        "The HelloVerifyRequest has the challenge in an extension of another number than 0x2010.",
        partial(
            ChangedMessages,
            verify_request=lambda request: replace(
                request, extension=Extension(_UNKNOWN_EXTENSION, request.extension.data)
            ),
        ),
    ),
)

_HELLOS = (
    _SUITE.case(
        "suite-not-offered",
        "The server chooses a suite that the board did not offer: D001, AES-128 with SHA-1, for the vendor's client.",
        SuiteNotOffered,
    ),
    _UNASKED.case(
        "unknown-extension",
        "The ServerHello holds an extension that no hello asked for.",
        _hello(
            lambda hello: replace(
                hello, extensions=(*hello.extensions, Extension(_UNKNOWN_EXTENSION, b"unasked"))
            )
        ),
    ),
    *_HELLO_FORM.cases(
        (
            *(
                (
                    f"server-hello-version-{version}",
                    f"The ServerHello says version {version[:2]} {version[2:]}; iTLS is TLS 1.2, 03 03.",
                    _hello(partial(replace, version=bytes.fromhex(version))),
                )
                for version in ("0300", "0301", "0302", "0304", "ffff")
            ),
            *(
                (
                    f"record-version-{version}",
                    f"The record with the ServerHello says version {version[:2]} {version[2:]}.",
                    partial(ChangedRecord, is_server_hello, changes.other_version(version)),
                )
                for version in ("0304", "ffff")
            ),
            *(
                (
                    f"compression-{method}",
                    f"The server chooses compression method {method}, which the board did not offer.",
                    _hello(partial(replace, compression=method)),
                )
                for method in (1, 64, 255)
            ),
            (
                "session-id-33",
                "The session id in the ServerHello has 33 bytes; 32 are the most.",
                _hello(partial(replace, session_id=bytes(range(33)))),
            ),
            (
                "certificate-unasked",
                "Before the ServerHello comes a Certificate, which iTLS has not.",
                _before(is_server_hello, _clear(ContentType.HANDSHAKE, _CERTIFICATE)),
            ),
            (
                "unknown-record-type",
                "Before the ServerHello comes a record of type 99, which there is not.",
                _before(is_server_hello, bytes((_UNKNOWN_TYPE, 3, 3, 0, 1, 0))),
            ),
            (
                "data-before-keys",
                "Before the ServerHello comes application data in clear.",
                _before(is_server_hello, _clear(ContentType.APPLICATION_DATA, b"too early")),
            ),
        )
    ),
    *_REPEATED.cases(
        (
            f"extension-twice-{number:04x}",
            f"The ServerHello holds the extension {number:#06x} twice.",
            _hello(changes.repeated(number)),
        )
        for number in (Ext.AUTH_CODE, Ext.PREMASTER)
    ),
)

_FINISHEDS = (
    *_FINISHED.cases(
        (
            (
                "wrong-finished",
                "The server's Finished does not fit the handshake.",
                _finished(changes.altered(1, 2)),
            ),
            (
                "finished-mac",
                "The record with the server's Finished has a wrong MAC.",
                partial(Renumbered, ContentType.HANDSHAKE, _FAR, for_one=True),
            ),
            (
                "finished-sequence",
                "The server's Finished is record 1 and not record 0 of its direction.",
                partial(Renumbered, ContentType.HANDSHAKE, 1, for_one=False),
            ),
            *(
                (name, summary, _finished(change))
                for name, summary, change in _bits("finished", "the server's Finished", range(5), "quarters")
            ),
            (
                "finished-exchanged",
                "Two bytes of the server's Finished have changed places.",
                _finished(changes.exchanged),
            ),
            *(
                (name, summary, _tail(ContentType.HANDSHAKE, changes.mac(change)))
                for name, summary, change in _bits(
                    "finished-mac", f"the MAC of {_FINISHED_RECORD}", range(5), "quarters"
                )
            ),
            (
                "finished-mac-exchanged",
                f"Two bytes of the MAC of {_FINISHED_RECORD} have changed places.",
                _tail(ContentType.HANDSHAKE, changes.mac(changes.exchanged)),
            ),
            *(
                (
                    f"finished-padding-{place}",
                    f"The padding of {_FINISHED_RECORD} is wrong: {what}. Its MAC is right.",
                    _tail(ContentType.HANDSHAKE, changes.padding(change)),
                )
                for place, what, change in (
                    ("first", "its first byte differs from the others", changes.altered(0, 2)),
                    ("middle", "a byte in the middle differs from the others", changes.altered(1, 3)),
                    (
                        "zero",
                        "all bytes but the last are zero",
                        lambda padding: bytes(len(padding) - 1) + padding[-1:],
                    ),
                )
            ),
            (
                "finished-padding-too-long",
                f"The padding of {_FINISHED_RECORD} says that it is longer than the record.",
                _tail(ContentType.HANDSHAKE, changes.padding_too_long),
            ),
        )
    ),
    *_FINISHED_ORDER.cases(
        (
            *(
                (
                    f"finished-record-version-{version}",
                    f"The record with the server's Finished says {version[:2]} {version[2:]}; its MAC covers 03 03.",
                    partial(ChangedRecord, is_finished, changes.other_version(version)),
                )
                for version in ("0302", "0304", "ffff")
            ),
            (
                "hello-done-unasked",
                "Behind the ServerHello comes a ServerHelloDone in clear, which iTLS has not.",
                partial(
                    ChangedRecord,
                    is_server_hello,
                    lambda record: record + _clear(ContentType.HANDSHAKE, _HELLO_DONE),
                ),
            ),
            (
                "data-before-finished",
                "Before the server's Finished comes application data in clear.",
                _before(is_finished, _clear(ContentType.APPLICATION_DATA, b"too early")),
            ),
            (
                "change-cipher-spec",
                "Before the server's Finished comes a ChangeCipherSpec, which iTLS has not.",
                _before(is_finished, _clear(ContentType.CHANGE_CIPHER_SPEC, b"\x01")),
            ),
        )
    ),
)

_RECORDS = (
    *_DATA.cases(
        (
            (
                "record-mac",
                f"{_FIRST_DATA.capitalize()} has a wrong MAC.",
                partial(Renumbered, ContentType.APPLICATION_DATA, _FAR, for_one=True),
            ),
            (
                "record-sequence",
                f"{_FIRST_DATA.capitalize()} skips a sequence number: one before it was lost.",
                partial(Renumbered, ContentType.APPLICATION_DATA, 1, for_one=False),
            ),
            (
                "record-replayed",
                f"{_FIRST_DATA.capitalize()} comes twice.",
                partial(ChangedRecord, is_data, lambda record: record + record),
            ),
            *(
                (name, summary, _tail(ContentType.APPLICATION_DATA, changes.mac(change)))
                for name, summary, change in _bits(
                    "record-mac", f"the MAC of {_FIRST_DATA}", (0, 2, 4), "quarters"
                )
            ),
            (
                "record-padding",
                f"The padding of {_FIRST_DATA} is wrong: its first byte differs. Its MAC is right.",
                _tail(ContentType.APPLICATION_DATA, changes.padding(changes.altered(0, 2))),
            ),
        )
    ),
    _OVERSIZE.case(
        "oversize-record",
        "Before its first application data the server sends a record with 18,432 bytes of content; 16,384 are the "
        "most that there may be.",
        partial(RecordsBeforeData, ContentType.APPLICATION_DATA, bytes(OVERSIZE)),
    ),
    *_DATA_ORDER.cases(
        (
            (
                "data-in-clear",
                "Before the first application data comes application data in clear.",
                _before(is_data, _clear(ContentType.APPLICATION_DATA, b"in clear")),
            ),
            (
                "finished-twice",
                "Before the first application data comes another Finished, under keys.",
                partial(RecordsBeforeData, ContentType.HANDSHAKE, framed(MessageType.FINISHED, bytes(12))),
            ),
        )
    ),
)

_SURVIVED = (
    _SURVIVES_STORM.case(
        "alert-storm",
        "Before it answers the first hello, the server sends 1,000 alerts of level warning.",
        _before(is_any, _clear(ContentType.ALERT, _WARNING) * STORM),
    ),
    _RECONNECTS.case(
        "no-close-notify",
        "Right after the handshake the server ends the stream without close_notify.",
        NoCloseNotify,
    ),
    *_SURVIVES.cases(
        (
            (
                "empty-records",
                f"Before its first application data the server sends {STORM} records without content, under keys.",
                partial(RecordsBeforeData, ContentType.APPLICATION_DATA, b"", STORM),
            ),
            (
                "empty-handshake-records",
                f"Before it answers the first hello, the server sends {STORM} handshake records without content.",
                _before(is_any, _clear(ContentType.HANDSHAKE, b"") * STORM),
            ),
            (
                "hello-request",
                "Before its first application data the server asks for another handshake with a HelloRequest.",
                partial(RecordsBeforeData, ContentType.HANDSHAKE, _HELLO_REQUEST),
            ),
        )
    ),
)

_ALL: Final = (
    *_SERVER_CODES,
    *_PREMASTERS,
    *_CHALLENGES,
    *_HELLOS,
    *_FINISHEDS,
    *_RECORDS,
    *_SURVIVED,
)

MISBEHAVIOURS: Mapping[str, Misbehaviour] = MappingProxyType({one.name: one for one in _ALL})
"""All that need no number, by name."""


def alert(number: ItlsAlert) -> Misbehaviour:
    """Return the server that answers the first hello with a fatal alert."""
    return Misbehaviour(
        f"alert-{number.value}",
        f"The server answers the first hello with the fatal alert {number.value}: {number.meaning}.",
        "It ends the connection, says on its console what the alert means, and tries again later with pauses that do "
        "not load the service.",
        Severity.MINOR,
        partial(ChangedMessages, refusal=lambda _: number),
        Target.HELLO,
    )


def cut(after: int) -> Misbehaviour:
    """Return the server whose stream ends after so many bytes, without an alert.

    Args:
        after: 0 or more; less than what the server says in its handshake (about 400 bytes), else it is no fault.
    """
    return Misbehaviour(
        f"cut-{after}",
        f"The server's stream ends after {after} bytes, inside the handshake.",
        "It gives the handshake up within its time limit, and connects again.",
        Severity.MAJOR,
        partial(Cut, after),
        Target.FINISHED,
    )


def find(name: str) -> Misbehaviour | None:
    """Return the misbehaviour of this name, `alert-N` and `cut-N` included, or None."""
    kind, _, digits = name.partition("-")
    if kind in {"alert", "cut"} and digits.isascii() and digits.isdigit() and len(digits) < 6:
        if kind == "cut":
            return cut(int(digits))
        return next((alert(number) for number in ItlsAlert if number.value == int(digits)), None)
    return MISBEHAVIOURS.get(name)
