"""SymmetricCrypt of the standard chip: ECB, CBC and the two MACs of ISO 9797, in blocks of up to F0 bytes.

Choices where the published facts leave room:
    * The total length in the head counts the data, not the IV; the IV is in front of the data of block 0
      and takes its room out of the first F0 bytes. MACs carry an IV like CBC.
    * The operation ends when the total is reached, whatever P2 says: the vendor's SDK always sends P2 = 01,
      the standard sends 00 while more blocks follow.
    * A MAC is CBC-MAC with the whole last block (ISO 9797-1 algorithm 1; method 1 fills with zeros, method
      2 with 80 and zeros). Verification takes message and MAC as one piece of data; a wrong MAC is 6A80.
    * Every block but that of a MAC must be whole cipher blocks, since the answer comes block by block.

Source: device-protocol.md e.2; vectors AES-128-se.json.
"""

from dataclasses import dataclass
from enum import Enum

from harness.id2.keys import Key
from harness.simulator.chip.blockcipher import (
    BlockCipher,
    Family,
    RealCipher,
    cbc_decrypt,
    cbc_encrypt,
    family_of,
)
from harness.simulator.chip.chaining import HEAD_SIZE, MAX_BLOCK, require_mark, require_size, starts_anew
from harness.simulator.chip.hooks import Check, ChipHooks
from harness.simulator.chip.ica_keys import KeyStore
from harness.simulator.chip.model import Received, Refuse
from harness.simulator.chip.status import Sw

ENCRYPT, DECRYPT, MAC, VERIFY = 0x51, 0x52, 0x53, 0x54


class Shape(Enum):
    """How an algorithm uses the cipher."""

    ECB = "ecb"
    CBC = "cbc"
    MAC_M1 = "mac-m1"
    MAC_M2 = "mac-m2"


ALGORITHMS: dict[int, tuple[Family, Shape]] = {
    0x00: (Family.DES, Shape.CBC),
    0x01: (Family.DES, Shape.ECB),
    0x02: (Family.AES, Shape.CBC),
    0x03: (Family.AES, Shape.ECB),
    0x04: (Family.DES, Shape.MAC_M1),
    0x05: (Family.DES, Shape.MAC_M2),
    0x06: (Family.AES, Shape.MAC_M1),
    0x07: (Family.AES, Shape.MAC_M2),
    0x10: (Family.SM4, Shape.CBC),
    0x11: (Family.SM4, Shape.ECB),
    0x14: (Family.SM4, Shape.MAC_M1),
    0x15: (Family.SM4, Shape.MAC_M2),
    0x18: (Family.SM1, Shape.CBC),
    0x19: (Family.SM1, Shape.ECB),
    0x1A: (Family.SM1, Shape.MAC_M1),
    0x1B: (Family.SM1, Shape.MAC_M2),
}
_MACS = (Shape.MAC_M1, Shape.MAC_M2)
_MODES = {
    Shape.ECB: (ENCRYPT, DECRYPT),
    Shape.CBC: (ENCRYPT, DECRYPT),
    Shape.MAC_M1: (MAC, VERIFY),
    Shape.MAC_M2: (MAC, VERIFY),
}


@dataclass(slots=True)
class _Operation:
    """What the chip remembers from one block to the next."""

    mode: int
    shape: Shape
    cipher: BlockCipher
    iv: bytes
    total: int
    received: int = 0
    next_block: int = 0
    before: bytes = b""
    message: bytes = b""

    @property
    def complete(self) -> bool:
        return self.received >= self.total


class SymmetricUnit:
    """The symmetric part of one session."""

    def __init__(self, keys: KeyStore, hooks: ChipHooks) -> None:
        self._keys = keys
        self._hooks = hooks
        self._running: _Operation | None = None
        self._last_cipher: tuple[Key | None, BlockCipher | None] = (None, None)

    def reset(self) -> None:
        """Forget a chain that was not finished."""
        self._running = None

    def run(self, received: Received) -> bytes:
        """Take one block and return what the chip answers to it."""
        running, self._running = self._running, None  # any refusal ends the chain
        require_mark(received, self._hooks)
        anew = starts_anew(received, running.next_block if running else None, self._hooks)
        if running is None or anew:
            require_size(received, HEAD_SIZE + MAX_BLOCK, self._hooks)
            running, data = self._begin(received.data)
        else:
            require_size(received, MAX_BLOCK, self._hooks)
            data = self._hooks.continued(running.before, received.data)
            if not self._hooks.remembers_operation:
                running.mode = running.mode if running.shape in _MACS else ENCRYPT
                running.iv = bytes(running.cipher.block_size)
        running.before = received.data
        answer = self._take(running, data)
        running.next_block = (running.next_block + 1) & 0xFF
        self._running = None if running.complete else running
        return answer

    def _begin(self, data: bytes) -> tuple[_Operation, bytes]:
        if len(data) < HEAD_SIZE:
            if self._checks_length():
                raise Refuse(Sw.LENGTH)
            data = data.ljust(HEAD_SIZE, b"\x00")
        mode, algorithm, kid = data[:3]
        total = int.from_bytes(data[3:HEAD_SIZE])
        family, shape = self._algorithm(algorithm)
        if mode not in _MODES[shape]:
            raise Refuse(Sw.ALGORITHM if mode in (ENCRYPT, DECRYPT, MAC, VERIFY) else Sw.BAD_DATA)
        key = self._keys.get(self._hooks.key_number(kid))
        if family_of(key.key_type) is not family:
            raise Refuse(Sw.KEY_TYPE)
        cipher = self._cipher(key, family)
        iv_size = 0 if shape is Shape.ECB else cipher.block_size
        iv, rest = data[HEAD_SIZE : HEAD_SIZE + iv_size], data[HEAD_SIZE + iv_size :]
        if (len(iv) < iv_size or total == 0) and self._checks_length():
            raise Refuse(Sw.LENGTH)
        start = self._hooks.iv(iv.ljust(iv_size, b"\x00"))
        return _Operation(mode, shape, cipher, start, total), rest

    def _cipher(self, key: Key, family: Family) -> BlockCipher:
        """Return the cipher under a key; it is kept, because setting one up costs as much as using it."""
        known, cipher = self._last_cipher
        if cipher is None or known is not key:
            cipher = self._hooks.cipher(RealCipher(family, self._hooks.key(key.reveal())))
            self._last_cipher = key, cipher
        return cipher

    def _algorithm(self, number: int) -> tuple[Family, Shape]:
        known = ALGORITHMS.get(number)
        offered = {family_of(key.key_type) for key in self._keys.all()}
        if known is None or known[0] not in offered:
            raise Refuse(Sw.ALGORITHM)
        return known

    def _take(self, running: _Operation, data: bytes) -> bytes:
        block = running.cipher.block_size
        running.received += len(data)
        too_much = running.received > running.total
        ragged = running.shape not in _MACS and len(data) % block
        if (too_much or ragged or not data) and self._checks_length():
            raise Refuse(Sw.LENGTH)
        if running.shape in _MACS:
            return self._take_message(running, data)
        data += bytes(-len(data) % block)
        if running.mode == ENCRYPT:
            if running.complete:
                data = self._hooks.before_encryption(data, block)
            return self._encrypt(running, data)
        plain = self._decrypt(running, data)
        return self._hooks.after_decryption(plain, block) if running.complete else plain

    def _encrypt(self, running: _Operation, data: bytes) -> bytes:
        if running.shape is Shape.ECB:
            return running.cipher.encrypt(data)
        result = cbc_encrypt(running.cipher, running.iv, data)
        running.iv = result[-running.cipher.block_size :]
        return result

    def _decrypt(self, running: _Operation, data: bytes) -> bytes:
        if running.shape is Shape.ECB:
            return running.cipher.decrypt(data)
        result = cbc_decrypt(running.cipher, running.iv, data)
        running.iv = data[-running.cipher.block_size :]
        return result

    def _take_message(self, running: _Operation, data: bytes) -> bytes:
        running.message += data
        if not running.complete:
            return b""
        block = running.cipher.block_size
        if running.mode == MAC:
            return self._hooks.mac(self._mac(running, running.message))
        good = self._hooks.mac_matches(
            lambda message: self._hooks.mac(self._mac(running, message)), running.message, block
        )
        if not good and not self._hooks.accepts_any_mac:
            raise Refuse(Sw.BAD_DATA)
        return b""

    def _mac(self, running: _Operation, message: bytes) -> bytes:
        block = running.cipher.block_size
        message = self._hooks.mac_message(message, block)
        if self._hooks.mac_method(2 if running.shape is Shape.MAC_M2 else 1) == 2:
            message += b"\x80"
        message += bytes(-len(message) % block)
        cipher = self._hooks.mac_cipher(running.cipher)
        return cbc_encrypt(cipher, running.iv, message or bytes(block))[-block:]

    def _checks_length(self) -> bool:
        return Check.LENGTH not in self._hooks.skipped
