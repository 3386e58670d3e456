"""ECIES as PUF devices decrypt it: `48 01 mode 00 ‖ 04 ‖ X ‖ Y ‖ ciphertext ‖ tag`.

The key stream is KDF2 with SHA-256 over the X coordinate of the shared point; the ciphertext is the plaintext XOR its
part of it, the tag is HMAC-SHA-256 of the ciphertext.
Source: device-protocol.md c.1; SDK 3.1.0 modules/irot/puf/chipset/demo/irot_hal_ecc.c.
"""

import hmac
import secrets
from enum import IntEnum
from hashlib import sha256

from harness.id2.curve import Curve, Point
from harness.id2.errors import Id2Error

MAGIC = 0x48
VERSION = 0x01
TAG_SIZE = 32
_HEAD_SIZE = 4
_MAC_KEY_SIZE = 32


class Mode(IntEnum):
    """Which part of the key stream is which key."""

    MAC_KEY_FIRST = 0
    CIPHER_KEY_FIRST = 1


def overhead(curve: Curve) -> int:
    """Return how many bytes a ciphertext has more than its plaintext."""
    return _HEAD_SIZE + 1 + 2 * curve.size + TAG_SIZE


def encrypt(
    curve: Curve,
    public: Point,
    plain: bytes,
    *,
    mode: Mode = Mode.CIPHER_KEY_FIRST,
    nonce: int | None = None,
) -> bytes:
    """Encrypt for a public key.

    Args:
        curve: The curve of the key.
        public: Public key of the receiver.
        plain: At least one byte.
        mode: Order of the keys; that of the SDK's demo by default.
        nonce: The scalar of the one-time key, for reproducible vectors; random by default.

    Raises:
        Id2Error: Empty plaintext.
    """
    if not plain:
        raise Id2Error("ECIES encrypts at least one byte", field="plain")
    scalar = 1 + secrets.randbelow(curve.order - 1) if nonce is None else nonce
    cipher_key, mac_key = keys(curve, curve.finite(scalar, public), mode, len(plain))
    hidden = _xor(plain, cipher_key)
    head = bytes((MAGIC, VERSION, mode, 0x00)) + curve.encoded(curve.finite(scalar))
    return head + hidden + tag_of(mac_key, hidden)


def decrypt(curve: Curve, private: int, cipher: bytes) -> bytes:
    """Open a ciphertext.

    Raises:
        Id2Error: Too short, another head, a point that is not on the curve, or a tag that does not fit (altered, or
            made for another key).
    """
    if len(cipher) <= overhead(curve):
        least = overhead(curve) + 1
        raise Id2Error(
            f"ECIES ciphertext has {len(cipher)} bytes; on {curve.name} it has at least {least}",
            field="cipher",
        )
    magic, version, number, _ = cipher[:_HEAD_SIZE]
    if (magic, version) != (MAGIC, VERSION) or number not in {*Mode}:
        raise Id2Error(
            f"ECIES head is {cipher[:_HEAD_SIZE].hex(' ').upper()}; it must be 48 01, mode 00 or 01, 00",
            field="cipher",
        )
    end = _HEAD_SIZE + 1 + 2 * curve.size
    shared = curve.finite(private, curve.decoded(cipher[_HEAD_SIZE:end]))
    hidden, tag = cipher[end:-TAG_SIZE], cipher[-TAG_SIZE:]
    cipher_key, mac_key = keys(curve, shared, Mode(number), len(hidden))
    if not hmac.compare_digest(tag_of(mac_key, hidden), tag):
        raise Id2Error(
            "ECIES ciphertext does not fit its tag: altered, or made for another key", field="cipher"
        )
    return _xor(hidden, cipher_key)


def keys(curve: Curve, shared: Point, mode: Mode, size: int) -> tuple[bytes, bytes]:
    """Return the key stream of the cipher and the key of the tag."""
    stream = _kdf2(shared.x.to_bytes(curve.size), size + _MAC_KEY_SIZE)
    if mode is Mode.MAC_KEY_FIRST:
        return stream[_MAC_KEY_SIZE:], stream[:_MAC_KEY_SIZE]
    return stream[:size], stream[size:]


def tag_of(mac_key: bytes, hidden: bytes) -> bytes:
    """Return the tag of a ciphertext."""
    return hmac.digest(mac_key, hidden, "sha256")


def _kdf2(seed: bytes, size: int) -> bytes:
    """Return key material: hashes of the seed and a counter from 1 on. Source: IEEE 1363a, KDF2."""
    rounds = -(-size // sha256().digest_size)
    return b"".join(sha256(seed + number.to_bytes(4)).digest() for number in range(1, rounds + 1))[:size]


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))
