"""MACs of SymmetricCrypt: CBC-MAC over a message that ISO/IEC 9797-1 pads by its method 1 or 2.

The cipher comes in as a function on one block, so that the same code judges a chip whose key is known (the cipher is
computed here) and one whose key is not (the chip's own ECB).
Source: ISO/IEC 9797-1, MAC algorithms 1 and 3; device-protocol.md e.2.
"""

from collections.abc import Callable
from enum import IntEnum

from harness.id2 import ciphers
from harness.id2.keys import Key, KeyType

BlockCipher = Callable[[bytes], bytes]
"""Encrypts one block."""


class PaddingMethod(IntEnum):
    """How a message is filled up to whole blocks."""

    M1 = 1  # zeros, none when the message has whole blocks
    M2 = 2  # 80, then zeros


def pad(message: bytes, block: int, method: PaddingMethod) -> bytes:
    """Return `message` in whole blocks of `block` bytes; at least one."""
    if method is PaddingMethod.M2:
        message += b"\x80"
    return message + bytes(-len(message) % block) or bytes(block)


def cbc_mac(encrypt: BlockCipher, iv: bytes, message: bytes, method: PaddingMethod) -> bytes:
    """Return the last block of `message` in CBC mode (MAC algorithm 1), as long as `iv`."""
    block, chain = len(iv), iv
    padded = pad(message, block, method)
    for start in range(0, len(padded), block):
        chain = encrypt(xor(padded[start : start + block], chain))
    return chain


def retail_mac(key: Key, iv: bytes, message: bytes, method: PaddingMethod) -> bytes:
    """Return the MAC of algorithm 3: single DES in CBC mode, and triple DES on the last block.

    Raises:
        ValueError: the key is not one of two DES keys.
    """
    if key.key_type is not KeyType.DES3_112:
        raise ValueError(f"MAC algorithm 3 takes two DES keys, not {key.key_type}")
    left = key.reveal()[:8]
    single = Key.parse(KeyType.DES3_112, (left + left).hex())  # three times the same key is single DES
    block = len(iv)
    padded = pad(message, block, method)
    chain = iv
    for start in range(0, len(padded) - block, block):
        chain = ciphers.ecb_encrypt(single, xor(padded[start : start + block], chain))
    return ciphers.ecb_encrypt(key, xor(padded[-block:], chain))


def xor(left: bytes, right: bytes) -> bytes:
    """Return the exclusive or of two texts of the same length."""
    return bytes(one ^ other for one, other in zip(left, right, strict=True))
