"""What a board makes of a server that misbehaves or refuses it, seen in the session and on its console."""

from harness.gateway.session_record import SessionRecord
from harness.id2.codes import ItlsAlert
from harness.itls.alerts import AlertMessage
from harness.itls.misbehaviour.case import Misbehaviour, Target


def accepted(misbehaviour: Misbehaviour, session: SessionRecord) -> bool:
    """Return whether the board accepted what it had to refuse: it went on, or its session stands.

    Args:
        misbehaviour: What the server did in this session.
        session: The session once the board has had time to end it.
    """
    closed = session.closed_ns is not None
    if misbehaviour.target is Target.DATA:
        return misbehaviour.accepted(session.seen, closed=closed)
    return not closed or misbehaviour.accepted(session.seen)


def other_alert(misbehaviour: Misbehaviour, session: SessionRecord) -> AlertMessage | None:
    """Return the alert with which a board refuses a misbehaviour, when it is none of those that name the fault."""
    answered = session.alert_received
    if answered is None or answered.closes or answered.number in misbehaviour.expected_alerts:
        return None
    return answered


def says_alert(printed: bytes, alert: ItlsAlert) -> bool:
    """Return whether a console names an alert: by its number, or by a line of the vendor's that has `ID2 - `."""
    text = printed.decode("latin-1").lower()
    forms = (f":{alert.value}]", f"alert {alert.value}", f"0x{alert.value:x}", "id2 - ")
    return any(form in text for form in forms)
