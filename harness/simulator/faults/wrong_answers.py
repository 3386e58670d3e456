"""Chips whose answers are wrong where a harness seldom asks: in MACs, single byte values, IVs and digests."""

import hmac
from collections.abc import Callable, Sequence
from typing import ClassVar

from harness.simulator.chip.blockcipher import BlockCipher, RealCipher
from harness.simulator.chip.hooks import ChipHooks

_VALUE, _PLACE = 0xA7, 3
_COMMAND = 0xE0  # bytes of data that the first command of a MAC carries, beside its IV
_HASH_BLOCK, _HASH_PADDING = 64, 56


class MacWithoutKey(ChipHooks):
    """A MAC is the exclusive or of the blocks: no key is in it."""

    def mac_cipher(self, cipher: BlockCipher) -> BlockCipher:
        return _Identity(cipher.block_size)


class MacOtherKey(ChipHooks):
    """A MAC is made with another key than encryption is."""

    def mac_cipher(self, cipher: BlockCipher) -> BlockCipher:
        return _Masked(cipher)


class MacFirstBlock(ChipHooks):
    """A MAC is over the first block alone."""

    def mac_message(self, message: bytes, block_size: int) -> bytes:
        return message[:block_size]


class MacFirstCommand(ChipHooks):
    """A MAC is over the data of the first command alone."""

    def mac_message(self, message: bytes, block_size: int) -> bytes:
        del block_size
        return message[:_COMMAND]


class MacSkipsSecondBlock(ChipHooks):
    """A MAC leaves out the second block of the message."""

    def mac_message(self, message: bytes, block_size: int) -> bytes:
        return message[:block_size] + message[2 * block_size :]


class MacMethodsEqual(ChipHooks):
    """Padding method 2 is carried out as method 1."""

    def mac_method(self, method: int) -> int:
        del method
        return 1


class MacMethodsSwapped(ChipHooks):
    """Padding methods 1 and 2 have changed places."""

    def mac_method(self, method: int) -> int:
        return 3 - method


class MacIgnoresIv(ChipHooks):
    """Chaining starts from zeros, whatever IV came."""

    def iv(self, iv: bytes) -> bytes:
        return bytes(len(iv))


class IvLastByteIgnored(ChipHooks):
    """The last byte of an IV counts as zero."""

    def iv(self, iv: bytes) -> bytes:
        return iv[:-1] + b"\x00" * bool(iv)


class IvOfTheCommandBefore(ChipHooks):
    """Chaining starts from the IV of the command before."""

    def __init__(self) -> None:
        self._before = b""

    def iv(self, iv: bytes) -> bytes:
        if not iv:
            return iv
        used, self._before = self._before or iv, iv
        return used


class _Comparing(ChipHooks):
    """Compares a part of a MAC."""

    part: ClassVar[slice] = slice(None)

    def mac_matches(self, compute: Callable[[bytes], bytes], data: bytes, size: int) -> bool:
        right, given = compute(data[:-size]), data[-size:]
        return hmac.compare_digest(right[self.part], given[self.part])


class MacFirstHalfCompared(_Comparing):
    """Verification compares the first half."""

    part = slice(None, 8)


class MacLastByteCompared(_Comparing):
    """Verification compares the last byte."""

    part = slice(-1, None)


class MacLastByteIgnored(_Comparing):
    """Verification leaves the last byte out."""

    part = slice(None, -1)


class MacOneByteIgnored(ChipHooks):
    """Verification leaves one byte in the middle out."""

    def mac_matches(self, compute: Callable[[bytes], bytes], data: bytes, size: int) -> bool:
        right, given = compute(data[:-size]), data[-size:]
        return right[:6] + right[7:] == given[:6] + given[7:]


class MacTopBitIgnored(ChipHooks):
    """Verification leaves the highest bit of the first byte out."""

    def mac_matches(self, compute: Callable[[bytes], bytes], data: bytes, size: int) -> bool:
        right, given = compute(data[:-size]), data[-size:]
        return (right[0] ^ given[0]) & 0x7F == 0 and right[1:] == given[1:]


class MacCompactCompared(ChipHooks):
    """Verification compares as many bytes of the MAC as came, and four are enough."""

    def mac_matches(self, compute: Callable[[bytes], bytes], data: bytes, size: int) -> bool:
        for given in range(4, size + 1):
            if len(data) > given and compute(data[:-given])[:given] == data[-given:]:
                return True
        return False


class MacTailIgnored(ChipHooks):
    """Verification does not mind a byte behind the MAC."""

    def mac_matches(self, compute: Callable[[bytes], bytes], data: bytes, size: int) -> bool:
        return super().mac_matches(compute, data, size) or super().mac_matches(compute, data[:-1], size)


class ByteValueEncryptedWrong(ChipHooks):
    """One byte value at one position encrypts as its neighbour does."""

    def cipher(self, cipher: RealCipher) -> BlockCipher:
        return _OneValue(cipher, encrypting=True)


class ByteValueDecryptedWrong(ChipHooks):
    """One byte value at one position of a ciphertext decrypts as its neighbour does."""

    def cipher(self, cipher: RealCipher) -> BlockCipher:
        return _OneValue(cipher, encrypting=False)


class TopBitCleared(ChipHooks):
    """The highest bit of the last byte of a block is lost in encryption."""

    def cipher(self, cipher: RealCipher) -> BlockCipher:
        return _TopBit(cipher)


class DigestPaddingEdge(ChipHooks):
    """A digest is wrong where its padding takes a block of its own."""

    def digest(self, pieces: Sequence[bytes], digest: bytes) -> bytes:
        rest = sum(map(len, pieces)) % _HASH_BLOCK
        return _flipped(digest) if rest >= _HASH_PADDING else digest


class DigestWholeBlocks(ChipHooks):
    """A digest is wrong for data of whole blocks."""

    def digest(self, pieces: Sequence[bytes], digest: bytes) -> bytes:
        return digest if sum(map(len, pieces)) % _HASH_BLOCK else _flipped(digest)


class DigestOfOneByte(ChipHooks):
    """A digest of one byte is wrong."""

    def digest(self, pieces: Sequence[bytes], digest: bytes) -> bytes:
        return _flipped(digest) if sum(map(len, pieces)) == 1 else digest


class DigestShortPieces(ChipHooks):
    """A digest is wrong when a command that is not the last one carries no whole blocks."""

    def digest(self, pieces: Sequence[bytes], digest: bytes) -> bytes:
        ragged = any(len(piece) % _HASH_BLOCK for piece in pieces[:-1] if len(piece) < 0xF0)
        return _flipped(digest) if ragged else digest


class DigestFifthCommand(ChipHooks):
    """A digest forgets what the fifth command brought, and all after it."""

    def digest(self, pieces: Sequence[bytes], digest: bytes) -> bytes:
        return digest if len(pieces) < 5 else _flipped(digest)


def _flipped(digest: bytes) -> bytes:
    return bytes((digest[0] ^ 0x01,)) + digest[1:]


class _Identity(BlockCipher):
    def encrypt(self, data: bytes) -> bytes:
        return data

    def decrypt(self, data: bytes) -> bytes:
        return data


class _Masked(BlockCipher):
    """Gives other ciphertexts than the cipher inside, as another key would."""

    def __init__(self, inner: BlockCipher) -> None:
        super().__init__(inner.block_size)
        self._inner = inner

    def encrypt(self, data: bytes) -> bytes:
        return self._inner.encrypt(_masked(data))

    def decrypt(self, data: bytes) -> bytes:
        return _masked(self._inner.decrypt(data))


def _masked(data: bytes) -> bytes:
    return bytes(byte ^ 0x3C for byte in data)


class _OneValue(BlockCipher):
    def __init__(self, inner: RealCipher, *, encrypting: bool) -> None:
        super().__init__(inner.block_size)
        self._inner, self._encrypting = inner, encrypting

    def encrypt(self, data: bytes) -> bytes:
        return self._inner.encrypt(self._mistaken(data) if self._encrypting else data)

    def decrypt(self, data: bytes) -> bytes:
        return self._inner.decrypt(data if self._encrypting else self._mistaken(data))

    def _mistaken(self, data: bytes) -> bytes:
        changed = bytearray(data)
        for place in range(_PLACE, len(data), self.block_size):
            if changed[place] == _VALUE:
                changed[place] ^= 0x01
        return bytes(changed)


class _TopBit(BlockCipher):
    def __init__(self, inner: RealCipher) -> None:
        super().__init__(inner.block_size)
        self._inner = inner

    def encrypt(self, data: bytes) -> bytes:
        last = self.block_size - 1
        return self._inner.encrypt(
            bytes(byte & 0x7F if place % self.block_size == last else byte for place, byte in enumerate(data))
        )

    def decrypt(self, data: bytes) -> bytes:
        return self._inner.decrypt(data)
