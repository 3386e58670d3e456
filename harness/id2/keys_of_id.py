"""Keys that somebody may have made of an ID by more than one step: checksums, keyed hashes, a cipher, shifted bytes.

The ID is public, so a key that is made from it and from nothing secret is no secret.
"""

import base64
import hmac
import zlib
from collections.abc import Callable, Iterator, Sequence

from harness.id2 import published
from harness.id2.ciphers import ecb_encrypt
from harness.id2.keys import Key, KeyType
from harness.id2.vendors import VENDORS
from harness.secret import Secret

Hashes = Sequence[tuple[str, Callable[[bytes], bytes]]]

_HMACS = ("md5", "sha1", "sha256", "sha512")
_COMMON = (b"", bytes(16), b"id2", b"ID2", b"aliyun", b"alibaba", b"key", b"secret", b"AliYun.ID2")
_FIXED_BYTES = (0x00, 0xFF)
_CIPHERS = (KeyType.AES_128, KeyType.AES_256, KeyType.DES3_112, KeyType.SM4_128)


def made_of_id(size: int, name: str, form: bytes, hashes: Hashes) -> Iterator[tuple[str, bytes]]:
    """Yield keys of `size` bytes that are made of one form of the ID, with how, in words.

    Args:
        size: Bytes of the key.
        name: What the form is called.
        form: The ID in this form.
        hashes: Hash functions by their names.
    """
    yield from _parts(size, f"the {name}", form)
    yield from _shifted(size, name, form)
    yield from _summed(size, name, form)
    yield from _parts(size, f"base64 of the {name}", base64.b64encode(form))
    for hash_name, function in hashes:
        digest = function(form)
        yield from _parts(size, f"{hash_name} of the {name}", digest)
        yield _cut(size, f"the {name} and {hash_name} of it", form + digest)
    for other in _COMMON:
        for kind in _HMACS:
            for secret, message in ((other, form), (form, other)):
                yield from _parts(
                    size,
                    f"HMAC with {kind} of the {name} and a common word",
                    hmac.digest(secret, message, kind),
                )
    yield from _enciphered(size, name, form)


def _parts(size: int, how: str, value: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield each part of a value that is as long as the key, or the value repeated."""
    if len(value) < size:
        yield _cut(size, f"{how}, repeated", value * size)
    for start in range(len(value) - size + 1):
        yield f"a part of {how}", value[start : start + size]


def _shifted(size: int, name: str, form: bytes) -> Iterator[tuple[str, bytes]]:
    whole = (form * size)[:size]
    for step in range(1, 256):
        yield f"the {name}, {step} added to each byte", bytes((byte + step) % 256 for byte in whole)
    for turn in range(1, 8):
        yield (
            f"the {name}, the bits of each byte turned",
            bytes((byte << turn | byte >> 8 - turn) & 0xFF for byte in whole),
        )
    yield f"the {name}, the bits of each byte reversed", bytes(int(f"{byte:08b}"[::-1], 2) for byte in whole)
    for first in (0, 1):
        places = range(first, first + size)
        yield f"the {name}, XORed with a count", bytes(a ^ b for a, b in zip(whole, places, strict=True))
        yield (
            f"the {name}, a count added",
            bytes((a + b) % 256 for a, b in zip(whole, places, strict=True)),
        )


def _summed(size: int, name: str, form: bytes) -> Iterator[tuple[str, bytes]]:
    for checksum, value in (("CRC-32", zlib.crc32(form)), ("Adler-32", zlib.adler32(form))):
        for four in (value.to_bytes(4, "big"), value.to_bytes(4, "little")):
            yield _cut(size, f"{checksum} of the {name}, repeated", four * size)
            yield _cut(size, f"the {name} and its {checksum}", (form + four) * 2)
            yield _cut(size, f"{checksum} and the {name}", (four + form) * 2)
    for vendor in VENDORS:
        for head in (vendor.to_bytes(2), vendor.to_bytes(2) + bytes((len(form),))):
            yield _cut(size, f"vendor and {name}", (head + form).ljust(size, b"\x00"))
            yield _cut(size, f"vendor and {name}", (head + form) * size)


def _enciphered(size: int, name: str, form: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the form under keys that everybody knows, filled up with zeros or by PKCS#5, once and repeated."""
    for kind in _CIPHERS:
        keys = [bytes((byte,)) * kind.key_size for byte in _FIXED_BYTES]
        keys += [one.key.reveal() for one in published.EVERY if one.key_type is kind]
        block = kind.block_size
        rest = -len(form) % block
        for value in keys:
            for filled in (form + bytes(rest), form + bytes((rest or block,)) * (rest or block)):
                sealed = ecb_encrypt(Key(kind, Secret(value)), filled)
                yield _cut(size, f"the {name}, encrypted under a known key", sealed * size)


def _cut(size: int, how: str, value: bytes) -> tuple[str, bytes]:
    return how, value[:size].ljust(size, b"\x00")
