"""Secrets, derived keys and encryption under them, for a key held here; `derive` has the rules."""

from harness.id2 import derive
from harness.id2.keys import Key
from harness.id2.signing import signer


def get_secret(key: Key, seed: str) -> str:
    """Return 64 upper-case hex digits, as `id2_client_get_secret` does.

    Raises:
        Id2Error: Seed outside 1 to 128 bytes, or a key type that derives nothing.

    Source: device-protocol.md c.2.
    """
    return derive.get_secret(signer(key), key.key_type, seed)


def derive_key(key: Key, id2: str, seed: str, length: int) -> bytes:
    """Return `length` bytes (1 to 32), as `id2_client_derive_key` does.

    Raises:
        Id2Error: Outside the limits, or a key type that derives nothing.

    Source: device-protocol.md c.2.
    """
    return derive.derive_key(signer(key), key.key_type, id2, seed, length)


def encrypt(key: Key, id2: str, seed: str, plain: bytes) -> bytes:
    """Encrypt 1 to 1024 bytes as `id2_client_encrypt` does.

    Raises:
        Id2Error: Outside the limits, or neither an AES nor an SM4 key.

    Source: device-protocol.md c.3.
    """
    return derive.encrypt(signer(key), key.key_type, id2, seed, plain)


def open_encrypted(key: Key, id2: str, seed: str, cipher: bytes) -> bytes:
    """Open what `id2_client_encrypt` made.

    Raises:
        Id2Error: Outside the limits, not whole blocks, or wrong padding.

    Source: device-protocol.md c.3.
    """
    return derive.open_encrypted(signer(key), key.key_type, id2, seed, cipher)
