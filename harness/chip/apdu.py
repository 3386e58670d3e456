"""APDU codec: the four short cases of ISO 7816-4, built and parsed byte for byte.

Extended lengths are refused: neither the ID² command set nor the vendor's adapter knows them.

Source: ISO/IEC 7816-4 (short APDUs); device-protocol.md e.2 (limits of the vendor's adapter).
"""

from dataclasses import dataclass, field
from typing import Self

MAX_DATA = 255
MAX_LE = 256
MAX_ANSWER = 258  # 256 data bytes and the status word
_HEAD = 4
_SHOWN = 32  # bytes of data that a printed APDU shows before it is cut


class ApduError(ValueError):
    """The bytes are not a short APDU; the message says which field is wrong and what it holds."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command APDU.

    Attributes:
        cla: Class byte.
        ins: Instruction byte.
        p1: First parameter byte.
        p2: Second parameter byte.
        data: Up to 255 bytes; empty means that no Lc is sent.
        le: How many bytes are wanted, 1 to 256 (256 is sent as 00); None sends no Le.
        name: What people call the command; only for messages, not part of the bytes.
        hidden: True for data that must not be printed (a PIN).

    Raises:
        ApduError: a field is out of its range.
    """

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes = b""
    le: int | None = None
    name: str = field(default="", compare=False, kw_only=True)
    hidden: bool = field(default=False, compare=False, kw_only=True)

    def __post_init__(self) -> None:
        for label, value in (("CLA", self.cla), ("INS", self.ins), ("P1", self.p1), ("P2", self.p2)):
            if not 0 <= value <= 0xFF:
                raise ApduError(f"{label} {value} does not fit into a byte")
        if len(self.data) > MAX_DATA:
            raise ApduError(
                f"{len(self.data)} bytes of data: a short APDU carries {MAX_DATA}; extended Lc is refused"
            )
        if self.le is not None and not 1 <= self.le <= MAX_LE:
            raise ApduError(f"Le {self.le}: a short APDU asks for 1 to {MAX_LE} bytes (256 is sent as 00)")

    @property
    def case(self) -> int:
        """The ISO case: 1 no data either way, 2 data back, 3 data out, 4 both."""
        return 1 + (2 if self.data else 0) + (0 if self.le is None else 1)

    def to_bytes(self) -> bytes:
        """Return the bytes on the wire."""
        out = bytes((self.cla, self.ins, self.p1, self.p2))
        if self.data:
            out += bytes((len(self.data),)) + self.data
        if self.le is not None:
            out += bytes((self.le & 0xFF,))
        return out

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Read one command APDU; the inverse of `to_bytes`.

        Raises:
            ApduError: the bytes are not exactly one short command APDU.
        """
        if len(raw) < _HEAD:
            raise ApduError(f"{len(raw)} bytes: a command APDU has at least 4 (CLA INS P1 P2)")
        cla, ins, p1, p2 = raw[:_HEAD]
        if len(raw) == _HEAD:
            return cls(cla, ins, p1, p2)
        third = raw[_HEAD]
        if len(raw) == _HEAD + 1:
            return cls(cla, ins, p1, p2, le=third or MAX_LE)
        if third == 0:
            raise ApduError("byte 5 is 00 and more follow: extended lengths are refused")
        follow = len(raw) - _HEAD - 1
        if follow not in (third, third + 1):
            raise ApduError(
                f"Lc says {third} bytes of data, {follow} follow (with Le at most {third + 1} may)"
            )
        le = (raw[-1] or MAX_LE) if follow == third + 1 else None
        return cls(cla, ins, p1, p2, raw[_HEAD + 1 : _HEAD + 1 + third], le)

    def __str__(self) -> str:
        parts = [self.name] if self.name else []
        parts.append(f"{self.cla:02X}{self.ins:02X}{self.p1:02X}{self.p2:02X}")
        if self.data:
            shown = f"({len(self.data)} bytes hidden)" if self.hidden else shorten(self.data)
            parts.append(f"Lc={len(self.data):02X} {shown}")
        if self.le is not None:
            parts.append(f"Le={self.le & 0xFF:02X}")
        return " ".join(parts)

    def __repr__(self) -> str:
        return f"<Command {self}>"


@dataclass(frozen=True, slots=True)
class Response:
    """One response APDU: data, then the status word.

    Attributes:
        data: Up to 256 bytes.
        sw: Status word, 0x0000 to 0xFFFF.

    Raises:
        ApduError: a field is out of its range.
    """

    data: bytes
    sw: int

    def __post_init__(self) -> None:
        if not 0 <= self.sw <= 0xFFFF:
            raise ApduError(f"status word {self.sw} does not fit into two bytes")

    @property
    def ok(self) -> bool:
        """Whether the status word is 9000."""
        return self.sw == 0x9000

    @property
    def sw1(self) -> int:
        """First byte of the status word."""
        return self.sw >> 8

    @property
    def sw2(self) -> int:
        """Second byte of the status word."""
        return self.sw & 0xFF

    def to_bytes(self) -> bytes:
        """Return the bytes on the wire."""
        return self.data + self.sw.to_bytes(2, "big")

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Read one response APDU; the inverse of `to_bytes` for up to 256 data bytes.

        Raises:
            ApduError: shorter than a status word, or longer than 258 bytes.
        """
        if len(raw) < 2:
            raise ApduError(f"{len(raw)} bytes: a response APDU has at least 2 (SW1 SW2)")
        if len(raw) > MAX_ANSWER:
            raise ApduError(f"{len(raw)} bytes: a short response APDU has at most {MAX_ANSWER}")
        return cls(raw[:-2], int.from_bytes(raw[-2:], "big"))

    def __str__(self) -> str:
        return f"{shorten(self.data)} {self.sw:04X}" if self.data else f"{self.sw:04X}"

    def __repr__(self) -> str:
        return f"<Response {self}>"


def shorten(data: bytes) -> str:
    """Return `data` as upper-case hex, cut after 32 bytes with a note of the whole length."""
    if len(data) <= _SHOWN:
        return data.hex().upper()
    return f"{data[:_SHOWN].hex().upper()}… ({len(data)} bytes)"
