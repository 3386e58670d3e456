"""The limits and result codes of the client's API (device-protocol.md a.1 to a.4), and what it must leave alone."""

import ctypes

import pytest

CHALLENGE = b"55B83408399FA660F05C82E4F25333DC"
ID = b"2122232425262728292A2B2C"


@pytest.fixture
def device(client):
    made = client()
    assert made.c.id2_client_init() == 0
    return made


def pointer(value=0, kind=ctypes.c_uint32):
    return ctypes.byref(kind(value))


def every_call(device):
    """Name and result of each function of the API, with arguments that are right after init."""
    c, call = device.c, device.call
    digits = ctypes.create_string_buffer(b"045501945670")
    yield "version", c.id2_client_get_version(pointer())
    yield "id", call("id2_client_get_id", room=48)[0]
    yield "challenge", call("id2_client_get_challenge_auth_code", CHALLENGE, None, 0, room=512)[0]
    yield "timestamp", call("id2_client_get_timestamp_auth_code", b"1", None, 0, room=512)[0]
    yield "encrypt", call("id2_client_encrypt", None, b"1", 1, room=64)[0]
    yield "device challenge", call("id2_client_get_device_challenge", room=16)[0]
    yield "secret", call("id2_client_get_secret", b"seed", room=64)[0]
    yield "derive", c.id2_client_derive_key(b"seed", ctypes.create_string_buffer(32), 32)
    yield "prov", c.id2_client_get_prov_stat(pointer(kind=ctypes.c_bool))
    yield "otp", call("id2_client_get_otp_auth_code", b"i11" + b"x" * 29, 32, room=256)[0]
    yield "wrap", c.id2_client_wrap_do_provisioning(b"host", 1, b"key", b"secret", 1)
    yield "kpm state", c.id2_client_kpm_get_prov_stat(1, pointer(kind=ctypes.c_bool))
    yield "kpm code", call("id2_client_kpm_get_auth_code", 1, 1, 0, CHALLENGE, room=512)[0]
    yield "totp", c.id2_client_dpm_get_totp(ctypes.c_uint64(9), 1, 180, 12, ctypes.create_string_buffer(12))
    yield "index", c.id2_client_dpm_get_index(digits, 12, pointer())


def test_nothing_works_before_init_or_after_cleanup(client):
    device = client()
    assert device.c.id2_client_cleanup() == 0
    assert {result for _, result in every_call(device)} == {-1}
    assert device.c.id2_client_init() == 0
    assert [name for name, result in every_call(device) if result] == []
    assert device.c.id2_client_cleanup() == 0
    assert {result for _, result in every_call(device)} == {-1}


def test_as_many_cleanups_as_inits(device):
    assert device.c.id2_client_init() == 0
    assert device.c.id2_client_init() == 0
    for _ in range(2):
        assert device.c.id2_client_cleanup() == 0
        assert device.code("challenge", b"1").startswith("0~2~")
    assert device.c.id2_client_cleanup() == 0
    assert device.code("challenge", b"1") == -1
    assert device.c.id2_client_cleanup() == 0
    assert device.c.id2_client_init() == 0
    assert device.code("challenge", b"1").startswith("0~2~")


@pytest.mark.parametrize("mode", ["challenge", "timestamp"])
def test_code_limits(device, mode):
    for size in (1, 32):
        assert f"~{'7' * size}~" in device.code(mode, b"7" * size)
    assert "~~~" in device.code(mode, b"~")
    for wrong in (b"", b"7" * 33, None):
        assert device.code(mode, wrong) == -2
    for size in (1, 512):
        assert device.code(mode, b"7", b"e" * size)[0] in "23"
    for wrong in (b"", b"e" * 513):
        assert device.code(mode, b"7", wrong) == -4
    assert device.code(mode, b"7", None, 5) == -2
    function = f"id2_client_get_{mode}_auth_code"
    for room in (0, 255):
        assert device.call(function, b"7", None, 0, room=room)[:2] == (-3, 256)
    assert device.call(function, b"7", None, 0, room=256)[0] == 0
    assert getattr(device.c, function)(b"7", None, 0, None, pointer(512)) == -2


def test_id_limits(device):
    for room in (0, 24, 47):
        assert device.call("id2_client_get_id", room=room)[:2] == (-3, 48)
    assert device.call("id2_client_get_id", room=48) == (0, 24, ID)
    assert device.c.id2_client_get_id(None, pointer(48)) == -2
    assert device.c.id2_client_get_id(ctypes.create_string_buffer(48), None) == -2


def sealed(device, blocks):
    """Blocks encrypted under the ID² key of the library."""
    room = ctypes.create_string_buffer(len(blocks))
    assert device.c.id2_carrier_cipher(1, blocks, room, len(blocks)) == 0
    return room.raw


def test_decrypt_limits(device):
    def decrypt(data, room=1024):
        return device.call("id2_client_decrypt", data, len(data), room=room)

    assert [decrypt(bytes(size))[0] for size in (0, 15, 17, 1040)] == [-2, -2, -2, -4]
    assert decrypt(sealed(device, b"x" * 1020 + b"\x04" * 4))[:2] == (0, 1020)
    for block in (b"x" * 15 + b"\x00", b"x" * 15 + b"\x11", b"x" * 13 + b"\x01\x02\x03", b"\xff" * 16):
        assert decrypt(sealed(device, block))[0] == -1
    four = sealed(device, b"1234" + b"\x0c" * 12)
    assert decrypt(four, room=3)[:2] == (-3, 4)
    assert decrypt(four, room=4) == (0, 4, b"1234")
    assert decrypt(sealed(device, b"\x10" * 16), room=0) == (0, 0, b"")


def test_encrypt_limits(device):
    def encrypt(data, seed=b"", room=1056):
        return device.call("id2_client_encrypt", seed, data, len(data), room=room)[:2]

    assert [encrypt(bytes(size)) for size in (1, 15, 16, 1024)] == [(0, 16), (0, 16), (0, 32), (0, 1040)]
    assert [encrypt(bytes(size))[0] for size in (0, 1025)] == [-2, -4]
    assert encrypt(b"1", room=15) == (-3, 16)
    assert encrypt(b"1", b"s" * 128) == (0, 16)
    assert encrypt(b"1", b"s" * 129)[0] == -4


def test_device_challenge_limits(device):
    for room in (1, 16, 127, 128):
        result, size, text = device.call("id2_client_get_device_challenge", room=room)
        assert (result, size, len(text)) == (0, room, room)
        assert set(text) <= set(b"0123456789ABCDEF")
    assert device.call("id2_client_get_device_challenge", room=129)[:2] == (0, 128)
    assert device.call("id2_client_get_device_challenge", room=0)[0] == -2


def test_seed_and_key_limits(device):
    key = ctypes.create_string_buffer(64)
    assert [device.c.id2_client_derive_key(b"s", key, size) for size in (0, 1, 32, 33)] == [-2, 0, 0, -2]
    assert device.c.id2_client_derive_key(b"s", None, 16) == -2
    assert [device.c.id2_client_derive_key(b"s" * size, key, 16) for size in (0, 128, 129)] == [0, 0, -4]
    secret = [device.call("id2_client_get_secret", b"s" * size, room=64)[0] for size in (0, 1, 128, 129)]
    assert secret == [-2, 0, 0, -4]
    assert device.call("id2_client_get_secret", b"s", room=63)[:2] == (-3, 64)


def test_server_code_limits(device):
    check = device.c.id2_client_verify_server
    assert check(None, 5, b"r", 1, None, 0) == -2
    assert check(b"10~2~r~AAAA", 0, b"r", 1, None, 0) == -2
    assert check(b"10~2~r~AAAA", 11, b"r", 0, None, 0) == -2
    assert check(b"10~2~r~AAAA", 11, b"r" * 129, 129, None, 0) == -4
    assert check(b"10~2~r~AAAA", 11, b"r", 1, b"", 0) == -4
    assert check(b"10~2~r~AAAA", 11, b"r", 1, b"e" * 513, 513) == -4
    assert check(b"10~2~r~AAAA", 11, b"r", 1, None, 0) == -1


def test_password_limits(device):
    def totp(time=9, index=1, step=180, length=12):
        digits = ctypes.create_string_buffer(64)
        return device.c.id2_client_dpm_get_totp(ctypes.c_uint64(time), index, step, length, digits)

    assert {totp(), totp(step=0), totp(index=99), totp(step=1800), totp(length=6), totp(length=16)} == {0}
    wrong = {totp(time=0), totp(index=100), totp(step=179), totp(step=1801), totp(length=5), totp(length=17)}
    assert wrong == {-2}
    for text in (b"12345", b"1" * 17, b"12345x"):
        assert device.c.id2_client_dpm_get_index(text, len(text), pointer()) == -2


def test_business_key_limits(device):
    def code(index=1, info=1, mode=0, random=CHALLENGE, room=512):
        return device.call("id2_client_kpm_get_auth_code", index, info, mode, random, room=room)[0]

    assert [code(), code(index=0), code(index=255), code(info=4), code(mode=2), code(random=b"")] == [
        0,
        -8,
        -2,
        -2,
        -2,
        -2,
    ]
    assert device.call("id2_client_kpm_get_auth_code", 1, 1, 0, CHALLENGE, room=199)[:2] == (-3, 200)
    assert device.call("id2_client_kpm_encrypt", 1, 101, 1, None, 0, b"x", 1, room=32)[0] == -11
    assert device.call("id2_client_kpm_export_pub_key", 1, room=64)[0] == -8


def test_memory_is_given_back_and_its_lack_is_told(device):
    calls = {
        "challenge": lambda: device.code("challenge", CHALLENGE, b"extra"),
        "decrypt": lambda: device.call("id2_client_decrypt", bytes(64), 64, room=64)[0],
        "encrypt": lambda: device.call("id2_client_encrypt", None, b"1", 1, room=64)[0],
    }
    for call in calls.values():
        call()
    assert device.value("blocks_taken").value == 0
    device.value("malloc_left").value = 0
    assert {name: call() for name, call in calls.items()} == dict.fromkeys(calls, -5)
    device.value("malloc_left").value = -1
    assert device.code("challenge", CHALLENGE).startswith("0~2~")


@pytest.mark.slow
def test_an_unprovisioned_device_says_so(client):
    device = client('-DID2_DEMO_ID=""')
    assert device.c.id2_client_init() == 0
    results = dict(every_call(device))
    missing = ("id", "challenge", "timestamp", "encrypt", "secret", "derive", "kpm code", "totp")
    assert {name: results[name] for name in missing} == dict.fromkeys(missing, -11)
    assert results["wrap"] == -8
    assert results["prov"] == 0


@pytest.mark.slow
def test_the_debug_build_takes_another_key(client):
    device = client("-DID2_DEBUG=1")
    set_key = device.c.id2_client_set_id2_and_key
    assert set_key(ID, 2, b"00" * 16) == -1
    assert device.c.id2_client_init() == 0
    before = device.call("id2_client_get_secret", b"s", room=64)[2]
    assert set_key(b"A" * 24, 2, b"00" * 16) == 0
    assert device.call("id2_client_get_id", room=48)[2] == b"A" * 24
    assert device.call("id2_client_get_secret", b"s", room=64)[2] != before
    assert set_key(b"A" * 24, 7, b"00" * 16) == -8
    assert set_key(b"A" * 23, 2, b"00" * 16) == -2
    assert set_key(b"A" * 24, 2, b"0x" * 16) == -2
