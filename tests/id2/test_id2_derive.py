import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.id2 import ciphers, derive, devicechallenge, published, secrets
from harness.id2.errors import Id2Error
from harness.id2.keys import Key, KeyType
from harness.id2.signing import chip_signer, signer

AES = published.KEYS[KeyType.AES_128]
DES = published.KEYS[KeyType.DES3_168]
SM4 = Key.parse(KeyType.SM4_128, "55" * 16)
seeds = st.text(st.characters(min_codepoint=1, max_codepoint=0x7E), max_size=128)


@given(seeds, st.integers(1, 32))
@settings(max_examples=40)
def test_a_chip_that_encrypts_gives_the_same_as_a_key(seed, length):
    chip = chip_signer(KeyType.AES_128, lambda data: ciphers.ecb_encrypt(AES.key, data))
    derived = derive.derive_key(chip, KeyType.AES_128, AES.id2, seed, length)
    assert derived == secrets.derive_key(AES.key, AES.id2, seed, length)
    assert derived == secrets.derive_key(AES.key, AES.id2, seed, 32)[:length]
    if seed:
        secret = derive.get_secret(chip, KeyType.AES_128, seed)
        assert secret == secrets.get_secret(AES.key, seed)
        assert len(secret) == 64


@given(st.sampled_from([AES.key, SM4]), seeds, st.binary(min_size=1, max_size=1024))
@settings(max_examples=40)
def test_encryption_under_a_derived_key_round_trip(key, seed, plain):
    cipher = secrets.encrypt(key, AES.id2, seed, plain)
    assert secrets.open_encrypted(key, AES.id2, seed, cipher) == plain
    kind = derive.encryption_key(signer(key), key.key_type, AES.id2, seed).key_type
    assert kind is (KeyType.SM4_128 if key is SM4 else KeyType.AES_256)


@given(st.binary(min_size=1, max_size=1000))
@settings(max_examples=30)
def test_decryption_through_a_chip(plain):
    cipher = ciphers.encrypt(DES.key, plain)
    assert derive.decrypt(lambda data: ciphers.ecb_decrypt(DES.key, data), KeyType.DES3_168, cipher) == plain


def test_a_chip_that_drops_bytes_is_found():
    cipher = ciphers.encrypt(AES.key, b"plain")
    with pytest.raises(Id2Error, match="16 bytes were decrypted, 15 came back"):
        derive.decrypt(lambda data: data[:-1], KeyType.AES_128, cipher)


@pytest.mark.parametrize(
    "key", [Key.parse(KeyType.SM2_256, "11" * 32), Key.parse(KeyType.SM1_128, "11" * 16)]
)
def test_key_types_that_derive_nothing(key):
    for call in (
        lambda: secrets.get_secret(key, "seed"),
        lambda: secrets.derive_key(key, AES.id2, "seed", 16),
        lambda: secrets.encrypt(key, AES.id2, "seed", b"x"),
    ):
        with pytest.raises(Id2Error, match="AES and SM4"):
            call()


def test_limits():
    cases = [
        (lambda: secrets.get_secret(AES.key, ""), "seed is empty"),
        (lambda: secrets.get_secret(AES.key, "s" * 129), "seed has 129 bytes"),
        (lambda: secrets.get_secret(AES.key, "é" * 65), "seed has 130 bytes"),
        (lambda: secrets.get_secret(AES.key, "a\0b"), "NUL"),
        (lambda: secrets.derive_key(AES.key, AES.id2, "s", 0), "1 to 32"),
        (lambda: secrets.derive_key(AES.key, AES.id2, "s", 33), "1 to 32"),
        (lambda: secrets.encrypt(AES.key, AES.id2, "s", b""), "0 bytes"),
        (lambda: secrets.encrypt(AES.key, AES.id2, "s", bytes(1025)), "1025 bytes"),
        (lambda: secrets.encrypt(DES.key, DES.id2, "s", b"x"), "AES and SM4 can"),
        (lambda: secrets.open_encrypted(AES.key, AES.id2, "s", b"x"), "multiple of 16"),
    ]
    for call, words in cases:
        with pytest.raises(Id2Error, match=words):
            call()
    assert len(secrets.get_secret(AES.key, "s" * 128)) == 64
    assert len(secrets.encrypt(AES.key, AES.id2, "", bytes(1024))) == 1040


@given(st.binary(min_size=64, max_size=64), st.integers(1, 200))
def test_device_challenges(data, requested):
    text = devicechallenge.from_random(data, requested)
    assert len(text) == min(requested, 128)
    assert data.hex().upper().startswith(text)
    assert devicechallenge.check(text, requested) == ()
    assert devicechallenge.check(text[:-1], requested)
    assert devicechallenge.check(text.replace(text[0], "g"), requested)[0].position == 0


def test_limits_of_device_challenges():
    with pytest.raises(Id2Error, match="answers -2"):
        devicechallenge.given_length(0)
    with pytest.raises(Id2Error, match="too few"):
        devicechallenge.from_random(b"", 2)
