"""One misbehaviour of a server: what it does wrong, what a board must do then, and whether the board did.

Source: device-protocol.md h.3, h.4, k.9.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from harness.itls.events import Direction, ObservedRecord
from harness.itls.messages import MessageType
from harness.itls.records import ContentType
from harness.itls.server import ServerHooks
from harness.severity import Severity


class Target(Enum):
    """The message that a misbehaviour spoils."""

    HELLO = "the answer to the first hello"
    CHALLENGE = "the challenge"
    SERVER_HELLO = "ServerHello"
    FINISHED = "the server's Finished"
    DATA = "application data"


@dataclass(frozen=True, slots=True)
class Misbehaviour:
    """One thing that a server does wrong on purpose.

    Attributes:
        name: `no-premaster`, `wrong-server-code`, `alert-161`, `cut-137`, ...
        summary: What the server does wrong, one sentence.
        expected: What a board must do, one sentence.
        severity: How grave it is when a board does not.
        hooks: Makes the hooks of one connection.
        target: The message that is spoiled and must be refused; None where a board may go on.
        expected_alerts: Alerts that a board may answer; it may always hang up instead. Empty: it must hang up.
        defect: The known defect of the vendor's SDK that it finds, or empty.
    """

    name: str
    summary: str
    expected: str
    severity: Severity
    hooks: Callable[[], ServerHooks]
    target: Target | None
    expected_alerts: frozenset[int] = frozenset()
    defect: str = ""

    def went_out(self, seen: Iterable[ObservedRecord]) -> bool:
        """Return whether the spoiled message went out; a session that ended before tells nothing about the board."""
        if self.target is None:
            return False
        spoiled = _SPOILED[self.target]
        return any(one.direction is Direction.OUT and spoiled(one) for one in seen)

    def accepted(self, seen: Iterable[ObservedRecord], *, closed: bool | None = None) -> bool:
        """Return whether the board accepted what it had to refuse.

        True when it went on with the next message of its own: a hello after a spoiled challenge, its Finished after a
        spoiled ServerHello, application data after a spoiled Finished.

        A spoiled record with application data tells less: data of the board's own may have been on its way already,
        and of a record that comes twice the first one is to be answered. There the board accepted it when the session
        stands, and while that is not known, when it went on and sent no alert.

        Args:
            seen: The records of one session as the server saw them, oldest first.
            closed: Whether the session is over, once the board has had time to end it; None when that is not known.
        """
        if self.target is None:
            return False
        spoiled, went_on = _SPOILED[self.target], _WENT_ON[self.target]
        records = iter(seen)
        if not any(one.direction is Direction.OUT and spoiled(one) for one in records):
            return False
        answers = [one for one in records if one.direction is Direction.IN]
        if self.target is not Target.DATA:
            return any(went_on(one) for one in answers)
        if closed or any(one.kind is ContentType.ALERT for one in answers):
            return False
        return closed is False or any(went_on(one) for one in answers)


def _message(kind: MessageType) -> Callable[[ObservedRecord], bool]:
    first = bytes((kind,))
    return lambda one: one.kind is ContentType.HANDSHAKE and one.plain.startswith(first)


def _data(one: ObservedRecord) -> bool:
    return one.kind is ContentType.APPLICATION_DATA


def _any(one: ObservedRecord) -> bool:
    return bool(one.wire)


_SPOILED: Mapping[Target, Callable[[ObservedRecord], bool]] = {
    Target.HELLO: _any,
    Target.CHALLENGE: _message(MessageType.HELLO_VERIFY_REQUEST),
    Target.SERVER_HELLO: _message(MessageType.SERVER_HELLO),
    Target.FINISHED: _message(MessageType.FINISHED),
    Target.DATA: _data,
}
_WENT_ON: Mapping[Target, Callable[[ObservedRecord], bool]] = {
    Target.HELLO: _message(MessageType.CLIENT_HELLO),
    Target.CHALLENGE: _message(MessageType.CLIENT_HELLO),
    Target.SERVER_HELLO: _message(MessageType.FINISHED),
    Target.FINISHED: _data,
    Target.DATA: _data,
}
