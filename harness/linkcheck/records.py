"""The records of a session, decrypted: their order, their size, and the data that they carry.

Source: device-protocol.md h.3; RFC 5246 6.2.
"""

from collections.abc import Iterable

from harness.gateway.mqtt.packets import published
from harness.gateway.session_record import SessionRecord
from harness.itls.events import Direction, ObservedRecord
from harness.itls.records import PLAIN_MAX, ContentType
from harness.linkcheck.hellos import fragment_of, hellos_in


def record_problems(seen: Iterable[ObservedRecord], fragment: int | None) -> list[str]:
    """Return what is wrong with the records of a session; empty when all are well.

    Args:
        seen: The records, oldest first.
        fragment: Longest content of a record that was agreed, bytes; None for the standard's own.
    """
    problems: list[str] = []
    most = fragment or PLAIN_MAX
    awaited = {Direction.IN: 0, Direction.OUT: 0}
    for one in seen:
        if one.sequence is None:
            if one.kind is ContentType.APPLICATION_DATA:
                problems.append("application data travels in clear")
            continue
        if one.sequence != awaited[one.direction]:
            problems.append(
                f"record {one.sequence} {one.direction.value} where {awaited[one.direction]} is due"
            )
        awaited[one.direction] = one.sequence + 1
        if len(one.plain) > most:
            problems.append(
                f"record {one.sequence} {one.direction.value} holds {len(one.plain)} bytes, {most} were agreed"
            )
    return problems


def application_data(seen: Iterable[ObservedRecord], direction: Direction) -> bytes:
    """Return the plain application data of all records of one direction."""
    return b"".join(
        one.plain for one in seen if one.direction is direction and one.kind is ContentType.APPLICATION_DATA
    )


def carried_problems(session: SessionRecord, payloads: list[bytes], *, mqtt: bool) -> list[str]:
    """Compare every record of a session with the payloads that went both ways; empty when all is well.

    Args:
        session: The session.
        payloads: Each longer than what chance brings.
        mqtt: The payloads travelled as MQTT messages; else they are the stream itself.
    """
    if session.truncated:
        return ["the gateway has not kept all of the session"]
    hellos = hellos_in(session.seen)
    problems = record_problems(session.seen, fragment_of(hellos[-1]) if hellos else None)
    for direction, stream, way in (
        (Direction.IN, session.received, "from the device"),
        (Direction.OUT, session.sent, "to the device"),
    ):
        if application_data(session.seen, direction) != stream:
            problems.append(f"the records {way} do not add up to the data that came out")
        if mqtt:
            messages = {payload for _, payload in published(stream)}
            missing = [len(payload) for payload in payloads if payload not in messages]
        else:
            missing = [len(payload) for payload in payloads if payload not in stream]
        if missing:
            problems.append(f"payloads {way} that no record carries: {missing} bytes")
        carriers = sum(
            one.direction is direction and one.kind is ContentType.APPLICATION_DATA for one in session.seen
        )
        if carriers <= len(payloads):
            problems.append(f"{carriers} records {way} for {len(payloads)} payloads: nothing was fragmented")
    return problems
