"""What the client computes: the published codes byte for byte, and everything else against the harness's own."""

import ctypes
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.id2 import ciphers, kpm, otp, secrets, servercode, totp
from harness.id2.authcode import parse, verify
from harness.id2.keys import Key, KeyType

VECTORS = Path(__file__).resolve().parents[1] / "vectors"
FIXED = json.loads((VECTORS / "official-fixed-keys.json").read_text())
CHALLENGE, TIMESTAMP, EXTRA = (
    FIXED["challenge"].encode(),
    FIXED["timestamp"].encode(),
    FIXED["extra"].encode(),
)
_QUIET = settings(deadline=None, max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])


def options(family, id_text, key):
    return (f"-DID2_FAMILY=ID2_FAMILY_{family}", f'-DID2_DEMO_ID="{id_text}"', f'-DID2_DEMO_KEY="{key}"')


SYMMETRIC = {name: value for name, value in FIXED["keys"].items() if not name.startswith("RSA")}
KEYS = {name: (value["key_type"], value["id2"], value["key"]) for name, value in SYMMETRIC.items()}
SM4 = json.loads((VECTORS / "SM4-128-demo.json").read_text())
KEYS["SM4-128"] = ("SM4", SM4["id2"], SM4["key_hex"])
KEY_TYPES = {
    "3DES-112": KeyType.DES3_112,
    "3DES-168": KeyType.DES3_168,
    "AES-128": KeyType.AES_128,
    "AES-192": KeyType.AES_192,
    "AES-256": KeyType.AES_256,
    "SM4-128": KeyType.SM4_128,
}


class Device:
    def __init__(self, client, name):
        family, self.id, key = KEYS[name]
        self.client = client(*options(family, self.id, key))
        self.key = Key.parse(KEY_TYPES[name], key)
        assert self.client.c.id2_client_init() == 0


@pytest.fixture(params=KEYS)
def device(client, request):
    return Device(client, request.param)


@pytest.mark.slow
@pytest.mark.parametrize("name", SYMMETRIC)
def test_published_codes_and_ciphertexts(client, name):
    device = Device(client, name)
    device.client.force_random(0xAB)
    codes = [
        device.client.code(mode, random, extra)
        for mode, random in (("challenge", CHALLENGE), ("timestamp", TIMESTAMP))
        for extra in (None, EXTRA)
    ]
    assert codes == SYMMETRIC[name]["auth_codes"]
    if cipher := SYMMETRIC[name].get("decrypt_cipher"):
        data = bytes.fromhex(cipher)
        assert device.client.call("id2_client_decrypt", data, len(data), room=64) == (0, 4, b"1234")


@pytest.mark.parametrize("name", ["AES-128-demo", "SM4-128-demo"])
@pytest.mark.slow
def test_values_of_the_vendors_sdk(client, name):
    vector = json.loads((VECTORS / f"{name}.json").read_text())
    device = Device(client, name.removesuffix("-demo"))
    call, c = device.client.call, device.client.c
    device.client.force_random(0xAB)
    codes = vector["auth_codes_sdk"]
    assert device.client.code("challenge", CHALLENGE, EXTRA) == codes["challenge_extra"]
    assert device.client.code("timestamp", TIMESTAMP) == codes["timestamp"]
    cipher = bytes.fromhex(vector["decrypt_id"]["cipher"])
    assert call("id2_client_decrypt", cipher, len(cipher), room=64)[2].decode() == device.id
    secret = vector["secret"]
    assert (
        call("id2_client_get_secret", secret["seed"].encode(), room=64)[2].decode() == secret["sdk"]["secret"]
    )
    key = ctypes.create_string_buffer(32)
    assert c.id2_client_derive_key(b"appKey", key, 16) == 0
    assert key.raw[:16].hex().upper() == vector["derive_appKey_16"]["sdk"]["key"]
    assert c.id2_client_derive_key(b"", key, 32) == 0
    assert key.raw.hex().upper() == vector["derive_empty_32"]["sdk"]["key"]
    assert c.id2_client_derive_key(None, key, 32) == -2
    sealed = vector["encrypt_seed_null_1234"]
    assert call("id2_client_encrypt", None, b"1234", 4, room=64)[2].hex().upper() == sealed["out"]
    for kind, extra in (("type10", None), ("type11_extra", EXTRA)):
        code = vector["verify_server"][kind]["auth_code"].encode()
        random = code.split(b"~")[2]
        extras = (None, 0) if extra is None else (extra, len(extra))
        assert c.id2_client_verify_server(code, len(code), random, len(random), *extras) == 0
    digits = ctypes.create_string_buffer(12)
    assert c.id2_client_dpm_get_totp(ctypes.c_uint64(1700000000), 42, 180, 12, digits) == 0
    assert digits.raw.decode() == vector["totp_1700000000_42_180_12"]["totp"]
    code = call("id2_client_kpm_get_auth_code", 1, 1, 0, CHALLENGE, room=512)
    assert code[2].decode() == vector["kpm_auth_code_idx1_aes128_challenge"]["kpm_auth_code"]


@given(
    random=st.text("0123456789ABCDEFabc", min_size=1, max_size=32), extra=st.binary(min_size=1, max_size=512)
)
@_QUIET
@pytest.mark.slow
def test_codes_are_signed_over_all_that_they_must(device, random, extra):
    """Also over bytes behind a NUL in extra, which the vendor's SDK signs as 00 (device-protocol.md k.3)."""
    for mode, kind in (("challenge", 0), ("timestamp", 1)):
        for part, number in ((extra, kind + 2), (None, kind)):
            code = parse(device.client.code(mode, random.encode(), part))
            assert (code.type.value, code.random) == (number, random)
            verify(device.key, device.id, code, part or b"")


@given(plain=st.binary(max_size=1007))
@_QUIET
def test_decryption(device, plain):
    sealed = ciphers.ecb_encrypt(device.key, ciphers.pad(plain, device.key.key_type.block_size))
    assert device.client.call("id2_client_decrypt", sealed, len(sealed), room=len(plain)) == (
        0,
        len(plain),
        plain,
    )


@given(seed=st.text("abcXYZ019 ", min_size=1, max_size=128), length=st.integers(1, 32))
@_QUIET
def test_secrets_and_derived_keys(device, seed, length):
    result, _, secret = device.client.call("id2_client_get_secret", seed.encode(), room=64)
    assert (result, secret.decode()) == (0, secrets.get_secret(device.key, seed))
    key = ctypes.create_string_buffer(length + 1)
    assert device.client.c.id2_client_derive_key(seed.encode(), key, length) == 0
    assert key.raw == secrets.derive_key(device.key, device.id, seed, length) + b"\x00"


@given(seed=st.text("abc", max_size=128), plain=st.binary(min_size=1, max_size=1024))
@_QUIET
def test_encryption(device, seed, plain):
    result, length, sealed = device.client.call(
        "id2_client_encrypt", seed.encode(), plain, len(plain), room=1040
    )
    if device.key.key_type.family == "3DES":
        assert result == -8
    else:
        assert (result, length) == (0, len(sealed))
        assert sealed == secrets.encrypt(device.key, device.id, seed, plain)


@given(
    challenge=st.text("0123456789ABCDEF", min_size=1, max_size=128),
    extra=st.binary(max_size=512),
    at=st.integers(0),
)
@_QUIET
def test_server_codes(device, challenge, extra, at):
    text = servercode.build(device.key, device.id, challenge, extra).text.encode()
    random = challenge.encode()
    tail = (extra or None, len(extra))
    check = device.client.c.id2_client_verify_server
    assert check(text, len(text), random, len(random), *tail) == 0
    at %= len(text)
    wrong = text[:at] + bytes([text[at] ^ 1]) + text[at + 1 :]
    assert check(wrong, len(wrong), random, len(random), *tail) == -1
    assert check(text[:at], at, random, len(random), *tail) in (-1, -2)
    if extra:
        assert check(text, len(text), random, len(random), None, 0) == -1
        other = bytes([extra[0] ^ 1]) + extra[1:]
        assert check(text, len(text), random, len(random), other, len(other)) == -1


@given(
    time=st.integers(1, 2**40),
    index=st.integers(0, 99),
    step=st.integers(180, 1800),
    length=st.integers(6, 16),
)
@_QUIET
def test_time_based_passwords(device, time, index, step, length):
    digits, found = ctypes.create_string_buffer(length + 1), ctypes.c_uint32()
    c = device.client.c
    assert c.id2_client_dpm_get_totp(ctypes.c_uint64(time), index, step, length, digits) == 0
    expected = totp.build(device.key, device.id, timestamp=time, index=index, step=step, length=length)
    assert digits.raw == expected.encode() + b"\x00"
    assert c.id2_client_dpm_get_index(digits, length, ctypes.byref(found)) == 0
    assert found.value == index


def _provision(client, token_text, id_text, key):
    result, _, code = client.call("id2_client_get_otp_auth_code", token_text, len(token_text), room=256)
    assert result == 0
    token = otp.parse_token(token_text.decode())
    report = otp.open_device_code(token, otp.parse_device_code(code))
    return otp.build_data(report.session_key.reveal(), id_text, key).data


@pytest.mark.slow
@pytest.mark.parametrize(
    ("family", "token", "key_type", "size"),
    [
        ("AES", b"i110123456789ABCDEFxxxxxxxxxxxxx", KeyType.AES_128, 16),
        ("AES", b"x12" + b"k" * 29, KeyType.AES_192, 24),
        ("AES", b"i23abcdeAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", KeyType.AES_256, 32),
        ("SM4", b"i190123456789ABCDEFxxxxxxxxxxxxx", KeyType.SM4_128, 16),
    ],
)
def test_provisioning_in_the_field(client, family, token, key_type, size):
    device = client(*options(family, "", ""))
    c = device.c
    key, id_text = Key.parse(key_type, bytes(range(size)).hex()), "00FFFFFFDB1D8DC78DDCB800"
    is_prov = ctypes.c_bool(True)
    assert c.id2_client_init() == 0
    assert device.call("id2_client_get_id", room=48)[0] == -11
    assert device.code("challenge", CHALLENGE) == -11
    assert (c.id2_client_get_prov_stat(ctypes.byref(is_prov)), is_prov.value) == (0, False)
    data = _provision(device, token, id_text, key)
    for wrong in (
        data[:-1] + bytes([data[-1] ^ 1]),
        data[:-16],
        data[:30] + b"\x00" + data[31:],
        b"\x07" + data[1:],
    ):
        assert c.id2_client_load_otp_data(wrong, len(wrong)) == -1
        assert (c.id2_client_get_prov_stat(ctypes.byref(is_prov)), is_prov.value) == (0, False)
    assert c.id2_client_load_otp_data(data, len(data)) == 0
    assert (c.id2_client_get_prov_stat(ctypes.byref(is_prov)), is_prov.value) == (0, True)
    assert device.call("id2_client_get_id", room=48) == (0, 24, id_text.encode())
    verify(key, id_text, parse(device.code("challenge", CHALLENGE)))
    c.id2_client_cleanup()
    device.restore(device.flash)
    assert c.id2_client_init() == 0
    verify(key, id_text, parse(device.code("timestamp", TIMESTAMP, EXTRA)), EXTRA)


@pytest.mark.parametrize(
    "token", [b"", b"i11" + b"x" * 28, b"j11" + b"x" * 29, b"i31" + b"x" * 29, b"i2101234" + b"!" * 24]
)
def test_tokens_that_are_refused(client, token):
    device = client()
    assert device.c.id2_client_init() == 0
    assert device.call("id2_client_get_otp_auth_code", token, len(token), room=256)[0] == -2


def test_business_keys(client):
    device = Device(client, "AES-128")
    c, call = device.client.c, device.client.call
    for info, size in ((1, 16), (3, 32), (9, 16)):
        key = bytes(range(7, 7 + size))
        business = Key.parse({1: KeyType.AES_128, 3: KeyType.AES_256, 9: KeyType.SM4_128}[info], key.hex())
        wrapped = ciphers.ecb_encrypt(device.key, ciphers.pad(key, 16))
        value = ciphers.ecb_encrypt(business, ciphers.pad(device.id.encode(), 16))
        blob = kpm._pack(info, kpm.KeyInfo(info), (wrapped, value)).encode()
        spoilt = kpm._pack(info, kpm.KeyInfo(info), (wrapped, value[::-1])).encode()
        stored, kind = ctypes.c_bool(True), ctypes.c_uint32()
        assert (c.id2_client_kpm_get_prov_stat(info, ctypes.byref(stored)), stored.value) == (0, False)
        assert c.id2_client_kpm_import_key(info, spoilt, len(spoilt)) == -1
        assert c.id2_client_kpm_import_key(info, blob, len(blob)) == 0
        assert c.id2_client_kpm_import_key(info, blob, len(blob)) == -8
        assert (c.id2_client_kpm_get_prov_stat(info, ctypes.byref(stored)), stored.value) == (0, True)
        assert c.id2_client_kpm_get_key_type(info, ctypes.byref(kind)) == 0
        assert kind.value == (82 if info == 9 else 81)
        suite = 103 if info == 9 else 101
        result = call("id2_client_kpm_encrypt", info, suite, 1, None, 0, b"plain", 5, room=32)
        sealed = ciphers.ecb_encrypt(business, ciphers.pad(b"plain", 16))
        assert result == (0, 16, sealed)
        assert call("id2_client_kpm_decrypt", info, suite, 1, None, 0, sealed, 16, room=32) == (
            0,
            5,
            b"plain",
        )
        assert c.id2_client_kpm_delete_key(info) == 0
        assert c.id2_client_kpm_delete_key(info) == -11
    assert c.id2_client_kpm_import_key(0, b"", 0) == -8
