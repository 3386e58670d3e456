"""Keep devices that share a broker apart: what one publishes, subscribes to and gets must be its own.

A filter that reaches further is refused with 0x80 in the SUBACK, and the broker never hears of it. A message to
another's topic ends the session: MQTT 3.1.1 has no other way to say no (3.3.5). Retained messages and wills follow, as
they are kept by topic and read by subscription.

Source: MQTT Version 3.1.1 (OASIS standard) 2.2, 3.3, 3.8, 3.9.
"""

from collections.abc import Iterator

from harness.gateway.mqtt.packets import (
    REFUSED,
    Fields,
    MqttError,
    MqttPacket,
    PacketKind,
    encoded,
    extent,
    parse_publish,
    take,
)
from harness.gateway.mqtt.topics import OwnTopics

_SHOWN = 80
_ID = 2
_WAITING_MAX = 1024


class Isolation:
    """Reads both directions of one device's connection to the broker."""

    def __init__(self, own: OwnTopics, most: int) -> None:
        """Begin behind the CONNECT.

        Args:
            own: The device's topics.
            most: Longest packet, bytes.
        """
        self._own = own
        self._most = most
        self._up = bytearray()
        self._down = bytearray()
        self._waiting: dict[bytes, list[bool]] = {}

    def from_device(self, data: bytes) -> tuple[bytes, bytes]:
        """Return what of it goes on to the broker, and what the device is answered at once.

        Raises:
            MqttError: A message to a topic that is not its own, or what is no MQTT.
        """
        on, back = bytearray(), bytearray()
        self._up += data
        for packet in self._packets(self._up):
            if packet.kind == PacketKind.CONNECT:
                raise MqttError("a second CONNECT", None)
            if packet.kind == PacketKind.PUBLISH:
                self._require_own(parse_publish(packet)[0])
            if packet.kind == PacketKind.SUBSCRIBE:
                allowed, refusal = self._subscribe(packet)
                on += allowed
                back += refusal
            else:
                on += packet.raw
        return bytes(on), bytes(back)

    def from_broker(self, data: bytes) -> bytes:
        """Return what of it goes on to the device.

        Raises:
            MqttError: What is no MQTT, or a message that the device must not have and that the broker wants an
                acknowledgement for: a subscription from before, of a broker that other gateways use too.
        """
        on = bytearray()
        self._down += data
        for packet in self._packets(self._down):
            identifier, granted = packet.body[:_ID], packet.body[_ID:]
            if packet.kind == PacketKind.SUBACK and (allowed := self._waiting.pop(identifier, None)):
                on += _suback(identifier, allowed, granted)
            elif packet.kind != PacketKind.PUBLISH or self._own.may_subscribe(
                topic := parse_publish(packet)[0]
            ):
                on += packet.raw
            elif packet.acknowledged:
                raise MqttError(f"the broker has a message on {topic[:_SHOWN]!a} for the device", None)
        return bytes(on)

    def _packets(self, stream: bytearray) -> Iterator[MqttPacket]:
        """Take whole packets off the front of a stream."""
        while stream:
            if stream[0] >> 4 not in frozenset(PacketKind):
                raise MqttError(f"a packet of type {stream[0] >> 4}, which there is not", None)
            found = extent(stream)
            if found is not None and found[1] > self._most:
                raise MqttError(
                    f"packet_bytes: a packet of {found[1]} bytes; {self._most} are the most", None
                )
            packet = take(stream)
            if packet is None:
                return
            yield packet

    def _require_own(self, topic: str) -> None:
        if not self._own.may_publish(topic):
            raise MqttError(
                f"a message to {topic[:_SHOWN]!a}, which is no topic of this device",
                None,
                hint="its topics are those of the platform that name its ProductKey and DeviceName; "
                "--itls-settings isolate=false lets every device have every topic",
            )

    def _subscribe(self, packet: MqttPacket) -> tuple[bytes, bytes]:
        """Return the SUBSCRIBE for the broker with the filters that may be, or the SUBACK when none may."""
        identifier, fields = packet.body[:_ID], Fields(packet)
        fields.number("packet identifier")
        allowed: list[bool] = []
        kept = bytearray()
        while before := fields.rest:
            fits = self._own.may_subscribe(fields.topic("filter"))
            fields.byte("filter")
            allowed.append(fits)
            if fits:
                kept += before[: len(before) - len(fields.rest)]
        if not allowed:
            raise MqttError("SUBSCRIBE without a filter", None)
        if all(allowed):
            return packet.raw, b""
        if not any(allowed):
            return b"", _suback(identifier, allowed, b"")
        if len(self._waiting) >= _WAITING_MAX:
            raise MqttError(f"{_WAITING_MAX} subscriptions wait for their answer", None)
        self._waiting[identifier] = allowed
        return encoded(PacketKind.SUBSCRIBE, packet.flags, identifier + bytes(kept)), b""


def _suback(identifier: bytes, allowed: list[bool], granted: bytes) -> bytes:
    """Return a SUBACK with 0x80 for what was not allowed, and the broker's return codes for the rest."""
    said = iter(granted)
    codes = bytes(next(said, REFUSED) if fits else REFUSED for fits in allowed)
    return encoded(PacketKind.SUBACK, 0, identifier + codes)
