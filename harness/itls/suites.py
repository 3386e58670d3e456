"""The private cipher suites: AES in CBC with HMAC, keys by ID².

Source: device-protocol.md h.1.
"""

from enum import IntEnum
from typing import Self

IV_SIZE = 16
BLOCK_SIZE = 16
RENEGOTIATION_INFO = 0x00FF
"""The signalling value that the vendor's client adds to its list; it is no suite."""


class Suite(IntEnum):
    """A cipher suite: size of its key in bytes, and the hash of its record MAC."""

    key_size: int
    hash_name: str
    mac_size: int

    def __new__(cls, value: int, key_size: int, hash_name: str, mac_size: int) -> Self:  # noqa: D102 - a member with fields
        member = int.__new__(cls, value)
        member._value_ = value
        member.key_size = key_size
        member.hash_name = hash_name
        member.mac_size = mac_size
        return member

    AES_128_CBC_SHA = 0xD001, 16, "sha1", 20
    AES_256_CBC_SHA = 0xD002, 32, "sha1", 20
    AES_128_CBC_SHA256 = 0xD003, 16, "sha256", 32
    AES_256_CBC_SHA256 = 0xD004, 32, "sha256", 32

    @property
    def label(self) -> str:
        """Name and number: `AES-256-CBC-SHA256 (D004)`."""
        return f"{self.name.replace('_', '-')} ({self.value:04X})"


VENDOR_OFFER = (Suite.AES_256_CBC_SHA256, Suite.AES_128_CBC_SHA256)
"""What the vendor's client 3.1.0 offers, best first."""


def find(number: int) -> Suite | None:
    """Return the suite of this number, or None when it is none of ours."""
    return _BY_NUMBER.get(number)


_BY_NUMBER = {suite.value: suite for suite in Suite}
