"""The frame that FM1280 chips speak on I²C: `LenLo LenHi NAD CMD|STA payload… BCC`.

LEN counts NAD, CMD or STA, the payload and BCC: a frame is LEN + 2 bytes long. BCC is the XOR of all bytes
before it.
Source: device-protocol.md e.4.
"""

from dataclasses import dataclass
from enum import IntEnum

MIN_LENGTH = 3  # of the LEN field: NAD, CMD or STA, BCC
MAX_LENGTH = 1024
MAX_PAYLOAD = MAX_LENGTH - MIN_LENGTH
LENGTH_SIZE = 2  # bytes of the LEN field
OVERHEAD = LENGTH_SIZE + MIN_LENGTH


class Fm1280Command(IntEnum):
    """What the host asks for."""

    I_BLOCK = 0x02  # here is an APDU
    GET_ATR = 0x30
    NAK = 0xBA  # repeat your last frame


class Fm1280Status(IntEnum):
    """What the chip says of its frame."""

    OK = 0x00
    WAIT = 0xF2  # waiting-time extension: still working, start the timer anew


class DriverCode(IntEnum):
    """The error numbers of the vendor's driver."""

    NULL = 11
    TIMEOUT = 12
    LENGTH = 13
    BCC = 14


class FrameError(ValueError):
    """The bytes are not one frame; `code` is what the vendor's driver would call it.

    Attributes:
        code: The vendor's number.
        spoke: Whether length, address and status are those of a frame, so that a chip of this kind has sent it.
    """

    def __init__(self, code: DriverCode, message: str, *, spoke: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.spoke = spoke


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame.

    Attributes:
        flag: CMD in a frame to the chip, STA in a frame from it.
        payload: 0 to 1021 bytes.
        nad: Node address, 0 in all known traffic.
    """

    flag: int
    payload: bytes = b""
    nad: int = 0

    def to_bytes(self) -> bytes:
        """Return the bytes on the bus.

        Raises:
            FrameError: the payload is longer than 1021 bytes.
        """
        length = len(self.payload) + MIN_LENGTH
        if length > MAX_LENGTH:
            raise FrameError(
                DriverCode.LENGTH, f"{len(self.payload)} bytes of payload, at most {MAX_PAYLOAD} fit"
            )
        body = length.to_bytes(LENGTH_SIZE, "little") + bytes((self.nad, self.flag)) + self.payload
        return body + bytes((block_check(body),))


def block_check(data: bytes) -> int:
    """Return the XOR of all bytes; folded in halves as one number, which is faster than byte after byte."""
    value, size = int.from_bytes(data, "big"), len(data)
    while size > 1:
        size = (size + 1) // 2
        value = (value >> 8 * size) ^ (value & ((1 << 8 * size) - 1))
    return value


def frame_size(head: bytes) -> int:
    """Return how many bytes the whole frame has, from its first two.

    Raises:
        FrameError: fewer than two bytes, or LEN outside 3 to 1024.
    """
    if len(head) < LENGTH_SIZE:
        raise FrameError(DriverCode.LENGTH, f"{len(head)} bytes, the length field alone has {LENGTH_SIZE}")
    length = int.from_bytes(head[:LENGTH_SIZE], "little")
    if not MIN_LENGTH <= length <= MAX_LENGTH:
        raise FrameError(DriverCode.LENGTH, f"LEN is {length}, allowed are {MIN_LENGTH} to {MAX_LENGTH}")
    return length + LENGTH_SIZE


def parse(raw: bytes) -> Frame:
    """Read one frame; bytes after its end are ignored: a host may have to read more than the chip has.

    Raises:
        FrameError: LEN out of bounds, bytes missing, or BCC wrong.
    """
    size = frame_size(raw)
    if len(raw) < size:
        raise FrameError(DriverCode.LENGTH, f"LEN says {size} bytes in all, {len(raw)} came")
    body, check = raw[: size - 1], raw[size - 1]
    expected = block_check(body)
    if check != expected:
        spoke = body[2] == 0 and body[3] in tuple(Fm1280Status)
        raise FrameError(DriverCode.BCC, f"BCC is {check:02X}, the bytes give {expected:02X}", spoke=spoke)
    return Frame(body[3], body[4:], body[2])
