"""The block ciphers inside a simulated chip, raw: whole blocks in, whole blocks out, nothing padded."""

from abc import ABC, abstractmethod
from enum import StrEnum

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import (
    BlockCipherAlgorithm,
    Cipher,
    CipherContext,
    algorithms,
    modes,
)

from harness.id2.keys import KeyType


class Family(StrEnum):
    """Which cipher a chip algorithm uses."""

    DES = "des"
    AES = "aes"
    SM4 = "sm4"
    SM1 = "sm1"

    @property
    def block_size(self) -> int:
        """Bytes in a block."""
        return 8 if self is Family.DES else 16


_FAMILIES = {
    KeyType.DES3_112: Family.DES,
    KeyType.DES3_168: Family.DES,
    KeyType.AES_128: Family.AES,
    KeyType.AES_192: Family.AES,
    KeyType.AES_256: Family.AES,
    KeyType.SM4_128: Family.SM4,
    KeyType.SM1_128: Family.SM1,
}


def family_of(key_type: KeyType) -> Family | None:
    """Return the cipher of a symmetric key type, None for an asymmetric one."""
    return _FAMILIES.get(key_type)


class BlockCipher(ABC):
    """A block cipher under one key.

    `encrypt` and `decrypt` are ECB on whole blocks; chaining and MACs are built on them, so a fault that
    changes them changes everything that the chip computes.
    """

    def __init__(self, block_size: int) -> None:
        self.block_size = block_size

    @abstractmethod
    def encrypt(self, data: bytes) -> bytes:
        """Encrypt whole blocks (ECB)."""

    @abstractmethod
    def decrypt(self, data: bytes) -> bytes:
        """Decrypt whole blocks (ECB)."""


class RealCipher(BlockCipher):
    """3DES, AES or SM4.

    SM1 is secret, so its place is taken by AES-128 under the same key: enough to check lengths, paths and the
    constant last block, never the values. Source: device-protocol.md b.3 (SM1 was run with a dummy cipher
    too).
    """

    def __init__(self, family: Family, key: bytes) -> None:
        super().__init__(family.block_size)
        self.family = family
        self._ecb = Cipher(_algorithm(family, key), modes.ECB())  # noqa: S305 - ECB is what ID² uses

    def encrypt(self, data: bytes) -> bytes:
        """Encrypt whole blocks (ECB)."""
        return _run(self._ecb.encryptor(), data)

    def decrypt(self, data: bytes) -> bytes:
        """Decrypt whole blocks (ECB)."""
        return _run(self._ecb.decryptor(), data)


def cbc_encrypt(cipher: BlockCipher, iv: bytes, data: bytes) -> bytes:
    """Encrypt whole blocks in CBC mode; the last block of the result is the IV of what follows."""
    out = bytearray()
    for block in _blocks(data, cipher.block_size):
        iv = cipher.encrypt(_xor(block, iv))
        out += iv
    return bytes(out)


def cbc_decrypt(cipher: BlockCipher, iv: bytes, data: bytes) -> bytes:
    """Decrypt whole blocks in CBC mode; the last block of `data` is the IV of what follows."""
    out = bytearray()
    for block in _blocks(data, cipher.block_size):
        out += _xor(cipher.decrypt(block), iv)
        iv = block
    return bytes(out)


def _algorithm(family: Family, key: bytes) -> BlockCipherAlgorithm:
    match family:
        case Family.DES:
            return TripleDES(key + key[:8] if len(key) == 16 else key)
        case Family.SM4:
            return algorithms.SM4(key)
        case Family.AES | Family.SM1:
            return algorithms.AES(key)


def _run(context: CipherContext, data: bytes) -> bytes:
    return context.update(data) + context.finalize()


def _blocks(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


def _xor(left: bytes, right: bytes) -> bytes:
    return (int.from_bytes(left) ^ int.from_bytes(right)).to_bytes(len(left))
