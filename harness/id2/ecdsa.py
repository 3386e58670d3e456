"""ECDSA over SHA-256 on the curves of PUF devices: secp192k1, secp224k1 and secp256k1.

Source: SEC 1, 4.1; SEC 2, 2.2.1, 2.3.1 and 2.4.1 (curves); RFC 6979 (nonce); device-protocol.md b.3; SDK 3.1.0
modules/irot/puf/chipset/demo (which curves, raw r ‖ s).
"""

import hmac
from collections.abc import Mapping
from hashlib import sha256
from types import MappingProxyType

from harness.id2.curve import Curve, Point
from harness.id2.errors import Id2Error
from harness.id2.keytypes import KeyType

CURVES: Mapping[KeyType, Curve] = MappingProxyType(
    {
        KeyType.ECC_K192: Curve(
            "secp192k1",
            24,
            0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFEE37,
            0,
            3,
            Point(
                0xDB4FF10EC057E9AE26B07D0280B7F4341DA5D1B1EAE06C7D,
                0x9B2F2F6D9C5628A7844163D015BE86344082AA88D95E2F9D,
            ),
            0xFFFFFFFFFFFFFFFFFFFFFFFE26F2FC170F69466A74DEFD8D,
        ),
        KeyType.ECC_K224: Curve(
            "secp224k1",
            28,
            0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFE56D,
            0,
            5,
            Point(
                0xA1455B334DF099DF30FC28A169A467E9E47075A90F7E650EB6B7A45C,
                0x7E089FED7FBA344282CAFBD6F7E319F7C0B0BD59E2CA4BDB556D61A5,
            ),
            0x010000000000000000000000000001DCE8D2EC6184CAF0A971769FB1F7,
        ),
        KeyType.ECC_K256: Curve(
            "secp256k1",
            32,
            0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFC2F,
            0,
            7,
            Point(
                0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
                0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
            ),
            0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
        ),
    }
)
"""The curve of each ECC key type."""


def public_point(curve: Curve, private: int) -> Point:
    """Return the public key of a private scalar.

    Raises:
        Id2Error: The scalar is not between 1 and the order minus 1.
    """
    if not 0 < private < curve.order:
        raise Id2Error(
            f"key on {curve.name} is not between 1 and the order of the curve minus 1", field="key"
        )
    return curve.finite(private)


def sign(curve: Curve, private: int, message: bytes, *, nonce: int | None = None) -> bytes:
    """Sign a message.

    Args:
        curve: The curve of the key.
        private: Private scalar.
        message: The message itself; SHA-256 is applied here.
        nonce: The k of the standard; by default that of RFC 6979, so that a message always gives the same signature.

    Returns:
        r ‖ s, each as long as a coordinate.

    Raises:
        Id2Error: A given nonce cannot be used.
    """
    hashed = sha256(message).digest()
    for attempt in range(64):
        k = _nonce(curve, private, hashed, attempt) if nonce is None else nonce
        r = curve.finite(k).x % curve.order
        s = pow(k, -1, curve.order) * (truncated(curve, hashed) + r * private) % curve.order
        # On secp224k1 the order has a bit more than a coordinate; the raw form has no room for it.
        if r and s and max(r, s).bit_length() <= 8 * curve.size:
            return joined(curve, r, s)
        if nonce is not None:
            break
    raise Id2Error(f"{curve.name} nonce cannot be used with this message", field="nonce")


def verify(curve: Curve, public: Point, message: bytes, signature: bytes) -> bool:
    """Tell whether r ‖ s is a signature of the message by this key.

    Both of the two values of s that fit are right: the SDK's demo does not take the lower one.
    """
    if len(signature) != 2 * curve.size:
        return False
    r, s = split(curve, signature)
    if not (0 < r < curve.order and 0 < s < curve.order):
        return False
    inverse = pow(s, -1, curve.order)
    hashed = truncated(curve, sha256(message).digest())
    point = curve.combined(hashed * inverse % curve.order, r * inverse % curve.order, public)
    return point is not None and point.x % curve.order == r


def joined(curve: Curve, r: int, s: int) -> bytes:
    """Return r ‖ s."""
    return r.to_bytes(curve.size) + s.to_bytes(curve.size)


def split(curve: Curve, signature: bytes) -> tuple[int, int]:
    """Return r and s of a raw signature of the right length."""
    return int.from_bytes(signature[: curve.size]), int.from_bytes(signature[curve.size :])


def truncated(curve: Curve, hashed: bytes) -> int:
    """Return the leftmost bits of a hash, as many as the order of the curve has."""
    return int.from_bytes(hashed) >> max(0, 8 * len(hashed) - curve.order.bit_length())


def _nonce(curve: Curve, private: int, hashed: bytes, attempt: int) -> int:
    """Derive k from key and hash. Source: RFC 6979 section 3.2."""
    bits = curve.order.bit_length()
    size = -(-bits // 8)
    material = private.to_bytes(size) + (truncated(curve, hashed) % curve.order).to_bytes(size)
    value, key = b"\x01" * 32, b"\x00" * 32
    for mark in (b"\x00", b"\x01"):
        key = hmac.digest(key, value + mark + material, "sha256")
        value = hmac.digest(key, value, "sha256")
    while True:
        drawn = b""
        while len(drawn) < size:
            value = hmac.digest(key, value, "sha256")
            drawn += value
        k = int.from_bytes(drawn) >> (8 * len(drawn) - bits)
        if 0 < k < curve.order:
            if attempt == 0:
                return k
            attempt -= 1
        key = hmac.digest(key, value + b"\x00", "sha256")
        value = hmac.digest(key, value, "sha256")
