"""The judge of the device-side adaptation verification, without a service."""

import json
from pathlib import Path

import pytest

from harness.id2 import adaptation, authcode, ciphers, decryption, kpm, published, report, servercode
from harness.id2.adaptation import Cause, Item, Verdict
from harness.id2.decryption import DecryptionCause
from harness.id2.errors import Id2Error
from harness.id2.keys import Key, KeyType

SAMPLES = Path(__file__).parents[1] / "samples"
AES = published.KEYS[KeyType.AES_128]
LOG = (SAMPLES / "id2_app-3.1.0-aes128.log").read_text()
TEXT = report.find(LOG)
assert TEXT is not None


def judged(text=TEXT, key=AES.key):
    return {each.item: each for each in adaptation.judge(adaptation.find_report(text), key)}


def causes(text=TEXT, key=AES.key):
    return {
        (item, why.cause)
        for item, each in judged(text, key).items()
        if each.verdict is Verdict.FAILED
        for why in each.reasons
    }


def made(key: Key, id2: str, **changes):
    values = {
        "challenge_code": authcode.build(key, id2, challenge=report.CHALLENGE, extra=b"abcd1234").text,
        "timestamp_code": authcode.build(key, id2, timestamp=report.TIMESTAMP, extra=b"abcd1234").text,
    }
    return report.build(id2, **{**values, **changes})


def test_the_sample_passes():
    verdicts = adaptation.judge(adaptation.find_report(LOG), AES.key)
    assert adaptation.passed(verdicts)
    assert [each.verdict for each in verdicts] == [Verdict.PASSED] * 4 + [Verdict.NOT_RUN]


@pytest.mark.parametrize("kind", [*published.KEYS, KeyType.SM4_128])
def test_every_algorithm_that_can_be_computed(kind):
    known = published.KEYS.get(kind)
    key = known.key if known else Key.parse(kind, "0123456789ABCDEFFEDCBA9876543210")
    id2 = known.id2 if known else "0" * 23 + "1"
    assert adaptation.passed(adaptation.judge(adaptation.find_report(made(key, id2)), key))


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("8NOg6H0D", "8NOg6H0E", (Item.TIMESTAMP, Cause.SIGN)),
        ("9wSAwHtI", "9wSAwHtJ", (Item.CHALLENGE, Cause.SIGN)),
        ('"55B83408', '"55B83409', (Item.CHALLENGE, Cause.ARGUMENT)),
        ("F~55B83408", "F~55B83409", (Item.CHALLENGE, Cause.RANDOM)),
        ("3~2~454A", "1~2~454A", (Item.TIMESTAMP, Cause.CODE)),
        ("3~2~454A", "3~3~454A", (Item.TIMESTAMP, Cause.CODE)),
        ('"abcd1234"', '"abcd1235"', (Item.CHALLENGE, Cause.ARGUMENT)),
        ('"2122232425262728292A2B2C"', '"2122232425262728292a2b2c"', (Item.IDENTITY, Cause.IDENTITY)),
        ('"2122232425262728292A2B2C"', f'"{"F" * 24}"', (Item.IDENTITY, Cause.UNPROVISIONED)),
        ("get_timestamp_auth", "get_thyme_auth", (Item.TIMESTAMP, Cause.MISSING)),
        ("get_timestamp_auth", "get_thyme_auth", (Item.REPORT, Cause.ORDER)),
        ('"1.0.0"', '"9.9.9"', (Item.REPORT, Cause.FORM)),
        ("id2_client_get_id", "id2_client_get_timestamp_auth_code", (Item.REPORT, Cause.ORDER)),
    ],
)
def test_what_is_wrong_is_named(old, new, wanted):
    assert old in TEXT
    assert wanted in causes(TEXT.replace(old, new))


def test_items_that_are_swapped_fail_the_report_and_nothing_else():
    loaded = json.loads(TEXT)
    items = loaded["testContent"]
    items[1], items[2] = items[2], items[1]
    assert causes(json.dumps(loaded)) == {(Item.REPORT, Cause.ORDER)}


def test_another_extra_is_not_a_wrong_form():
    wanted = {(Item.CHALLENGE, Cause.ARGUMENT), (Item.CHALLENGE, Cause.OTHER_DATA)}
    assert causes(TEXT.replace('"abcd1234"', '"abcd1235"', 1)) == wanted


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (LOG[: LOG.rindex("3~2~454A")], "the text ends before its last brace; paste the whole run"),
        (LOG[: LOG.rindex("3~2~454A")] + "x" * 70_000, "no end within 64 KiB"),
        (TEXT.replace('"date', '"da\x01te'), "Invalid control character$"),
        (TEXT.replace('"3.1.0",', '"3.1.0'), "Invalid control character$"),
    ],
)
def test_what_is_no_report_is_told_in_whole_words(text, says):
    with pytest.raises(Id2Error, match=says):
        adaptation.find_report(text)


@pytest.mark.parametrize(
    ("old", "new", "cause"),
    [('"3.1.0"', '"3.9.0"', Cause.RELEASE), ("Nov 22 2026 18", "some day 18", Cause.DATE)],
)
def test_a_remark_fails_nothing(old, new, cause):
    verdict = judged(TEXT.replace(old, new))[Item.REPORT]
    assert verdict.verdict is Verdict.PASSED
    assert [why.cause for why in verdict.reasons] == [cause]


def test_another_device_with_the_same_id_fails():
    other = Key.parse(KeyType.AES_128, "00" * 16)
    assert causes(key=other) == {(Item.CHALLENGE, Cause.SIGN), (Item.TIMESTAMP, Cause.SIGN)}


def test_an_unknown_device():
    verdicts = judged(key=None)
    assert verdicts[Item.IDENTITY].reasons[0].cause is Cause.UNKNOWN_ID
    assert verdicts[Item.CHALLENGE].verdict is Verdict.NOT_RUN
    assert not adaptation.passed(tuple(verdicts.values()))


def test_sm1_is_not_judged_and_does_not_pass():
    key = Key.parse(KeyType.SM1_128, "00" * 16)
    verdicts = judged(made(Key.parse(KeyType.SM4_128, "00" * 16), AES.id2), key)
    assert verdicts[Item.CHALLENGE].verdict is Verdict.NOT_RUN
    assert verdicts[Item.CHALLENGE].reasons[0].cause is Cause.UNUSABLE_KEY
    assert not adaptation.passed(tuple(verdicts.values()))
    assert adaptation.ciphertext(key, AES.id2) is None
    assert adaptation.server_code(key, AES.id2) is None


def test_the_optional_kpm_item():
    inner = authcode.build(AES.key, AES.id2, challenge=report.TIMESTAMP)
    good = kpm.build_code(AES.id2, 1, kpm.KeyInfo.AES_128, inner).text
    assert judged(made(AES.key, AES.id2, kpm_code=good))[Item.KPM].verdict is Verdict.PASSED
    other = authcode.build(AES.key, AES.id2, challenge="1")
    bad = kpm.build_code(AES.id2, 1, kpm.KeyInfo.AES_128, other).text
    verdicts = judged(made(AES.key, AES.id2, kpm_code=bad))
    assert verdicts[Item.KPM].verdict is Verdict.FAILED
    assert not adaptation.passed(tuple(verdicts.values()))


def test_hardened_codes_are_opened():
    plain = authcode.build(AES.key, AES.id2, challenge=report.CHALLENGE, extra=b"abcd1234").text
    text = made(AES.key, AES.id2, challenge_code=authcode.harden(AES.key, plain))
    assert judged(text)[Item.CHALLENGE].verdict is Verdict.PASSED
    other = authcode.harden(Key.parse(KeyType.AES_128, "00" * 16), plain)
    assert judged(made(AES.key, AES.id2, challenge_code=other))[Item.CHALLENGE].verdict is Verdict.FAILED


def test_of_several_reports_the_last_counts():
    broken = LOG.replace("8NOg6H0D", "8NOg6H0E")
    assert adaptation.passed(adaptation.judge(adaptation.find_report(broken + LOG), AES.key))
    verdicts = judged(LOG + broken)
    assert verdicts[Item.TIMESTAMP].verdict is Verdict.FAILED
    assert verdicts[Item.REPORT].reasons == (adaptation.Reason(Cause.SEVERAL, "2"),)


@pytest.mark.parametrize(
    "text", ["", "{}", "{" * 70_000, TEXT[:-3], LOG[:4_000], TEXT * 20, '{"a":' * 9_000, "[]"]
)
def test_no_report(text):
    with pytest.raises(Id2Error):
        adaptation.find_report(text)


def test_the_ciphertext_opens_to_the_id():
    cipher = adaptation.ciphertext(AES.key, AES.id2)
    assert cipher is not None
    assert len(cipher.hex()) >= 64
    assert ciphers.decrypt(AES.key, cipher).decode() == AES.id2


def test_the_server_code_is_what_the_program_checks():
    text = adaptation.server_code(AES.key, AES.id2)
    assert text is not None
    assert (
        servercode.check(
            text, key=AES.key, id2=AES.id2, device_random=report.CHALLENGE, server_extra=b"abcd1234"
        )
        == ()
    )


START = "<LS_LOG> x 304: ====> ID2 Client Test Decrypt Start.\n"
PASS = "<LS_LOG> x 362: =================>ID2 Client Test Decrypt Pass.\n"
FAIL = "<LS_LOG> x 359: =================>ID2 Client Test Decrypt Fail.\n"
BOOT = "<LS_LOG> ID2 Client Version: 0x00030100\n"
MINE = f"<LS_LOG> get 41: ID2: {AES.id2}\n"
OTHER = "<LS_LOG> get 41: ID2: 379551166B860D8DC4235AC7\n"
AGAIN = "<LS_LOG> id2_client_verify_authcode 267: ====> ID2 Client Verify Server AuthCode Start.\n"
PLAIN = f"<LS_LOG> x 341: out_data: {AES.id2}\n"


@pytest.mark.parametrize(
    ("log", "cause"),
    [
        (BOOT + MINE + START + PLAIN + PASS, DecryptionCause.PASSED),
        (MINE + PASS, DecryptionCause.PASSED),
        (BOOT + MINE, DecryptionCause.NOT_THERE),
        ("", DecryptionCause.NOT_THERE),
        (BOOT + MINE + START, DecryptionCause.CUT),
        (START + PASS, DecryptionCause.NO_ID),
        (BOOT + OTHER + START + PASS, DecryptionCause.OTHER_DEVICE),
        (BOOT + MINE + OTHER + START + PASS, DecryptionCause.OTHER_DEVICE),
        (MINE + START + "string to hex fail\n" + FAIL, DecryptionCause.NOT_HEX),
        (MINE + START + "id2 client decrypt fail, -1 48\n" + FAIL, DecryptionCause.NOT_DECRYPTED),
        (MINE + START + "out_data: x\nplaintext data is error\n" + FAIL, DecryptionCause.OTHER_PLAINTEXT),
        (MINE + START + FAIL, DecryptionCause.FAILED),
        (MINE + START + "out_data: ABC\n" + PASS, DecryptionCause.CONTRADICTS),
        (MINE + START + PASS + FAIL, DecryptionCause.FAILED),
        (BOOT + OTHER + START + PASS + BOOT + MINE + START + PASS, DecryptionCause.PASSED),
        (BOOT + MINE + START + PASS + BOOT + MINE + START + FAIL, DecryptionCause.FAILED),
        (BOOT + MINE + START + PASS + BOOT + MINE, DecryptionCause.PASSED),
        (BOOT + MINE + AGAIN + BOOT + START + PASS, DecryptionCause.PASSED),
        (BOOT + OTHER + AGAIN + BOOT + START + PASS, DecryptionCause.OTHER_DEVICE),
    ],
)
def test_the_decryption(log, cause):
    decided = decryption.judge(log, AES.id2)
    assert decided.cause is cause
    assert decided.passed == (cause is DecryptionCause.PASSED)


@pytest.mark.parametrize(
    ("line", "good"),
    [
        ("=====>ID2 Client Verify Server  AuthCode End.\n", True),
        ("=====>ID2 Client Verify Server AuthCode Fail.\n", False),
        ("", None),
    ],
)
def test_the_server_code_in_the_log(line, good):
    decided = decryption.judge(BOOT + MINE + line + START + PLAIN + PASS, AES.id2)
    assert decided.server_code is good
    assert decided.passed == (good is not False)
    alone = decryption.judge(BOOT + MINE + line, AES.id2)
    assert alone.server_code is (False if good is False else None)


def test_the_judge_survives_any_json_shape():
    loaded = json.loads(TEXT)
    loaded["testContent"] = [{"api": "x", "args": {}, "result": "\ud800"}] * 16
    with pytest.raises(Id2Error, match="half a character"):
        judged(json.dumps(loaded))
    loaded["testContent"] = [{"api": "x", "args": {}, "result": "\u00fc"}] * 16
    assert not adaptation.passed(tuple(judged(json.dumps(loaded)).values()))
