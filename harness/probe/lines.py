"""The lines of ID2P/1 as bytes: requests built, replies found in a console and read.

Source: docs/probe-protocol.md.
"""

import binascii
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

EMPTY_CRC = 0xFFFF
"""The check sum of nothing."""

NO_SEQ = 0
"""Sequence number of what nobody asked for."""

LAST_SEQ = 0xFF

_SAFE = frozenset((string.ascii_letters + string.digits + "~+/=_.:-").encode())
_CRC = " %0000"
_LONGEST = 700  # characters of a reply; the longest of the protocol has 128 bytes in hex

REPLY = re.compile(
    rb"\+ID2P ([0-9A-F]{2}) ([0-9A-F]{4}) (HI|AK|OK|ER|NK|D)"
    rb"((?:(?!\+ID2P )[^\r\n%]){0,700}) %([0-9A-F]{4})"
)
"""A reply anywhere in a console; whether its check sum is right, `Reply.read` tells."""

DAMAGED = re.compile(rb"ID2P[^\r\n]{0,700}[\r\n]")
"""What is left of a reply that something got into. Looked for beside `REPLY`, which ends before it does."""


class Kind(StrEnum):
    """What a reply says."""

    HELLO = "HI"
    ACKNOWLEDGED = "AK"
    DONE = "OK"
    REFUSED = "ER"
    NOT_UNDERSTOOD = "NK"
    DATA = "D"


FINAL = frozenset({Kind.DONE, Kind.REFUSED})
"""How a call ends."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply of a probe.

    Attributes:
        seq: Number of the request that it answers; 0 for a hello that nobody asked for.
        boot: Which start of the firmware speaks.
        kind: What it says.
        words: What stands behind the kind.
    """

    seq: int
    boot: int
    kind: Kind
    words: tuple[str, ...]

    @classmethod
    def read(cls, data: bytes) -> "Reply | None":
        """Return the reply that `REPLY` has found; None when its check sum is wrong."""
        found = REPLY.fullmatch(data)
        if found is None or crc16(data[: -len(_CRC)]) != int(found[5], 16):
            return None
        words = found[4].decode("ascii", errors="backslashreplace").split()
        return cls(int(found[1], 16), int(found[2], 16), Kind(found[3].decode()), tuple(words))

    @property
    def refusal(self) -> int:
        """The number behind NK; 0 for another kind."""
        if self.kind is not Kind.NOT_UNDERSTOOD or len(self.words) != 1:
            return 0
        return int(self.words[0]) if self.words[0] in _REFUSALS else 0


_REFUSALS = frozenset("12345678")


def crc16(data: bytes) -> int:
    """Return the CRC-16/CCITT-FALSE of `data` (polynomial 1021, start FFFF, check 29B1)."""
    return binascii.crc_hqx(data, 0xFFFF)


def request(seq: int, *words: str) -> bytes:
    """Return a request line without its line end.

    Args:
        seq: 1 to 255; 0 only for what a person sends.
        words: The verb and what belongs to it.
    """
    line = " ".join(("id2p", f"{seq:02X}", *words)).encode("ascii")
    return line + f" %{crc16(line):04X}".encode("ascii")


def payload(data: bytes) -> str:
    """Return data as a payload: as text where that is possible, else in hex."""
    return f"t:{data.decode('ascii')}" if _SAFE.issuperset(data) else f"x:{data.hex().upper()}"


def value_of(text: str) -> bytes:
    """Return the data of a payload.

    Raises:
        ValueError: It is none.
    """
    form, value = text[:2], text[2:]
    data = value.encode("ascii")
    if form == "t:" and _SAFE.issuperset(data):
        return data
    if form == "x:" and not set(value) - set("0123456789ABCDEF"):
        return bytes.fromhex(value)
    raise ValueError(f"no payload: {text!r:.60}")


def puts(slot: str, data: bytes, room: int) -> Iterator[tuple[int, str]]:
    """Give the pieces in which data goes into a slot: the offset of each, and its payload.

    Args:
        slot: Letter of the slot.
        data: At least one byte.
        room: Characters of the longest request.
    """
    offset = 0
    while offset < len(data):
        left = room - len(f"id2p 00 put {slot} {offset} t:{_CRC}")
        piece = data[offset : offset + left]
        if not _SAFE.issuperset(piece):
            piece = piece[: left // 2]
        yield offset, payload(piece)
        offset += len(piece)
