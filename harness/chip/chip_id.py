"""The answer to GetID, the same in both command sets."""

from dataclasses import dataclass
from typing import Self

from harness.chip.apdu import ApduError
from harness.id2.vendors import vendor_name

ID_SIZE = 12
_HEAD = 3


@dataclass(frozen=True, slots=True)
class ChipId:
    """The answer to GetID.

    Attributes:
        vendor: Two-byte vendor id.
        id_bytes: The ID, 12 bytes.
    """

    vendor: int
    id_bytes: bytes

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Read `vendor(2) ‖ 0C ‖ ID(12)`.

        Raises:
            ApduError: the length byte is not 0C, or the number of bytes is not 15.

        Source: device-protocol.md e.2.
        """
        if len(raw) < _HEAD:
            raise ApduError(f"the ID answer has {len(raw)} bytes instead of {_HEAD + ID_SIZE}")
        if raw[2] != ID_SIZE:
            raise ApduError(f"the ID answer says an ID of {raw[2]} bytes instead of {ID_SIZE}")
        if len(raw) != _HEAD + ID_SIZE:
            raise ApduError(f"the ID answer has {len(raw)} bytes instead of {_HEAD + ID_SIZE}")
        return cls(int.from_bytes(raw[:2], "big"), raw[_HEAD:])

    def to_bytes(self) -> bytes:
        """Return the answer; the inverse of `parse`."""
        return self.vendor.to_bytes(2, "big") + bytes((len(self.id_bytes),)) + self.id_bytes

    @property
    def maker(self) -> str:
        """Name of the maker, or `unknown vendor XXXX`."""
        return vendor_name(self.vendor)
