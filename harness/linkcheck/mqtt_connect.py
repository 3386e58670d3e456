"""What a board says of itself in MQTT CONNECT, compared with what the IoT Platform demands of ID² products.

Source: device-protocol.md h.5; service.md 2.2.
"""

from collections.abc import Iterable

from harness.gateway.mqtt.identity import DEMANDED
from harness.gateway.mqtt.packets import MqttError, PacketKind, connect_in, packets_in, parse_connect
from harness.gateway.session_record import SessionRecord

_BEGINNING = 4096
"""Bytes of an MQTT stream in which CONNECT, or CONNACK and the first SUBACK, stand."""

_ACCEPTED = b"\x00"
_TIMESTAMP = "timestamp"


def connect_problems(session: SessionRecord, user: str) -> list[str]:
    """Return what in a board's MQTT CONNECT is not as the platform needs it; empty when nothing is.

    Args:
        session: A session in which the board sent application data.
        user: The user name that is due: DeviceName&ProductKey.
    """
    first = next(iter(packets_in(session.received)), None)
    if first is None or first.kind != PacketKind.CONNECT:
        return [f"the first thing that the device says in session {session.number} is no MQTT CONNECT"]
    try:
        connect = parse_connect(first, strict=False)
    except MqttError as error:
        return [error.message]
    problems = []
    if connect.user_name != user:
        problems.append(f"the user name is {str(connect.user_name)[:80]!a}, not {user!a}")
    name, bar, rest = connect.client_id.partition("|")
    if not name or not bar or not rest.endswith("|"):
        return [*problems, f"the client id {connect.client_id[:120]!a} is not NAME|PARAMETERS|"]
    given = dict(part.partition("=")[::2] for part in rest[:-1].split(","))
    problems += [
        f"{key} is {given.get(key, 'missing')[:40]!a} in the client id, not {value}"
        for key, value in DEMANDED.items()
        if key != _TIMESTAMP and given.get(key) != value
    ]
    if not given.get(_TIMESTAMP, "").isdigit():
        problems.append("the client id has no timestamp in milliseconds")
    return problems


def accepted(session: SessionRecord) -> bool:
    """Return whether the broker accepted the board's CONNECT."""
    packets = packets_in(session.sent[:_BEGINNING])
    return bool(packets) and packets[0].kind == PacketKind.CONNACK and packets[0].body[1:2] == _ACCEPTED


def subscribed(session: SessionRecord) -> bool:
    """Return whether the broker has answered a subscription of the board."""
    return any(packet.kind == PacketKind.SUBACK for packet in packets_in(session.sent[:_BEGINNING]))


def passwords(sessions: Iterable[SessionRecord], known: str) -> set[bytes]:
    """Return the MQTT passwords of sessions, but those that only repeat the name of the device or the product.

    With ID² any password will do, so it may be a name that stands in every topic, or a secret by mistake.

    Args:
        sessions: The sessions.
        known: DeviceName&ProductKey.
    """
    found = {
        connect.password
        for session in sessions
        if (connect := connect_in(session.received[:_BEGINNING])) is not None
    }
    return {password for password in found if password and password not in known.encode()}


def count(stream: bytes, kind: PacketKind) -> int:
    """Return how many packets of a kind a stream holds."""
    return sum(packet.kind == kind for packet in packets_in(stream))
