"""Field provisioning through the API, with the token and the device code that the vendor's SDK made."""

import hashlib
import json
import secrets
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from harness.id2 import otp
from harness.id2.keys import KeyType
from harness.secret import Secret
from harness.service.mock.settings import Settings
from harness.service.mock.store.devices import DeviceState
from tests.service.service_bench import Device

VECTORS = Path(__file__).parents[1] / "vectors"
PROVISIONABLE = [KeyType.AES_128, KeyType.AES_192, KeyType.AES_256, KeyType.SM4_128]


def device_code(product, session_key=b"", fingerprint=b"demo-uid") -> tuple[bytes, bytes]:
    token = otp.parse_token(product.product_secret.reveal().decode())
    session_key = session_key or secrets.token_bytes(16)
    return otp.build_device_code(token, session_key, fingerprint).data, session_key


@pytest.mark.parametrize("algorithm", PROVISIONABLE)
def test_a_device_without_an_id_gets_one_and_can_authenticate(bench, algorithm):
    product = bench.product(licences=2, algorithm=algorithm)
    code, session_key = device_code(product)
    answer = bench.service.otp_get_id2(code)
    assert answer.remaining == 1
    data = otp.parse_data(answer.provision_data)
    device = Device(data.id2, otp.open_data(data, session_key))
    assert device.key.key_type is algorithm
    known = bench.admin.device(device.id2)
    assert (known.state, known.product_key) == (DeviceState.BURNT, product.product_key)
    assert bench.admin.counters(product.product_key).used == 1

    assert bench.verify(device, product)
    assert bench.admin.counters(product.product_key).used == 1, "provisioning has used the licence already"
    other = bench.product()
    challenge = bench.service.get_server_random(device.id2)
    with bench.refused(12):
        bench.service.verify(device.id2, other.product_key, device.answer(challenge))


def vector_product(bench):
    vector = json.loads((VECTORS / "otp.json").read_text())["demo-aes-i11"]
    product = bench.admin.create_product("lock", licences=3, product_secret=Secret(vector["token"]))
    return vector, product


def test_the_vendors_own_device_code_is_understood(own_bench):
    vector, _ = vector_product(own_bench)
    code = next(answer["otp_auth_code"] for answer in vector["answers"] if "otp_auth_code" in (answer or {}))
    session_key = bytes.fromhex(vector["decoded_otp_auth_code"]["ss_key"])
    answer = own_bench.service.otp_get_id2(bytes.fromhex(code))
    assert len(answer.provision_data) == vector["otp_data_len"]
    data = otp.parse_data(answer.provision_data)
    device = Device(data.id2, otp.open_data(data, session_key))
    assert own_bench.verify(device, own_bench.admin.product(own_bench.admin.device(device.id2).product_key))


def test_hex_is_read_as_well_as_base64(own_bench):
    _, product = vector_product(own_bench)
    code, _ = device_code(product)
    answer = own_bench.post("OtpGetId2", DeviceAuthCode=code.hex()).json()
    assert answer["Code"] == "200"
    assert answer["Data"]["Remaining"] == "2", "scalars are strings, as in the documentation's sample"


def test_zero_quota(bench):
    product = bench.product(licences=0)
    code, _ = device_code(product)
    with bench.refused(16):
        bench.service.otp_get_id2(code)
    bench.admin.buy_licences(product.product_key, 1)
    assert bench.service.otp_get_id2(code).remaining == 0


def test_a_code_is_used_once(bench):
    code, _ = device_code(bench.product())
    bench.service.otp_get_id2(code)
    with bench.refused(21):
        bench.service.otp_get_id2(code)


@pytest.mark.parametrize("position", [0, 40, 70, -1])
def test_a_changed_code(bench, position):
    code = bytearray(device_code(bench.product())[0])
    code[position] ^= 1
    with bench.refused(21):
        bench.service.otp_get_id2(bytes(code))


@pytest.mark.parametrize("code", [b"x", b"\x00" * 100, b"0~0~AB~CD", bytes(300)])
def test_garbage(bench, code):
    with bench.refused(21):
        bench.service.otp_get_id2(code)


def test_text_that_is_neither_hex_nor_base64(bench):
    assert bench.post("OtpGetId2", DeviceAuthCode="0~0~äß").json()["Code"] == "21"


def test_a_secret_that_no_product_has(bench):
    token = otp.parse_token("i11" + secrets.token_hex(15))
    code = otp.build_device_code(token, bytes(16), b"demo-uid").data
    with bench.refused(51):
        bench.service.otp_get_id2(code)


def test_provisioning_switched_off(bench):
    product = bench.product()
    code, _ = device_code(product)
    bench.admin.set_otp(product.product_key, enabled=False)
    with bench.refused(55):
        bench.service.otp_get_id2(code)
    bench.admin.set_otp(product.product_key, enabled=True)
    assert bench.service.otp_get_id2(code)


def test_algorithms_that_cannot_be_provisioned(bench):
    product = bench.product(algorithm=KeyType.DES3_168)
    with bench.refused(42):
        bench.service.otp_get_id2(device_code(product)[0])


def test_an_erased_device_is_a_new_device(bench):
    product = bench.product(licences=2)
    first = otp.parse_data(bench.service.otp_get_id2(device_code(product)[0]).provision_data)
    second = otp.parse_data(bench.service.otp_get_id2(device_code(product)[0]).provision_data)
    assert first.id2 != second.id2
    assert bench.admin.counters(product.product_key).unused == 0


@pytest.mark.parametrize("own_bench", [Settings(repeated_fingerprint="refuse")], indirect=True)
def test_setting_fingerprint_used_twice(own_bench):
    product = own_bench.product()
    own_bench.service.otp_get_id2(device_code(product)[0])
    with own_bench.refused(57):
        own_bench.service.otp_get_id2(device_code(product)[0])
    own_bench.service.otp_get_id2(device_code(product, fingerprint=b"another")[0])


@pytest.mark.parametrize("own_bench", [Settings(unknown_provisioning_code=21)], indirect=True)
def test_setting_unknown_secret_is_21(own_bench):
    token = otp.parse_token("i11" + "A" * 29)
    with own_bench.refused(21):
        own_bench.service.otp_get_id2(otp.build_device_code(token, bytes(16), b"demo-uid").data)


def test_fingerprint_missing(bench):
    """The one body that `build_device_code` refuses to make: built by hand, as a broken device would."""
    product = bench.product()
    token = otp.parse_token(product.product_secret.reveal().decode())
    body = bytes([1]) + bytes(16)
    with bench.refused(56):
        bench.service.otp_get_id2(by_hand(token, body))


def by_hand(token, body: bytes) -> bytes:
    padded = body + bytes([16 - len(body) % 16]) * (16 - len(body) % 16)
    encryptor = Cipher(algorithms.AES(token.provisioning_key.reveal()), modes.ECB()).encryptor()
    head = bytes.fromhex("00000100") + token.provisioning_id + hashlib.sha256(body).digest()
    return head + encryptor.update(padded) + encryptor.finalize()


def test_by_hand_is_what_the_sdk_does(bench):
    token = otp.parse_token("i110123456789ABCDEFxxxxxxxxxxxxx")
    body = bytes([1]) + bytes(range(16)) + b"demo-uid"
    assert by_hand(token, body) == otp.build_device_code(token, bytes(range(16)), b"demo-uid").data
