"""What GetVendorInfo says: vendor, version, the option bitmap, free space.

Source: device-protocol.md e.2.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Self

from harness.chip.apdu import ApduError
from harness.id2.vendors import vendor_name

VENDOR_INFO_SIZE = 20
_BITMAP_SIZE = 4


class Option(Enum):
    """One bit of the option bitmap: the byte, the bit (1 is the lowest) and the name in people's language."""

    DES3 = (0, 1, "3DES")
    AES = (0, 2, "AES")
    SM4 = (0, 3, "SM4")
    SM7 = (0, 4, "SM7")
    RSA = (1, 1, "RSA")
    RSA_CRT = (1, 2, "RSA-CRT")
    SM2 = (1, 3, "SM2")
    SM9 = (1, 4, "SM9")
    ECC = (1, 5, "ECC")
    SHA1 = (2, 1, "SHA-1")
    SHA224 = (2, 2, "SHA-224")
    SHA256 = (2, 3, "SHA-256")
    SHA384 = (2, 4, "SHA-384")
    SHA512 = (2, 5, "SHA-512")
    SM3 = (2, 6, "SM3")

    @property
    def mask(self) -> int:
        """The bit inside the four-byte bitmap, first byte highest."""
        byte, bit, _ = self.value
        return _bit(byte, bit)

    @property
    def label(self) -> str:
        """The name as people write it."""
        return self.value[2]


def _bit(byte: int, bit: int) -> int:
    return 1 << (8 * (_BITMAP_SIZE - 1 - byte) + bit - 1)


@dataclass(frozen=True, slots=True)
class VendorInfo:
    """The answer to GetVendorInfo.

    Attributes:
        vendor: Two-byte vendor id.
        version: Eight bytes of the maker's version.
        bitmap: The four bytes of the option bitmap as one number, first byte highest.
        free_space: Free storage in bytes.
        extension: Four bytes without a meaning in the specification.
    """

    vendor: int
    version: bytes
    bitmap: int
    free_space: int
    extension: bytes

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Read the 20 bytes of the answer.

        Raises:
            ApduError: not 20 bytes.
        """
        if len(raw) != VENDOR_INFO_SIZE:
            raise ApduError(f"vendor information has {len(raw)} bytes instead of {VENDOR_INFO_SIZE}")
        return cls(
            vendor=int.from_bytes(raw[0:2], "big"),
            version=raw[2:10],
            bitmap=int.from_bytes(raw[10:14], "big"),
            free_space=int.from_bytes(raw[14:16], "big"),
            extension=raw[16:20],
        )

    def to_bytes(self) -> bytes:
        """Return the 20 bytes of the answer; the inverse of `parse`."""
        return (
            self.vendor.to_bytes(2, "big")
            + self.version
            + self.bitmap.to_bytes(_BITMAP_SIZE, "big")
            + self.free_space.to_bytes(2, "big")
            + self.extension
        )

    @property
    def maker(self) -> str:
        """Name of the maker, or `unknown vendor XXXX`."""
        return vendor_name(self.vendor)

    @property
    def options(self) -> frozenset[Option]:
        """What the bitmap claims."""
        return frozenset(option for option in Option if self.bitmap & option.mask)
