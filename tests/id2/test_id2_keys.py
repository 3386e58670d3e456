import json
import pickle

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from harness.id2 import asymmetric, published, signing, sm2
from harness.id2.errors import Id2Error
from harness.id2.hashes import HashType
from harness.id2.keys import Key, KeyType

SYMMETRIC = [kind for kind in KeyType if kind.symmetric]


@pytest.fixture(scope="module")
def rsa_2048():
    return rsa.generate_private_key(65537, 2048)


def pem(private):
    return private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()


def public_pem(private):
    return (
        private.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def test_the_numbers_of_every_key_type():
    rows = {
        kind: (kind.block_size, kind.key_size, kind.hash, kind.sign_size, kind.otp_number, kind.spec_number)
        for kind in KeyType
    }
    sha, sm3 = HashType.SHA256, HashType.SM3
    assert rows == {
        KeyType.DES3_112: (8, 16, sha, 40, 4, 0),
        KeyType.DES3_168: (8, 24, sha, 40, 5, 0),
        KeyType.AES_128: (16, 16, sha, 48, 1, 1),
        KeyType.AES_192: (16, 24, sha, 48, 2, 1),
        KeyType.AES_256: (16, 32, sha, 48, 3, 1),
        KeyType.SM1_128: (16, 16, sm3, 48, 7, 9),
        KeyType.SM4_128: (16, 16, sm3, 48, 9, 5),
        KeyType.RSA_1024: (128, 128, sha, 128, 6, 2),
        KeyType.RSA_2048: (256, 256, sha, 256, 10, 2),
        KeyType.ECC_K192: (1, 24, sha, 48, None, 10),
        KeyType.ECC_K224: (1, 28, sha, 56, None, 10),
        KeyType.ECC_K256: (1, 32, sha, 64, None, 10),
        KeyType.SM2_256: (1, 32, sm3, 64, 8, 4),
    }
    assert {kind.family for kind in KeyType} == {"3DES", "AES", "RSA", "ECC", "SM1", "SM2", "SM4"}


def test_key_types_are_read_as_people_write_them():
    assert KeyType.parse(" AES_128 ") is KeyType.AES_128
    assert KeyType.parse("3DES-168") is KeyType.DES3_168
    with pytest.raises(Id2Error, match="aes-128, aes-192"):
        KeyType.parse("aes-129")


@pytest.mark.parametrize("kind", SYMMETRIC)
def test_symmetric_keys_must_have_their_length(kind):
    digits = "5A" * kind.key_size
    assert Key.parse(kind, f" {digits.lower()}\n").reveal() == bytes.fromhex(digits)
    for wrong in (digits[:-1], digits[:-2], digits + "5A", "", digits[:-1] + "G", "0x" + digits):
        with pytest.raises(Id2Error, match=f"{2 * kind.key_size} hex digits") as caught:
            Key.parse(kind, wrong)
        assert "5A5A" not in str(caught.value).upper()


@pytest.mark.parametrize("kind", list(published.KEYS))
def test_a_key_never_shows_itself(kind):
    key = published.KEYS[kind].key
    secret = key.reveal().hex()
    for text in (repr(key), str(key), f"{key}", repr(published.KEYS[kind])):
        assert secret not in text.lower()
        assert "***" in text
    with pytest.raises(TypeError):
        pickle.dumps(key)


def test_rsa_keys_from_pem(rsa_2048):
    key = Key.parse(KeyType.RSA_2048, pem(rsa_2048))
    public = Key.parse_public(KeyType.RSA_2048, public_pem(rsa_2048))
    assert key.public == public.public
    signature = asymmetric.sign(key, b"message")
    assert asymmetric.verify(public, b"message", signature)
    assert not asymmetric.verify(public, b"messagf", signature)
    assert "public" in repr(public)
    with pytest.raises(Id2Error, match="public key"):
        public.reveal()
    with pytest.raises(Id2Error, match="1024 bits; this one has 2048"):
        Key.parse(KeyType.RSA_1024, pem(rsa_2048))
    with pytest.raises(Id2Error, match="1024 bits"):
        Key.parse_public(KeyType.RSA_1024, public_pem(rsa_2048))


def test_rsa_numbers_must_belong_together(vector):
    data = vector("RSA-1024-demo-v1")
    numbers = {name: data[name] for name in ("n", "e", "d", "p", "q")}
    numbers = {k: v if isinstance(v, int) else int(v, 16) for k, v in numbers.items()}
    assert Key.parse(KeyType.RSA_1024, json.dumps(numbers)) == published.KEYS[KeyType.RSA_1024].key
    for name in ("n", "d", "p", "q"):
        with pytest.raises(Id2Error, match="do not belong together"):
            Key.parse(KeyType.RSA_1024, json.dumps(numbers | {name: numbers[name] + 2}))
    with pytest.raises(Id2Error, match="do not belong together"):
        Key.parse(KeyType.RSA_1024, json.dumps({"n": numbers["n"], "e": 3, "d": 5}))
    with pytest.raises(Id2Error, match="d must be an integer"):
        Key.parse(KeyType.RSA_1024, json.dumps({"n": numbers["n"], "e": 65537}))


@pytest.mark.parametrize(
    "text",
    ["", "{", "[1]", "{}", '{"n": -1, "e": 3, "d": 1}', '{"n": true, "e": 3, "d": 1}', "-----BEGIN", "\x00"],
)
def test_other_text_is_no_rsa_key(text):
    for read in (Key.parse, Key.parse_public):
        with pytest.raises(Id2Error):
            read(KeyType.RSA_1024, text)


def test_a_pem_with_another_kind_of_key_is_refused():
    other = ec.generate_private_key(ec.SECP256R1())
    text = other.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    with pytest.raises(Id2Error, match="another kind"):
        Key.parse(KeyType.RSA_1024, text)
    with pytest.raises(Id2Error, match="another kind"):
        Key.parse_public(KeyType.RSA_1024, public_pem(other))


@pytest.mark.parametrize("kind", [KeyType.ECC_K256, KeyType.SM2_256])
def test_curve_keys(kind):
    key = Key.parse(kind, "11" * 32)
    public = Key.parse_public(kind, key.public.hex())
    assert Key.parse_public(kind, key.public[1:].hex()) == public
    signature = signing.sign(key, b"message")
    assert len(signature) == 64
    assert signing.fits(public, b"message", signature)
    assert not signing.fits(public, b"messagf", signature)
    assert not signing.fits(public, b"message", signature[:-1])
    for wrong in ("00" * 32, "FF" * 32):
        with pytest.raises(Id2Error, match="between 1 and"):
            Key.parse(kind, wrong)
    off = bytearray(key.public)
    off[-1] ^= 1
    with pytest.raises(Id2Error, match=r"not on the curve|not a point of the curve"):
        Key.parse_public(kind, off.hex())
    with pytest.raises(Id2Error, match="128 hex digits"):
        Key.parse_public(kind, "0411")


def test_symmetric_types_have_no_public_key():
    with pytest.raises(Id2Error, match="symmetric"):
        Key.parse_public(KeyType.AES_128, "00")


def test_rsa_raw_operations_undo_each_other():
    key = published.KEYS[KeyType.RSA_1024].key
    block = bytes([0]) + bytes(range(127))
    assert asymmetric.rsa_private(key, asymmetric.rsa_public(key, block)) == block
    for wrong in (block[:-1], b"\xff" * 128):
        with pytest.raises(Id2Error, match="below the modulus"):
            asymmetric.rsa_private(key, wrong)
    with pytest.raises(Id2Error, match="not RSA"):
        asymmetric.rsa_public(published.KEYS[KeyType.ECC_K256].key, block)
    assert asymmetric.rsa_recover_hash(key, b"short") is None


def test_asymmetric_functions_refuse_symmetric_keys():
    key = published.KEYS[KeyType.AES_128].key
    with pytest.raises(Id2Error, match="does not sign"):
        asymmetric.sign(key, b"")
    with pytest.raises(Id2Error, match="does not sign"):
        asymmetric.verify(key, b"", b"")
    with pytest.raises(Id2Error, match="signs the message itself"):
        signing.sign_input(KeyType.SM2_256, b"")


def test_sm2_keys_hold_their_point():
    key = Key.parse(KeyType.SM2_256, "22" * 32)
    assert sm2.parse_public(key.public) == sm2.public_point(int("22" * 32, 16))


@given(st.sampled_from(list(KeyType)), st.text(max_size=80))
def test_arbitrary_text_raises_only_the_documented_error(error_of, kind, text):
    for read in (Key.parse, Key.parse_public):
        error = error_of(read, kind, text)
        assert error is None or error.field in ("key", "key_type")
        assert error is None or len(text) < 8 or text not in str(error)
