"""The extensions of iTLS: numbers, and what is in them.

Source: device-protocol.md h.2, h.3.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from harness.id2.codes import ItlsAlert
from harness.itls.codec import Reader, vector
from harness.itls.errors import ItlsError

KEY_GROUP = bytes.fromhex("00100010")
"""Key group 0x10001000, little-endian: what stands before every ID."""

VERSION = bytes.fromhex("00020100")
"""Version 0x00010200, little-endian."""

UNPROVISIONED = frozenset({"F" * 24, "F" * 48})
"""What stands for the ID of a device that has none: 24 by the provisioning wrapper, 48 by the iTLS library."""

EXTENSIONS_MAX = 64
"""Extensions of one message: iTLS has eight, and a hostile hello could hold two thousand."""

CHALLENGE_SIZE = 32
FRAGMENT_SIZES = {1: 512, 2: 1024, 3: 2048, 4: 4096}
"""Code of the maximum fragment length to bytes (RFC 6066)."""


class Ext(IntEnum):
    """Number of an extension."""

    MAX_FRAGMENT = 0x0001
    PRODUCT_KEY = 0x2000
    KEY_ID = 0x2001
    AUTH_CODE = 0x2002
    PREMASTER = 0x2003
    CHALLENGE = 0x2010
    OTP_DATA = 0x2011
    VERSION = 0x2020


@dataclass(frozen=True, slots=True)
class Extension:
    """One extension as it travels.

    Attributes:
        number: 0 to 65535.
        data: Its content.
    """

    number: int
    data: bytes

    @property
    def encoded(self) -> bytes:
        """The bytes on the wire."""
        return self.number.to_bytes(2, "big") + vector(2, self.data)


def encode(extensions: Iterable[Extension]) -> bytes:
    """Return the extensions one after the other, without the length of the list."""
    return b"".join(extension.encoded for extension in extensions)


def decode(data: bytes, what: str) -> tuple[Extension, ...]:
    """Read a list of extensions.

    Raises:
        ItlsError: Cut off, an extension comes twice, or there are more than `EXTENSIONS_MAX`.
    """
    reader = Reader(data, what)
    found: dict[int, Extension] = {}
    while reader.left:
        number = reader.number(2, "an extension's number")
        content = reader.vector(2, f"extension {number:#06x}")
        if number in found:
            raise ItlsError(f"{what}: extension {number:#06x} comes twice", ItlsAlert.ILLEGAL_PARAMETER)
        if len(found) == EXTENSIONS_MAX:
            raise ItlsError(f"{what}: more than {EXTENSIONS_MAX} extensions", ItlsAlert.DECODE_ERROR)
        found[number] = Extension(number, content)
    return tuple(found.values())


def content(extensions: Iterable[Extension], number: int) -> bytes | None:
    """Return what is in the extension of this number, or None when it is not there."""
    for extension in extensions:
        if extension.number == number:
            return extension.data
    return None
