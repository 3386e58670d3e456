"""Keeps devices that share a broker apart: what one publishes, subscribes to and gets must be its own.

A filter that reaches further is refused with 0x80 in the SUBACK, and the broker never hears of it. A message to
another's topic ends the session: MQTT 3.1.1 has no other way to say no (3.3.5). Retained messages and wills follow, as
they are kept by topic and read by subscription.

Source: MQTT Version 3.1.1 (OASIS standard) 2.2, 3.3, 3.8, 3.9.
"""

from collections.abc import Iterator

from harness.gateway.mqtt.connect import MqttError, encoded_length, remaining_length
from harness.gateway.mqtt.topics import OwnTopics

_CONNECT, _PUBLISH, _SUBSCRIBE, _SUBACK = 1, 3, 8, 9
_KNOWN = range(1, 15)
_REFUSED = 0x80
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
        for packet, body in self._packets(self._up):
            kind = packet[0] >> 4
            if kind == _CONNECT:
                raise MqttError("a second CONNECT", None)
            if kind == _PUBLISH:
                self._require_own(_text(packet, body))
            if kind == _SUBSCRIBE:
                allowed, refusal = self._subscribe(packet, body)
                on += allowed
                back += refusal
            else:
                on += packet
        return bytes(on), bytes(back)

    def from_broker(self, data: bytes) -> bytes:
        """Return what of it goes on to the device.

        Raises:
            MqttError: What is no MQTT, or a message that the device must not have and that the broker wants an
                acknowledgement for: a subscription from before, of a broker that other gateways use too.
        """
        on = bytearray()
        self._down += data
        for packet, body in self._packets(self._down):
            kind = packet[0] >> 4
            if kind == _SUBACK and (allowed := self._waiting.pop(packet[body : body + _ID], None)):
                on += _suback(packet[body : body + _ID], allowed, packet[body + _ID :])
            elif kind != _PUBLISH or self._own.may_subscribe(topic := _text(packet, body)):
                on += packet
            elif packet[0] & 0x06:
                raise MqttError(f"the broker has a message on {topic[:_SHOWN]!a} for the device", None)
        return bytes(on)

    def _packets(self, stream: bytearray) -> Iterator[tuple[bytes, int]]:
        """Take whole packets off the front of a stream; each with the place where its body begins."""
        while stream:
            if stream[0] >> 4 not in _KNOWN:
                raise MqttError(f"a packet of type {stream[0] >> 4}, which there is not", None)
            found = remaining_length(bytes(stream[:5]))
            if found is None:
                return
            body, size = found
            if body + size > self._most:
                raise MqttError(
                    f"packet_bytes: a packet of {body + size} bytes; {self._most} are the most", None
                )
            if len(stream) < body + size:
                return
            packet = bytes(stream[: body + size])
            del stream[: body + size]
            yield packet, body

    def _require_own(self, topic: str) -> None:
        if not self._own.may_publish(topic):
            raise MqttError(
                f"a message to {topic[:_SHOWN]!a}, which is no topic of this device",
                None,
                hint="its topics are those of the platform that name its ProductKey and DeviceName; "
                "--itls-settings isolate=false lets every device have every topic",
            )

    def _subscribe(self, packet: bytes, body: int) -> tuple[bytes, bytes]:
        """Return the SUBSCRIBE for the broker with the filters that may be, or the SUBACK when none may."""
        identifier, at = packet[body : body + _ID], body + _ID
        allowed: list[bool] = []
        kept = bytearray()
        while at < len(packet):
            end = at + 2 + int.from_bytes(packet[at : at + 2], "big") + 1
            if end > len(packet):
                raise MqttError("SUBSCRIBE ends inside a filter", None)
            fits = self._own.may_subscribe(_decoded(packet[at + 2 : end - 1]))
            allowed.append(fits)
            if fits:
                kept += packet[at:end]
            at = end
        if not allowed:
            raise MqttError("SUBSCRIBE without a filter", None)
        if all(allowed):
            return packet, b""
        if not any(allowed):
            return b"", _suback(identifier, allowed, b"")
        if len(self._waiting) >= _WAITING_MAX:
            raise MqttError(f"{_WAITING_MAX} subscriptions wait for their answer", None)
        self._waiting[identifier] = allowed
        return packet[:1] + encoded_length(_ID + len(kept)) + identifier + bytes(kept), b""


def _suback(identifier: bytes, allowed: list[bool], granted: bytes) -> bytes:
    """Return a SUBACK that says 0x80 for what was not allowed, and what the broker said for the rest."""
    said = iter(granted)
    codes = bytes(next(said, _REFUSED) if fits else _REFUSED for fits in allowed)
    return bytes((_SUBACK << 4,)) + encoded_length(_ID + len(codes)) + identifier + codes


def _text(packet: bytes, body: int) -> str:
    """Return the topic of a PUBLISH."""
    size = int.from_bytes(packet[body : body + 2], "big")
    topic = packet[body + 2 : body + 2 + size]
    if len(topic) < size or len(packet) < body + 2:
        raise MqttError("PUBLISH ends inside its topic", None)
    return _decoded(topic)


def _decoded(data: bytes) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise MqttError("a topic that is no UTF-8", None) from None
    if "\0" in text:
        raise MqttError("a topic with a NUL", None)
    return text
