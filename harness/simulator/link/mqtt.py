"""MQTT 3.1.1 as a small device speaks it: packets out, packets in. No I/O.

Source: OASIS MQTT 3.1.1, 2.2 and 3; service.md 2.2 (client id, user name and password of IoT Platform).
"""

import hashlib
import hmac
from dataclasses import dataclass
from enum import IntEnum

PACKET_MAX = 256 * 1024
"""Longest packet that the device takes, bytes."""

TIMESTAMP = "2524608000000"
ACCEPTED = 0
_LENGTH_BYTES = 4


class NoMqttError(Exception):
    """The server sent something that is no MQTT, or more than the device can hold."""


class PacketType(IntEnum):
    """Type of a packet."""

    CONNECT = 1
    CONNACK = 2
    PUBLISH = 3
    PUBACK = 4
    SUBSCRIBE = 8
    SUBACK = 9
    PINGREQ = 12
    PINGRESP = 13
    DISCONNECT = 14


@dataclass(frozen=True, slots=True)
class BoardPacket:
    """One packet.

    Attributes:
        kind: Type, 0 to 15.
        flags: The four bits beside it.
        body: What follows the length.
    """

    kind: int
    flags: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Published:
    """A message that came.

    Attributes:
        topic: Its topic.
        payload: Its content.
        acknowledge: BoardPacket id to acknowledge; None for a message that wants none.
    """

    topic: str
    payload: bytes
    acknowledge: int | None


@dataclass(frozen=True, slots=True)
class Login:
    """With what a device says who it is.

    Attributes:
        product_key: ProductKey.
        device_name: DeviceName.
        suffix: What stands between the bars of the client id.
    """

    product_key: str
    device_name: str
    suffix: str = f"securemode=8,signmethod=hmacsha1,timestamp={TIMESTAMP},authtype=id2"

    @property
    def client_id(self) -> str:
        """The client id with its suffix."""
        return f"{self.product_key}.{self.device_name}|{self.suffix}|"

    @property
    def user_name(self) -> str:
        """The user name."""
        return f"{self.device_name}&{self.product_key}"

    @property
    def password(self) -> str:
        """The password; any device secret will do with ID², so its name stands for it."""
        signed = (
            f"clientId{self.product_key}.{self.device_name}deviceName{self.device_name}"
            f"productKey{self.product_key}timestamp{TIMESTAMP}"
        )
        return hmac.new(self.device_name.encode(), signed.encode(), hashlib.sha1).hexdigest()


class PacketBuffer:
    """Collects bytes and cuts them into packets; it holds no more than one packet that is not whole yet."""

    def __init__(self) -> None:
        self._data = bytearray()

    def add(self, data: bytes) -> list[BoardPacket]:
        """Add bytes, and return the packets that are whole now.

        Raises:
            NoMqttError: A length that has no end, or a packet that is too long.
        """
        self._data += data
        found = []
        while (packet := self._next()) is not None:
            found.append(packet)
        return found

    def _next(self) -> BoardPacket | None:
        length, shift = 0, 0
        for at, byte in enumerate(self._data[1 : 1 + _LENGTH_BYTES], 1):
            length |= (byte & 0x7F) << shift
            shift += 7
            if length > PACKET_MAX:
                raise NoMqttError(f"a packet of {length} bytes; {PACKET_MAX} are the most")
            if not byte & 0x80:
                end = at + 1 + length
                if len(self._data) < end:
                    return None
                packet = BoardPacket(
                    self._data[0] >> 4, self._data[0] & 0x0F, bytes(self._data[at + 1 : end])
                )
                del self._data[:end]
                return packet
        if len(self._data) > _LENGTH_BYTES:
            raise NoMqttError("the length of a packet has no end")
        return None


def connect(login: Login, keepalive: int) -> bytes:
    """Return the packet that opens a clean session."""
    head = _text("MQTT") + bytes((4, 0b1100_0010)) + keepalive.to_bytes(2)
    return _packet(
        PacketType.CONNECT, 0, head + _text(login.client_id) + _text(login.user_name) + _text(login.password)
    )


def subscribe(number: int, topic: str) -> bytes:
    """Return the packet that asks for a topic, each message at least once."""
    return _packet(PacketType.SUBSCRIBE, 2, number.to_bytes(2) + _text(topic) + b"\x01")


def publish(topic: str, payload: bytes) -> bytes:
    """Return the packet that publishes a message, at most once."""
    return _packet(PacketType.PUBLISH, 0, _text(topic) + payload)


def acknowledge(number: int) -> bytes:
    """Return the packet that acknowledges a message."""
    return _packet(PacketType.PUBACK, 0, number.to_bytes(2))


PING = bytes((PacketType.PINGREQ << 4, 0))
DISCONNECT = bytes((PacketType.DISCONNECT << 4, 0))


def published(packet: BoardPacket) -> Published:
    """Read a PUBLISH.

    Raises:
        NoMqttError: It is cut off.
    """
    body = packet.body
    end = 2 + int.from_bytes(body[:2])
    quality = packet.flags >> 1 & 3
    start = end + (2 if quality else 0)
    if len(body) < max(start, 2):
        raise NoMqttError("a PUBLISH that is cut off")
    number = int.from_bytes(body[end:start]) if quality else None
    return Published(body[2:end].decode("utf-8", "replace"), body[start:], number)


def return_code(packet: BoardPacket) -> int:
    """Return the last byte of a CONNACK or SUBACK: 0 to 2 is a yes, everything else a no.

    Raises:
        NoMqttError: It is cut off.
    """
    if len(packet.body) < (2 if packet.kind == PacketType.CONNACK else 3):
        raise NoMqttError("an acknowledgement that is cut off")
    return packet.body[-1]


def _text(text: str) -> bytes:
    data = text.encode()
    return len(data).to_bytes(2) + data


def _packet(kind: PacketType, flags: int, body: bytes) -> bytes:
    length, left = bytearray(), len(body)
    while True:
        left, low = left >> 7, left & 0x7F
        length.append(low | (0x80 if left else 0))
        if not left:
            return bytes((kind << 4 | flags,)) + bytes(length) + body
