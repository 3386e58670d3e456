"""MQTT packets written down for people: a line each, bounded, safe to print, without passwords."""

from collections.abc import Iterable
from contextlib import suppress

from harness.gateway.mqtt.packets import (
    REFUSED,
    Fields,
    MqttError,
    MqttPacket,
    PacketKind,
    parse_connect,
    parse_publish,
    take,
)
from harness.transport.printable import safe_bytes

_SHOWN = 160
_LINES_MAX = 2000
_TOPICS_MAX = 16
_CONNACK_SIZE = 2
_BEST_QOS = 2
_CONNACK = {
    0: "accepted",
    1: "refused: protocol level",
    2: "refused: client id",
    3: "refused: server unavailable",
    4: "refused: user name or password",
    5: "refused: not authorised",
}


def described(parts: Iterable[tuple[str, bytes]]) -> list[str]:
    """Return a line a packet in the order in which they were whole; bounded, safe to print, without passwords.

    Args:
        parts: What went over the connection, oldest first: an arrow that stands for the direction, and the bytes.
    """
    lines: list[str] = []
    more = 0
    left: dict[str, bytearray] = {}
    for arrow, data in parts:
        stream = left.setdefault(arrow, bytearray())
        stream += data
        with suppress(MqttError):
            while (packet := take(stream)) is not None:
                if len(lines) < _LINES_MAX:
                    lines.append(f"{arrow} {_line(packet)}")
                else:
                    more += 1
    if more:
        lines.append(f"… {more} packets more")
    lines += [f"{arrow} … {len(rest)} bytes that are no whole packet" for arrow, rest in left.items() if rest]
    return lines


def _line(packet: MqttPacket) -> str:
    try:
        name = PacketKind(packet.kind).name
    except ValueError:
        return f"packet of type {packet.kind}, {len(packet.body)} bytes"
    if packet.kind == PacketKind.CONNECT:
        return f"{name} {_connect(packet)}"
    if packet.kind == PacketKind.PUBLISH:
        try:
            topic, payload = parse_publish(packet)
        except MqttError:
            return f"{name} that cannot be read, {len(packet.body)} bytes"
        return f"{name} {_text(topic)}, {len(payload)} bytes: {safe_bytes(payload, _SHOWN)}"
    if packet.kind in {PacketKind.SUBSCRIBE, PacketKind.UNSUBSCRIBE}:
        return f"{name} {', '.join(map(_text, _topics(packet)))}"
    if packet.kind == PacketKind.CONNACK:
        return f"{name} {_connack(packet.body)}"
    if packet.kind == PacketKind.SUBACK:
        return (
            f"{name} {', '.join(map(_granted, packet.body[2 : 2 + _TOPICS_MAX])) or 'without a return code'}"
        )
    return f"{name} {safe_bytes(packet.body, _SHOWN)}".rstrip()


def _connack(body: bytes) -> str:
    if len(body) < _CONNACK_SIZE:
        return "without a return code"
    return f"return code {body[1]}, {_CONNACK.get(body[1], 'unknown')}"


def _granted(code: int) -> str:
    if code == REFUSED:
        return "refused (0x80)"
    return f"granted with QoS {code}" if code <= _BEST_QOS else f"unknown return code 0x{code:02x}"


def _topics(packet: MqttPacket) -> list[str]:
    fields, topics = Fields(packet), list[str]()
    with suppress(MqttError):
        fields.number("packet identifier")
        while fields.rest and len(topics) < _TOPICS_MAX:
            topics.append(fields.text("filter", strict=False))
            if packet.kind == PacketKind.SUBSCRIBE:
                fields.byte("QoS")
    return topics


def _connect(packet: MqttPacket) -> str:
    try:
        found = parse_connect(packet, strict=False)
    except MqttError:
        return f"that cannot be read, {len(packet.body)} bytes"
    user = "no user name" if found.user_name is None else f"user name {_text(found.user_name)}"
    return (
        f"version {found.version}, keep alive {found.keep_alive_s} s, client id {_text(found.client_id)}, {user}, "
        "password not shown"
    )


def _text(text: str) -> str:
    return safe_bytes(text.encode("utf-8", "backslashreplace"), _SHOWN)
