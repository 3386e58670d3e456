"""Secrets, derived keys and encryption under them, over a signer: the key may sit in a chip.

`harness.id2.secrets` has the same functions for a key held here.

Source: device-protocol.md a.1, a.4, c.1 to c.3, k.11.
"""

from collections.abc import Callable

from harness.id2 import ciphers
from harness.id2.errors import Id2Error
from harness.id2.hashes import digest
from harness.id2.keys import Key, KeyType
from harness.id2.signing import Signer

SEED_MAX = 128
DERIVED_MAX = 32

_FAMILIES = ("3DES", "AES", "SM4")


def get_secret(sign: Signer, key_type: KeyType, seed: str) -> str:
    """Return the device secret of a seed, as `id2_client_get_secret` does.

    Args:
        sign: Computes SIGN with the ID² key.
        key_type: Type of that key; 3DES, AES or SM4.
        seed: 1 to 128 bytes as UTF-8.

    Returns:
        64 upper-case hex digits: the hash of SIGN(seed).

    Raises:
        Id2Error: Outside the limits, or a key type that the SDK answers with -8.

    Source: device-protocol.md c.2.
    """
    _require_family(key_type)
    if not seed:
        raise Id2Error("seed is empty; a secret needs 1 to 128 bytes", field="seed")
    return digest(key_type.hash, sign(_seed_bytes(seed))).hex().upper()


def derive_key(sign: Signer, key_type: KeyType, id2: str, seed: str, length: int) -> bytes:
    """Return a derived key, as `id2_client_derive_key` does.

    Args:
        sign: Computes SIGN with the ID² key.
        key_type: Type of that key; 3DES, AES or SM4.
        id2: Identifier of the device.
        seed: 0 to 128 bytes as UTF-8.
        length: 1 to 32 bytes.

    Returns:
        The first `length` bytes of the hash of SIGN(ID ‖ seed).

    Raises:
        Id2Error: Outside the limits, or a key type that the SDK answers with -8.

    Source: device-protocol.md c.2.
    """
    _require_family(key_type)
    if not 1 <= length <= DERIVED_MAX:
        raise Id2Error(
            f"length of a derived key is {length}; it must be 1 to {DERIVED_MAX} bytes", field="length"
        )
    return digest(key_type.hash, sign(id2.encode() + _seed_bytes(seed)))[:length]


def encryption_key(sign: Signer, key_type: KeyType, id2: str, seed: str) -> Key:
    """Return the key that `id2_client_encrypt` uses: AES-256 in AES builds, SM4 in SM4 builds.

    Raises:
        Id2Error: Outside the limits, or neither an AES nor an SM4 key type (the SDK answers -8).

    Source: device-protocol.md c.3.
    """
    kinds = {"AES": KeyType.AES_256, "SM4": KeyType.SM4_128}
    if key_type.family not in kinds:
        raise Id2Error(
            f"key type {key_type} cannot encrypt under a derived key; AES and SM4 can", field="key_type"
        )
    kind = kinds[key_type.family]
    return Key.parse(kind, derive_key(sign, key_type, id2, seed, kind.key_size).hex())


def encrypt(sign: Signer, key_type: KeyType, id2: str, seed: str, plain: bytes) -> bytes:
    """Encrypt as `id2_client_encrypt` does: PKCS#5 and ECB under the derived key.

    Args:
        sign: Computes SIGN with the ID² key.
        key_type: Type of that key; AES or SM4.
        id2: Identifier of the device.
        seed: 0 to 128 bytes as UTF-8; empty is what NULL means.
        plain: 1 to 1024 bytes.

    Raises:
        Id2Error: Outside the limits.

    Source: device-protocol.md a.1, c.3.
    """
    if not 1 <= len(plain) <= ciphers.CRYPT_MAX:
        raise Id2Error(
            f"plaintext has {len(plain)} bytes; it must have 1 to {ciphers.CRYPT_MAX}", field="plain"
        )
    key = encryption_key(sign, key_type, id2, seed)
    return ciphers.ecb_encrypt(key, ciphers.pad(plain, key.key_type.block_size))


def open_encrypted(sign: Signer, key_type: KeyType, id2: str, seed: str, cipher: bytes) -> bytes:
    """Open what `id2_client_encrypt` made; the server's side of it.

    Raises:
        Id2Error: Outside the limits, not whole blocks, or wrong padding.

    Source: device-protocol.md c.3.
    """
    key = encryption_key(sign, key_type, id2, seed)
    return ciphers.unpad(ciphers.ecb_decrypt(key, cipher), key.key_type.block_size)


def decrypt(decrypt_blocks: Callable[[bytes], bytes], key_type: KeyType, cipher: bytes) -> bytes:
    """Do what `id2_client_decrypt` does with a chip that decrypts blocks: limits before, exact PKCS#5 after.

    Args:
        decrypt_blocks: Decrypts whole blocks with ECB under the ID² key, same length back.
        key_type: A symmetric type.
        cipher: Raw bytes, whole blocks, at most 1024.

    Raises:
        Id2Error: Outside the limits, the chip gave another length back, or wrong padding.

    Source: device-protocol.md a.4, c.1.
    """
    ciphers.require_cipher(key_type, cipher)
    opened = decrypt_blocks(cipher)
    if len(opened) != len(cipher):
        raise Id2Error(f"{len(cipher)} bytes were decrypted, {len(opened)} came back", field="plain")
    return ciphers.unpad(opened, key_type.block_size)


def _seed_bytes(seed: str) -> bytes:
    data = seed.encode()
    if len(data) > SEED_MAX:
        raise Id2Error(f"seed has {len(data)} bytes; the limit is {SEED_MAX}", field="seed")
    if 0 in data:
        raise Id2Error(
            "seed holds a NUL character, which ends it on a device", field="seed", position=data.index(0)
        )
    return data


def _require_family(key_type: KeyType) -> None:
    if key_type.family not in _FAMILIES:
        raise Id2Error(
            f"key type {key_type} derives nothing; 3DES, AES and SM4 do (the SDK answers -8)",
            field="key_type",
        )
