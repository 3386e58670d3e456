"""Secure elements with an asymmetric key: the chip signs the message, the codes verify with it."""

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from harness.carrier.errors import CarrierError
from harness.id2 import asymmetric, authcode, sm2
from harness.id2.keys import Key, KeyType

ID = "2122232425262728292A2B2C"
SCALAR = "128B2FA8BD433C6C068C8D803DFF79792A519A55171B1B650C23661D15897263"


def pem(bits):
    key = rsa.generate_private_key(65537, bits)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


@pytest.fixture(scope="module")
def keys():
    return {
        "rsa-1024": pem(1024),
        "rsa-2048": pem(2048),
        "sm2-256": SCALAR,
        "ecc-k256": SCALAR,
    }


@pytest.mark.parametrize("name", ["rsa-1024", "rsa-2048", "sm2-256", "ecc-k256"])
def test_codes_verify(name, keys, computing):
    carrier = computing(name, keys[name])
    key = Key.parse(KeyType(name), keys[name])
    for extra in (None, b"abcd1234", bytes(range(256)) * 2):
        code = carrier.get_challenge_auth_code("55B83408399FA660F05C82E4F25333DC", extra)
        assert authcode.check(code, id2=ID, key=key, extra=extra or b"") == ()
    hash_number = "3" if name == "sm2-256" else "2"
    assert carrier.get_timestamp_auth_code("1512022279204").startswith(f"1~{hash_number}~ABABABABABABABAB~")


def test_rsa_decrypts_block_after_block(keys, computing):
    carrier = computing("rsa-1024", keys["rsa-1024"])
    public = asymmetric.rsa_public_key(Key.parse(KeyType.RSA_1024, keys["rsa-1024"]))
    cipher = b"".join(public.encrypt(part, padding.PKCS1v15()) for part in (b"first ", b"second"))
    assert carrier.decrypt(cipher) == b"first second"
    with pytest.raises(CarrierError) as caught:
        carrier.decrypt(cipher[:-1])
    assert caught.value.code == -2


def test_sm2_decrypts(keys, computing):
    carrier = computing("sm2-256", keys["sm2-256"])
    key = Key.parse(KeyType.SM2_256, keys["sm2-256"])
    assert carrier.decrypt(sm2.encrypt(sm2.parse_public(key.public), b"plain", nonce=12345)) == b"plain"


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("get_secret", ("seed",)),
        ("derive_key", ("seed", 16)),
        ("encrypt", (b"x",)),
        ("verify_server", ("10~3~AB~AAAA", "AB")),
        ("dpm_get_totp", (1, 1)),
    ],
)
def test_what_asymmetric_keys_do_not_offer(keys, computing, name, arguments):
    carrier = computing("sm2-256", keys["sm2-256"])
    with pytest.raises(CarrierError) as caught:
        getattr(carrier, name)(*arguments)
    assert caught.value.code == -8


def test_ecc_does_not_decrypt(keys, computing):
    with pytest.raises(CarrierError) as caught:
        computing("ecc-k256", keys["ecc-k256"]).decrypt(b"x")
    assert caught.value.code == -8
