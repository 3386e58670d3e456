"""What a USB device says about itself: its descriptors, from plain values to the bytes on the bus.

Source: USB 2.0 specification, chapter 9.
"""

import struct
from dataclasses import dataclass, field
from enum import IntEnum

_LANGUAGE = 0x0409  # English (United States)
_USB_2 = 0x0200
_BUS_POWERED = 0x80
_HUNDRED_MILLIAMPERES = 50  # in units of 2 mA


class DescriptorType(IntEnum):
    """Kinds of descriptor that a host asks for."""

    DEVICE = 1
    CONFIGURATION = 2
    STRING = 3
    INTERFACE = 4
    ENDPOINT = 5


class TransferType(IntEnum):
    """How an endpoint moves data."""

    BULK = 2
    INTERRUPT = 3


class Speed(IntEnum):
    """Speed of a device, as the kernel numbers them."""

    FULL = 2
    HIGH = 3


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One pipe.

    Attributes:
        address: Number, with 0x80 for a pipe towards the host.
        transfer: How it moves data.
        packet_size: Bytes in one packet.
        interval: Polling interval of an interrupt pipe, in frames.
    """

    address: int
    transfer: TransferType = TransferType.BULK
    packet_size: int = 64
    interval: int = 0

    def encode(self) -> bytes:
        """Return the endpoint descriptor."""
        return struct.pack(
            "<BBBBHB",
            7,
            DescriptorType.ENDPOINT,
            self.address,
            self.transfer,
            self.packet_size,
            self.interval,
        )


@dataclass(frozen=True, slots=True)
class Interface:
    """One function of a device.

    Attributes:
        number: Its number.
        endpoints: Its pipes.
        code: Class, subclass and protocol.
        extra: Descriptors of its class, encoded.
    """

    number: int
    endpoints: tuple[Endpoint, ...] = ()
    code: tuple[int, int, int] = (0xFF, 0, 0)
    extra: bytes = b""

    def encode(self) -> bytes:
        """Return the interface descriptor and what belongs to it."""
        head = struct.pack(
            "<BBBBBBBBB", 9, DescriptorType.INTERFACE, self.number, 0, len(self.endpoints), *self.code, 0
        )
        return head + self.extra + b"".join(endpoint.encode() for endpoint in self.endpoints)


@dataclass(frozen=True, slots=True)
class Identity:
    """Identifies a device among others.

    Attributes:
        vid: Vendor id.
        pid: Product id.
        serial_number: Serial number; empty for a device without one, as many cheap ones are.
        manufacturer: Name of its maker.
        product: Its own name.
        release: Its version, as binary-coded decimal.
    """

    vid: int
    pid: int
    serial_number: str = ""
    manufacturer: str = "ID2 harness"
    product: str = "simulated device"
    release: int = 0x0100


@dataclass(frozen=True, slots=True)
class Descriptors:
    """Everything that a device says about itself.

    Attributes:
        identity: Identifies it among other devices.
        interfaces: What it can do, in its one configuration.
        code: Class, subclass and protocol of the whole device; zeros leave it to the interfaces.
        speed: How fast it is.
    """

    identity: Identity
    interfaces: tuple[Interface, ...]
    code: tuple[int, int, int] = (0, 0, 0)
    speed: Speed = Speed.FULL
    _strings: tuple[str, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        texts = (self.identity.manufacturer, self.identity.product, self.identity.serial_number)
        object.__setattr__(self, "_strings", texts)

    def get(self, kind: int, index: int) -> bytes | None:
        """Return the descriptor of a kind, None when there is none."""
        if kind == DescriptorType.DEVICE:
            return self._device()
        if kind == DescriptorType.CONFIGURATION and index == 0:
            return self._configuration()
        if kind == DescriptorType.STRING:
            return self._string(index)
        return None

    def _device(self) -> bytes:
        who = self.identity
        return struct.pack(
            "<BBHBBBBHHHBBBB",
            *(18, DescriptorType.DEVICE, _USB_2, *self.code, 64),
            *(who.vid, who.pid, who.release),
            *(self._index(0), self._index(1), self._index(2), 1),
        )

    def _configuration(self) -> bytes:
        body = b"".join(interface.encode() for interface in self.interfaces)
        head = struct.pack(
            "<BBHBBBBB",
            *(9, DescriptorType.CONFIGURATION, 9 + len(body), len(self.interfaces)),
            *(1, 0, _BUS_POWERED, _HUNDRED_MILLIAMPERES),
        )
        return head + body

    def _string(self, index: int) -> bytes | None:
        if index == 0:
            return struct.pack("<BBH", 4, DescriptorType.STRING, _LANGUAGE)
        if index > len(self._strings) or not self._strings[index - 1]:
            return None
        text = self._strings[index - 1].encode("utf-16-le")[:252]
        return bytes((2 + len(text), DescriptorType.STRING)) + text

    def _index(self, number: int) -> int:
        return number + 1 if self._strings[number] else 0
