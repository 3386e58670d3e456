"""Signatures with the asymmetric ID² keys, and the RSA operations that a chip offers beside them."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from harness.id2 import ecdsa, sm2
from harness.id2.errors import Id2Error
from harness.id2.keys import Key, KeyType

_RSA = (KeyType.RSA_1024, KeyType.RSA_2048)
# DigestInfo of SHA-256: the fixed DER head that PKCS#1 v1.5 puts before the 32 bytes of hash.
_SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")


def sign(key: Key, message: bytes) -> bytes:
    """Sign a message with an RSA, ECC or SM2 key.

    Returns:
        RSA: PKCS#1 v1.5 over SHA-256, one modulus long. ECC: ECDSA over SHA-256, raw r ‖ s, with the nonce of
            RFC 6979.
        SM2: r ‖ s with Z and user id 1234567812345678.

    Raises:
        Id2Error: Symmetric or public-only key.

    Source: device-protocol.md b.3.
    """
    if key.key_type in _RSA:
        return rsa_private_key(key).sign(message, padding.PKCS1v15(), hashes.SHA256())
    if curve := ecdsa.CURVES.get(key.key_type):
        return ecdsa.sign(curve, int.from_bytes(key.reveal()), message)
    if key.key_type is KeyType.SM2_256:
        return sm2.sign(int.from_bytes(key.reveal()), message)
    raise Id2Error(f"key type {key.key_type} does not sign, it encrypts a hash", field="key_type")


def verify(key: Key, message: bytes, signature: bytes) -> bool:
    """Tell whether `signature` is what `sign` of this key could have made of the message.

    Raises:
        Id2Error: Symmetric key.

    Source: device-protocol.md b.3.
    """
    if key.key_type is KeyType.SM2_256:
        return sm2.verify(sm2.parse_public(key.public), message, signature)
    if curve := ecdsa.CURVES.get(key.key_type):
        return ecdsa.verify(curve, curve.decoded(key.public), message, signature)
    if key.key_type not in _RSA:
        raise Id2Error(f"key type {key.key_type} does not sign, it encrypts a hash", field="key_type")
    try:
        rsa_public_key(key).verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def rsa_recover_hash(key: Key, signature: bytes) -> bytes | None:
    """Return the SHA-256 hash that an RSA signature carries; None when it is none of this key."""
    numbers = rsa_public_key(key).public_numbers()
    if len(signature) != key.key_type.key_size or int.from_bytes(signature) >= numbers.n:
        return None
    block = _rsa_power(key, signature, numbers.e, numbers.n)
    head = b"\x00\x01" + b"\xff" * (len(block) - 3 - len(_SHA256_INFO) - 32) + b"\x00" + _SHA256_INFO
    return block[len(head) :] if block.startswith(head) else None


def rsa_private(key: Key, block: bytes) -> bytes:
    """Raise a block to the private exponent, without padding (asymmetric algorithm 00 of the APDU set).

    Raises:
        Id2Error: Not exactly one modulus long, or not below the modulus.
    """
    numbers = rsa_private_key(key).private_numbers()
    return _rsa_power(key, block, numbers.d, numbers.public_numbers.n)


def rsa_public(key: Key, block: bytes) -> bytes:
    """Raise a block to the public exponent, without any padding.

    Raises:
        Id2Error: Not exactly one modulus long, or not below the modulus.
    """
    numbers = rsa_public_key(key).public_numbers()
    return _rsa_power(key, block, numbers.e, numbers.n)


def rsa_private_key(key: Key) -> rsa.RSAPrivateKey:
    """Return the key as an object of the `cryptography` library.

    Raises:
        Id2Error: Not RSA, or only the public key is known.
    """
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    _require_rsa(key)
    loaded = load_der_private_key(key.reveal(), None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(loaded, rsa.RSAPrivateKey):
        raise Id2Error("key is not an RSA key", field="key")
    return loaded


def rsa_public_key(key: Key) -> rsa.RSAPublicKey:
    """Return the public key as an object of the `cryptography` library.

    Raises:
        Id2Error: Not RSA.
    """
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    _require_rsa(key)
    loaded = load_der_public_key(key.public)
    if not isinstance(loaded, rsa.RSAPublicKey):
        raise Id2Error("key is not an RSA key", field="key")
    return loaded


def _require_rsa(key: Key) -> None:
    if key.key_type not in _RSA:
        raise Id2Error(f"key type {key.key_type} is not RSA", field="key_type")


def _rsa_power(key: Key, block: bytes, exponent: int, modulus: int) -> bytes:
    size = key.key_type.key_size
    value = int.from_bytes(block)
    if len(block) != size or value >= modulus:
        raise Id2Error(
            f"RSA block has {len(block)} bytes; it must have {size} and be below the modulus", field="data"
        )
    return pow(value, exponent, modulus).to_bytes(size)
