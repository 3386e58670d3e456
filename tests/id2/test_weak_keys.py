"""Keys that can be guessed are, from one block; others are not."""

import hashlib
import random

import pytest

from harness.id2 import authcode, ciphers, published, weak_keys
from harness.id2.keys import Key, KeyType
from harness.secret import Secret

ID = "00FFFFFFDB1D8DC78DDCB801"
SYMMETRIC = [kind for kind in KeyType if kind.symmetric and kind is not KeyType.SM1_128]
ONE_OF_EACH = [KeyType.SM4_128, KeyType.AES_256, KeyType.DES3_168]


def pair(key):
    block = weak_keys.padding_block(key.key_type)
    return block, ciphers.ecb_encrypt(key, block)


def found(key_type, value, id2=ID):
    return weak_keys.find(key_type, id2, [pair(Key(key_type, Secret(value)))])


def made(size):
    """Keys of `size` bytes that makers have left in, by name."""
    raw, text = bytes.fromhex(ID), ID.encode()

    def fit(value):
        return (value * size)[:size]

    return {
        "zeros": bytes(size),
        "ones": b"\xff" * size,
        "one byte": b"\xc3" * size,
        "counting": bytes(range(size)),
        "counting from 0x40": bytes(range(0x40, 0x40 + size)),
        "counting down": bytes(range(size - 1, -1, -1)),
        "nibbles": bytes((17 * place) % 256 for place in range(size)),
        "ID": fit(raw),
        "ID padded": raw.ljust(size, b"\x00")[:size],
        "ID padded in front": raw.rjust(size, b"\x00")[:size],
        "ID padded with FF": raw.ljust(size, b"\xff")[:size],
        "ID backwards": fit(raw[::-1]),
        "ID text": fit(text),
        "ID text end": text[-size:] if size <= 24 else fit(text),
        "ID text lower": fit(text.lower()),
        "ID xor 5A": fit(bytes(byte ^ 0x5A for byte in raw)),
        "ID inverted": fit(bytes(byte ^ 0xFF for byte in raw)),
        "MD5": fit(hashlib.md5(raw).digest()),
        "MD5 of text": fit(hashlib.md5(text).digest()),
        "SHA-1 of text": fit(hashlib.sha1(text).digest()),
        "SHA-256": hashlib.sha256(raw).digest()[:size],
        "SHA-256 end": hashlib.sha256(text).digest()[-size:],
        "SHA-256 backwards": hashlib.sha256(text).digest()[:size][::-1],
        "digits": fit(b"1234567890"),
        "the standard's example": fit(bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")),
    }


@pytest.mark.parametrize("key_type", ONE_OF_EACH)
@pytest.mark.slow
def test_guessable_keys_are_found(key_type):
    tried = {value for _, value in weak_keys._fixed(key_type.key_size, des=key_type is KeyType.DES3_168)}
    tried |= {value for _, value in weak_keys._from_id(key_type.key_size, ID)}
    assert not [name for name, value in made(key_type.key_size).items() if value not in tried]
    for name in ("zeros", "ID text", "SHA-256 end"):
        assert found(key_type, made(key_type.key_size)[name]) is not None, name


@pytest.mark.parametrize("key_type", SYMMETRIC)
def test_published_keys_are_found_under_another_id(key_type):
    for entry in published.KEYS.values():
        if entry.key.key_type.family == key_type.family and key_type.symmetric:
            weak = weak_keys.find(key_type, ID, [pair(entry.key)])
            assert weak is not None
            assert weak.published_for == entry.id2
            assert weak.key_type is entry.key.key_type


@pytest.mark.parametrize("key_type", SYMMETRIC)
@pytest.mark.slow
def test_other_keys_are_not_accused(key_type):
    source = random.Random(key_type.value)
    for number in range(3):
        assert found(key_type, source.randbytes(key_type.key_size), id2=f"{number:024X}") is None


def test_the_last_block_of_a_code_is_enough():
    code = authcode.build(
        Key.parse(KeyType.AES_128, "00" * 16), ID, challenge="123", device_random="0123456789ABCDEF"
    )
    tail = authcode.constant_tail(authcode.parse(code.text), KeyType.AES_128)
    weak = weak_keys.find(KeyType.AES_128, ID, [(weak_keys.padding_block(KeyType.AES_128), tail)])
    assert weak is not None
    assert "00" in weak.how


def test_the_other_pairs_must_confirm():
    key = Key(KeyType.AES_128, Secret(bytes(16)))
    wrong = (b"x" * 16, b"y" * 16)
    assert weak_keys.find(KeyType.AES_128, ID, [pair(key), wrong]) is None


@pytest.mark.parametrize("parity", [0x00, 0x01])
def test_parity_makes_no_difference(parity):
    value = bytes((byte & 0xFE) | parity for byte in range(0x11, 0x21))
    assert found(KeyType.DES3_112, value) is not None


def test_weak_and_semi_weak_des_keys_are_found_in_any_combination():
    value = bytes.fromhex("FEFEFEFEFEFEFEFE011F011F010E010E1F1F1F1F0E0E0E0E")
    assert found(KeyType.DES3_168, value).how == "weak or semi-weak DES keys"


def test_degenerate_keys_are_told_apart():
    a, b = bytes(range(8)), bytes(range(0x40, 0x48))

    def told(key_type, value):
        return weak_keys.degenerate(Key(key_type, Secret(value)))

    assert "single DES" in told(KeyType.DES3_112, a + bytes(byte ^ 1 for byte in a))
    assert "single DES" in told(KeyType.DES3_168, a + b + b)
    assert "two-key" in told(KeyType.DES3_168, a + b + a)
    assert not told(KeyType.DES3_112, a + b)
    assert not told(KeyType.AES_128, a + a)


def test_nothing_is_said_of_keys_that_cannot_be_tried():
    assert weak_keys.find(KeyType.SM1_128, ID, [(bytes(16), bytes(16))]) is None
    assert weak_keys.find(KeyType.RSA_1024, ID, [(bytes(16), bytes(16))]) is None
    assert weak_keys.find(KeyType.AES_128, ID, []) is None
