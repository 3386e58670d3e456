"""The fixed keys that the vendor published for debugging. A product that holds one of them has no secret.

Source: device-protocol.md b.5 (fixed keys of the PDF; RSA of the 1.0.0 demo), b.3 (K-256 of the PUF demo);
    SDK 3.1.0 modules/irot/puf/chipset/demo/irot_hal_ecc.c (the other keys of the PUF demo).
"""

import json
from dataclasses import dataclass
from functools import cache, cached_property

from harness.id2.keys import Key, KeyType


@dataclass(frozen=True, repr=False)
class PublishedKey:
    """A published identifier and its key.

    Attributes:
        id2: Identifier.
        key_type: Type of the key.
        text: The key as `Key.parse` reads it.
    """

    id2: str
    key_type: KeyType
    text: str

    def __repr__(self) -> str:
        return f"PublishedKey({self.id2!r}, {self.key_type!r}, '***')"

    @cached_property
    def key(self) -> Key:
        """The key; public knowledge, and still redacted, so that nothing prints keys by habit."""
        return Key.parse(self.key_type, self.text)  # of a curve, it takes long


def _counting(first: int, size: int) -> str:
    """Return the hex digits of `size` bytes that count up from `first`, the pattern of all fixed keys."""
    return bytes(range(first, first + size)).hex().upper()


def _fixed(key_type: KeyType, first: int) -> PublishedKey:
    return PublishedKey(_counting(first, 12), key_type, _counting(first, key_type.key_size))


def _rsa_of_the_demo() -> PublishedKey:
    p, q, e = int("d0" * 62 + "3ecd", 16), int("d1" * 62 + "0865", 16), 65537
    d = pow(e, -1, (p - 1) * (q - 1))
    numbers = {"n": p * q, "e": e, "d": d, "p": p, "q": q}
    return PublishedKey(_counting(0x51, 12), KeyType.RSA_1024, json.dumps(numbers))


_PUF_SCALARS = {
    KeyType.ECC_K192: (
        "45DE80F1E172D1FCEEFFD9999BB522F1D7385DD5706A1C62",
        "B51B17E08938AB9BAAB106711874BA5111AE0BD687E792C8",
    ),
    KeyType.ECC_K224: (
        "44D95ECA99B78E516606513684BBDE06D6EAE741C6DFEBFCB1DE705B",
        "ECCDA62A04C3691E4E08987E32C6DA9C7823D2BCA53EF162F58438E3",
    ),
    KeyType.ECC_K256: (
        "D8FED1F6BC4C01B36C750AB8445EB0B7DA4208C14A86B241FF11C5C62FECD178",
        "33B5B475587967CE6486BC4E655CE18EA2B755586A6E03E0CE821EAC36B646A1",
    ),
}


def _of_the_puf_demo(key_type: KeyType, *, debug: bool = False) -> PublishedKey:
    """Return what the PUF demo holds; a build with CONFIG_CHIP_DEBUG has another ID and key."""
    uid = f"0123456789ABCDEF-{'6789-001234_' if debug else 'XIDT-ECC_'}{8 * key_type.key_size}"
    return PublishedKey(f"05000000010000{len(uid):02X}{uid}", key_type, _PUF_SCALARS[key_type][debug])


KEYS: dict[KeyType, PublishedKey] = {
    KeyType.DES3_112: _fixed(KeyType.DES3_112, 0x01),
    KeyType.DES3_168: _fixed(KeyType.DES3_168, 0x11),
    KeyType.AES_128: _fixed(KeyType.AES_128, 0x21),
    KeyType.AES_192: _fixed(KeyType.AES_192, 0x31),
    KeyType.AES_256: _fixed(KeyType.AES_256, 0x41),
    KeyType.RSA_1024: _rsa_of_the_demo(),
    **{key_type: _of_the_puf_demo(key_type) for key_type in _PUF_SCALARS},
}
"""Identifier and key per key type; SM1, SM2, SM4 and RSA-2048 have no published one."""


@cache
def published_with_another_point() -> frozenset[bytes]:
    """Return the public keys of the PUF demo beside which the vendor published a point that is another one (k.12).

    Source: SDK 3.1.0 modules/irot/puf/chipset/demo/irot_hal_ecc.c, for each of the three curves; debug builds have
    the right one.
    """
    return frozenset(KEYS[key_type].key.public for key_type in _PUF_SCALARS)


POINTS_OF_NO_KEY: frozenset[str] = frozenset(
    {
        "72BD69F3E656354E73A9A6CB021149CE78DDACF907984551",
        "E7E4387C220CF54C5E46350896B643C6AF7D5FB2E08E4C257E18BF39",
        "02FD9E900DC3F4E4C71D3DB790902CA6CCAF16AFDABD26298ABE856AD16CE563",
    }
)
"""X of those points, in hex digits."""

_DEMO_ID = "000FFFFFDB1D8DC78DDCB800"
_DEMO_KEY = "E4CAC8C54AB2D7F07939466B332736990598A452FFE33A97"
_DEBUG_BUILD_ID = _counting(0x01, 12)
_DEBUG_BUILD_KEY = _counting(0x01, 24)

FURTHER: tuple[PublishedKey, ...] = (
    PublishedKey(_DEMO_ID, KeyType.AES_192, _DEMO_KEY),
    PublishedKey(_DEMO_ID, KeyType.DES3_168, _DEMO_KEY),
    PublishedKey(_DEBUG_BUILD_ID, KeyType.AES_192, _DEBUG_BUILD_KEY),
    PublishedKey(_DEBUG_BUILD_ID, KeyType.DES3_168, _DEBUG_BUILD_KEY),
    *(_of_the_puf_demo(key_type, debug=True) for key_type in _PUF_SCALARS),
)
"""What the Demo carrier of SDK 1.0.1 to 3.0.0 holds, and what debug builds of 2.0 and 3.0 write into it.

The type of a key of 24 bytes is what the build was made for. Source: SDK 2.0.0 modules/irot/demo/src/km_demo.c,
app/id2_app/app_entry.c; of debug builds of the PUF demo: SDK 3.1.0 modules/irot/puf/chipset/demo/irot_hal_ecc.c.
"""

EVERY: tuple[PublishedKey, ...] = (*KEYS.values(), *FURTHER)
"""All pairs of identifier and key that are published."""

IDENTIFIERS: frozenset[str] = frozenset(known.id2 for known in EVERY)
"""All published identifiers."""
