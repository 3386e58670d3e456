"""SIGN: what a device computes over a message, whatever its key type, and who computes it."""

from collections.abc import Callable

from harness.id2 import asymmetric, ciphers
from harness.id2.errors import Id2Error
from harness.id2.hashes import digest
from harness.id2.keys import Key, KeyType

Signer = Callable[[bytes], bytes]
"""Message in, SIGN out. A carrier whose key sits in a chip gives one; `signer` makes one from a key."""


def sign_input(key_type: KeyType, message: bytes) -> bytes:
    """Return hash and padding: what a chip with a symmetric key must encrypt with ECB to get SIGN.

    Raises:
        Id2Error: Asymmetric key type.

    Source: device-protocol.md b.3.
    """
    if not key_type.symmetric:
        raise Id2Error(f"key type {key_type} signs the message itself; nothing is padded", field="key_type")
    return ciphers.pad(digest(key_type.hash, message), key_type.block_size)


def sign(key: Key, message: bytes) -> bytes:
    """Return SIGN of a message.

    Raises:
        Id2Error: Public-only key, or SM1 (unpublished).

    Source: device-protocol.md b.3.
    """
    if key.key_type.symmetric:
        return ciphers.ecb_encrypt(key, sign_input(key.key_type, message))
    return asymmetric.sign(key, message)


def fits(key: Key, message: bytes, signature: bytes) -> bool:
    """Tell whether `signature` is SIGN of the message; for asymmetric types a public key is enough.

    Raises:
        Id2Error: SM1 (unpublished).

    Source: device-protocol.md b.3, i.4.
    """
    if key.key_type.symmetric:
        return sign(key, message) == signature
    return asymmetric.verify(key, message, signature)


def signer(key: Key) -> Signer:
    """Return a signer that computes with a key held here."""
    return lambda message: sign(key, message)


def chip_signer(key_type: KeyType, encrypt_blocks: Callable[[bytes], bytes]) -> Signer:
    """Return a signer that lets a chip encrypt.

    Args:
        key_type: A symmetric type.
        encrypt_blocks: Encrypts whole blocks with ECB under the ID² key, same length back.
    """
    return lambda message: encrypt_blocks(sign_input(key_type, message))
