"""What a far end does wrong on purpose, and what a board must do then.

Each `Misbehaviour` makes fresh `ServerHooks` for every connection; `MISBEHAVIOURS` holds all but `alert(number)` and
`cut(after)`, which take a number. `accepted` says from the records of a session whether the board took what it had to
refuse: the server's own state cannot tell where the fault is in its last message.

Source: device-protocol.md h.3, h.4, k.9.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final, Literal

from harness.id2 import defects
from harness.id2.codes import ItlsAlert
from harness.itls import misbehaviour_hooks as spoil
from harness.itls.connection import Direction, Seen
from harness.itls.messages import MessageType
from harness.itls.records import ContentType
from harness.itls.server import ServerHooks

ACCEPTS_NO_PREMASTER = "k.9"
"""The vendor's known defect that `no-premaster` finds, as `harness.id2.defects` lists it."""


class Strikes(Enum):
    """The message that is spoiled."""

    HELLO = "the answer to the first hello"
    CHALLENGE = "the challenge"
    SERVER_HELLO = "ServerHello"
    FINISHED = "the server's Finished"
    DATA = "application data"


@dataclass(frozen=True, slots=True)
class Misbehaviour:
    """One thing that the far end does wrong.

    Attributes:
        name: `no-premaster`, `wrong-server-code`, `alert-161`, `cut-137`, ...
        summary: What the server does wrong, one sentence.
        expected: What a board must do, one sentence.
        severity: How grave it is when a board does not: high (keys or identity fall), major, minor.
        hooks: Makes the hooks of one connection.
        strikes: The message that is spoiled and must be refused; None where a board may go on.
        must_not_establish: A board that completes the handshake all the same has failed.
        expected_alerts: What a board may answer; it may always leave without a word. Empty: nothing else is right.
        defect: The known defect of the vendor's SDK that it finds, or empty.
    """

    name: str
    summary: str
    expected: str
    severity: Literal["high", "major", "minor"]
    hooks: Callable[[], ServerHooks]
    strikes: Strikes | None
    must_not_establish: bool
    expected_alerts: frozenset[int] = frozenset()
    defect: str = ""

    def accepted(self, seen: Iterable[Seen]) -> bool:
        """Tell whether the board took what it had to refuse.

        True when it went on with the next message of its own: a hello after a spoiled challenge, its Finished after a
        spoiled ServerHello, application data after a spoiled Finished or record. Spoiled application data comes with
        the first that the far end sends; a board that speaks without waiting for it cannot be judged so.

        Args:
            seen: The records of one session as the server saw them, oldest first.
        """
        if self.strikes is None:
            return False
        spoiled, went_on = _SPOILED[self.strikes], _WENT_ON[self.strikes]
        records = iter(seen)
        if not any(one.direction is Direction.OUT and spoiled(one) for one in records):
            return False
        return any(one.direction is Direction.IN and went_on(one) for one in records)


def _message(kind: MessageType) -> Callable[[Seen], bool]:
    first = bytes((kind,))
    return lambda one: one.kind is ContentType.HANDSHAKE and one.plain.startswith(first)


def _data(one: Seen) -> bool:
    return one.kind is ContentType.APPLICATION_DATA


def _any(one: Seen) -> bool:
    return bool(one.wire)


_SPOILED: Mapping[Strikes, Callable[[Seen], bool]] = {
    Strikes.HELLO: _any,
    Strikes.CHALLENGE: _message(MessageType.HELLO_VERIFY_REQUEST),
    Strikes.SERVER_HELLO: _message(MessageType.SERVER_HELLO),
    Strikes.FINISHED: _message(MessageType.FINISHED),
    Strikes.DATA: _data,
}
_WENT_ON: Mapping[Strikes, Callable[[Seen], bool]] = {
    Strikes.HELLO: _message(MessageType.CLIENT_HELLO),
    Strikes.CHALLENGE: _message(MessageType.CLIENT_HELLO),
    Strikes.SERVER_HELLO: _message(MessageType.FINISHED),
    Strikes.FINISHED: _data,
    Strikes.DATA: _data,
}


_REFUSES = (
    "It ends the handshake with the alert handshake_failure (40), or hangs up, and never sends its Finished."
)
_REFUSES_FINISHED = "It ends the connection, with an alert or by hanging up, and sends no application data."
_REFUSES_DATA = (
    "It ends the connection, with an alert or by hanging up, and acts on nothing that the record holds."
)
_LEAVES = "It drops the connection without an alert and without an auth code over the challenge."
_BAD_SERVER_HELLO = frozenset(
    {ItlsAlert.HANDSHAKE_FAILURE.value, ItlsAlert.ILLEGAL_PARAMETER.value, ItlsAlert.DECODE_ERROR.value}
)
_BAD_FINISHED = _BAD_SERVER_HELLO | {ItlsAlert.DECRYPTION.value, ItlsAlert.BAD_RECORD_MAC.value}
_BAD_RECORD = frozenset({ItlsAlert.BAD_RECORD_MAC.value, ItlsAlert.DECODE_ERROR.value})

_ALL: Final = (
    Misbehaviour(
        "wrong-server-code",
        "The server code has the right form and challenge, but a signature that is not of this device's key.",
        _REFUSES,
        "high",
        spoil.WrongServerCode,
        Strikes.SERVER_HELLO,
        must_not_establish=True,
        expected_alerts=_BAD_SERVER_HELLO,
    ),
    Misbehaviour(
        "no-server-code",
        "The ServerHello has no server code (0x2002).",
        _REFUSES,
        "high",
        spoil.NoServerCode,
        Strikes.SERVER_HELLO,
        must_not_establish=True,
        expected_alerts=_BAD_SERVER_HELLO,
    ),
    Misbehaviour(
        "server-code-of-other-random",
        "The server code is a right one, but over the random of another hello: a recorded code played again.",
        _REFUSES,
        "high",
        spoil.OtherRandom,
        Strikes.SERVER_HELLO,
        must_not_establish=True,
        expected_alerts=_BAD_SERVER_HELLO,
    ),
    Misbehaviour(
        "no-premaster",
        "The ServerHello has no pre-master secret (0x2003), and the server derives its keys from an empty one.",
        _REFUSES + " The vendor's client 3.1.0 goes on: " + defects.get(ACCEPTS_NO_PREMASTER).title + ".",
        "high",
        spoil.NoPremaster,
        Strikes.SERVER_HELLO,
        must_not_establish=True,
        expected_alerts=_BAD_SERVER_HELLO,
        defect=ACCEPTS_NO_PREMASTER,
    ),
    *(
        Misbehaviour(
            f"premaster-{size}",
            f"The pre-master secret has {size} bytes instead of 48, and the keys are derived from it.",
            _REFUSES,
            "high" if size < 16 else "major",
            spoil.premaster_of(size),
            Strikes.SERVER_HELLO,
            must_not_establish=True,
            expected_alerts=_BAD_SERVER_HELLO,
        )
        for size in (1, 47, 49, 64)
    ),
    Misbehaviour(
        "empty-premaster",
        "The pre-master extension (0x2003) of the ServerHello is empty, and the keys are derived from nothing.",
        _REFUSES,
        "high",
        spoil.EmptyPremaster,
        Strikes.SERVER_HELLO,
        must_not_establish=True,
        expected_alerts=_BAD_SERVER_HELLO,
    ),
    *(
        Misbehaviour(
            f"challenge-{size}",
            f"The challenge has {size} characters instead of 32.",
            _LEAVES,
            "major",
            spoil.challenge_of(size),
            Strikes.CHALLENGE,
            must_not_establish=True,
        )
        for size in (31, 33)
    ),
    Misbehaviour(
        "wrong-finished",
        "The server's Finished does not fit the handshake.",
        _REFUSES_FINISHED,
        "high",
        spoil.WrongFinished,
        Strikes.FINISHED,
        must_not_establish=True,
        expected_alerts=_BAD_FINISHED,
    ),
    Misbehaviour(
        "finished-mac",
        "The record with the server's Finished has a wrong MAC.",
        _REFUSES_FINISHED,
        "high",
        spoil.wrong_mac(ContentType.HANDSHAKE),
        Strikes.FINISHED,
        must_not_establish=True,
        expected_alerts=_BAD_FINISHED,
    ),
    Misbehaviour(
        "finished-sequence",
        "The server's Finished is record 1 and not record 0 of its direction.",
        _REFUSES_FINISHED,
        "high",
        spoil.skipped(ContentType.HANDSHAKE),
        Strikes.FINISHED,
        must_not_establish=True,
        expected_alerts=_BAD_FINISHED,
    ),
    Misbehaviour(
        "record-mac",
        "The first record with application data has a wrong MAC.",
        _REFUSES_DATA,
        "high",
        spoil.wrong_mac(ContentType.APPLICATION_DATA),
        Strikes.DATA,
        must_not_establish=False,
        expected_alerts=_BAD_RECORD,
    ),
    Misbehaviour(
        "record-sequence",
        "The first record with application data skips a sequence number: one before it was lost.",
        _REFUSES_DATA,
        "high",
        spoil.skipped(ContentType.APPLICATION_DATA),
        Strikes.DATA,
        must_not_establish=False,
        expected_alerts=_BAD_RECORD,
    ),
    Misbehaviour(
        "record-replayed",
        "The first record with application data comes twice.",
        _REFUSES_DATA,
        "high",
        spoil.Replayed,
        Strikes.DATA,
        must_not_establish=False,
        expected_alerts=_BAD_RECORD,
    ),
    Misbehaviour(
        "suite-not-offered",
        "The server chooses a suite that the board did not offer: D001, AES-128 with SHA-1, for the vendor's client.",
        "It ends the handshake, with the alert illegal_parameter (47) or by hanging up.",
        "high",
        spoil.SuiteNotOffered,
        Strikes.SERVER_HELLO,
        must_not_establish=True,
        expected_alerts=_BAD_SERVER_HELLO,
    ),
    Misbehaviour(
        "unknown-extension",
        "The ServerHello holds an extension that no hello asked for.",
        "It ends the handshake, with the alert unsupported_extension (110) or by hanging up (RFC 5246 7.4.1.4).",
        "minor",
        spoil.UnknownExtension,
        Strikes.SERVER_HELLO,
        must_not_establish=True,
        expected_alerts=_BAD_SERVER_HELLO | {ItlsAlert.UNSUPPORTED_EXTENSION.value},
    ),
    Misbehaviour(
        "oversize-record",
        "Before its first application data the server sends a record with 18,432 bytes of content; 16,384 are the "
        "most that there may be.",
        _REFUSES_DATA,
        "major",
        spoil.Oversize,
        Strikes.DATA,
        must_not_establish=False,
        expected_alerts=_BAD_RECORD | {ItlsAlert.RECORD_OVERFLOW.value},
    ),
    Misbehaviour(
        "alert-storm",
        "Before it answers the first hello, the server sends 1,000 alerts of level warning.",
        "It goes on, or gives the connection up; either way it connects again afterwards.",
        "major",
        spoil.AlertStorm,
        strikes=None,
        must_not_establish=False,
        expected_alerts=frozenset({ItlsAlert.UNEXPECTED_MESSAGE.value}),
    ),
    Misbehaviour(
        "no-close-notify",
        "Right after the handshake the server ends the stream without close_notify.",
        "It takes that for a cut connection, and connects again.",
        "minor",
        spoil.NoCloseNotify,
        strikes=None,
        must_not_establish=False,
    ),
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
        "minor",
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
        "major",
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
