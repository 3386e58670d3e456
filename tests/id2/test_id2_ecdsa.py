"""The curves of PUF devices, ECDSA and ECIES on them: against the vendor's published pairs, and another implementation."""

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from hypothesis import given
from hypothesis import strategies as st

from harness.id2 import devicecipher, ecdsa, ecies, published
from harness.id2.curve import Point
from harness.id2.errors import Id2Error
from harness.id2.keys import Key, KeyType

CURVES = pytest.mark.parametrize("key_type", list(ecdsa.CURVES))
K256 = ecdsa.CURVES[KeyType.ECC_K256]

# X of the public keys that the demo's debug builds publish beside the private ones, which `published` has. Source: SDK
# 3.1.0 modules/irot/puf/chipset/demo/irot_hal_ecc.c.
PUBLISHED_X = {
    KeyType.ECC_K192: "59A8A3465CFCC450CD4984D6010648E51E3448A1968EC58C",
    KeyType.ECC_K224: "8FE171E5CE5330BCAD8C7C6BEAA4AF0C44E0660E22423F3E8C1617D7",
    KeyType.ECC_K256: "E441116D9A0835C6018681D57A35A966CF023E93DFAC39055CA2C9B9E27819FC",
}


def key_of(key_type, number=1):
    return Key.parse(key_type, f"{0x1234567 * number:0{2 * key_type.key_size}X}")


def scalar_of(key):
    return int.from_bytes(key.reveal())


@CURVES
def test_generator_has_the_order_that_the_standard_says(key_type):
    curve = ecdsa.CURVES[key_type]
    assert curve.holds(curve.generator)
    assert curve.multiple(curve.order) is None
    assert curve.multiple(curve.order + 2) == curve.multiple(2)


@CURVES
def test_private_keys_of_the_debug_builds_give_their_published_public_keys(key_type):
    debug = next(
        known for known in published.FURTHER if known.key.key_type is key_type and "6789-001234" in known.id2
    )
    assert debug.key.public[1 : 1 + key_type.key_size].hex().upper() == PUBLISHED_X[key_type]


@CURVES
@given(message=st.binary(max_size=80))
@pytest.mark.slow
def test_signatures_verify_and_no_other_does(key_type, message):
    curve, key, other = ecdsa.CURVES[key_type], key_of(key_type), key_of(key_type, 2)
    public = curve.decoded(key.public)
    signature = ecdsa.sign(curve, scalar_of(key), message)
    assert len(signature) == key_type.sign_size == 2 * curve.size
    assert ecdsa.verify(curve, public, message, signature)
    assert not ecdsa.verify(curve, curve.decoded(other.public), message, signature)
    assert not ecdsa.verify(curve, public, message + b"x", signature)
    r, s = ecdsa.split(curve, signature)
    assert not ecdsa.verify(curve, public, message, ecdsa.joined(curve, s, r))
    assert ecdsa.verify(curve, public, message, ecdsa.joined(curve, r, curve.order - s))


@CURVES
def test_numbers_out_of_range_are_no_signature(key_type):
    curve, key = ecdsa.CURVES[key_type], key_of(key_type)
    public = curve.decoded(key.public)
    signature = ecdsa.sign(curve, scalar_of(key), b"message")
    r, s = signature[: curve.size], signature[curve.size :]
    zero, most = bytes(curve.size), b"\xff" * curve.size
    for wrong in (
        zero + s,
        r + zero,
        zero + zero,
        most + s,
        r + most,
        signature[:-1],
        signature + b"\x00",
        b"",
    ):
        assert not ecdsa.verify(curve, public, b"message", wrong)


@given(message=st.binary(max_size=80), private=st.integers(1, K256.order - 1))
def test_k256_agrees_with_another_implementation(message, private):
    theirs = ec.derive_private_key(private, ec.SECP256K1())
    numbers = theirs.public_key().public_numbers()
    assert K256.multiple(private) == Point(numbers.x, numbers.y)
    signature = ecdsa.sign(K256, private, message)
    their_signature = theirs.sign(message, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
    assert ecdsa.split(K256, signature) == decode_dss_signature(their_signature)
    theirs.public_key().verify(
        encode_dss_signature(*ecdsa.split(K256, signature)), message, ec.ECDSA(hashes.SHA256())
    )
    nonce = 1 + private % 1000
    sealed = ecies.encrypt(K256, Point(numbers.x, numbers.y), b"plain", nonce=nonce)
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256K1(), sealed[4:69])
    shared = theirs.exchange(ec.ECDH(), point)
    assert K256.finite(nonce, Point(numbers.x, numbers.y)).x.to_bytes(32) == shared


def test_a_nonce_that_cannot_be_used_is_refused():
    with pytest.raises(Id2Error, match="infinity"):
        ecdsa.sign(K256, 5, b"message", nonce=K256.order)
    with pytest.raises(Id2Error, match="not between 1 and the order"):
        ecdsa.public_point(K256, K256.order)


@CURVES
@given(plain=st.binary(min_size=1, max_size=200), mode=st.sampled_from(list(ecies.Mode)))
def test_ecies_round_trip(key_type, plain, mode):
    curve, key = ecdsa.CURVES[key_type], key_of(key_type)
    sealed = ecies.encrypt(curve, curve.decoded(key.public), plain, mode=mode)
    assert sealed[:4] == bytes((0x48, 0x01, mode, 0x00))
    assert (
        len(sealed)
        == len(plain) + ecies.overhead(curve)
        == devicecipher.ciphertext_size(key_type, len(plain))
    )
    assert ecies.decrypt(curve, scalar_of(key), sealed) == plain
    with pytest.raises(Id2Error, match="tag"):
        ecies.decrypt(curve, scalar_of(key_of(key_type, 2)), sealed)


@CURVES
def test_ecies_refuses_every_altered_byte_but_the_reserved_one(key_type):
    curve, key = ecdsa.CURVES[key_type], key_of(key_type)
    sealed = ecies.encrypt(curve, curve.decoded(key.public), b"0123456789", nonce=77)
    opened = []
    for at in range(len(sealed)):
        altered = sealed[:at] + bytes((sealed[at] ^ 0x02,)) + sealed[at + 1 :]
        try:
            ecies.decrypt(curve, scalar_of(key), altered)
        except Id2Error:
            continue
        opened.append(at)
    assert opened == [3]


def test_ecies_refuses_what_is_too_short_and_what_is_off_the_curve():
    key = key_of(KeyType.ECC_K256)
    sealed = ecies.encrypt(K256, K256.decoded(key.public), b"x", nonce=77)
    with pytest.raises(Id2Error, match="has 101 bytes; on secp256k1 it has at least 102"):
        ecies.decrypt(K256, scalar_of(key), sealed[:-1])
    with pytest.raises(Id2Error, match="at least one byte"):
        ecies.encrypt(K256, K256.generator, b"")
    off = Point(K256.generator.x, K256.generator.y + 1)
    assert not K256.holds(off)
    with pytest.raises(Id2Error, match="not on the curve"):
        ecies.decrypt(K256, scalar_of(key), sealed[:4] + K256.encoded(off) + sealed[69:])


def test_ecies_by_hand():
    """One ciphertext computed step by step, with the keys in the order of the SDK's demo."""
    import hashlib
    import hmac

    private, nonce, plain = 7, 11, b"ID of a device"
    shared = K256.finite(private * nonce).x.to_bytes(32)
    stream = b"".join(hashlib.sha256(shared + bytes((0, 0, 0, count))).digest() for count in (1, 2))
    hidden = bytes(a ^ b for a, b in zip(plain, stream[: len(plain)], strict=True))
    tag = hmac.new(stream[len(plain) : len(plain) + 32], hidden, "sha256").digest()
    expected = b"\x48\x01\x01\x00" + K256.encoded(K256.finite(nonce)) + hidden + tag
    assert ecies.encrypt(K256, K256.finite(private), plain, nonce=nonce) == expected


def test_device_cipher_takes_the_key_as_it_is():
    for key_type in ecdsa.CURVES:
        public = Key.parse_public(key_type, key_of(key_type).public.hex())
        sealed = devicecipher.encrypt(public, b"plain")
        assert devicecipher.decrypt(key_of(key_type), sealed) == b"plain"
        with pytest.raises(Id2Error, match="public key"):
            devicecipher.decrypt(public, sealed)
        most = devicecipher.longest_plain(key_type)
        assert len(devicecipher.encrypt(public, bytes(most))) == devicecipher.CRYPT_MAX
        with pytest.raises(Id2Error, match=f"at most {most}"):
            devicecipher.encrypt(public, bytes(most + 1))
    aes = published.KEYS[KeyType.AES_128].key
    assert devicecipher.decrypt(aes, devicecipher.encrypt(aes, b"plain")) == b"plain"
    assert devicecipher.longest_plain(KeyType.AES_128) == 1023
    for kind in (KeyType.RSA_1024, KeyType.SM2_256):
        assert devicecipher.ciphertext_size(kind, 5) is None
        with pytest.raises(Id2Error, match="nothing is encrypted"):
            devicecipher.longest_plain(kind)
