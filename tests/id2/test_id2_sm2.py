import gmssl_pyx
import pytest
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.id2 import sm2
from harness.id2.errors import Id2Error
from harness.id2.hashes import HashType, digest

PRIVATE = 0x3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8
NONCE = 0x59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21
PUBLIC = sm2.public_point(PRIVATE)
few = settings(max_examples=15, deadline=None)
scalars = st.integers(1, sm2.N - 2)


def test_published_signature_of_the_standard():
    signature = sm2.sign(PRIVATE, b"message digest", nonce=NONCE)
    assert signature.hex().upper() == (
        "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3"
        "B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA"
    )
    assert sm2.verify(PUBLIC, b"message digest", signature)


def test_published_key_pair_and_z_of_the_standard():
    assert sm2.public_bytes(PUBLIC).hex().upper() == (
        "0409F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
        "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
    )
    assert (
        sm2.z_value(PUBLIC).hex().upper()
        == "B2E14C5C79C6DF5B85F4FE7ED8DB7A262B9DA7E07CCB0EA9F4747B8CCDA8A4F3"
    )


def test_published_encryption_of_the_standard():
    cipher = sm2.encrypt(PUBLIC, b"encryption standard", nonce=NONCE)
    assert cipher.hex().upper() == (
        "0404EBFC718E8D1798620432268E77FEB6415E2EDE0E073C0F4F640ECD2E149A73"
        "E858F9D81E5430A57B36DAAB8F950A3C64E6EE6A63094D99283AFF767E124DF0"
        "59983C18F809E262923C53AEC295D30383B54E39D609D160AFCB1908D0BD8766"
        "21886CA989CA9C7D58087307CA93092D651EFA"
    )
    assert sm2.decrypt(PRIVATE, cipher) == b"encryption standard"


def test_sm3_of_the_standard():
    assert (
        digest(HashType.SM3, b"abc").hex()
        == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    )


@few
@given(scalars, st.binary(max_size=200))
def test_another_implementation_accepts_our_signatures(private, message):
    public = sm2.public_bytes(sm2.public_point(private))[1:]
    ours = sm2.sign(private, message)
    der = encode_dss_signature(int.from_bytes(ours[:32]), int.from_bytes(ours[32:]))
    assert gmssl_pyx.sm2_verify(public, message, der)
    assert not gmssl_pyx.sm2_verify(public, message + b"x", der)


@few
@given(st.binary(min_size=1, max_size=200))
def test_we_accept_signatures_of_another_implementation(message):
    public, private = gmssl_pyx.sm2_key_generate()
    r, s = decode_dss_signature(gmssl_pyx.sm2_sign(private, public, message))
    signature = r.to_bytes(32) + s.to_bytes(32)
    point = sm2.parse_public(b"\x04" + public)
    assert point == sm2.public_point(int.from_bytes(private))
    assert sm2.verify(point, message, signature)
    assert not sm2.verify(point, message + b"x", signature)
    assert not sm2.verify(point, message, signature, user_id=b"other")


def der(tag, content):
    length = bytes([len(content)]) if len(content) < 128 else b"\x81" + bytes([len(content)])
    return bytes([tag]) + length + content


def der_integer(value):
    return der(0x02, value.to_bytes(value.bit_length() // 8 + 1))


def der_fields(data):
    """Give the contents of the values of one short DER sequence."""
    offset = 2 if data[1] < 128 else 2 + (data[1] & 0x7F)
    while offset < len(data):
        size, start = data[offset + 1], offset + 2
        if size >= 128:
            start += size & 0x7F
            size = int.from_bytes(data[offset + 2 : start])
        yield data[start : start + size]
        offset = start + size


@few
@given(st.binary(min_size=1, max_size=100))
def test_encryption_agrees_with_another_implementation(plain):
    public, private = gmssl_pyx.sm2_key_generate()
    cipher = sm2.encrypt(sm2.parse_public(b"\x04" + public), plain)
    x, y = int.from_bytes(cipher[1:33]), int.from_bytes(cipher[33:65])
    theirs = der(0x30, der_integer(x) + der_integer(y) + der(4, cipher[65:97]) + der(4, cipher[97:]))
    assert gmssl_pyx.sm2_decrypt(private, theirs) == plain
    x_bytes, y_bytes, c3, c2 = der_fields(gmssl_pyx.sm2_encrypt(public, plain))
    c1 = b"\x04" + int.from_bytes(x_bytes).to_bytes(32) + int.from_bytes(y_bytes).to_bytes(32)
    assert sm2.decrypt(int.from_bytes(private), c1 + c3 + c2) == plain


@few
@given(st.binary(min_size=1, max_size=40), st.data())
def test_an_altered_signature_or_ciphertext_is_refused(message, data):
    signature = bytearray(sm2.sign(PRIVATE, message))
    signature[data.draw(st.integers(0, 63))] ^= data.draw(st.integers(1, 255))
    assert not sm2.verify(PUBLIC, message, bytes(signature))
    cipher = bytearray(sm2.encrypt(PUBLIC, message))
    cipher[data.draw(st.integers(0, len(cipher) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Id2Error):
        sm2.decrypt(PRIVATE, bytes(cipher))


@given(st.binary(max_size=140))
def test_arbitrary_bytes_raise_only_the_documented_error(data):
    assert sm2.verify(PUBLIC, b"m", data) is False
    for read in (sm2.parse_public, lambda cipher: sm2.decrypt(PRIVATE, cipher)):
        with pytest.raises(Id2Error):
            read(data)


def test_signatures_are_deterministic_and_depend_on_key_and_message():
    first = sm2.sign(PRIVATE, b"a")
    assert first == sm2.sign(PRIVATE, b"a")
    assert first[:32] != sm2.sign(PRIVATE, b"b")[:32]
    assert first[:32] != sm2.sign(PRIVATE + 1, b"a")[:32]


@pytest.mark.parametrize("scalar", [0, -1, sm2.N - 1, sm2.N])
def test_private_keys_outside_the_range_are_refused(scalar):
    with pytest.raises(Id2Error, match="between 1 and the order"):
        sm2.public_point(scalar)


def test_degenerate_signatures_are_refused():
    zero, order = bytes(32), sm2.N.to_bytes(32)
    one = (1).to_bytes(32)
    for signature in (zero + one, one + zero, order + one, one + order, one + (sm2.N - 1).to_bytes(32)):
        assert not sm2.verify(PUBLIC, b"m", signature)


def test_empty_plaintext_is_refused():
    with pytest.raises(Id2Error, match="at least one byte"):
        sm2.encrypt(PUBLIC, b"")
