"""The right answers of the port's ciphers and hashes: the published vectors, and what tells wrong answers apart."""

import random

import gmssl_pyx
import pytest

from harness.id2.hal_crypto import (
    DATA,
    IV,
    KEY,
    CipherCase,
    Family,
    HashCase,
    HashFunction,
    Mode,
    cipher_cases,
    hash_cases,
    other_mode,
)

MODES = [(family, mode) for family in Family for mode in Mode if (family, mode) != (Family.SM4, Mode.CFB)]


def test_data_of_the_vendor():
    # device-protocol.md j.1
    assert len(DATA) == 141
    assert len(KEY) == 32
    assert KEY.hex().startswith("0102030405060708090a0b0c0d0e0f0f0f0f0e0d")
    assert KEY.endswith(b"\x04\x03\x02\x01")
    assert CipherCase(Family.AES, Mode.ECB, KEY[:16], b"", DATA[:16]).expected().hex() == (
        "554c93501635aadbadf88bc6d36e57f7"
    )


@pytest.mark.parametrize(
    ("function", "digest"),
    [
        # device-protocol.md j.1; SM3 of "abc": GB/T 32905 A.1
        (HashFunction.SHA1, "541d6f6e467efe1da8660634b0213d65b8a402ca"),
        (HashFunction.MD5, "9579a2468ebc5bd64557bb4fafae5a05"),
        (HashFunction.SHA256, "3b7f52ae5be80919021a838dccc601c3764122644b1c35a29dd3c57636d7da5f"),
    ],
)
def test_hashes_of_the_vendor(function, digest):
    assert HashCase(function, DATA).expected().hex() == digest
    assert len(HashCase(function, DATA).expected()) == function.size


def test_sm3_and_sm4_of_their_standards():
    assert HashCase(HashFunction.SM3, b"abc").expected().hex() == (
        "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    )
    block = bytes.fromhex("0123456789abcdeffedcba9876543210")
    assert CipherCase(Family.SM4, Mode.ECB, block, b"", block).expected().hex() == (
        "681edf34d206965e86b3e94f536e4246"
    )


@pytest.mark.parametrize("length", [1, 16, 17, 80])
def test_sm4_against_another_library(length):
    source = random.Random(length)
    key, iv, data = source.randbytes(16), source.randbytes(16), source.randbytes(length)
    case = CipherCase(Family.SM4, Mode.CTR, key, iv, data)
    assert case.expected() == gmssl_pyx.sm4_ctr_encrypt(key, iv, data)
    assert HashCase(HashFunction.SM3, data).expected() == gmssl_pyx.sm3_hash(data)


def test_cfb_has_128_bits():
    # AES-128-CFB128 of NIST SP 800-38A F.3.13
    key = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
    data = bytes.fromhex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51")
    case = CipherCase(Family.AES, Mode.CFB, key, IV, data)
    assert case.expected().hex() == "3b3fd92eb72dad20333449f8e83cfb4ac8a64537a0b3a93fcde3cdad9f1ce58b"
    eight_bits = "3b79424c9c0dd436bace9e0ed4586a4f32b9"  # F.3.7
    short = CipherCase(Family.AES, Mode.CFB, key, IV, data[:18])
    assert other_mode(short, bytes.fromhex(eight_bits)) == "that is CFB with 8 bits"


@pytest.mark.parametrize(("family", "mode"), MODES)
def test_cases_cover_both_ways_pieces_and_key_lengths(family, mode):
    cases = cipher_cases(family, mode, random.Random(1).randbytes(96), 1_024)
    assert {case.encrypt for case in cases} == {True, False}
    assert {len(case.key) for case in cases} == ({16, 24, 32} if family is Family.AES else {16})
    assert any(case.piece for case in cases)
    assert all(len(case.data) <= 1_024 for case in cases)
    for case in cases:
        assert case.expected() != case.data
        if mode.whole_blocks:
            assert len(case.data) % 16 == 0
            assert case.piece % 16 == 0
    sealed = {case.expected(): case.data for case in cases if case.encrypt}
    assert all(sealed[case.data] == case.expected() for case in cases if not case.encrypt)


def test_cases_of_a_counter_carry_out_of_the_last_byte():
    cases = cipher_cases(Family.AES, Mode.CTR, random.Random(1).randbytes(96), 1_024)
    assert any(case.iv[-1] + len(case.data) // 16 > 0x100 for case in cases)


@pytest.mark.parametrize("function", list(HashFunction))
def test_hash_cases_cover_the_places_where_padding_changes(function):
    cases = hash_cases(function, random.Random(1).randbytes(64), 1_024)
    assert {len(case.data) % 64 for case in cases} >= {0, 1, 55, 56, 57, 63}
    assert {case.piece for case in cases} >= {0, 1, 13, 63, 64}
    assert max(len(case.data) for case in cases) == 1_024


@pytest.mark.parametrize(
    ("mode", "made_by", "told"),
    [
        (Mode.CFB, Mode.CTR, "that is CTR"),
        (Mode.CBC, Mode.ECB, "that is ECB"),
        (Mode.ECB, Mode.CBC, "that is CBC"),
    ],
)
def test_answer_of_another_mode_is_named(mode, made_by, told):
    case = CipherCase(Family.AES, mode, KEY[:16], b"" if mode is Mode.ECB else IV, DATA[:96])
    wrong = CipherCase(Family.AES, made_by, KEY[:16], IV, DATA[:96]).expected()
    assert other_mode(case, wrong) == told


def test_answer_that_is_no_encryption_or_the_wrong_way_is_named():
    case = CipherCase(Family.SM4, Mode.ECB, KEY[:16], b"", DATA[:96], encrypt=False)
    assert other_mode(case, case.data) == "that is what went in"
    wrong = CipherCase(Family.SM4, Mode.ECB, KEY[:16], b"", DATA[:96]).expected()
    assert other_mode(case, wrong) == "that is the other way round"
    assert other_mode(case, bytes(96)) == ""
