"""The little of MQTT that a gateway must read: the CONNECT of 3.1.1 and 3.1, and the CONNACK that refuses it.

Source: MQTT Version 3.1.1 (OASIS standard) 2.2, 3.1, 3.2.
"""

from dataclasses import dataclass
from enum import IntEnum

from harness.errors import DeviceError

_CONNECT = 0x10
_LENGTH_BYTES = 4
_LEVELS = {(b"MQTT", 4): "3.1.1", (b"MQIsdp", 3): "3.1"}
_NAMES = (b"MQTT", b"MQIsdp")


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
        return bytes((0x20, 2, 0, self))


class MqttError(DeviceError):
    """A device's CONNECT is refused.

    Attributes:
        answer: What it is told; None for what is no MQTT, which is told nothing.
    """

    def __init__(self, message: str, answer: ConnAck | None, *, hint: str = "") -> None:
        super().__init__(message, hint=hint, code=None if answer is None else answer.value)
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Connect:
    """A CONNECT packet.

    Attributes:
        version: `3.1.1` or `3.1`.
        client_id: Client identifier.
        user_name: None when the packet has none.
        keep_alive_s: 0 for none.
        clean: Clean session.
        size: The whole packet in bytes.
        will_topic: Where the broker publishes when the device is gone without a word; None without a will.
    """

    version: str
    client_id: str
    user_name: str | None
    keep_alive_s: int
    clean: bool
    size: int
    will_topic: str | None = None


def read_connect(data: bytes, limit: int) -> Connect | None:
    """Read the first packet of a stream.

    Args:
        data: The stream's beginning; more may follow the packet.
        limit: Longest packet that is waited for, bytes.

    Returns:
        The packet, or None while it is not whole.

    Raises:
        MqttError: No CONNECT, longer than the limit, of another version, or broken.
    """
    if not data:
        return None
    if data[0] != _CONNECT:
        raise MqttError(
            f"the first byte is {data[0]:#04x}; MQTT begins with CONNECT, 0x10",
            None,
            hint="run the gateway without --mqtt for firmware that speaks something else over iTLS",
        )
    length = remaining_length(data)
    if length is None:
        return None
    at, size = length
    if at + size > limit:
        raise MqttError(f"a CONNECT of {at + size} bytes; {limit} are the most", None)
    if len(data) < at + size:
        return None
    return _connect(_Fields(data[at : at + size]), at + size)


def with_client_id(packet: bytes, client_id: str) -> bytes:
    """Return a CONNECT with another client identifier; everything else in it stays.

    Args:
        packet: One whole CONNECT that `read_connect` has read.
        client_id: At most 65535 bytes of UTF-8.

    Raises:
        MqttError: It is none.
    """
    found = remaining_length(packet)
    if found is None:
        raise MqttError("a CONNECT without its length", None)
    fields = _Fields(packet[found[0] :])
    fields.data("protocol name")
    for field in ("protocol level", "flags"):
        fields.byte(field)
    fields.number("keep alive")
    head = fields.until_here
    fields.data("client identifier")
    name = client_id.encode()
    body = head + len(name).to_bytes(2, "big") + name + fields.rest
    return packet[:1] + encoded_length(len(body)) + body


def encoded_length(size: int) -> bytes:
    """Return the remaining length of a packet as it stands in its head, 1 to 4 bytes."""
    encoded = bytearray()
    while size > 0x7F:
        encoded.append(size & 0x7F | 0x80)
        size >>= 7
    encoded.append(size)
    return bytes(encoded)


def _connect(fields: "_Fields", size: int) -> Connect:
    name, level = fields.data("protocol name"), fields.byte("protocol level")
    version = _LEVELS.get((name, level))
    if version is None:
        answer = ConnAck.PROTOCOL if name in _NAMES else None
        raise MqttError(f"CONNECT of protocol {name[:8]!r} level {level}; 3.1.1 and 3.1 are spoken", answer)
    flags = fields.byte("flags")
    if flags & 1 or (flags & 0x38 and not flags & 4) or flags & 0x18 == 0x18 or flags & 0xC0 == 0x40:
        raise MqttError(f"CONNECT with impossible flags {flags:#04x}", None)
    keep_alive = fields.number("keep alive")
    client_id = fields.text("client identifier")
    will_topic = fields.text("will topic") if flags & 4 else None
    if will_topic is not None:
        fields.data("will message")
    user_name = fields.text("user name") if flags & 0x80 else None
    if flags & 0x40:
        fields.data("password")
    fields.end()
    return Connect(version, client_id, user_name, keep_alive, bool(flags & 2), size, will_topic)


def remaining_length(data: bytes) -> tuple[int, int] | None:
    """Return where the packet's content begins, and its length; None when that is not known yet.

    Raises:
        MqttError: The length has more than 4 bytes.
    """
    value = 0
    for place in range(_LENGTH_BYTES):
        at = 1 + place
        if at >= len(data):
            return None
        value |= (data[at] & 0x7F) << 7 * place
        if data[at] < 0x80:
            return at + 1, value
    raise MqttError("a remaining length of more than 4 bytes", None)


class _Fields:
    """Reads a packet's fields from front to back."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0

    @property
    def until_here(self) -> bytes:
        return self._content[: self._at]

    @property
    def rest(self) -> bytes:
        return self._content[self._at :]

    def _take(self, count: int, field: str) -> bytes:
        taken = self._content[self._at : self._at + count]
        if len(taken) < count:
            raise MqttError(f"CONNECT ends inside its {field}", None)
        self._at += count
        return taken

    def byte(self, field: str) -> int:
        return self._take(1, field)[0]

    def number(self, field: str) -> int:
        return int.from_bytes(self._take(2, field), "big")

    def data(self, field: str) -> bytes:
        return self._take(self.number(field), field)

    def text(self, field: str) -> str:
        try:
            return self.data(field).decode()
        except UnicodeDecodeError:
            raise MqttError(f"CONNECT: its {field} is no UTF-8", None) from None

    def end(self) -> None:
        if self._at < len(self._content):
            raise MqttError(f"CONNECT has {len(self._content) - self._at} bytes too many", None)
