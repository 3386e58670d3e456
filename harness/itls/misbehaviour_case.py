"""One thing that a far end does wrong: what it is, what a board must do then, and whether the board did.

Source: device-protocol.md h.3, h.4, k.9.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from harness.id2.codes import ItlsAlert
from harness.itls.connection import Direction, Seen
from harness.itls.messages import MessageType
from harness.itls.records import ContentType
from harness.itls.server import ServerHooks
from harness.severity import Severity


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
        severity: How much it matters when a board does not.
        hooks: Makes the hooks of one connection.
        strikes: The message that is spoiled and must be refused; None where a board may go on.
        must_not_establish: A board that completes the handshake all the same has failed.
        expected_alerts: What a board may answer; it may always leave without a word. Empty: nothing else is right.
        defect: The known defect of the vendor's SDK that it finds, or empty.
    """

    name: str
    summary: str
    expected: str
    severity: Severity
    hooks: Callable[[], ServerHooks]
    strikes: Strikes | None
    must_not_establish: bool
    expected_alerts: frozenset[int] = frozenset()
    defect: str = ""

    def struck(self, seen: Iterable[Seen]) -> bool:
        """Tell whether what is spoiled went out at all; a session that ended before says nothing of the board."""
        if self.strikes is None:
            return False
        spoiled = _SPOILED[self.strikes]
        return any(one.direction is Direction.OUT and spoiled(one) for one in seen)

    def accepted(self, seen: Iterable[Seen], *, closed: bool | None = None) -> bool:
        """Tell whether the board took what it had to refuse.

        True when it went on with the next message of its own: a hello after a spoiled challenge, its Finished after a
        spoiled ServerHello, application data after a spoiled Finished.

        A spoiled record with application data says less: data of the board's own may have been on its way already,
        and of a record that comes twice the first one is to be answered. There the board took it when the session
        stands, and while that is not known, when it went on and said no alert.

        Args:
            seen: The records of one session as the server saw them, oldest first.
            closed: Whether the session is over, once the board has had time to end it; None when that is not known.
        """
        if self.strikes is None:
            return False
        spoiled, went_on = _SPOILED[self.strikes], _WENT_ON[self.strikes]
        records = iter(seen)
        if not any(one.direction is Direction.OUT and spoiled(one) for one in records):
            return False
        said = [one for one in records if one.direction is Direction.IN]
        if self.strikes is not Strikes.DATA:
            return any(went_on(one) for one in said)
        if closed or any(one.kind is ContentType.ALERT for one in said):
            return False
        return closed is False or any(went_on(one) for one in said)


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


REFUSES = (
    "It ends the handshake with the alert handshake_failure (40), or hangs up, and never sends its Finished."
)
REFUSES_FINISHED = "It ends the connection, with an alert or by hanging up, and sends no application data."
REFUSES_DATA = (
    "It ends the connection, with an alert or by hanging up, and acts on nothing that the record holds."
)
LEAVES = "It drops the connection without an alert and without an auth code over the challenge."
BAD_SERVER_HELLO = frozenset(
    {ItlsAlert.HANDSHAKE_FAILURE.value, ItlsAlert.ILLEGAL_PARAMETER.value, ItlsAlert.DECODE_ERROR.value}
)
BAD_FINISHED = BAD_SERVER_HELLO | {ItlsAlert.DECRYPTION.value, ItlsAlert.BAD_RECORD_MAC.value}
BAD_RECORD = frozenset({ItlsAlert.BAD_RECORD_MAC.value, ItlsAlert.DECODE_ERROR.value})
