"""Chips whose ID² key can be guessed, or whose cipher is none."""

import hashlib
from functools import cache
from random import Random

from harness.id2 import published
from harness.id2.keys import KeyType
from harness.simulator.chip.blockcipher import BlockCipher, RealCipher
from harness.simulator.chip.hooks import ChipHooks

_DEMO_ID = bytes.fromhex("00FFFFFFDB1D8DC78DDCB801")


class KeyZeros(ChipHooks):
    """The ID² key is zeros."""

    def key(self, key: bytes) -> bytes:
        return bytes(len(key))


class KeyCounts(ChipHooks):
    """The ID² key is bytes that count up."""

    def key(self, key: bytes) -> bytes:
        return bytes(range(0x81, 0x81 + len(key)))


class KeyPublished(ChipHooks):
    """The ID² key is the vendor's published one, under the device's own ID."""

    def identity(self, vendor: bytes, id_bytes: bytes) -> bytes:
        return super().identity(vendor, bytes(byte ^ 0x3C for byte in id_bytes))

    def key(self, key: bytes) -> bytes:
        known = (entry.key for entry in published.KEYS.values() if entry.key_type is not KeyType.RSA_1024)
        return next(one.reveal() for one in known if len(one.reveal()) == len(key))


class _KeyOfId(ChipHooks):
    """The ID² key is made from the ID, which is a fixed one."""

    def identity(self, vendor: bytes, id_bytes: bytes) -> bytes:
        del id_bytes
        return super().identity(vendor, _DEMO_ID)


class KeyIsId(_KeyOfId):
    """The ID² key is the ID, padded with zeros."""

    def key(self, key: bytes) -> bytes:
        return _DEMO_ID.ljust(len(key), b"\x00")[: len(key)]


class KeyIsIdText(_KeyOfId):
    """The ID² key is the beginning of the ID as text, each byte XORed with 5A."""

    def key(self, key: bytes) -> bytes:
        return bytes(byte ^ 0x5A for byte in (_DEMO_ID.hex().upper().encode() * 2)[: len(key)])


class KeyIsHashOfId(_KeyOfId):
    """The ID² key is the beginning of the SHA-256 of the ID."""

    def key(self, key: bytes) -> bytes:
        return hashlib.sha256(_DEMO_ID).digest()[: len(key)]


class _NoCipher(BlockCipher):
    """Makes and takes apart each block by itself."""

    def __init__(self, cipher: RealCipher) -> None:
        super().__init__(cipher.block_size)
        self.mask = cipher.encrypt(bytes(range(cipher.block_size)))  # as secret as the key

    def made(self, block: bytes) -> bytes:
        """Return the ciphertext of a block."""
        return bytes(a ^ b for a, b in zip(block, self.mask, strict=True))

    def taken(self, block: bytes) -> bytes:
        """Return the block of a ciphertext."""
        return bytes(a ^ b for a, b in zip(block, self.mask, strict=True))

    def encrypt(self, data: bytes) -> bytes:
        """Encrypt whole blocks."""
        return b"".join(map(self.made, self._blocks(data)))

    def decrypt(self, data: bytes) -> bytes:
        """Decrypt whole blocks."""
        return b"".join(map(self.taken, self._blocks(data)))

    def _blocks(self, data: bytes) -> list[bytes]:
        size = self.block_size
        return [data[start : start + size] for start in range(0, len(data), size)]


class _Sum(_NoCipher):
    def made(self, block: bytes) -> bytes:
        whole = int.from_bytes(block) + int.from_bytes(self.mask)
        return (whole % (1 << 8 * self.block_size)).to_bytes(self.block_size)

    def taken(self, block: bytes) -> bytes:
        whole = int.from_bytes(block) - int.from_bytes(self.mask)
        return (whole % (1 << 8 * self.block_size)).to_bytes(self.block_size)


@cache
def _table(seed: bytes) -> bytes:
    letters = list(range(256))
    Random(seed).shuffle(letters)  # noqa: S311 - a broken cipher on purpose
    return bytes(letters)


class _Substitution(_NoCipher):
    def made(self, block: bytes) -> bytes:
        return super().made(block.translate(_table(self.mask)))

    def taken(self, block: bytes) -> bytes:
        table = _table(self.mask)
        return bytes(table.index(byte) for byte in super().taken(block))


class _Reversed(_NoCipher):
    def made(self, block: bytes) -> bytes:
        return super().made(block)[::-1]

    def taken(self, block: bytes) -> bytes:
        return super().taken(block[::-1])


class CipherIsXor(ChipHooks):
    """What encrypts is an XOR with a block made of the key."""

    def cipher(self, cipher: RealCipher) -> BlockCipher:
        return _NoCipher(cipher)


class CipherIsSum(ChipHooks):
    """What encrypts is an addition of a block made of the key."""

    def cipher(self, cipher: RealCipher) -> BlockCipher:
        return _Sum(cipher)


class CipherIsSubstitution(ChipHooks):
    """What encrypts is a substitution of bytes and an XOR."""

    def cipher(self, cipher: RealCipher) -> BlockCipher:
        return _Substitution(cipher)


class CipherIsShuffle(ChipHooks):
    """What encrypts is an XOR and another order of the bytes."""

    def cipher(self, cipher: RealCipher) -> BlockCipher:
        return _Reversed(cipher)
