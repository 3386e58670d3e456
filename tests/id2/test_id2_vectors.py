"""Every value of tests/vectors that a pure function can compute, exactly."""

import json
import re

import pytest

from harness.id2 import (
    asymmetric,
    authcode,
    ciphers,
    devicechallenge,
    ids,
    kpm,
    otp,
    published,
    secrets,
    servercode,
    totp,
)
from harness.id2.keys import Key, KeyType

DEVICES = {
    "AES-128-demo": KeyType.AES_128,
    "SM4-128-demo": KeyType.SM4_128,
    "AES-128-se": KeyType.AES_128,
    "AES-128-se-t0": KeyType.AES_128,
    "3DES-168-se": KeyType.DES3_168,
}
CASES = (
    ("challenge", "challenge", b""),
    ("challenge_extra", "challenge", b"abcd1234"),
    ("timestamp", "timestamp", b""),
    ("timestamp_extra", "timestamp", b"abcd1234"),
)


def parse_key(data, name):
    return Key.parse(DEVICES[name], data["key_hex"])


@pytest.mark.parametrize("name", ["3DES-112", "3DES-168", "AES-128", "AES-192", "AES-256"])
def test_official_fixed_keys(vector, name):
    data = vector("official-fixed-keys")
    entry = data["keys"][name]
    debug = published.KEYS[KeyType.parse(name)]
    assert debug.id2 == entry["id2"]
    assert debug.key == Key.parse(KeyType.parse(name), entry["key"])
    for kind, text in zip(data["order"], entry["auth_codes"], strict=True):
        extra = data["extra"].encode() if kind.endswith("+extra") else b""
        given = {kind.partition("+")[0]: data[kind.partition("+")[0]]}
        built = authcode.build(
            debug.key, debug.id2, extra=extra, device_random=data["device_random"], **given
        )
        assert built.text == text
        assert authcode.parse(text) == built
        authcode.verify(debug.key, debug.id2, built, extra)
        assert authcode.check(text, key=debug.key, id2=debug.id2, extra=extra, **given) == ()
        assert authcode.check(text) == ()
        assert authcode.constant_tail(built, debug.key.key_type) == authcode.tail_of_key(debug.key)
        length = authcode.code_length(debug.key.key_type, len(built.random))
        assert length == len(text)
    cipher = bytes.fromhex(entry["decrypt_cipher"])
    assert ciphers.decrypt(debug.key, cipher) == entry["decrypt_plain"].encode()
    assert ciphers.encrypt(debug.key, entry["decrypt_plain"].encode()) == cipher


@pytest.mark.parametrize("name", sorted(DEVICES))
def test_auth_codes_of_devices(vector, name):
    data = vector(name)
    key = parse_key(data, name)
    for case, kind, extra in CASES:
        text = data["auth_codes_sdk"][case]
        built = authcode.build(
            key, data["id2"], extra=extra, device_random=data["device_random"], **{kind: data[kind]}
        )
        assert built.text == text


@pytest.mark.parametrize("name", sorted(DEVICES))
def test_other_operations_of_devices(vector, name):
    data = vector(name)
    key, id2 = parse_key(data, name), data["id2"]
    for case in ("decrypt_1234", "decrypt_id"):
        answer = data[case]["result"]
        assert ciphers.decrypt(key, bytes.fromhex(data[case]["cipher"])).hex().upper() == answer["out"]
    assert secrets.get_secret(key, data["secret"]["seed"]) == data["secret"]["sdk"]["secret"]
    assert secrets.derive_key(key, id2, "appKey", 16).hex().upper() == data["derive_appKey_16"]["sdk"]["key"]
    assert secrets.derive_key(key, id2, "", 32).hex().upper() == data["derive_empty_32"]["sdk"]["key"]
    encrypted = data["encrypt_seed_null_1234"]
    if encrypted["rc"] == 0:
        assert secrets.encrypt(key, id2, "", b"1234").hex().upper() == encrypted["out"]
        assert secrets.open_encrypted(key, id2, "", bytes.fromhex(encrypted["out"])) == b"1234"
    else:
        with pytest.raises(authcode.Id2Error):
            secrets.encrypt(key, id2, "", b"1234")
    password = data["totp_1700000000_42_180_12"]["totp"]
    assert totp.build(key, id2, timestamp=1_700_000_000, index=42, step=180, length=12) == password
    assert totp.recover_index(password) == 42
    challenge = data["device_challenge"]["random"]
    assert devicechallenge.check(challenge, data["device_challenge"]["len"]) == ()
    for case, extra in (("type10", b""), ("type11_extra", b"abcd1234")):
        text = data["verify_server"][case]["auth_code"]
        built = servercode.build(key, id2, challenge, extra)
        assert built.text == text
        servercode.verify(key, id2, authcode.parse(text), challenge, extra)
    text = data["kpm_auth_code_idx1_aes128_challenge"]["kpm_auth_code"]
    parsed = kpm.parse_code(text)
    assert (parsed.index, parsed.info, parsed.id2, parsed.text) == (1, kpm.KeyInfo.AES_128, id2, text)
    authcode.verify(key, id2, parsed.code)
    assert kpm.build_code(id2, 1, kpm.KeyInfo.AES_128, parsed.code).text == text


@pytest.mark.parametrize("name", ["AES-128-se", "AES-128-se-t0", "3DES-168-se"])
def test_chip_encryption_in_apdu_logs(vector, name):
    """A 51 command carries hash and padding; a 52 command carries a ciphertext. One-block commands only."""
    data = vector(name)
    key = parse_key(data, name)
    seen = 0
    for command, answer in data["apdu_log"]:
        match = re.fullmatch(r"80F60001..(51|52)(?:01|03|11)00(....)(.*)", command)
        if not match or not answer.endswith("9000") or len(answer) == 4:
            continue
        body, result = bytes.fromhex(match[3]), bytes.fromhex(answer[:-4])
        if len(body) != int(match[2], 16):
            continue
        operation = ciphers.ecb_encrypt if match[1] == "51" else ciphers.ecb_decrypt
        assert operation(key, body) == result
        seen += 1
    assert seen or name == "AES-128-se-t0"  # there the answer comes with GET RESPONSE


def test_ids_of_chips_in_apdu_logs(vector):
    data = vector("AES-128-se")
    answer = bytes.fromhex(data["apdu_log"][1][1])
    assert ids.from_chip(answer[3:15]) == data["id2"]
    assert ids.to_chip(data["id2"]) == answer[3:15]


def test_mtk_3des(vector):
    answers = {answer["cmd"]: answer for answer in vector("mtk-3des")["answers"]}
    codes = [answer["auth_code"] for answer in vector("mtk-3des")["answers"] if "auth_code" in answer]
    debug = published.KEYS[KeyType.DES3_112]
    assert answers["id"]["id"] == debug.id2
    for text, extra in zip(codes, (b"", b"abcd1234", b""), strict=True):
        authcode.verify(debug.key, debug.id2, authcode.parse(text), extra)
    assert secrets.get_secret(debug.key, "abc") == answers["secret"]["secret"]


def test_rsa_1024(vector):
    data = vector("RSA-1024-demo-v1")
    numbers = {name: data[name] for name in ("n", "e", "d", "p", "q")}
    debug = published.KEYS[KeyType.RSA_1024]
    key = Key.parse(KeyType.RSA_1024, json.dumps(numbers))
    assert key == debug.key
    assert Key.parse(KeyType.RSA_1024, json.dumps({name: data[name] for name in ("n", "e", "d")})) == key
    public = Key.parse_public(KeyType.RSA_1024, json.dumps({name: data[name] for name in ("n", "e")}))
    for entry in data["codes"]:
        code, extra = authcode.parse(entry["auth_code"]), entry["extra"].encode()
        assert len(entry["auth_code"]) == entry["len"] == authcode.code_length(key.key_type, len(code.random))
        authcode.verify(public, data["id2"], code, extra)
        message = authcode.message(data["id2"], code.device_random, code.random, extra)
        assert asymmetric.sign(key, message) == code.sign


def test_ecc_k256(vector):
    data = vector("ECC-K256-puf-demo")
    debug = published.KEYS[KeyType.ECC_K256]
    assert debug.id2 == data["id2"]
    assert debug.key.public.hex().upper() == data["pub"]
    assert Key.parse(KeyType.ECC_K256, data["d"]) == debug.key
    public = Key.parse_public(KeyType.ECC_K256, data["pub"])
    wrong = Key.parse_public(KeyType.ECC_K256, data["pub_published_constant"])
    for entry in data["codes"]:
        code, extra = authcode.parse(entry["auth_code"]), entry["extra"].encode()
        authcode.verify(public, data["id2"], code, extra)
        with pytest.raises(authcode.Mismatch):
            authcode.verify(wrong, data["id2"], code, extra)


def test_otp(vector):
    data = vector("otp")
    wrapped = bytes.fromhex(data["wrap-ok"]["capture"]["extensions"][2][1])
    first = data["demo-aes-i11"]
    token = otp.parse_token(first["token"])
    assert token.provisioning_key.reveal().hex() == first["prov_key"]
    assert token.provisioning_id.hex() == first["decoded_otp_auth_code"]["prov_id"]
    sent = bytes.fromhex(first["answers"][2]["otp_auth_code"])
    for raw, decoded in (
        (sent, first["decoded_otp_auth_code"]),
        (wrapped, data["wrap-ok"]["capture"]["otp"]),
    ):
        code = otp.parse_device_code(raw)
        report = otp.open_device_code(token, code)
        assert (len(raw), code.version, code.body_hash.hex()) == (
            decoded["total"],
            int(decoded["version"], 16),
            decoded["hash"],
        )
        assert report.session_key.reveal().hex() == decoded["ss_key"]
        assert report.fingerprint.decode() == decoded["dev_fp"]
        assert report.key_type.otp_number == decoded["key_type"]
        assert otp.build_device_code(token, report.session_key.reveal(), report.fingerprint).data == raw
    session_key = bytes.fromhex(first["decoded_otp_auth_code"]["ss_key"])
    received = otp.parse_data(bytes.fromhex(first["otp_data"]))
    key = otp.open_data(received, session_key)
    assert received.id2 == first["after_restart"][1]["id"]
    assert otp.build_data(session_key, received.id2, key).data.hex() == first["otp_data"]
    assert len(received.data) == first["otp_data_len"]
    authcode.verify(key, received.id2, authcode.parse(first["answers"][8]["auth_code"]))


def test_itls_codes(vector):
    debug = published.KEYS[KeyType.AES_128]
    seen = set()
    for run in vector("itls"):
        for server in run["server"]:
            text = server["ch2"]["auth_code"]
            assert authcode.check(text, key=debug.key, id2=server["ch2"]["id"]) == ()
            challenge = server["ch2_random"].upper()
            # The wrong server code of one run was spoiled on the wire; the recording holds the right one.
            problems = servercode.check(
                server["server_auth_code"], key=debug.key, id2=debug.id2, device_random=challenge
            )
            assert problems == ()
            seen.add(run["fault"])
    assert {"none", "badauth", "nopms"} <= seen


def test_module_answers_timestamps_with_challenge_codes(vector):
    entries = {entry["cmd"]: entry for entry in vector("mdu-socket")["real_applet_proxy"]}
    debug = published.KEYS[KeyType.AES_128]
    for command, kind, fields in (("challenge", "challenge", []), ("timestamp", "timestamp", ["type"])):
        request, reply = bytes.fromhex(entries[command]["req"]), bytes.fromhex(entries[command]["rsp"])
        size = int.from_bytes(request[:4])
        given = {kind: request[4 : 4 + size].decode()}
        text = reply[4:].decode()
        problems = authcode.check(text, key=debug.key, id2=debug.id2, extra=b"abcd1234", **given)
        assert [problem.field for problem in problems] == fields


@pytest.mark.parametrize(
    ("name", "key_type", "key", "id2", "count"),
    [
        ("id2_app-3.1.0-aes128", KeyType.AES_128, None, None, 6),
        ("id2_demo-1.0.0-aes", KeyType.AES_128, None, None, 8),
        (
            "id2_app-3.1.0-se-3des168",
            KeyType.DES3_168,
            "1005F0D5333978630AD5D02EA777DC548FA94C5263EA071E",
            "379551166B860D8DC4235AC7",
            2,
        ),
    ],
)
def test_every_code_of_the_samples(sample, name, key_type, key, id2, count):
    debug = published.KEYS[key_type]
    used = Key.parse(key_type, key) if key else debug.key
    codes = re.findall(r"[0-3]~2~[0-9A-F]{16}~[0-9A-F]+~[A-Za-z0-9+/]+=*", sample(name))
    assert len(codes) >= count
    for text in codes:
        extra = b"abcd1234" if text[0] in "23" else b""
        assert authcode.check(text, key=used, id2=id2 or debug.id2, extra=extra) == ()
