"""The SE carrier against the published answers: first the traces, command by command, then the rest."""

import pytest

from harness.carrier.base import AuthMode
from harness.carrier.errors import CarrierError
from harness.chip.mtk import MtkChip
from harness.id2.kpm import KeyInfo

SE_TRACES = {"AES-128-se": "aes-128", "AES-128-se-t0": "aes-128", "3DES-168-se": "3des-168"}
VECTORS = {
    "AES-128-se": "aes-128",
    "3DES-168-se": "3des-168",
    "AES-128-demo": "aes-128",
    "SM4-128-demo": "sm4-128",
}


def codes(carrier, record):
    challenge, timestamp, extra = record["challenge"], record["timestamp"], record["extra"].encode()
    return {
        "challenge": carrier.get_challenge_auth_code(challenge),
        "challenge_extra": carrier.get_challenge_auth_code(challenge, extra),
        "timestamp": carrier.get_timestamp_auth_code(timestamp),
        "timestamp_extra": carrier.get_timestamp_auth_code(timestamp, extra),
    }


@pytest.mark.parametrize("name", SE_TRACES)
def test_a_session_replays_byte_for_byte(name, vector, carrier_on, replay):
    record = vector(name)
    channel = replay(record["apdu_log"])
    carrier = carrier_on(channel, SE_TRACES[name])
    carrier.init()
    assert carrier.get_id() == record["id2"]
    assert codes(carrier, record) == record["auth_codes_sdk"]
    if channel.log[0][1].startswith("61"):
        return  # the T=0 trace ends inside its next command
    for what in ("decrypt_1234", "decrypt_id"):
        plain = carrier.decrypt(bytes.fromhex(record[what]["cipher"]))
        assert plain.hex().upper() == record[what]["result"]["out"]
    long = b"".join(bytes.fromhex(c)[10 if bytes.fromhex(c)[2] == 0 else 5 :] for c, _ in channel.log)
    assert carrier.decrypt(long) == bytes(range(256)) * 3
    assert channel.log == []
    carrier.cleanup()


def test_the_mtk_session_replays_byte_for_byte(vector, carrier_on, replay):
    record = vector("mtk-3des")
    channel = replay(record["apdu_log"])
    carrier = carrier_on(channel, "3des-112", chip=MtkChip)
    answers = {}
    for answer in record["answers"]:
        answers.setdefault(answer["cmd"], []).append(answer)
    carrier.init()
    assert carrier.get_id() == answers["id"][0]["id"]
    challenge, timestamp = "55B83408399FA660F05C82E4F25333DC", "1512022279204"
    assert carrier.get_challenge_auth_code(challenge) == answers["chal"][0]["auth_code"]
    assert carrier.get_challenge_auth_code(challenge, b"abcd1234") == answers["chal"][1]["auth_code"]
    assert carrier.get_timestamp_auth_code(timestamp) == answers["ts"][0]["auth_code"]
    assert carrier.get_prov_stat() is True
    assert carrier.get_secret("abc") == answers["secret"][0]["secret"]
    decrypt = bytes.fromhex(channel.log[1][0])
    assert carrier.decrypt(decrypt[13:-2]).hex() == answers["dec"][0]["out"]
    assert channel.log == []


@pytest.fixture(params=VECTORS)
def published(request, vector, computing):
    record = vector(request.param)
    return record, computing(VECTORS[request.param], record["key_hex"], record["id2"])


def test_auth_codes(published):
    record, carrier = published
    assert codes(carrier, record) == record["auth_codes_sdk"]


def test_decrypt(published):
    record, carrier = published
    for what in ("decrypt_1234", "decrypt_id"):
        assert (
            carrier.decrypt(bytes.fromhex(record[what]["cipher"])).hex().upper()
            == record[what]["result"]["out"]
        )


def test_device_challenge(published):
    record, carrier = published
    expected = record["device_challenge"]
    assert carrier.get_device_challenge(expected["len"]) == expected["random"]


def test_server_codes(published):
    record, carrier = published
    challenge = record["device_challenge"]["random"]
    plain, extra = record["verify_server"]["type10"], record["verify_server"]["type11_extra"]
    carrier.verify_server(plain["auth_code"], challenge)
    carrier.verify_server(extra["auth_code"], challenge, record["extra"].encode())
    changed = (
        plain["auth_code"][:-6] + ("A" if plain["auth_code"][-6] != "A" else "B") + plain["auth_code"][-5:]
    )
    with pytest.raises(CarrierError) as caught:
        carrier.verify_server(changed, challenge)
    assert caught.value.code == record["verify_server"]["tampered"]["rc"]


def test_secret_and_derived_keys(published):
    record, carrier = published
    assert carrier.get_secret(record["secret"]["seed"]) == record["secret"]["sdk"]["secret"]
    assert carrier.derive_key("appKey", 16).hex().upper() == record["derive_appKey_16"]["sdk"]["key"]
    assert carrier.derive_key("", 32).hex().upper() == record["derive_empty_32"]["sdk"]["key"]


def test_encrypt(published):
    record, carrier = published
    expected = record["encrypt_seed_null_1234"]
    if expected["rc"] == 0:
        assert carrier.encrypt(b"1234").hex().upper() == expected["out"]
        return
    with pytest.raises(CarrierError) as caught:
        carrier.encrypt(b"1234")
    assert caught.value.code == expected["rc"]


def test_prov_stat_version_and_totp(published):
    record, carrier = published
    assert carrier.get_prov_stat() is record["prov_stat"]["is_prov"]
    assert carrier.get_version() == int(record["version"]["version"], 16)
    password = carrier.dpm_get_totp(1700000000, 42, 180, 12)
    assert password == record["totp_1700000000_42_180_12"]["totp"]
    assert carrier.dpm_get_index(password) == 42


def test_kpm_code(published):
    record, carrier = published
    expected = record["kpm_auth_code_idx1_aes128_challenge"]["kpm_auth_code"]
    code = carrier.kpm_get_auth_code(1, KeyInfo.AES_128, AuthMode.CHALLENGE, record["challenge"])
    assert code == expected


@pytest.mark.parametrize("name", ["3DES-112", "3DES-168", "AES-128", "AES-192", "AES-256"])
def test_official_fixed_keys(name, vector, computing):
    record = vector("official-fixed-keys")
    entry = record["keys"][name]
    carrier = computing(name.lower(), entry["key"], entry["id2"])
    assert carrier.get_id() == entry["id2"]
    assert list(codes(carrier, record).values()) == entry["auth_codes"]
    assert carrier.decrypt(bytes.fromhex(entry["decrypt_cipher"])) == entry["decrypt_plain"].encode()
