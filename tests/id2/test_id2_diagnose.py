"""What a wrong SIGN is said to be: one broken device each."""

import re

import pytest

from harness.id2 import authcode, ciphers, ids, published
from harness.id2.authcode import AuthCode, AuthCodeType
from harness.id2.hashes import HashType, digest
from harness.id2.keys import Key, KeyType
from harness.id2.signing import sign, sign_input

CHALLENGE = "55B83408399FA660F05C82E4F25333DC"
RANDOM = "ABABABABABABABAB"
EXTRA = b"abcd1234"
KEYS = [
    published.KEYS[KeyType.AES_128],
    published.KEYS[KeyType.DES3_168],
    published.KEYS[KeyType.RSA_1024],
    published.KEYS[KeyType.ECC_K256],
    published.PublishedKey("2122232425262728292A2B2C", KeyType.SM2_256, "44" * 32),
    published.PublishedKey("2122232425262728292A2B2C", KeyType.SM4_128, "44" * 16),
]


def judged(debug, signature, extra=EXTRA):
    kind = AuthCodeType.CHALLENGE_EXTRA if extra else AuthCodeType.CHALLENGE
    code = AuthCode(kind, debug.key.key_type.hash, RANDOM, CHALLENGE, signature)
    problems = authcode.check(code.text, key=debug.key, id2=debug.id2, extra=extra, challenge=CHALLENGE)
    assert len(problems) == 1
    return problems[0]


@pytest.mark.parametrize("debug", KEYS, ids=lambda debug: debug.key.key_type.value)
@pytest.mark.parametrize(
    ("message", "extra", "field", "words"),
    [
        ("{id}{rnd}{chl}", EXTRA, "extra", "without the extra"),
        ("{rnd}{id}{chl}abcd1234", EXTRA, "sign", "in another order: device random, id, random, extra"),
        ("{id}~{rnd}~{chl}~abcd1234", EXTRA, "sign", "'~' between them"),
        ("{id}{rnd}{chl}\0", b"", "sign", "ends with a NUL"),
        ("{rnd}{chl}", b"", "sign", "no ID at all"),
        ("{low}{rnd}{chl}", b"", "sign", "lower case"),
        ("{inv}{rnd}{chl}", b"", "sign", "inverted ID"),
        ("{id}{rnd}{chl}ab\0\0\0", b"ab\0cd", "extra", "known defect \\(k.3\\)"),
        ("{id}{rnd}{chl}ab", b"ab\0cd", "extra", "cut at its first NUL"),
    ],
)
def test_wrong_messages_are_recognised(debug, message, extra, field, words):
    text = message.format(
        id=debug.id2,
        low=debug.id2.lower(),
        inv=ids.inverted(debug.id2),
        rnd=RANDOM,
        chl=CHALLENGE,
    )
    problem = judged(debug, sign(debug.key, text.encode()), extra)
    assert problem.field == field
    assert re.search(words, problem.message)


SYMMETRIC = [debug for debug in KEYS if debug.key.key_type.symmetric]


def right_message(debug):
    return authcode.message(debug.id2, RANDOM, CHALLENGE, EXTRA)


def cbc(key, data, iv):
    block, result, last = key.key_type.block_size, b"", iv
    for start in range(0, len(data), block):
        mixed = bytes(a ^ b for a, b in zip(data[start : start + block], last, strict=True))
        last = ciphers.ecb_encrypt(key, mixed)
        result += last
    return result


@pytest.mark.parametrize("debug", SYMMETRIC, ids=lambda debug: debug.key.key_type.value)
class TestSymmetric:
    @pytest.mark.parametrize("iv", [0x00, 0x5A])
    def test_cbc(self, debug, iv):
        padded = sign_input(debug.key.key_type, right_message(debug))
        problem = judged(debug, cbc(debug.key, padded, bytes([iv]) * debug.key.key_type.block_size))
        assert (problem.field, "CBC" in problem.message) == ("sign", True)

    def test_padding_missing(self, debug):
        signature = ciphers.ecb_encrypt(debug.key, digest(debug.key.key_type.hash, right_message(debug)))
        problem = judged(debug, signature)
        assert (problem.field, "whole block of padding" in problem.message) == ("sign", True)

    def test_padding_of_another_kind(self, debug):
        block = debug.key.key_type.block_size
        hashed = digest(debug.key.key_type.hash, right_message(debug))
        problem = judged(debug, ciphers.ecb_encrypt(debug.key, hashed + b"\x80" + bytes(block - 1)))
        assert (problem.field, "not the padding block" in problem.message) == ("sign", True)

    def test_another_hash(self, debug):
        block = debug.key.key_type.block_size
        other = HashType.SM3 if debug.key.key_type.hash is HashType.SHA256 else HashType.SHA256
        padded = ciphers.pad(digest(other, right_message(debug)), block)
        problem = judged(debug, ciphers.ecb_encrypt(debug.key, padded))
        assert (problem.field, f"{other.name} hash" in problem.message) == ("hash", True)

    def test_an_altered_block_is_numbered(self, debug):
        block = debug.key.key_type.block_size
        for number in range(32 // block):
            signature = bytearray(sign(debug.key, right_message(debug)))
            signature[number * block] ^= 1
            problem = judged(debug, bytes(signature))
            assert problem.field == "sign"
            assert f"altered in cipher block {number + 1} " in problem.message
            assert problem.position == 54 + number * block * 4 // 3

    def test_another_key(self, debug):
        other = Key.parse(debug.key.key_type, "99" * debug.key.key_type.key_size)
        problem = judged(debug, sign(other, right_message(debug)))
        assert (problem.field, "another key" in problem.message) == ("sign", True)

    def test_another_device_random(self, debug):
        stale = authcode.message(debug.id2, "0000000000000000", CHALLENGE, EXTRA)
        problem = judged(debug, sign(debug.key, stale))
        assert (problem.field, problem.position) == ("device_random", 4)
        assert "SIGN is sound, but over other data" in problem.message


def test_a_stale_answer_names_the_challenge():
    debug = published.KEYS[KeyType.AES_128]
    stale = authcode.build(debug.key, debug.id2, challenge="OLD").text
    problems = authcode.check(stale, key=debug.key, id2=debug.id2, challenge="NEW")
    assert [problem.field for problem in problems] == ["random"]


def test_rsa_signatures_that_are_none():
    debug = published.KEYS[KeyType.RSA_1024]
    for signature in (b"\x01" * 128, b"\xff" * 128):  # the second is above the modulus
        problem = judged(debug, signature)
        assert (problem.field, "no PKCS#1" in problem.message) == ("sign", True)
    problem = judged(debug, sign(debug.key, b"something else"))
    assert (problem.field, "over other data" in problem.message) == ("device_random", True)


@pytest.mark.parametrize("debug", [KEYS[3], KEYS[4]], ids=["ecc-k256", "sm2-256"])
def test_curve_signatures_that_are_none(debug):
    problem = judged(debug, sign(debug.key, b"something else"))
    assert (problem.field, "no signature by this key" in problem.message) == ("sign", True)
