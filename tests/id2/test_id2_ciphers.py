from concurrent.futures import ThreadPoolExecutor

import gmssl_pyx
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import assume, given
from hypothesis import strategies as st

from harness.id2 import ciphers
from harness.id2.errors import Id2Error
from harness.id2.keys import Key, KeyType

KINDS = [kind for kind in KeyType if kind.symmetric and kind is not KeyType.SM1_128]
keys = st.sampled_from(KINDS).flatmap(
    lambda kind: st.binary(min_size=kind.key_size, max_size=kind.key_size).map(
        lambda value: Key.parse(kind, value.hex())
    )
)
AES = Key.parse(KeyType.AES_128, "2122232425262728292A2B2C2D2E2F30")


@given(keys, st.binary(min_size=1, max_size=1000))
def test_round_trip(key, plain):
    cipher = ciphers.encrypt(key, plain)
    assert len(cipher) % key.key_type.block_size == 0
    assert len(plain) < len(cipher) <= len(plain) + key.key_type.block_size
    assert ciphers.decrypt(key, cipher) == plain


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=16))
def test_sm4_agrees_with_another_implementation(key, block):
    ours = ciphers.ecb_encrypt(Key.parse(KeyType.SM4_128, key.hex()), block)
    # CBC with a zero IV begins with the ECB encryption of the first block.
    assert gmssl_pyx.sm4_cbc_padding_encrypt(key, bytes(16), block)[:16] == ours


def test_3des_112_uses_the_first_half_again():
    short = "0102030405060708090A0B0C0D0E0F10"
    block = b"8 bytes."
    long_key = Key.parse(KeyType.DES3_168, short + short[:16])
    assert ciphers.ecb_encrypt(Key.parse(KeyType.DES3_112, short), block) == ciphers.ecb_encrypt(
        long_key, block
    )


@given(st.binary(max_size=64), st.sampled_from([8, 16]))
def test_padding_round_trip(data, block):
    padded = ciphers.pad(data, block)
    assert len(padded) % block == 0
    assert 1 <= len(padded) - len(data) <= block
    assert ciphers.unpad(padded, block) == data
    assert ciphers.unpad_like_sdk(padded, block) == data


@given(st.binary(min_size=1, max_size=48), st.sampled_from([8, 16]))
def test_only_exact_padding_comes_off(error_of, data, block):
    error = error_of(ciphers.unpad, data, block)
    if error:
        assert error.field in ("padding", "cipher")
    else:
        assert ciphers.pad(ciphers.unpad(data, block), block) == data


@pytest.mark.parametrize(
    ("tail", "words"),
    [
        (b"\x11" * 16, "0x11; it must be 0x01 to 0x10"),
        (bytes(15) + b"\x00", "0x00; it must"),
        (bytes(12) + b"\x03\x04\x04\x04", "position 12 is 0x03; the last byte says 0x04"),
    ],
)
def test_wrong_padding_is_named(tail, words):
    with pytest.raises(Id2Error, match=words):
        ciphers.unpad(tail, 16)
    with pytest.raises(Id2Error, match=words):
        ciphers.decrypt(AES, ciphers.ecb_encrypt(AES, tail))


def test_the_sdk_lets_a_last_byte_of_zero_pass_and_we_do_not():
    data = b"plain text here\x00"
    assert ciphers.unpad_like_sdk(data, 16) == data
    with pytest.raises(Id2Error):
        ciphers.unpad_like_sdk(b"\x11" * 16, 16)


def test_limits_of_decryption():
    longest = ciphers.encrypt(AES, bytes(1023))
    assert len(longest) == 1024
    assert ciphers.decrypt(AES, longest) == bytes(1023)
    for size, words in ((0, "empty"), (15, "not a multiple of 16"), (1040, "limit is 1024")):
        with pytest.raises(Id2Error, match=words):
            ciphers.decrypt(AES, bytes(size))
    for size, words in ((0, "empty"), (1024, "at most 1024")):
        with pytest.raises(Id2Error, match=words):
            ciphers.encrypt(AES, bytes(size))


def test_blocks_must_be_whole():
    for operation in (ciphers.ecb_encrypt, ciphers.ecb_decrypt):
        assert operation(AES, b"") == b""
        with pytest.raises(Id2Error, match="multiple of 16"):
            operation(AES, b"seventeen bytes..")


def test_sm1_is_refused_clearly():
    with pytest.raises(Id2Error, match="unpublished cipher"):
        ciphers.ecb_encrypt(Key.parse(KeyType.SM1_128, "00" * 16), bytes(16))


def test_asymmetric_keys_are_refused_clearly():
    key = Key.parse(KeyType.ECC_K256, "11" * 32)
    for operation in (ciphers.ecb_encrypt, ciphers.encrypt, ciphers.decrypt):
        with pytest.raises(Id2Error, match="asymmetric"):
            operation(key, bytes(16))


@given(keys, st.binary(max_size=1100))
def test_arbitrary_ciphertext_raises_only_the_documented_error(key, data):
    try:
        plain = ciphers.decrypt(key, data)
    except Id2Error:
        return
    assume(plain)
    assert ciphers.encrypt(key, plain) == data


def test_many_threads_encrypt_under_one_key_and_each_gets_its_own_blocks():
    plains = [bytes([number]) * 4096 for number in range(200)]
    fresh = [Cipher(algorithms.AES(AES.reveal()), modes.ECB()).encryptor().update(plain) for plain in plains]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda plain: ciphers.ecb_encrypt(AES, plain), plains)) == fresh
