"""What is written down of the sessions of a scenario: a table, transcripts, decrypted MQTT.

No key and no pre-master secret stands in it.
"""

from collections.abc import Sequence

from harness.gateway.session_record import SessionRecord
from harness.itls.events import Direction
from harness.itls.records import ContentType
from harness.itls.transcript import transcript
from harness.linkcheck import mqtt_text

_TRANSCRIPTS = 24
"""Sessions of one scenario that are written out whole."""

_RECORDS = 120
"""Records of one session that are written out."""

_TABLE = 4000
_MQTT_SESSIONS = 8
_NS = 1_000_000_000
_ARROWS = {Direction.IN: "<-", Direction.OUT: "->"}


def sessions_text(records: Sequence[SessionRecord]) -> str:
    """Return a table of all sessions, and transcripts of the telling ones; at least one session, oldest first."""
    told = telling(records)
    parts = [_table(records)]
    parts += [f"{record}\n\n{transcript(record.seen, most=_RECORDS)}" for record in told]
    if len(told) < len(records):
        parts.append(f"{len(records) - len(told)} sessions more stand in the table only.")
    return "\n\n".join(parts)


def packets_text(records: Sequence[SessionRecord]) -> str | None:
    """Return the MQTT packets of the telling sessions; None when no device spoke MQTT in them."""
    spoken = [record for record in telling(records) if record.received or record.sent][:_MQTT_SESSIONS]
    if all(record.mqtt_client_id is None for record in spoken):
        return None
    return "\n\n".join(map(_packets, spoken))


def telling(records: Sequence[SessionRecord]) -> list[SessionRecord]:
    """Return the sessions to write out whole, in their order: those in which something special happened go first."""
    special = [record for record in records if _special(record)]
    plain = [record for record in records if not _special(record)]
    chosen = special[: _TRANSCRIPTS - 2] + plain[:1] + plain[1:][-1:]
    return sorted(chosen, key=lambda record: record.number)


def _special(record: SessionRecord) -> bool:
    said = record.alert_received
    return bool(
        record.misbehaviour
        or record.provisioned
        or record.ended in {"alert", "timeout"}
        or (said is not None and not said.closes)
    )


def _table(records: Sequence[SessionRecord]) -> str:
    first = records[0].opened_ns
    lines = [
        f"{(record.opened_ns - first) / _NS:10.3f} s  {_lasted(record)}  {record}"
        for record in records[:_TABLE]
    ]
    if len(records) > _TABLE:
        lines.append(f"… {len(records) - _TABLE} sessions more")
    count = "1 session" if len(records) == 1 else f"{len(records)} sessions"
    return "\n".join([f"{count}; begin, duration, what became of each", *lines])


def _lasted(record: SessionRecord) -> str:
    if record.closed_ns is None:
        return "  still open"
    return f"{(record.closed_ns - record.opened_ns) / _NS:10.3f} s"


def _packets(record: SessionRecord) -> str:
    parts = (
        (_ARROWS[one.direction], one.plain) for one in record.seen if one.kind is ContentType.APPLICATION_DATA
    )
    lines = [f"session {record.number}", *mqtt_text.described(parts)]
    if record.truncated:
        lines.append("… not all of the session was kept")
    return "\n".join(lines)
