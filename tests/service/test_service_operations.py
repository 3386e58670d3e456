"""The happy path of every operation over real HTTP; expectations come from the vectors and harness.id2."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from harness.id2 import authcode, ciphers, devicecipher, servercode
from harness.id2.keys import Key, KeyType
from harness.service.mock.settings import Settings
from harness.service.mock.store import onetime
from harness.service.mock.store.devices import DeviceState
from tests.service.service_bench import SYMMETRIC, Device, new_device

VECTORS = Path(__file__).parents[1] / "vectors"
FIXED = json.loads((VECTORS / "official-fixed-keys.json").read_text())
KEY_TYPES = {
    "3DES-112": KeyType.DES3_112,
    "3DES-168": KeyType.DES3_168,
    "AES-128": KeyType.AES_128,
    "AES-192": KeyType.AES_192,
    "AES-256": KeyType.AES_256,
}


@pytest.mark.parametrize("key_type", SYMMETRIC)
def test_challenge_response_activates_and_binds(bench, key_type):
    device, product = bench.device(key_type), bench.product(licences=2)
    challenge = bench.service.get_server_random(device.id2)
    assert len(challenge) == 32
    assert set(challenge) <= set("0123456789ABCDEF")
    assert bench.admin.device(device.id2).state is DeviceState.BURNT

    assert bench.service.verify(device.id2, product.product_key, device.answer(challenge)) is True

    known = bench.admin.device(device.id2)
    assert (known.state, known.product_key) == (DeviceState.BOUND, product.product_key)
    assert bench.admin.counters(product.product_key).used == 1
    assert bench.verify(device, product, extra="abcd1234")
    assert bench.admin.counters(product.product_key).used == 1, "a second success uses no second licence"


@pytest.mark.parametrize("key_type", SYMMETRIC)
def test_timestamp_with_and_without_extra(bench, key_type):
    device, product = bench.device(key_type), bench.product()
    now = bench.now_ms()
    assert bench.service.verify(device.id2, product.product_key, device.stamp(now))
    assert bench.service.verify(device.id2, product.product_key, device.stamp(now, "größer"), "größer")


@pytest.mark.parametrize("key_type", SYMMETRIC)
@pytest.mark.parametrize("extra", ["", "abcd1234"])
def test_session_key_distribution(bench, key_type, extra):
    device, product = bench.active(key_type)
    challenge = bench.service.get_server_random(device.id2)
    ciphertext = bench.service.verify_and_encrypt(
        device.id2, product.product_key, device.answer(challenge, extra), "session key 0123456789", extra
    )
    assert ciphers.decrypt(device.key, ciphertext) == b"session key 0123456789"


@pytest.mark.parametrize("key_type", SYMMETRIC)
@pytest.mark.parametrize("server_extra", ["", "from the server"])
def test_mutual_authentication(bench, key_type, server_extra):
    device, product = bench.active(key_type)
    challenge = bench.service.get_server_random(device.id2)
    answer = bench.service.get_server_auth_code_and_encrypt_data(
        device.id2,
        product.product_key,
        device.answer(challenge, "device extra"),
        "ABCDEF0123456789" * 4,
        "1234",
        "device extra",
        server_extra,
    )
    code = authcode.parse(answer.server_auth_code)
    assert code.type == (11 if server_extra else 10)
    servercode.verify(device.key, device.id2, code, "ABCDEF0123456789" * 4, server_extra.encode())
    assert ciphers.decrypt(device.key, answer.ciphertext) == b"1234"


def test_server_code_and_ciphertext_are_those_of_the_vendors_sdk(own_bench):
    vector = json.loads((VECTORS / "AES-128-demo.json").read_text())
    device = Device(vector["id2"], Key.parse(KeyType.AES_128, vector["key_hex"]))
    own_bench.admin.add_device(device.id2, device.key)
    product = own_bench.product()
    assert own_bench.verify(device, product)
    answer = own_bench.service.get_server_auth_code_and_encrypt_data(
        device.id2,
        product.product_key,
        device.answer(own_bench.service.get_server_random(device.id2)),
        vector["device_challenge"]["random"],
        device.id2,
    )
    assert answer.server_auth_code == vector["verify_server"]["type10"]["auth_code"]
    assert answer.ciphertext.hex().upper() == vector["decrypt_id"]["cipher"]


@pytest.mark.parametrize("name", KEY_TYPES)
def test_the_vendors_published_codes_are_accepted(own_bench, name):
    vector = FIXED["keys"][name]
    key = Key.parse(KEY_TYPES[name], vector["key"])
    own_bench.admin.add_device(vector["id2"], key)
    product_key = own_bench.product().product_key
    published = datetime.fromtimestamp(int(FIXED["timestamp"]) / 1000, UTC)
    own_bench.admin.move_clock(published - own_bench.admin.now())
    for code, extra in zip(vector["auth_codes"], ["", FIXED["extra"]] * 2, strict=True):
        issue(own_bench, FIXED["challenge"], vector["id2"])
        assert own_bench.service.verify(vector["id2"], product_key, code, extra)
    issue(own_bench, FIXED["challenge"], vector["id2"])
    ciphertext = own_bench.service.verify_and_encrypt(
        vector["id2"], product_key, vector["auth_codes"][0], vector["decrypt_plain"]
    )
    assert ciphertext.hex().upper() == vector["decrypt_cipher"]


def issue(bench, challenge, id2):
    """Make the service believe that it issued this challenge a moment ago."""
    with bench.mock._store.transaction() as db:
        db.execute("DELETE FROM challenge WHERE challenge = ?", (challenge,))
        db.execute(
            "INSERT INTO challenge (challenge, id2, issued_ms) VALUES (?, ?, ?)",
            (challenge, id2, bench.now_ms()),
        )
        assert onetime.find_challenge(db, challenge) is not None


@pytest.mark.parametrize("key_type", [KeyType.ECC_K256, KeyType.SM2_256])
def test_asymmetric_devices_verify_with_the_public_key_alone(bench, key_type):
    private = Key.parse(key_type, f"{0x1234567890ABCDEF:064X}")
    device = Device(new_device().id2, private)
    bench.admin.add_device(device.id2, Key.parse_public(key_type, private.public.hex()))
    product = bench.product()
    assert bench.verify(device, product, extra="abcd1234")
    assert bench.service.verify(device.id2, product.product_key, device.stamp(bench.now_ms()))


@pytest.mark.parametrize("key_type", [KeyType.ECC_K192, KeyType.ECC_K224, KeyType.ECC_K256])
def test_a_puf_device_opens_what_was_encrypted_with_its_public_key(bench, key_type):
    private = Key.parse(key_type, "12" * (int(key_type.value[-3:]) // 8))
    device = Device(new_device().id2, private)
    bench.admin.add_device(device.id2, Key.parse_public(key_type, private.public.hex()))
    product = bench.product()
    code = device.answer(bench.service.get_server_random(device.id2))
    ciphertext = bench.service.verify_and_encrypt(device.id2, product.product_key, code, "data")
    assert devicecipher.decrypt(private, ciphertext) == b"data"


def rsa_demo():
    vector = json.loads((VECTORS / "RSA-1024-demo-v1.json").read_text())
    return vector, Key.parse_public(KeyType.RSA_1024, json.dumps({"n": vector["n"], "e": vector["e"]}))


def puf_demo():
    vector = json.loads((VECTORS / "ECC-K256-puf-demo.json").read_text())
    return vector, Key.parse_public(KeyType.ECC_K256, vector["pub"])


@pytest.mark.parametrize("demo", [rsa_demo, puf_demo])
def test_asymmetric_codes_of_the_vendors_demos_are_accepted(own_bench, demo):
    vector, public = demo()
    own_bench.admin.add_device(vector["id2"], public)
    product_key = own_bench.product().product_key
    published = datetime.fromtimestamp(int(FIXED["timestamp"]) / 1000, UTC)
    own_bench.admin.move_clock(published - own_bench.admin.now())
    for entry in vector["codes"]:
        issue(own_bench, FIXED["challenge"], vector["id2"])
        assert own_bench.service.verify(vector["id2"], product_key, entry["auth_code"], entry["extra"])


def test_what_a_form_must_encode_arrives_whole(bench):
    assert bench.verify(bench.device(), bench.product(), "a b+c&d=e%~*'ü")


@pytest.mark.parametrize("own_bench", [Settings(native_types=True)], indirect=True)
def test_native_types_change_nothing_for_the_client(own_bench):
    device, product = own_bench.active()
    assert own_bench.verify(device, product)
