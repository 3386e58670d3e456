"""Broken chips: each class differs from the sound chip in one hook."""

from typing import ClassVar

from harness.simulator.chip.blockcipher import BlockCipher, RealCipher, cbc_encrypt
from harness.simulator.chip.hooks import Check, ChipHooks

_VENDOR_INFO_BITMAP = slice(10, 14)
_ANSWERING = frozenset((0xF6, 0xC0, 0xB2))  # SymmetricCrypt; GET RESPONSE; the fetch of the MTK set
_WORKING = frozenset((0xF4, 0xF6, 0xDC))  # AsymmetricCrypt, SymmetricCrypt; the write of the MTK set
_LONGER_THAN_SHORT = 257  # data bytes; with the status word one more than a short answer can have
_BEYOND_ANY_LIMIT = 3600.0  # seconds


class IdOneByteShort(ChipHooks):
    """The ID has 11 bytes, and the length field says so."""

    def identity(self, vendor: bytes, id_bytes: bytes) -> bytes:
        return super().identity(vendor, id_bytes[:-1])


class IdOneByteLong(ChipHooks):
    """The ID has 13 bytes, and the length field says so."""

    def identity(self, vendor: bytes, id_bytes: bytes) -> bytes:
        return super().identity(vendor, id_bytes + b"\x00")


class IdChanges(ChipHooks):
    """Each read gives the ID plus a counter."""

    def __init__(self) -> None:
        self._reads = 0

    def identity(self, vendor: bytes, id_bytes: bytes) -> bytes:
        changed = (int.from_bytes(id_bytes) + self._reads) % (1 << 8 * len(id_bytes))
        self._reads += 1
        return super().identity(vendor, changed.to_bytes(len(id_bytes)))


class VendorSwapped(ChipHooks):
    """GetID gives the vendor low byte first; GetVendorInfo stays right."""

    def identity(self, vendor: bytes, id_bytes: bytes) -> bytes:
        return super().identity(vendor[::-1], id_bytes)


class CbcInsteadOfEcb(ChipHooks):
    """ECB commands chain their blocks, from an IV of zeros."""

    def cipher(self, cipher: RealCipher) -> BlockCipher:
        return _Chained(cipher)


class AddsOwnPadding(ChipHooks):
    """The chip pads what the host has padded already: one more block comes back."""

    def before_encryption(self, data: bytes, block_size: int) -> bytes:
        size = block_size - len(data) % block_size
        return data + bytes((size,)) * size


class PaddingMissing(ChipHooks):
    """The chip takes the PKCS#5 padding off what it decrypts, which is the host's business."""

    def after_decryption(self, data: bytes, block_size: int) -> bytes:
        size = data[-1] if data else 0
        padded = 1 <= size <= block_size and data.endswith(bytes((size,)) * size)
        return data[:-size] if padded else data


class OtherKey(ChipHooks):
    """Encrypts and decrypts under another key than the one that belongs to the ID."""

    def key(self, key: bytes) -> bytes:
        return bytes(byte ^ 0x5A for byte in key)


class KeyByteOrder(ChipHooks):
    """The key was written last byte first."""

    def key(self, key: bytes) -> bytes:
        return key[::-1]


class SwallowedStatus(ChipHooks):
    """Every error becomes 9000."""

    def response(self, command: bytes, response: bytes) -> bytes:
        del command
        return response if response[-2] in (0x61, 0x6C, 0x9F) else response[:-2] + b"\x90\x00"


class AnyClass(ChipHooks):
    """The class byte is not looked at."""

    skipped: ClassVar[frozenset[Check]] = frozenset((Check.CLASS,))


class AnyInstruction(ChipHooks):
    """An unknown instruction is answered with 9000."""

    skipped: ClassVar[frozenset[Check]] = frozenset((Check.INSTRUCTION,))


class AnyP1P2(ChipHooks):
    """P1 and P2 are not looked at."""

    skipped: ClassVar[frozenset[Check]] = frozenset((Check.P1P2,))


class AnyLength(ChipHooks):
    """Lengths are not checked: what is missing is taken as zeros, what is too much is dropped."""

    skipped: ClassVar[frozenset[Check]] = frozenset((Check.LENGTH,))


class BlockBoundaryOffByOne(ChipHooks):
    """A further block starts with the last byte of the one before it, and loses its own last byte."""

    def continued(self, before: bytes, data: bytes) -> bytes:
        return (before[-1:] + data)[: len(data)]


class SecondBlockIgnoresState(ChipHooks):
    """A further block is encrypted from an IV of zeros, whatever the operation was."""

    remembers_operation: ClassVar[bool] = False


class StaleAnswer(ChipHooks):
    """A cryptographic answer is the one before it; only the first is fresh."""

    def __init__(self) -> None:
        self._last = b""

    def response(self, command: bytes, response: bytes) -> bytes:
        if not _hands_over(command, response):
            return response
        stale, self._last = self._last or response, response
        return stale


class BitmapLies(ChipHooks):
    """GetVendorInfo claims every algorithm of the standard."""

    def vendor_info(self, info: bytes) -> bytes:
        return info[: _VENDOR_INFO_BITMAP.start] + b"\x0f\x1f\x3f\x00" + info[_VENDOR_INFO_BITMAP.stop :]


class VendorInfoShort(ChipHooks):
    """GetVendorInfo ends after the option bitmap."""

    def vendor_info(self, info: bytes) -> bytes:
        return info[: _VENDOR_INFO_BITMAP.stop]


class GetResponseTruncated(ChipHooks):
    """GET RESPONSE loses the last byte, and still says 9000."""

    def fetched(self, data: bytes) -> bytes | None:
        return data[:-1]


class GetResponseThird(ChipHooks):
    """The first GET RESPONSE is answered with 61xx again, so a command needs three transmissions."""

    def __init__(self) -> None:
        self._asked = False

    def fetched(self, data: bytes) -> bytes | None:
        self._asked = not self._asked
        return None if self._asked else data


class ConstantChallenge(ChipHooks):
    """GetChallenge always gives the same bytes."""

    def challenge(self, challenge: bytes) -> bytes:
        return bytes(range(0x11, 0x11 + len(challenge)))


class ShortChallenge(ChipHooks):
    """GetChallenge gives one byte fewer than asked."""

    def challenge(self, challenge: bytes) -> bytes:
        return challenge[:-1]


class MacConstant(ChipHooks):
    """Every MAC is the same."""

    def mac(self, mac: bytes) -> bytes:
        return b"\xa5" * len(mac)


class MacAlwaysGood(ChipHooks):
    """MAC verification accepts anything."""

    accepts_any_mac: ClassVar[bool] = True


class DecryptIsEncrypt(ChipHooks):
    """The decryption command encrypts."""

    def cipher(self, cipher: RealCipher) -> BlockCipher:
        return _OneWay(cipher)


class Sm4ByteSwapped(ChipHooks):
    """SM4 with the bytes of every 32-bit word reversed, in the key and in the data."""

    def cipher(self, cipher: RealCipher) -> BlockCipher:
        return _Swapped(cipher)

    def key(self, key: bytes) -> bytes:
        return _swap_words(key)


class SlowAnswer(ChipHooks):
    """A cryptographic command takes an hour; everything else is answered at once."""

    def delay(self, command: bytes) -> float:
        return _BEYOND_ANY_LIMIT if len(command) > 1 and command[1] in _WORKING else 0.0


class AnswerTooLong(ChipHooks):
    """A cryptographic answer has 257 bytes of data, more than a short APDU can carry."""

    def response(self, command: bytes, response: bytes) -> bytes:
        if not _hands_over(command, response):
            return response
        return response[:-2].ljust(_LONGER_THAN_SHORT, b"\x00") + response[-2:]


class MtkCrcWrong(ChipHooks):
    """The CRC under every answer is wrong in its last bit."""

    def crc(self, crc: bytes) -> bytes:
        return crc[:-1] + bytes((crc[-1] ^ 0x01,))


class MtkPaddingMissing(ChipHooks):
    """The chip does not add its own PKCS#5 block when it encrypts."""

    adds_padding: ClassVar[bool] = False


class MtkAcceptsBadPadding(ChipHooks):
    """Decryption does not check the padding; it drops as many bytes as the last one says."""

    checks_padding: ClassVar[bool] = False


class _Wrapped(BlockCipher):
    def __init__(self, inner: RealCipher) -> None:
        super().__init__(inner.block_size)
        self.inner = inner

    def encrypt(self, data: bytes) -> bytes:
        return self.inner.encrypt(data)

    def decrypt(self, data: bytes) -> bytes:
        return self.inner.decrypt(data)


class _Chained(_Wrapped):
    """Chains inside one call; block by block, as CBC and MACs call it, it is the sound cipher."""

    def encrypt(self, data: bytes) -> bytes:
        return cbc_encrypt(self.inner, bytes(self.block_size), data)

    def decrypt(self, data: bytes) -> bytes:
        plain = self.inner.decrypt(data)
        chain = bytes(self.block_size) + data
        return bytes(left ^ right for left, right in zip(plain, chain, strict=False))


class _OneWay(_Wrapped):
    def decrypt(self, data: bytes) -> bytes:
        return self.inner.encrypt(data)


class _Swapped(_Wrapped):
    def encrypt(self, data: bytes) -> bytes:
        return _swap_words(self.inner.encrypt(_swap_words(data)))

    def decrypt(self, data: bytes) -> bytes:
        return _swap_words(self.inner.decrypt(_swap_words(data)))


def _swap_words(data: bytes) -> bytes:
    return b"".join(data[start : start + 4][::-1] for start in range(0, len(data), 4))


def _hands_over(command: bytes, response: bytes) -> bool:
    """Tell whether this is the answer of a cryptographic command with its data."""
    return len(command) > 1 and command[1] in _ANSWERING and len(response) > 2
