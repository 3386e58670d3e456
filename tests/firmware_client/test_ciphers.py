"""The ciphers and hashes of the firmware's HAL, in one piece and in pieces, against other implementations."""

import base64
import ctypes
import hashlib
import hmac

import pytest
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.decrepit.ciphers.modes import CFB, CFB8
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SM3, Hash
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

IV = bytes(range(16))
HASHES = ("md5", "sha1", "sha256", "sm3")
SIZES = {"md5": 16, "sha1": 20, "sha256": 32, "sm3": 32}
MODES = ("aes_ecb", "aes_cbc", "aes_ctr", "aes_cfb128", "aes_cfb8", "sm4_ecb", "sm4_cbc", "sm4_ctr")
_QUIET = settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
cuts = st.lists(st.integers(0, 70), max_size=5)


@pytest.fixture(scope="module")
def c(library):
    return ctypes.CDLL(str(library()))


def pieces(data, sizes):
    for size in sizes:
        yield data[:size]
        data = data[size:]
    yield data


def hashed(c, name, parts):
    context, digest = ctypes.create_string_buffer(512), ctypes.create_string_buffer(SIZES[name])
    assert 0 < getattr(c, f"ls_hal_{name}_get_size")() <= 512
    assert getattr(c, f"ls_hal_{name}_init")(context) == 0
    for part in parts:
        assert getattr(c, f"ls_hal_{name}_update")(context, part, ctypes.c_size_t(len(part))) == 0
    assert getattr(c, f"ls_hal_{name}_finish")(context, digest) == 0
    return digest.raw


def expected_hash(name, data):
    if name == "sm3":
        other = Hash(SM3())
        other.update(data)
        return other.finalize()
    return hashlib.new(name, data, usedforsecurity=False).digest()


@pytest.mark.parametrize("name", HASHES)
@given(data=st.binary(max_size=300), cut=cuts)
@_QUIET
@example(data=bytes(55), cut=[])
@example(data=bytes(56), cut=[50])
@example(data=bytes(63), cut=[1, 62])
@example(data=bytes(64), cut=[64])
@example(data=bytes(120), cut=[64])
@pytest.mark.slow
def test_hashes_agree_however_the_data_is_cut(c, name, data, cut):
    assert hashed(c, name, pieces(data, cut)) == expected_hash(name, data)


def test_published_digests(c):
    assert hashed(c, "sm3", [b"abc"]).hex() == (
        "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"  # GB/T 32905, example 1
    )
    assert hashed(c, "sha256", [b"abc"]).hex() == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-4
    )
    data = bytes(range(1, 9)) * 16 + bytes.fromhex("0A0B0C0D0E0F00010203040513")  # device-protocol.md j.1
    assert hashed(c, "sha1", pieces(data, [50, 50])).hex() == "541d6f6e467efe1da8660634b0213d65b8a402ca"
    assert hashed(c, "md5", pieces(data, [50, 50])).hex() == "9579a2468ebc5bd64557bb4fafae5a05"


@given(key=st.binary(max_size=64), data=st.binary(max_size=200))
@_QUIET
def test_hmac(c, key, data):
    mac = ctypes.create_string_buffer(32)
    c.id2_hmac_sha256(key, ctypes.c_size_t(len(key)), data, ctypes.c_size_t(len(data)), mac)
    assert mac.raw == hmac.digest(key, data, "sha256")


def crypted(c, name, key, parts, *, encrypt):
    context = ctypes.create_string_buffer(512)
    family = name.removesuffix("128").removesuffix("8")
    assert 0 < getattr(c, f"ls_hal_{family}_get_size")() <= 512
    arguments = [] if family.endswith("ecb") else [IV]
    start = getattr(c, f"ls_hal_{family}_init")
    assert start(context, int(encrypt), key, ctypes.c_size_t(len(key)), *arguments) == 0
    function = "aes_cfb" if name == "aes_cfb8" else name
    result = b""
    for part in parts:
        room = ctypes.create_string_buffer(len(part) + 1)
        assert getattr(c, f"ls_hal_{function}_process")(context, part, room, ctypes.c_size_t(len(part))) == 0
        result += room.raw[: len(part)]
    return result


def expected_cipher(name, key, data):
    family, _, mode = name.partition("_")
    algorithm = algorithms.AES(key) if family == "aes" else algorithms.SM4(key)
    made = {"cbc": modes.CBC, "ctr": modes.CTR, "cfb128": CFB, "cfb8": CFB8}.get(mode)
    return Cipher(algorithm, made(IV) if made else modes.ECB()).encryptor().update(data)


@pytest.mark.parametrize("size", [16, 24, 32])
@pytest.mark.parametrize("name", MODES)
@given(data=st.data())
@settings(deadline=None, max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_modes_agree_however_the_data_is_cut(c, name, size, data):
    if name.startswith("sm4") and size != 16:
        size = 16
    key = data.draw(st.binary(min_size=size, max_size=size))
    unit = 16 if name.endswith(("ecb", "cbc")) else 1
    count = data.draw(st.integers(0, 8 if unit == 16 else 100))
    plain = data.draw(st.binary(min_size=unit * count, max_size=unit * count))
    cut = [unit * (number // unit if unit > 1 else number) for number in data.draw(cuts)]
    expected = expected_cipher(name, key, plain)
    assert crypted(c, name, key, pieces(plain, cut), encrypt=True) == expected
    assert crypted(c, name, key, pieces(expected, cut), encrypt=False) == plain


def test_counters_carry(c):
    """A counter of FF…FF goes on with 00…00: all bytes of it count."""
    context, room = ctypes.create_string_buffer(512), ctypes.create_string_buffer(64)
    key, start = bytes(16), b"\xff" * 16
    for function, algorithm in (("aes_ctr", algorithms.AES(key)), ("sm4_ctr", algorithms.SM4(key))):
        assert getattr(c, f"ls_hal_{function}_init")(context, 1, key, ctypes.c_size_t(16), start) == 0
        getattr(c, f"ls_hal_{function}_process")(context, bytes(64), room, ctypes.c_size_t(64))
        assert room.raw == Cipher(algorithm, modes.CTR(start)).encryptor().update(bytes(64))


@given(
    key=st.binary(min_size=16, max_size=24).filter(lambda key: len(key) in (16, 24)),
    block=st.binary(min_size=8, max_size=8),
)
@_QUIET
def test_triple_des(c, key, block):
    context, room = ctypes.create_string_buffer(512), ctypes.create_string_buffer(8)
    assert c.id2_cipher_init(context, 2, key, ctypes.c_size_t(len(key))) == 0
    c.id2_cipher_encrypt(context, block, room)
    assert room.raw == Cipher(TripleDES((key + key[:8])[:24]), modes.ECB()).encryptor().update(block)
    c.id2_cipher_decrypt(context, room, room)
    assert room.raw == block


@pytest.mark.parametrize("function", ["aes_ecb", "sm4_ecb"])
def test_wrong_arguments_are_refused(c, function):
    context, room = ctypes.create_string_buffer(512), ctypes.create_string_buffer(32)
    start, go_on = getattr(c, f"ls_hal_{function}_init"), getattr(c, f"ls_hal_{function}_process")
    assert start(None, 1, bytes(16), ctypes.c_size_t(16)) != 0
    assert start(context, 1, None, ctypes.c_size_t(16)) != 0
    assert start(context, 1, bytes(16), ctypes.c_size_t(15)) != 0
    assert start(context, 1, bytes(16), ctypes.c_size_t(16)) == 0
    assert go_on(context, bytes(17), room, ctypes.c_size_t(17)) != 0
    assert go_on(context, None, room, ctypes.c_size_t(16)) != 0


@given(data=st.binary(max_size=100))
@_QUIET
def test_base64(c, data):
    text = ctypes.create_string_buffer(200)
    length = c.id2_base64_encode(data, ctypes.c_size_t(len(data)), text)
    assert text.raw[:length] == base64.b64encode(data)
    if data:
        back, size = ctypes.create_string_buffer(100), ctypes.c_size_t()
        assert (
            c.id2_base64_decode(text, ctypes.c_size_t(length), back, ctypes.c_size_t(100), ctypes.byref(size))
            == 0
        )
        assert back.raw[: size.value] == data


@pytest.mark.parametrize(
    "text", [b"", b"A", b"AAA", b"A===", b"AB==", b"AAB=", b"AA=A", b"AA==AAAA", b"A A=", b"AAA\x00"]
)
def test_what_is_no_base64(c, text):
    back, size = ctypes.create_string_buffer(100), ctypes.c_size_t()
    assert (
        c.id2_base64_decode(text, ctypes.c_size_t(len(text)), back, ctypes.c_size_t(100), ctypes.byref(size))
        == -1
    )
