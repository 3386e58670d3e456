"""Block encryption under an ID² key: ECB, no IV, with PKCS#5 padding put on and taken off outside.

Only symmetric keys; `devicecipher` has what is encrypted for a device whatever its key is.
"""

import threading
from functools import lru_cache

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm, Cipher, CipherContext, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES, SM4

from harness.id2.errors import Id2Error
from harness.id2.keys import Key, KeyType

CRYPT_MAX = 1024
_CONTEXTS = 1024
_LOCK = threading.Lock()


def pad(data: bytes, block: int) -> bytes:
    """Add PKCS#5 padding: always 1 to `block` bytes, each holding their number.

    Source: device-protocol.md b.3, c.1.
    """
    count = block - len(data) % block
    return data + bytes([count]) * count


def unpad(data: bytes, block: int) -> bytes:
    """Take off PKCS#5 padding, exactly.

    Raises:
        Id2Error: Not whole blocks, or the last byte is 0 or above `block`, or the padding bytes differ.

    Source: device-protocol.md a.4.
    """
    _require_blocks(data, block, "padded data")
    count = data[-1]
    if not 1 <= count <= block:
        raise Id2Error(
            f"padding byte is 0x{count:02X}; it must be 0x01 to 0x{block:02X}",
            field="padding",
            position=len(data) - 1,
        )
    for position in range(len(data) - count, len(data)):
        if data[position] != count:
            raise Id2Error(
                f"padding byte at position {position} is 0x{data[position]:02X}; the last byte says "
                f"0x{count:02X}",
                field="padding",
                position=position,
            )
    return data[:-count]


def unpad_like_sdk(data: bytes, block: int) -> bytes:
    """Take off padding the way SDK 3.1 does: a last byte of 0x00 is accepted and nothing is taken off.

    Raises:
        Id2Error: As `unpad`, but for the 0x00.

    Source: device-protocol.md a.4, k.2.
    """
    _require_blocks(data, block, "padded data")
    return data if data[-1] == 0 else unpad(data, block)


def ecb_encrypt(key: Key, data: bytes) -> bytes:
    """Encrypt whole blocks with ECB, without padding.

    Raises:
        Id2Error: Asymmetric key, SM1 key (the cipher is unpublished), or data that is not whole blocks.

    Source: device-protocol.md b.3, c.1.
    """
    context = _encryptor(key)
    _require_blocks(data, key.key_type.block_size, "plaintext", allow_empty=True)
    with _LOCK:
        return context.update(data)


def ecb_decrypt(key: Key, data: bytes) -> bytes:
    """Decrypt whole blocks with ECB, leaving the padding on.

    Raises:
        Id2Error: Asymmetric key, SM1 key (the cipher is unpublished), or data that is not whole blocks.

    Source: device-protocol.md c.1.
    """
    algorithm = _algorithm(key)
    _require_blocks(data, key.key_type.block_size, "ciphertext", allow_empty=True)
    context = Cipher(algorithm, modes.ECB()).decryptor()  # noqa: S305  ECB is what the ID² protocol says
    return context.update(data) + context.finalize()


def encrypt(key: Key, plain: bytes) -> bytes:
    """Encrypt under the ID² key as the service does for `id2_client_decrypt`: PKCS#5, ECB.

    Raises:
        Id2Error: Empty, or the ciphertext would be longer than the 1024 bytes that a device takes.

    Source: device-protocol.md a.1, c.1.
    """
    if not plain:
        raise Id2Error("plaintext is empty", field="plain")
    padded = pad(plain, _symmetric_block(key.key_type))
    if len(padded) > CRYPT_MAX:
        raise Id2Error(
            f"plaintext has {len(plain)} bytes; padded it would be {len(padded)}, and a device decrypts at "
            f"most {CRYPT_MAX}",
            field="plain",
        )
    return ecb_encrypt(key, padded)


def decrypt(key: Key, cipher: bytes) -> bytes:
    """Do what `id2_client_decrypt` does: ECB, then exact PKCS#5.

    Args:
        key: The ID² key.
        cipher: Raw bytes (not hex, not base64), whole blocks, at most 1024 bytes.

    Raises:
        Id2Error: Empty, too long, not whole blocks, or wrong padding (also the 0x00 that SDK 3.1 lets pass).

    Source: device-protocol.md a.1, a.4, c.1.
    """
    require_cipher(key.key_type, cipher)
    return unpad(ecb_decrypt(key, cipher), key.key_type.block_size)


def require_cipher(key_type: KeyType, cipher: bytes) -> None:
    """Check the limits of `id2_client_decrypt`.

    Raises:
        Id2Error: Empty, above 1024 bytes, not whole blocks, or an asymmetric key type.

    Source: device-protocol.md a.1, a.4.
    """
    block = _symmetric_block(key_type)
    if len(cipher) > CRYPT_MAX:
        raise Id2Error(f"ciphertext has {len(cipher)} bytes; the limit is {CRYPT_MAX}", field="cipher")
    _require_blocks(cipher, block, "ciphertext")


def _symmetric_block(key_type: KeyType) -> int:
    if not key_type.symmetric:
        raise Id2Error(f"key type {key_type} is asymmetric; this needs a symmetric key", field="key_type")
    return key_type.block_size


@lru_cache(maxsize=_CONTEXTS)
def _encryptor(key: Key) -> CipherContext:
    """Return what encrypts whole blocks: from one to the next ECB keeps nothing, and a new context costs far more."""
    return Cipher(_algorithm(key), modes.ECB()).encryptor()  # noqa: S305  ECB is what the ID² protocol says


def _algorithm(key: Key) -> BlockCipherAlgorithm:
    match key.key_type:
        case KeyType.DES3_112:
            value = key.reveal()
            return TripleDES(value + value[:8])
        case KeyType.DES3_168:
            return TripleDES(key.reveal())
        case KeyType.AES_128 | KeyType.AES_192 | KeyType.AES_256:
            return AES(key.reveal())
        case KeyType.SM4_128:
            return SM4(key.reveal())
        case KeyType.SM1_128:
            raise Id2Error(
                "SM1 is an unpublished cipher that exists only inside chips; it cannot be computed here",
                field="key_type",
            )
        case _:
            raise Id2Error(
                f"key type {key.key_type} is asymmetric; this needs a symmetric key", field="key_type"
            )


def _require_blocks(data: bytes, block: int, what: str, *, allow_empty: bool = False) -> None:
    if not data and not allow_empty:
        raise Id2Error(f"{what} is empty", field="cipher")
    if len(data) % block:
        raise Id2Error(f"{what} has {len(data)} bytes, which is not a multiple of {block}", field="cipher")
