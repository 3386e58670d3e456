"""The fixed keys that the vendor published for debugging. A product that holds one of them has no secret.

Source: device-protocol.md b.5 (fixed keys of the PDF; RSA of the 1.0.0 demo), b.3 (K-256 of the PUF demo).
"""

import json
from dataclasses import dataclass

from harness.id2.keys import Key, KeyType


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """A published identifier and its key.

    Attributes:
        id2: Identifier.
        key: The key; public knowledge, and still redacted, so that nothing prints keys by habit.
    """

    id2: str
    key: Key


def _counting(first: int, size: int) -> str:
    """Return the hex digits of `size` bytes that count up from `first`, the pattern of all fixed keys."""
    return bytes(range(first, first + size)).hex().upper()


def _fixed(key_type: KeyType, first: int) -> PublishedKey:
    return PublishedKey(_counting(first, 12), Key.parse(key_type, _counting(first, key_type.key_size)))


def _rsa_of_the_demo() -> PublishedKey:
    p, q, e = int("d0" * 62 + "3ecd", 16), int("d1" * 62 + "0865", 16), 65537
    d = pow(e, -1, (p - 1) * (q - 1))
    numbers = {"n": p * q, "e": e, "d": d, "p": p, "q": q}
    return PublishedKey(_counting(0x51, 12), Key.parse(KeyType.RSA_1024, json.dumps(numbers)))


def _k256_of_the_puf_demo() -> PublishedKey:
    scalar = "D8FED1F6BC4C01B36C750AB8445EB0B7DA4208C14A86B241FF11C5C62FECD178"
    return PublishedKey("050000000100001D0123456789ABCDEF-XIDT-ECC_256", Key.parse(KeyType.ECC_K256, scalar))


KEYS: dict[KeyType, PublishedKey] = {
    KeyType.DES3_112: _fixed(KeyType.DES3_112, 0x01),
    KeyType.DES3_168: _fixed(KeyType.DES3_168, 0x11),
    KeyType.AES_128: _fixed(KeyType.AES_128, 0x21),
    KeyType.AES_192: _fixed(KeyType.AES_192, 0x31),
    KeyType.AES_256: _fixed(KeyType.AES_256, 0x41),
    KeyType.RSA_1024: _rsa_of_the_demo(),
    KeyType.ECC_K256: _k256_of_the_puf_demo(),
}
"""Identifier and key per key type; SM1, SM2, SM4 and RSA-2048 have no published one."""

_DEMO_ID = "000FFFFFDB1D8DC78DDCB800"
_DEMO_KEY = "E4CAC8C54AB2D7F07939466B332736990598A452FFE33A97"
_DEBUG_BUILD_ID = _counting(0x01, 12)
_DEBUG_BUILD_KEY = _counting(0x01, 24)

FURTHER: tuple[PublishedKey, ...] = (
    PublishedKey(_DEMO_ID, Key.parse(KeyType.AES_192, _DEMO_KEY)),
    PublishedKey(_DEMO_ID, Key.parse(KeyType.DES3_168, _DEMO_KEY)),
    PublishedKey(_DEBUG_BUILD_ID, Key.parse(KeyType.AES_192, _DEBUG_BUILD_KEY)),
    PublishedKey(_DEBUG_BUILD_ID, Key.parse(KeyType.DES3_168, _DEBUG_BUILD_KEY)),
)
"""What the Demo carrier of SDK 1.0.1 to 3.0.0 holds, and what debug builds of 2.0 and 3.0 write into it.

The type of a key of 24 bytes is what the build was made for. Source: SDK 2.0.0 modules/irot/demo/src/km_demo.c,
app/id2_app/app_entry.c.
"""

EVERY: tuple[PublishedKey, ...] = (*KEYS.values(), *FURTHER)
"""All pairs of identifier and key that are published."""

_PUF_ID = "05000000010000{size:02X}{uid}"
_PUF_UIDS = tuple(
    f"0123456789ABCDEF-{middle}{bits}" for middle in ("XIDT-ECC_", "6789-001234_") for bits in (192, 224, 256)
)

IDENTIFIERS: frozenset[str] = frozenset(
    (*(known.id2 for known in EVERY), *(_PUF_ID.format(size=len(uid), uid=uid) for uid in _PUF_UIDS))
)
"""All published identifiers, those of curves that are not verified here too.

Source: SDK 3.1.0 modules/irot/puf/chipset/demo/irot_hal_ecc.c.
"""
