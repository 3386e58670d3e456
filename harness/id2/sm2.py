"""SM2 on big integers: signature with Z and user id, and public-key encryption in the order C1 ‖ C3 ‖ C2.

Written for a test harness: it is exact, not constant in time. Never let it hold a product's key.

Source: GB/T 32918 parts 1, 2, 4 and 5 (curve sm2p256v1); user id and forms: device-protocol.md b.3, e.2.
"""

import hmac
import secrets

from harness.id2.curve import Curve, Point
from harness.id2.errors import Id2Error
from harness.id2.hashes import HashType, digest

P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
A = P - 3
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
GX = 0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7
GY = 0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0

USER_ID = b"1234567812345678"
SIGN_SIZE = 64
_POINT_SIZE = 65


CURVE = Curve("SM2", 32, P, A, B, Point(GX, GY), N)
"""The curve sm2p256v1."""


def public_point(private: int) -> Point:
    """Return the public key of a private scalar.

    Raises:
        Id2Error: The scalar is not between 1 and n - 2 (n - 1 cannot sign).
    """
    if not 1 <= private <= N - 2:
        raise Id2Error("key of type sm2-256 is not between 1 and the order of the curve minus 2", field="key")
    return CURVE.finite(private)


def public_bytes(point: Point) -> bytes:
    """Return `04 ‖ X ‖ Y`, 65 bytes."""
    return CURVE.encoded(point)


def parse_public(data: bytes) -> Point:
    """Read `04 ‖ X ‖ Y` and check that it is on the curve.

    Raises:
        Id2Error: Another form, or not a point of the curve.
    """
    return CURVE.decoded(data)


def z_value(public: Point, user_id: bytes = USER_ID) -> bytes:
    """Return Z, the 32-byte hash of user id, curve and public key that goes before the message.

    Source: GB/T 32918.2, 5.5.
    """
    parts = [(8 * len(user_id)).to_bytes(2), user_id]
    parts += [number.to_bytes(32) for number in (A, B, GX, GY, public.x, public.y)]
    return digest(HashType.SM3, b"".join(parts))


def sign(private: int, message: bytes, *, user_id: bytes = USER_ID, nonce: int | None = None) -> bytes:
    """Sign a message.

    Args:
        private: Private scalar.
        message: The message itself; Z and SM3 are applied here.
        user_id: User id that goes into Z.
        nonce: The k of the standard, for published vectors; by default derived from key and message as RFC
            6979 does with HMAC-SHA-256, so that the same message always gives the same signature.

    Returns:
        64 bytes, r ‖ s.

    Source: GB/T 32918.2, 6.1.
    """
    e = int.from_bytes(digest(HashType.SM3, z_value(public_point(private), user_id) + message))
    for attempt in range(64):
        k = nonce if nonce is not None else _nonce(private, e, attempt)
        point = CURVE.finite(k)
        r = (e + point.x) % N
        s = pow(1 + private, -1, N) * (k - r * private) % N
        if r and r + k != N and s:
            return r.to_bytes(32) + s.to_bytes(32)
        if nonce is not None:
            break
    raise Id2Error("SM2 nonce cannot be used with this message", field="nonce")


def verify(public: Point, message: bytes, signature: bytes, *, user_id: bytes = USER_ID) -> bool:
    """Tell whether r ‖ s is a signature of the message by this key.

    Source: GB/T 32918.2, 7.1.
    """
    if len(signature) != SIGN_SIZE:
        return False
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    t = (r + s) % N
    if not (1 <= r < N and 1 <= s < N and t):
        return False
    e = int.from_bytes(digest(HashType.SM3, z_value(public, user_id) + message))
    point = CURVE.combined(s, t, public)
    return point is not None and (e + point.x) % N == r


def encrypt(public: Point, plain: bytes, *, nonce: int | None = None) -> bytes:
    """Encrypt for a public key.

    Args:
        public: Public key of the receiver.
        plain: At least one byte.
        nonce: The k of the standard, for reproducible vectors; random by default.

    Returns:
        C1 ‖ C3 ‖ C2: 65 bytes of point, 32 bytes of SM3, then as many bytes as `plain` has.

    Raises:
        Id2Error: Empty plaintext.

    Source: GB/T 32918.4, 6.1; order of the parts: device-protocol.md e.2.
    """
    if not plain:
        raise Id2Error("SM2 encrypts at least one byte", field="plain")
    while True:
        k = nonce if nonce is not None else 1 + secrets.randbelow(N - 1)
        c1 = CURVE.finite(k)
        shared = CURVE.finite(k, public)
        mask = _kdf(shared, len(plain))
        if any(mask):
            return public_bytes(c1) + _tag(shared, plain) + _xor(plain, mask)
        if nonce is not None:
            raise Id2Error("SM2 nonce gives an empty mask", field="nonce")


def decrypt(private: int, cipher: bytes) -> bytes:
    """Open C1 ‖ C3 ‖ C2.

    Raises:
        Id2Error: Too short, C1 not on the curve, or C3 does not fit (altered, or another key).

    Source: GB/T 32918.4, 7.1; order of the parts: device-protocol.md e.2.
    """
    if len(cipher) <= _POINT_SIZE + 32:
        raise Id2Error(
            f"SM2 ciphertext has {len(cipher)} bytes; C1 ‖ C3 ‖ C2 has at least 98", field="cipher"
        )
    c1 = parse_public(cipher[:_POINT_SIZE])
    c3, c2 = cipher[_POINT_SIZE : _POINT_SIZE + 32], cipher[_POINT_SIZE + 32 :]
    shared = CURVE.finite(private, c1)
    plain = _xor(c2, _kdf(shared, len(c2)))
    if not hmac.compare_digest(_tag(shared, plain), c3):
        raise Id2Error("SM2 ciphertext does not fit its C3: altered, or made for another key", field="cipher")
    return plain


def _tag(shared: Point, plain: bytes) -> bytes:
    return digest(HashType.SM3, shared.x.to_bytes(32) + plain + shared.y.to_bytes(32))


def _kdf(shared: Point, size: int) -> bytes:
    seed = shared.x.to_bytes(32) + shared.y.to_bytes(32)
    rounds = -(-size // 32)
    return b"".join(digest(HashType.SM3, seed + (i + 1).to_bytes(4)) for i in range(rounds))[:size]


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


def _nonce(private: int, e: int, attempt: int) -> int:
    """Derive k from key and hash, following RFC 6979 section 3.2."""
    material = private.to_bytes(32) + (e % N).to_bytes(32)
    value, key = b"\x01" * 32, b"\x00" * 32
    for mark in (b"\x00", b"\x01"):
        key = hmac.digest(key, value + mark + material, "sha256")
        value = hmac.digest(key, value, "sha256")
    while True:
        value = hmac.digest(key, value, "sha256")
        k = int.from_bytes(value)
        if 1 <= k < N:
            if attempt == 0:
                return k
            attempt -= 1
        key = hmac.digest(key, value + b"\x00", "sha256")
        value = hmac.digest(key, value, "sha256")
