"""Clients of iTLS with predictable IVs.

Source: RFC 5246 6.2.3.2: an IV must be unpredictable.
"""

from collections.abc import Callable
from secrets import token_bytes
from typing import ClassVar

from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from harness.itls.client import ClientConnection
from harness.itls.key_schedule import DirectionKeys
from harness.itls.records import Protection
from harness.itls.suites import BLOCK_SIZE, IV_SIZE, Suite


class _ChosenIv(Protection):
    """Encrypts each record in a chain of its own, under an IV that `_iv` chooses."""

    def __init__(
        self, suite: Suite, keys: DirectionKeys, random: Callable[[int], bytes] = token_bytes
    ) -> None:
        super().__init__(suite, keys, random)
        self._key = keys.cipher
        self._last_block = bytes(IV_SIZE)
        self._kept = b""

    def _iv(self) -> bytes:
        return self._random(IV_SIZE)

    def protect(self, kind: int, plain: bytes, tail: Callable[[bytes, bytes], bytes] | None = None) -> bytes:
        iv = self._iv()
        self._cipher = Cipher(AES(self._key.reveal()), modes.CBC(iv))
        self._encryptor = None
        # The first block that comes out stands for what the chain made of a random IV; here the IV itself is due.
        sealed = self._sealed(kind, plain, tail)
        self._last_block = sealed[-BLOCK_SIZE:]
        return iv + sealed

    def _sealed(self, kind: int, plain: bytes, tail: Callable[[bytes, bytes], bytes] | None) -> bytes:
        random, self._random = self._random, lambda _size: b""
        try:
            return super().protect(kind, plain, tail)
        finally:
            self._random = random


class _ZeroIv(_ChosenIv):
    def _iv(self) -> bytes:
        return bytes(IV_SIZE)


class _CountedIv(_ChosenIv):
    def _iv(self) -> bytes:
        return self.sequence.to_bytes(IV_SIZE, "big")


class _ChainedIv(_ChosenIv):
    def _iv(self) -> bytes:
        return self._last_block if self.sequence else super()._iv()


class _ReusedIv(_ChosenIv):
    """One random IV for all records of a session."""

    def _iv(self) -> bytes:
        if not self.sequence:
            self._kept = super()._iv()
        return self._kept


def writing_with(writer: type[Protection]) -> type[ClientConnection]:
    """Return a client that writes records under keys with this."""

    class Writing(ClientConnection):
        _WRITING: ClassVar[type[Protection]] = writer

    return Writing


ZERO_IV, COUNTED_IV = writing_with(_ZeroIv), writing_with(_CountedIv)
CHAINED_IV, REUSED_IV = writing_with(_ChainedIv), writing_with(_ReusedIv)
