"""What is encrypted for a device, whatever its key is: `id2_client_decrypt` opens it.

A symmetric key: PKCS#5 and ECB. An ECC key of a PUF: ECIES, for which the public key is enough. What RSA and SM2 keys
do is not here: SDK 3.1 cannot decrypt with them (device-protocol.md c.1, k.1), so nothing could be compared with a real
answer; the cipher of SM1 is unpublished.
"""

from harness.id2 import ciphers, ecdsa, ecies
from harness.id2.ciphers import CRYPT_MAX
from harness.id2.errors import Id2Error
from harness.id2.keys import Key, KeyType


def ciphertext_size(key_type: KeyType, plain: int) -> int | None:
    """Return how many bytes the ciphertext of `plain` bytes has; None for a key type that nothing is encrypted with."""
    if curve := ecdsa.CURVES.get(key_type):
        return plain + ecies.overhead(curve)
    if not key_type.symmetric:
        return None
    return (plain // key_type.block_size + 1) * key_type.block_size


def longest_plain(key_type: KeyType) -> int:
    """Return the most bytes whose ciphertext a device takes.

    Raises:
        Id2Error: Nothing is encrypted for a device with this key type.

    Source: device-protocol.md a.1.
    """
    if curve := ecdsa.CURVES.get(key_type):
        return CRYPT_MAX - ecies.overhead(curve)
    if not key_type.symmetric:
        raise _none(key_type)
    return CRYPT_MAX - 1


def encrypt(key: Key, plain: bytes) -> bytes:
    """Encrypt for the device that holds a key; of an ECC key the public one is enough.

    Raises:
        Id2Error: Empty, longer than a device takes, or a key type that nothing is encrypted with.

    Source: device-protocol.md a.1, c.1.
    """
    curve = ecdsa.CURVES.get(key.key_type)
    if curve is None:
        if not key.key_type.symmetric:
            raise _none(key.key_type)
        return ciphers.encrypt(key, plain)
    if len(plain) > longest_plain(key.key_type):
        raise Id2Error(
            f"plaintext has {len(plain)} bytes; a device with key type {key.key_type} decrypts at most "
            f"{longest_plain(key.key_type)}",
            field="plain",
        )
    return ecies.encrypt(curve, curve.decoded(key.public), plain)


def decrypt(key: Key, cipher: bytes) -> bytes:
    """Open what was encrypted for the device that holds a key.

    Raises:
        Id2Error: It does not open, the key is a public one, or of a type that nothing is encrypted with.
    """
    if curve := ecdsa.CURVES.get(key.key_type):
        return ecies.decrypt(curve, int.from_bytes(key.reveal()), cipher)
    if not key.key_type.symmetric:
        raise _none(key.key_type)
    return ciphers.decrypt(key, cipher)


def _none(key_type: KeyType) -> Id2Error:
    return Id2Error(f"key type {key_type}: nothing is encrypted for a device by it", field="key_type")
