"""The packets of MQTT 3.1.1 and 3.1, as far as a gateway and the judge of its sessions must read and write them.

Source: MQTT Version 3.1.1 (OASIS standard) 2.2, 3.1, 3.2, 3.3, 3.8, 3.9.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum

from harness.errors import DeviceError

REFUSED = 0x80
"""Return code of a SUBACK for a filter that is not granted; 0 to 2 are the QoS that is."""

_LENGTH_BYTES = 4
_VERSIONS = {(b"MQTT", 4): "3.1.1", (b"MQIsdp", 3): "3.1"}
_NAMES = (b"MQTT", b"MQIsdp")
_CLEAN, _WILL, _WILL_QOS, _WILL_FLAGS, _PASSWORD, _USER_NAME = 0x02, 0x04, 0x18, 0x38, 0x40, 0x80
_QOS = 0x06


class PacketKind(IntEnum):
    """Type of a packet."""

    CONNECT = 1
    CONNACK = 2
    PUBLISH = 3
    PUBACK = 4
    PUBREC = 5
    PUBREL = 6
    PUBCOMP = 7
    SUBSCRIBE = 8
    SUBACK = 9
    UNSUBSCRIBE = 10
    UNSUBACK = 11
    PINGREQ = 12
    PINGRESP = 13
    DISCONNECT = 14


class ConnAck(IntEnum):
    """Return codes of a CONNACK."""

    ACCEPTED = 0
    PROTOCOL = 1
    IDENTIFIER = 2
    UNAVAILABLE = 3
    CREDENTIALS = 4
    NOT_AUTHORIZED = 5

    @property
    def packet(self) -> bytes:
        """The CONNACK with this code, 4 bytes."""
        return bytes((PacketKind.CONNACK << 4, 2, 0, self))


class MqttError(DeviceError):
    """A device breaks MQTT, or its CONNECT is refused.

    Attributes:
        answer: The return code that it is sent; None for what is no MQTT, which gets no answer.
    """

    def __init__(self, message: str, answer: ConnAck | None, *, hint: str = "") -> None:
        super().__init__(message, hint=hint, code=None if answer is None else answer.value)
        self.answer = answer


@dataclass(frozen=True, slots=True)
class MqttPacket:
    """One packet.

    Attributes:
        raw: The whole packet as it travels.
        start: Where its body begins.
    """

    raw: bytes
    start: int

    @property
    def kind(self) -> int:
        """0 to 15; those of `PacketKind` mean something."""
        return self.raw[0] >> 4

    @property
    def flags(self) -> int:
        """The low four bits of its first byte."""
        return self.raw[0] & 0x0F

    @property
    def body(self) -> bytes:
        """What follows the length."""
        return self.raw[self.start :]

    @property
    def acknowledged(self) -> bool:
        """Whether a PUBLISH wants an acknowledgement (QoS 1 or 2)."""
        return bool(self.flags & _QOS)


@dataclass(frozen=True, slots=True)
class ConnectPacket:
    """A CONNECT packet.

    Attributes:
        version: `3.1.1` or `3.1`.
        client_id: Client identifier.
        user_name: None when the packet has none.
        keep_alive_s: 0 for none.
        clean: Clean session.
        will_topic: Where the broker publishes when the device is gone without DISCONNECT; None without a will.
        password: Empty when there is none; hidden from `repr`.
    """

    version: str
    client_id: str
    user_name: str | None
    keep_alive_s: int
    clean: bool
    will_topic: str | None = None
    password: bytes = field(default=b"", repr=False)


def extent(stream: bytes | bytearray, at: int = 0) -> tuple[int, int] | None:
    """Return where the body of the packet at `at` starts and stops; None while its length is not whole.

    Raises:
        MqttError: The length has more than 4 bytes.
    """
    size = 0
    for place in range(_LENGTH_BYTES):
        here = at + 1 + place
        if here >= len(stream):
            return None
        size |= (stream[here] & 0x7F) << 7 * place
        if stream[here] < 0x80:
            return here + 1, here + 1 + size
    raise MqttError("a remaining length of more than 4 bytes", None)


def encoded(kind: int, flags: int, body: bytes) -> bytes:
    """Return a packet as it travels."""
    size, length = len(body), bytearray()
    while size > 0x7F:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    length.append(size)
    return bytes((kind << 4 | flags,)) + bytes(length) + body


def take(stream: bytearray) -> MqttPacket | None:
    """Take the packet off the front of a stream; None while it is not whole.

    Raises:
        MqttError: Its length has more than 4 bytes.
    """
    found = extent(stream) if stream else None
    if found is None or len(stream) < found[1]:
        return None
    packet = MqttPacket(bytes(stream[: found[1]]), found[0])
    del stream[: found[1]]
    return packet


def packets_in(stream: bytes) -> list[MqttPacket]:
    """Return the whole packets at the front of a stream; nothing is read behind one whose length is wrong."""
    left, found = bytearray(stream), list[MqttPacket]()
    try:
        while (packet := take(left)) is not None:
            found.append(packet)
    except MqttError:
        pass
    return found


def take_connect(stream: bytearray, limit: int) -> MqttPacket | None:
    """Take the CONNECT off the front of a stream; None while it is not whole.

    Args:
        stream: What a device sent; more may follow the packet.
        limit: Longest packet that is waited for, bytes.

    Raises:
        MqttError: The stream begins with no CONNECT, or with one that is longer than the limit.
    """
    if not stream:
        return None
    if stream[0] != PacketKind.CONNECT << 4:
        raise MqttError(
            f"the first byte is {stream[0]:#04x}; MQTT begins with CONNECT, 0x10",
            None,
            hint="run the gateway without --mqtt for firmware that speaks something else over iTLS",
        )
    found = extent(stream)
    if found is not None and found[1] > limit:
        raise MqttError(f"a CONNECT of {found[1]} bytes; {limit} are the most", None)
    return take(stream)


def parse_connect(packet: MqttPacket, *, strict: bool = True) -> ConnectPacket:
    """Read a CONNECT.

    Args:
        packet: Of kind CONNECT.
        strict: Refuse impossible flags, text that is no UTF-8, and bytes behind the last field. Off for who only looks
            at what a device said.

    Raises:
        MqttError: Another version, cut off, or broken; code 1 when only the version is wrong.
    """
    fields = Fields(packet)
    name, level = fields.data("protocol name"), fields.byte("protocol level")
    version = _VERSIONS.get((name, level))
    if version is None:
        answer = ConnAck.PROTOCOL if name in _NAMES else None
        raise MqttError(f"CONNECT of protocol {name[:8]!r} level {level}; 3.1.1 and 3.1 are spoken", answer)
    flags = fields.byte("flags")
    if strict and _impossible(flags):
        raise MqttError(f"CONNECT with impossible flags {flags:#04x}", None)
    keep_alive = fields.number("keep alive")
    client_id = fields.text("client identifier", strict=strict)
    will_topic = fields.text("will topic", strict=strict) if flags & _WILL else None
    if will_topic is not None:
        fields.data("will message")
    user_name = fields.text("user name", strict=strict) if flags & _USER_NAME else None
    password = fields.data("password") if flags & _PASSWORD else b""
    if strict and fields.rest:
        raise MqttError(f"CONNECT has {len(fields.rest)} bytes too many", None)
    return ConnectPacket(
        version, client_id, user_name, keep_alive, bool(flags & _CLEAN), will_topic, password
    )


def _impossible(flags: int) -> bool:
    return bool(
        flags & 1
        or (flags & _WILL_FLAGS and not flags & _WILL)
        or flags & _WILL_QOS == _WILL_QOS
        or flags & (_USER_NAME | _PASSWORD) == _PASSWORD
    )


def connect_in(stream: bytes) -> ConnectPacket | None:
    """Return the CONNECT with which a stream begins, or None when it begins with none that can be read."""
    first = next(iter(packets_in(stream)), None)
    if first is None or first.kind != PacketKind.CONNECT:
        return None
    try:
        return parse_connect(first, strict=False)
    except MqttError:
        return None


def with_client_id(packet: MqttPacket, client_id: str) -> bytes:
    """Return a CONNECT with another client identifier; everything else in it stays.

    Args:
        packet: A CONNECT that `parse_connect` can read.
        client_id: At most 65535 bytes of UTF-8.
    """
    fields = Fields(packet)
    fields.data("protocol name")
    for name in ("protocol level", "flags"):
        fields.byte(name)
    fields.number("keep alive")
    head = fields.until_here
    fields.data("client identifier")
    return encoded(PacketKind.CONNECT, 0, head + _string(client_id) + fields.rest)


def parse_publish(packet: MqttPacket) -> tuple[str, bytes]:
    """Return topic and payload of a PUBLISH.

    Raises:
        MqttError: It is cut off, or its topic is no UTF-8 or has a NUL.
    """
    fields = Fields(packet)
    topic = fields.topic("topic")
    if packet.acknowledged:
        fields.number("packet identifier")
    return topic, fields.rest


def published(stream: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield topic and payload of each PUBLISH in a stream that can be read."""
    for packet in packets_in(stream):
        if packet.kind == PacketKind.PUBLISH:
            try:
                yield parse_publish(packet)
            except MqttError:
                continue


class Fields:
    """Reads the fields of a packet from front to back; each raises `MqttError` when the packet ends before."""

    def __init__(self, packet: MqttPacket) -> None:
        self._body = packet.body
        self._at = 0
        try:
            self._name = PacketKind(packet.kind).name
        except ValueError:
            self._name = f"packet of type {packet.kind}"

    @property
    def until_here(self) -> bytes:
        """What was read."""
        return self._body[: self._at]

    @property
    def rest(self) -> bytes:
        """What was not read yet."""
        return self._body[self._at :]

    def _take(self, count: int, field: str) -> bytes:
        taken = self._body[self._at : self._at + count]
        if len(taken) < count:
            raise MqttError(f"{self._name} ends inside its {field}", None)
        self._at += count
        return taken

    def byte(self, field: str) -> int:
        """Read one byte."""
        return self._take(1, field)[0]

    def number(self, field: str) -> int:
        """Read two bytes."""
        return int.from_bytes(self._take(2, field), "big")

    def data(self, field: str) -> bytes:
        """Read bytes behind their length."""
        return self._take(self.number(field), field)

    def text(self, field: str, *, strict: bool = True) -> str:
        """Read UTF-8; when not strict, other bytes are shown with backslashes."""
        try:
            return self.data(field).decode("utf-8", "strict" if strict else "backslashreplace")
        except UnicodeDecodeError:
            raise MqttError(f"{self._name}: its {field} is no UTF-8", None) from None

    def topic(self, field: str) -> str:
        """Read a topic or filter, which has no NUL."""
        text = self.text(field)
        if "\0" in text:
            raise MqttError(f"{self._name}: its {field} has a NUL", None)
        return text


def _string(text: str) -> bytes:
    data = text.encode()
    return len(data).to_bytes(2, "big") + data
