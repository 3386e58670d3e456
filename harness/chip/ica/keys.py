"""Key elements as the chip hands them over: `tag length value`, one after the other.

Source: device-protocol.md e.2.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Self

from harness.chip.apdu import ApduError


class Element(IntEnum):
    """Tags of key elements."""

    KEY_3DES = 0x40
    KEY_AES = 0x41
    KEY_SM4 = 0x42
    KEY_SSF33 = 0x43
    KEY_SM7 = 0x44
    KEY_SM9 = 0x45
    KEY_SM1 = 0x46
    RSA_QINV = 0x49
    RSA_DP = 0x50
    RSA_DQ = 0x51
    SM2_X = 0x60
    SM2_Y = 0x61
    SM2_S = 0x62
    RSA_D = 0x64
    RSA_E = 0x65
    RSA_N = 0x6E
    RSA_P = 0x70
    RSA_Q = 0x71
    ECC_X = 0x72
    ECC_Y = 0x73
    ECC_S = 0x74


def parse_elements(raw: bytes) -> tuple[tuple[int, bytes], ...]:
    """Read a row of elements; tags that the specification does not list are kept as they are.

    A length is one byte up to 80, or 81 and one byte, or 82 and two bytes. 80 itself means 128, because
    elements have no indefinite form and a chip with one-byte lengths writes a 1024-bit modulus so.

    Raises:
        ApduError: a length reaches beyond the end, or has another form.
    """
    elements = []
    at = 0
    while at < len(raw):
        tag = raw[at]
        size, start = _length(raw, at + 1)
        if start + size > len(raw):
            raise ApduError(
                f"element {tag:02X} at byte {at + 1} says {size} bytes, {len(raw) - start} are left"
            )
        elements.append((tag, raw[start : start + size]))
        at = start + size
    return tuple(elements)


def _length(raw: bytes, at: int) -> tuple[int, int]:
    """Return the length written at `at`, and where the value starts."""
    if at >= len(raw):
        raise ApduError(f"the length is missing at byte {at + 1}")
    first = raw[at]
    if first <= 0x80:
        return first, at + 1
    extra = {0x81: 1, 0x82: 2}.get(first)
    if extra is None:
        raise ApduError(f"length byte {first:02X} at byte {at + 1} has no meaning")
    if at + 1 + extra > len(raw):
        raise ApduError(f"the length at byte {at + 1} is cut off")
    return int.from_bytes(raw[at + 1 : at + 1 + extra], "big"), at + 1 + extra


@dataclass(frozen=True, slots=True)
class RsaPublicKey:
    """Modulus and exponent of a key pair that the chip made."""

    modulus: bytes
    exponent: bytes


@dataclass(frozen=True, slots=True)
class PointPublicKey:
    """Coordinates of a public point (SM2 or ECC) of a key pair that the chip made."""

    x: bytes
    y: bytes


@dataclass(frozen=True, slots=True)
class GeneratedKey:
    """The answer to GenerateKeyPair.

    Attributes:
        public: The public key.
        others: Elements beside it, as tag and value.
    """

    public: RsaPublicKey | PointPublicKey
    others: tuple[tuple[int, bytes], ...] = ()

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Read `6E N 65 E`, `60 X 61 Y` or `72 X 73 Y`, in any order.

        Raises:
            ApduError: no row of elements, or none of these pairs in it.
        """
        elements = dict(parse_elements(raw))
        for first, second, kind in (
            (Element.RSA_N, Element.RSA_E, RsaPublicKey),
            (Element.SM2_X, Element.SM2_Y, PointPublicKey),
            (Element.ECC_X, Element.ECC_Y, PointPublicKey),
        ):
            if first in elements and second in elements:
                public = kind(elements.pop(first), elements.pop(second))
                return cls(public, tuple(elements.items()))
        found = ", ".join(f"{tag:02X}" for tag in elements) or "none"
        raise ApduError(
            f"no public key in the answer: elements 6E and 65, or 60 and 61, are needed, found {found}"
        )
