"""A board that brings an ID² from an earlier run: the mock's store is as old as the run, and does not hold it."""

from collections.abc import Callable, Iterable

from harness.gateway.session_record import SessionRecord
from harness.id2.codes import ItlsAlert


def unknown_id(
    last: SessionRecord | None, sessions: Iterable[SessionRecord], known: Callable[[str], bool]
) -> str | None:
    """Return the ID² for which a board was refused because this run has not given it; None when it was not.

    Args:
        last: The newest session in which the board named an ID², if there is one.
        sessions: All sessions of the run.
        known: Tells whether the service holds an ID².
    """
    if last is None or last.id2 is None or last.misbehaviour or last.alert_sent is None:
        return None
    if last.alert_sent.number != ItlsAlert.NO_ID or known(last.id2):
        return None
    return last.id2 if all(record.provisioned != last.id2 for record in sessions) else None
