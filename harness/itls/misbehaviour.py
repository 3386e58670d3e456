"""What a far end does wrong on purpose, and what a board must do then.

Each `Misbehaviour` makes fresh `ServerHooks` for every connection; `MISBEHAVIOURS` holds all but `alert(number)` and
`cut(after)`, which take a number. What spoils only a part of something stands in `misbehaviour_partial`, what has a
wrong form or comes out of order in `misbehaviour_form`.

Source: device-protocol.md h.3, h.4, k.9.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from harness.id2 import defects
from harness.id2.codes import ItlsAlert
from harness.itls import misbehaviour_form, misbehaviour_partial
from harness.itls import misbehaviour_hooks as spoil
from harness.itls.misbehaviour_case import (
    BAD_FINISHED,
    BAD_RECORD,
    BAD_SERVER_HELLO,
    LEAVES,
    REFUSES,
    REFUSES_DATA,
    REFUSES_FINISHED,
    Misbehaviour,
    Strikes,
)
from harness.itls.records import ContentType
from harness.severity import Severity

__all__ = [
    "ACCEPTS_NO_PREMASTER",
    "ACCEPTS_UNASKED",
    "MISBEHAVIOURS",
    "Misbehaviour",
    "Strikes",
    "alert",
    "cut",
    "find",
]

ACCEPTS_NO_PREMASTER = "k.9"
"""The vendor's known defect that `no-premaster` finds, as `harness.id2.defects` lists it."""

ACCEPTS_UNASKED = "h.2"
"""The one that `unknown-extension` finds."""

_ALL: Final = (
    Misbehaviour(
        "wrong-server-code",
        "The server code has the right form and challenge, but a signature that is not of this device's key.",
        REFUSES,
        Severity.CRITICAL,
        spoil.WrongServerCode,
        Strikes.SERVER_HELLO,
        must_not_establish=True,
        expected_alerts=BAD_SERVER_HELLO,
    ),
    Misbehaviour(
        "no-server-code",
        "The ServerHello has no server code (0x2002).",
        REFUSES,
        Severity.CRITICAL,
        spoil.NoServerCode,
        Strikes.SERVER_HELLO,
        must_not_establish=True,
        expected_alerts=BAD_SERVER_HELLO,
    ),
    Misbehaviour(
        "server-code-of-other-random",
        "The server code is a right one, but over the random of another hello: a recorded code played again.",
        REFUSES,
        Severity.CRITICAL,
        spoil.OtherRandom,
        Strikes.SERVER_HELLO,
        must_not_establish=True,
        expected_alerts=BAD_SERVER_HELLO,
    ),
    Misbehaviour(
        "no-premaster",
        "The ServerHello has no pre-master secret (0x2003), and the server derives its keys from an empty one.",
        REFUSES + " The vendor's client 3.1.0 goes on: " + defects.get(ACCEPTS_NO_PREMASTER).title + ".",
        Severity.CRITICAL,
        spoil.NoPremaster,
        Strikes.SERVER_HELLO,
        must_not_establish=True,
        expected_alerts=BAD_SERVER_HELLO,
        defect=ACCEPTS_NO_PREMASTER,
    ),
    *(
        Misbehaviour(
            f"premaster-{size}",
            f"The pre-master secret has {size} bytes instead of 48, and the keys are derived from it.",
            REFUSES,
            Severity.CRITICAL if size < 16 else Severity.MAJOR,
            spoil.premaster_of(size),
            Strikes.SERVER_HELLO,
            must_not_establish=True,
            expected_alerts=BAD_SERVER_HELLO,
        )
        for size in (1, 47, 49, 64)
    ),
    Misbehaviour(
        "empty-premaster",
        "The pre-master extension (0x2003) of the ServerHello is empty, and the keys are derived from nothing.",
        REFUSES,
        Severity.CRITICAL,
        spoil.EmptyPremaster,
        Strikes.SERVER_HELLO,
        must_not_establish=True,
        expected_alerts=BAD_SERVER_HELLO,
    ),
    *(
        Misbehaviour(
            f"challenge-{size}",
            f"The challenge has {size} characters instead of 32.",
            LEAVES,
            Severity.MAJOR,
            spoil.challenge_of(size),
            Strikes.CHALLENGE,
            must_not_establish=True,
        )
        for size in (1, 31, 33, 64)
    ),
    Misbehaviour(
        "wrong-finished",
        "The server's Finished does not fit the handshake.",
        REFUSES_FINISHED,
        Severity.CRITICAL,
        spoil.WrongFinished,
        Strikes.FINISHED,
        must_not_establish=True,
        expected_alerts=BAD_FINISHED,
    ),
    Misbehaviour(
        "finished-mac",
        "The record with the server's Finished has a wrong MAC.",
        REFUSES_FINISHED,
        Severity.CRITICAL,
        spoil.wrong_mac(ContentType.HANDSHAKE),
        Strikes.FINISHED,
        must_not_establish=True,
        expected_alerts=BAD_FINISHED,
    ),
    Misbehaviour(
        "finished-sequence",
        "The server's Finished is record 1 and not record 0 of its direction.",
        REFUSES_FINISHED,
        Severity.CRITICAL,
        spoil.skipped(ContentType.HANDSHAKE),
        Strikes.FINISHED,
        must_not_establish=True,
        expected_alerts=BAD_FINISHED,
    ),
    Misbehaviour(
        "record-mac",
        "The first record with application data has a wrong MAC.",
        REFUSES_DATA,
        Severity.CRITICAL,
        spoil.wrong_mac(ContentType.APPLICATION_DATA),
        Strikes.DATA,
        must_not_establish=False,
        expected_alerts=BAD_RECORD,
    ),
    Misbehaviour(
        "record-sequence",
        "The first record with application data skips a sequence number: one before it was lost.",
        REFUSES_DATA,
        Severity.CRITICAL,
        spoil.skipped(ContentType.APPLICATION_DATA),
        Strikes.DATA,
        must_not_establish=False,
        expected_alerts=BAD_RECORD,
    ),
    Misbehaviour(
        "record-replayed",
        "The first record with application data comes twice.",
        REFUSES_DATA,
        Severity.CRITICAL,
        spoil.Replayed,
        Strikes.DATA,
        must_not_establish=False,
        expected_alerts=BAD_RECORD,
    ),
    Misbehaviour(
        "suite-not-offered",
        "The server chooses a suite that the board did not offer: D001, AES-128 with SHA-1, for the vendor's client.",
        "It ends the handshake, with the alert illegal_parameter (47) or by hanging up.",
        Severity.CRITICAL,
        spoil.SuiteNotOffered,
        Strikes.SERVER_HELLO,
        must_not_establish=True,
        expected_alerts=BAD_SERVER_HELLO,
    ),
    Misbehaviour(
        "unknown-extension",
        "The ServerHello holds an extension that no hello asked for.",
        "It ends the handshake, with the alert unsupported_extension (110) or by hanging up (RFC 5246 7.4.1.4). The "
        "vendor's client 3.1.0 goes on: " + defects.get(ACCEPTS_UNASKED).title + ".",
        Severity.MINOR,
        spoil.UnknownExtension,
        Strikes.SERVER_HELLO,
        must_not_establish=True,
        expected_alerts=BAD_SERVER_HELLO | {ItlsAlert.UNSUPPORTED_EXTENSION.value},
        defect=ACCEPTS_UNASKED,
    ),
    Misbehaviour(
        "oversize-record",
        "Before its first application data the server sends a record with 18,432 bytes of content; 16,384 are the "
        "most that there may be.",
        REFUSES_DATA,
        Severity.MAJOR,
        spoil.Oversize,
        Strikes.DATA,
        must_not_establish=False,
        expected_alerts=BAD_RECORD | {ItlsAlert.RECORD_OVERFLOW.value},
    ),
    Misbehaviour(
        "alert-storm",
        "Before it answers the first hello, the server sends 1,000 alerts of level warning.",
        "It goes on, or gives the connection up; either way it connects again afterwards.",
        Severity.MAJOR,
        spoil.AlertStorm,
        strikes=None,
        must_not_establish=False,
        expected_alerts=frozenset({ItlsAlert.UNEXPECTED_MESSAGE.value}),
    ),
    Misbehaviour(
        "no-close-notify",
        "Right after the handshake the server ends the stream without close_notify.",
        "It takes that for a cut connection, and connects again.",
        Severity.MINOR,
        spoil.NoCloseNotify,
        strikes=None,
        must_not_establish=False,
    ),
    *misbehaviour_partial.PARTIAL,
    *misbehaviour_form.FORM,
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
        spoil.refusing(number),
        Strikes.HELLO,
        must_not_establish=True,
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
        spoil.cut_after(after),
        Strikes.FINISHED,
        must_not_establish=True,
    )


def find(name: str) -> Misbehaviour | None:
    """Return the misbehaviour of this name, `alert-N` and `cut-N` included, or None."""
    kind, _, digits = name.partition("-")
    if kind in {"alert", "cut"} and digits.isascii() and digits.isdigit() and len(digits) < 6:
        if kind == "cut":
            return cut(int(digits))
        return next((alert(number) for number in ItlsAlert if number.value == int(digits)), None)
    return MISBEHAVIOURS.get(name)
