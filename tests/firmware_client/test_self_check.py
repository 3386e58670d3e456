"""What the firmware prints by itself: judged as a console of id2_app, with what the service's console gave compiled in."""

import pytest

from harness.id2 import ciphers, servercode
from harness.id2.keys import Key, KeyType
from harness.logcheck.judge import judge
from harness.run.verdict import Verdict
from tests.firmware_client.test_client_values import KEY_TYPES, KEYS, options

CHALLENGE, EXTRA = "55B83408399FA660F05C82E4F25333DC", b"abcd1234"


def printed(client, *switches):
    device = client(*switches)
    device.c.id2_hal_test()
    device.c.id2_app()
    return device.printed


def failed(text):
    return {item.name for item in judge([text.encode("latin-1")]).items if item.verdict is Verdict.FAILED}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["AES-128", "SM4-128", "3DES-168"])
def test_ciphertext_and_server_code_are_checked(client, name):
    family, id_text, key_hex = KEYS[name]
    key = Key.parse(KEY_TYPES[name], key_hex)
    sealed = ciphers.ecb_encrypt(key, ciphers.pad(id_text.encode(), key.key_type.block_size)).hex().upper()
    code = servercode.build(key, id_text, CHALLENGE, EXTRA).text
    given = (f'-DID2_CIPHER_DATA="{sealed}"', f'-DID2_AUTH_CODE="{code}"')
    text = printed(client, *options(family, id_text, key_hex), *given)
    assert "ID2 Client Test Decrypt Pass." in text
    assert "ID2 Client Verify Server  AuthCode End." in text
    assert "HAL" in text
    assert ": bad" not in text
    assert failed(text) == set()


@pytest.mark.slow
def test_a_ciphertext_of_another_device_fails(client):
    other = ciphers.ecb_encrypt(Key.parse(KeyType.AES_128, "00" * 16), bytes(32)).hex()
    text = printed(client, f'-DID2_CIPHER_DATA="{other}"')
    assert "ID2 Client Test Decrypt Fail." in text
    assert failed(text)


@pytest.mark.slow
def test_a_server_code_that_is_wrong_fails(client):
    code = servercode.build(Key.parse(KeyType.AES_128, "00" * 16), "0" * 24, CHALLENGE).text
    text = printed(client, f'-DID2_AUTH_CODE="{code}"')
    assert "Verify Server AuthCode Fail." in text
    assert failed(text)


def test_a_device_without_an_id_makes_no_report(client):
    text = printed(client, '-DID2_DEMO_ID=""')
    assert "id2 has not been provisioned" in text
    assert "Validation Json" not in text
