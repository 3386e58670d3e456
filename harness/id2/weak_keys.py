"""Keys that somebody can guess, found without knowing the key: one block and its ciphertext tell.

The last block of every auth code is the ciphertext of a constant block of padding, so each code of a device with a
symmetric key lets anyone try keys. What is tried here is what makers leave in by mistake: zeros, counting bytes, keys
of test programs and standards, keys made from the device's own ID. A match proves that the key can be derived.

Source: device-protocol.md b.3 (the constant last block), b.5 (published keys), b.6 (inverted ID); FIPS 197, FIPS 46-3
    and GB/T 32907 for the keys of their examples; NIST SP 800-67 for weak and semi-weak DES keys.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from harness.id2 import published
from harness.id2.ciphers import ecb_encrypt
from harness.id2.hashes import HashType, digest
from harness.id2.keys import Key, KeyType
from harness.id2.keys_of_id import made_of_id
from harness.secret import Secret

Pair = tuple[bytes, bytes]
"""A block and its ciphertext."""


@dataclass(frozen=True, slots=True)
class WeakKey:
    """A key that can be guessed.

    Attributes:
        key_type: The type under which it fits.
        how: How it is made, in words that do not show it.
        published_for: The ID that it was published with; empty when it is none of the vendor's debug keys.
    """

    key_type: KeyType
    how: str
    published_for: str = ""


def padding_block(key_type: KeyType) -> bytes:
    """Return the block whose ciphertext ends every auth code. Source: device-protocol.md b.3."""
    return bytes([key_type.block_size]) * key_type.block_size


def find(key_type: KeyType, id2: str, pairs: Iterable[Pair]) -> WeakKey | None:
    """Return the guessable key that turns each block into its ciphertext; None when none of those tried does.

    Args:
        key_type: The key type of the plan; all key lengths of its family are tried.
        id2: The ID of the device; empty when it is not known.
        pairs: One block of the cipher, or more, with their ciphertexts. The first chooses, the others confirm.
    """
    known = tuple(pairs)
    if not known or not key_type.symmetric or key_type is KeyType.SM1_128:
        return None
    return _found(key_type, id2, known)


@lru_cache(maxsize=64)
def _found(key_type: KeyType, id2: str, pairs: tuple[Pair, ...]) -> WeakKey | None:
    plain, sealed = pairs[0]
    for kind in KeyType:
        if kind.family != key_type.family:
            continue
        found = _fixed_by_ciphertext(kind, plain).get(sealed) or next(
            (
                (how, value)
                for how, value in _from_id(kind.key_size, id2)
                if ecb_encrypt(Key(kind, Secret(value)), plain) == sealed
            ),
            None,
        )
        if found is not None:
            how, value = found
            key = Key(kind, Secret(value))
            if all(ecb_encrypt(key, block) == given for block, given in pairs[1:]):
                return WeakKey(kind, how, _published_for(kind, value))
    return None


@lru_cache(maxsize=16)
def _fixed_by_ciphertext(kind: KeyType, plain: bytes) -> dict[bytes, tuple[str, bytes]]:
    """Return the keys that do not depend on the ID by what they make of a block: the first of equal ones stays."""
    table: dict[bytes, tuple[str, bytes]] = {}
    for how, value in _fixed(kind.key_size, des=kind.family == "3DES"):
        table.setdefault(ecb_encrypt(Key(kind, Secret(value)), plain), (how, value))
    return table


def _published_for(key_type: KeyType, value: bytes) -> str:
    known = (one for one in published.EVERY if one.key_type is key_type)
    return next((one.id2 for one in known if one.key.reveal() == value), "")


def _fixed(size: int, *, des: bool) -> Iterator[tuple[str, bytes]]:
    """Yield keys that do not depend on the ID, each once; `des` adds weak DES keys in all combinations."""
    made: dict[bytes, str] = {}
    for how, value in (*_published(size), *_patterns(size), *_known(size), *(_weak_des(size) if des else ())):
        made.setdefault(value, how)
    return ((how, value) for value, how in made.items())


def _patterns(size: int) -> Iterator[tuple[str, bytes]]:
    yield from ((f"the byte {byte:02X} repeated", bytes((byte,)) * size) for byte in range(256))
    for step in (1, -1, 2, -2, 3, 7, 8, 16, 17, -16, -17):
        for first in range(256):
            value = bytes((first + step * place) % 256 for place in range(size))
            yield f"bytes that count from {first:02X} by {step}", value
    for left, right in product(
        (0x00, 0x01, 0x0F, 0x11, 0x12, 0x55, 0x5A, 0xA5, 0xAA, 0xF0, 0xFE, 0xFF), repeat=2
    ):
        for run in (1, 4, 8, size // 2):
            turns = (bytes((left,)) * run + bytes((right,)) * run) * size
            yield "two bytes that take turns", turns[:size]
    for bit in range(8 * size):
        yield "a single bit that is set", (1 << bit).to_bytes(size)
        yield "a single bit that is not set", ((1 << 8 * size) - 1 ^ 1 << bit).to_bytes(size)
    for number in range(1, 4096):
        yield "a small number", number.to_bytes(size, "big")
        yield "a small number", number.to_bytes(size, "little")
    for number in range(1, 256):
        yield "bytes FF and a small number", b"\xff" * (size - 1) + bytes((number,))
        yield "a small number and bytes FF", bytes((number,)) + b"\xff" * (size - 1)
    up = bytes(range(1, size // 2 + 1))
    yield "bytes that count up and down again", up + up[::-1]


def _published(size: int) -> Iterator[tuple[str, bytes]]:
    for entry in published.EVERY:
        if entry.key_type.symmetric:
            value = entry.key.reveal()
            if len(value) == size:
                yield f"the vendor's published key of type {entry.key_type}", value
            yield from _fitted(f"made from the vendor's published key of type {entry.key_type}", value, size)


_EXAMPLES = (
    ("FIPS 197", "2B7E151628AED2A6ABF7158809CF4F3C"),
    ("SP 800-38A", "8E73B0F7DA0E6452C810F32B809079E562F8EAD2522C6B7B"),
    ("SP 800-38A", "603DEB1015CA71BE2B73AEF0857D77811F352C073B6108D72D9810A30914DFF4"),
    ("GB/T 32907", "0123456789ABCDEFFEDCBA9876543210"),
    ("FIPS 46-3", "0123456789ABCDEF23456789ABCDEF01456789ABCDEF0123"),
    ("FIPS 81", "0123456789ABCDEF"),
    ("the vendor's hal_app", "0102030405060708090A0B0C0D0E0F0F0F0F0E0D0C0B0A090807060504030201"),
    ("habit", "DEADBEEF"),
    ("habit", "CAFEBABE"),
    ("habit", "0123456789"),
    ("habit", "1234567890"),
    ("habit", "55AA"),
)
_TEXTS = (
    "",
    "qwertyuiopasdfghjklzxcvbnm",
    "0123456789abcdef",
    "1234567890",
    "12345678",
    "123456",
    "abcdefghijklmnopqrstuvwxyz",
    "password",
    "passwd",
    "admin",
    "root",
    "test",
    "default",
    "secret",
    "key",
    "id2",
    "id2_key",
    "aliyun",
    "AliYun",
    "alibaba",
    "Alibaba",
    "AliYun.ID2",
    "linksecurity",
    "demo",
    "demo-uid",
    "changeme",
    "00000000",
    "11111111",
    "88888888",
    "FFFFFFFF",
)


def _known(size: int) -> Iterator[tuple[str, bytes]]:
    for source, text in _EXAMPLES:
        yield from _fitted(f"an example key ({source})", bytes.fromhex(text), size)
    for text in _TEXTS:
        for form in dict.fromkeys((text, text.upper())):
            if form:
                yield from _fitted("a common word or digits as text", form.encode(), size)
            for name, function in _HASHES:
                yield from _fitted(f"{name} of a common word, or of nothing", function(form.encode()), size)


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


def _sha1(data: bytes) -> bytes:
    return hashlib.sha1(data, usedforsecurity=False).digest()


_HASHES: tuple[tuple[str, Callable[[bytes], bytes]], ...] = (
    ("MD5", _md5),
    ("SHA-1", _sha1),
    ("SHA-256", lambda data: hashlib.sha256(data).digest()),
    ("SM3", lambda data: digest(HashType.SM3, data)),
    ("SHA-224", lambda data: hashlib.sha224(data).digest()),
    ("SHA-384", lambda data: hashlib.sha384(data).digest()),
    ("SHA-512", lambda data: hashlib.sha512(data).digest()),
)


def _from_id(size: int, id2: str) -> Iterator[tuple[str, bytes]]:
    """Yield keys that are made from the ID of the device, each once; none without an ID."""
    made: dict[bytes, str] = {}
    for how, value in _made_from_id(size, id2) if id2 else ():
        made.setdefault(value, how)
    return ((how, value) for value, how in made.items())


def _made_from_id(size: int, id2: str) -> Iterator[tuple[str, bytes]]:
    for name, form in _forms_of(id2):
        yield from made_of_id(size, name, form, _HASHES)
        yield from _fitted(f"the {name}", form, size)
        for mask in range(1, 256):
            masked = bytes(byte ^ mask for byte in form)
            yield f"the {name}, each byte XORed with {mask:02X}", (masked * size)[:size]
            yield (
                f"the {name}, padded, each byte XORed with {mask:02X}",
                bytes(byte ^ mask for byte in form[:size].ljust(size, b"\x00")),
            )
        for length in (4, 6, 8):
            yield f"the first {length} bytes of the {name}, repeated", (form[:length] * size)[:size]
            yield f"the last {length} bytes of the {name}, repeated", (form[-length:] * size)[:size]
        for hash_name, function in _HASHES:
            once = function(form)
            yield from _fitted(f"{hash_name} of the {name}", once, size)
            yield from _fitted(f"{hash_name} of {hash_name} of the {name}", function(once), size)
            yield from _fitted(f"{hash_name} of the {name} as hex text", once.hex().encode(), size)
            yield from _fitted(f"{hash_name} of the {name} as hex text", once.hex().upper().encode(), size)
            for text in ("id2", "ID2", "aliyun", "alibaba", "key", "secret"):
                for mixed in (form + text.encode(), text.encode() + form):
                    salted = function(mixed)
                    yield f"{hash_name} of the {name} and a common word", (salted * size)[:size]
                    yield f"the end of {hash_name} of the {name} and a common word", (salted * size)[-size:]


def _forms_of(id2: str) -> Iterator[tuple[str, bytes]]:
    text = id2.encode()
    yield "ID as text", text
    yield "ID as text in lower case", id2.lower().encode()
    yield "ID as text, backwards", text[::-1]
    try:
        value = bytes.fromhex(id2)
    except ValueError:
        return
    inverted = bytes(byte ^ 0xFF for byte in value)
    yield "ID", value
    yield "ID backwards", value[::-1]
    yield "inverted ID", inverted
    yield "inverted ID as text", inverted.hex().upper().encode()
    yield (
        "ID with the halves of its bytes swapped",
        bytes.fromhex("".join(right + left for left, right in zip(id2[::2], id2[1::2], strict=True))),
    )


def _fitted(how: str, value: bytes, size: int) -> Iterator[tuple[str, bytes]]:
    """Yield `value` as a key of `size` bytes: cut, repeated or padded, forwards and backwards."""
    rest = max(0, size - len(value))
    forms = [
        ("", (value * size)[:size]),
        (", its end", value[-size:].rjust(size, value[:1])),
        (", padded with 00", value[:size].ljust(size, b"\x00")),
        (", padded with FF", value[:size].ljust(size, b"\xff")),
        (", padded in front with 00", value[:size].rjust(size, b"\x00")),
        (", padded in front with FF", value[:size].rjust(size, b"\xff")),
        (", padded by PKCS#5", value[:size] + bytes((rest,)) * rest),
        (", with its own beginning", (value + value[: size - len(value)])[:size].ljust(size, b"\x00")),
        (", there and back", ((value + value[::-1]) * size)[:size]),
    ]
    if len(value) > size:
        folded = bytearray(size)
        for place, byte in enumerate(value):
            folded[place % size] ^= byte
        forms.append((", folded by XOR", bytes(folded)))
    for note, form in forms:
        yield how + note, form
        yield f"{how}{note}, backwards", form[::-1]
        yield f"{how}{note}, inverted", bytes(byte ^ 0xFF for byte in form)


_WEAK = ("0101010101010101", "FEFEFEFEFEFEFEFE", "E0E0E0E0F1F1F1F1", "1F1F1F1F0E0E0E0E")
_SEMI_WEAK = (
    "011F011F010E010E",
    "1F011F010E010E01",
    "01E001E001F101F1",
    "E001E001F101F101",
    "01FE01FE01FE01FE",
    "FE01FE01FE01FE01",
    "1FE01FE00EF10EF1",
    "E01FE01FF10EF10E",
    "1FFE1FFE0EFE0EFE",
    "FE1FFE1FFE0EFE0E",
    "E0FEE0FEF1FEF1FE",
    "FEE0FEE0FEF1FEF1",
)


def _weak_des(size: int) -> Iterator[tuple[str, bytes]]:
    """Yield every combination of weak and semi-weak DES keys, and common DES keys in two or three places."""
    weak = [bytes.fromhex(text) for text in (*_WEAK, *_SEMI_WEAK)]
    for parts in product(weak, repeat=size // 8):
        yield "weak or semi-weak DES keys", b"".join(parts)
    common = [bytes((byte,)) * 8 for byte in (0x00, 0xFF, 0x11, 0x22, 0x33, 0x55, 0xAA)]
    common += [
        bytes(range(high + first, high + first + 8)) for high in range(0, 0xF0, 16) for first in (0, 1)
    ]
    for left in common:
        for right in common:
            yield "two common DES keys", (left + right + left)[:size]


def describe(key: Key, id2: str) -> WeakKey | None:
    """Return how a key that is known can be guessed; None when it is none of those that are tried.

    The parity bits of DES keys make no difference.
    """
    block = padding_block(key.key_type)
    return find(key.key_type, id2, [(block, ecb_encrypt(key, block))])


def degenerate(key: Key) -> str:
    """Return why a known 3DES key is not stronger than fewer keys of DES; empty when it is as strong as its type.

    Source: NIST SP 800-67, keying options; the parity bits make no difference.
    """
    if key.key_type.family != "3DES":
        return ""
    value = bytes(byte & 0xFE for byte in key.reveal())
    parts = [value[start : start + 8] for start in range(0, len(value), 8)]
    if parts[0] == parts[1] or (len(parts) == 3 and parts[1] == parts[2]):
        return "two keys that follow each other are equal, which makes 3DES a single DES"
    if len(parts) == 3 and parts[0] == parts[2]:
        return "the first and the third key are equal, which makes it two-key 3DES"
    return ""


def parts_of(data: bytes, sealed: bytes, block: int) -> Iterable[Pair]:
    """Yield each block of `data` with its ciphertext."""
    for start in range(0, min(len(data), len(sealed)), block):
        yield data[start : start + block], sealed[start : start + block]
