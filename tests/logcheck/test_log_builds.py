"""Sound builds of the vendor's SDK pass, whatever carrier, chip and key type; what is wrong with one is named."""

from pathlib import Path

import pytest

from harness.id2.ciphers import ecb_encrypt
from harness.id2.demorandom import follows_demo_generator
from harness.id2.keys import Key, KeyType
from harness.id2.published import EVERY, IDENTIFIERS
from harness.logcheck import KeyRing, Program
from harness.logcheck.claims import Claims
from harness.run.verdict import Verdict
from tests.logcheck.console_maker import Maker
from tests.logcheck.log_samples import assert_passed, check, failures, item

BUILDS = Path(__file__).parents[1] / "samples" / "builds"
SOUND = {
    "hal_app-3.0.0": set(),
    "itls_app": {"demo-carrier"},
    "mdu-sound": set(),
    "mtk-decrypt": {"k.6"},
    "puf-k256": {"published-key"},
    "se-aes-128": {"k.6"},
    "sm1": {"k.6"},
    "sm2": {"k.6", "k.11", "e.2"},
}
SOME_KEY = "7C1E95D20B4F83A66E91F50D38C2B74A"


def build(name: str) -> bytes:
    return (BUILDS / f"{name}.log").read_bytes()


@pytest.mark.parametrize("name", SOUND)
def test_sound_build_passes_with_its_findings(name):
    report = check(build(name))
    assert_passed(report)
    assert {finding.id for finding in report.findings} == SOUND[name]


def test_published_key_of_the_puf_fits():
    report = check(build("puf-k256"), KeyRing.debug())
    assert_passed(report)
    assert {code.basis for code in report.codes} == {"key"}


def test_mtk_chip_that_keeps_the_padding_is_not_judged_by_it():
    padding = item(check(build("mtk-decrypt")), "decrypt: padding")
    assert padding.verdict is Verdict.NOT_RUN
    assert "by itself" in padding.detail


def test_sm1_with_a_key_is_not_run_and_says_why():
    """The cipher is secret; this ended the command as a defect of the harness."""
    for keys in (KeyRing.parse(SOME_KEY), KeyRing.parse(SOME_KEY, KeyType.SM1_128)):
        report = check(build("sm1"), keys)
        assert_passed(report)
        assert item(report, "key").verdict is Verdict.NOT_RUN
        assert "SM1 is secret" in item(report, "key").detail


def test_key_of_another_type_on_sm1_is_told():
    report = check(build("sm1"), KeyRing.parse(SOME_KEY, KeyType.SM4_128))
    assert "is not this device's key" in failures(report)["key"]


def test_key_without_a_type_that_does_not_fit_names_no_type():
    maker = Maker(
        Key.parse(KeyType.SM4_128, "9F0C36E1D4B85A2277E3C90641FA8D5B"),
        "00A1B2C3D4E5F60718293A4B",
        dumps="ica",
    )
    report = check(maker.text(), KeyRing.parse(SOME_KEY, KeyType.AES_128))
    assert "no code of it fits" in failures(report)["key"]
    untyped = check(maker.text(), KeyRing.parse(SOME_KEY))
    told = failures(untyped)["key"]
    assert "the key given does not fit" in told
    assert "aes" not in told.lower()


def test_sm2_with_the_length_of_the_chip_is_judged_without_it():
    report = check(build("sm2"))
    assert {code.basis for code in report.codes} == {"apdu dump"}
    changed = build("sm2").replace(b"~AEB4yDD", b"~AEB4yDE", 1)
    assert any(name.startswith("auth code") for name in failures(check(changed)))
    wrong_length = build("sm2").replace(b"~AEB4yDD", b"~AEF4yDD", 1)
    assert any("66 bytes" in detail for detail in failures(check(wrong_length)).values())


def test_module_line_is_information_only_outside_of_tests():
    told = build("mdu-sound").replace(
        b"id2_client_get_id 472", b"id2_client_get_id 470: not supported!\n<LS_LOG> id2_client_get_id 472"
    )
    assert_passed(check(told))
    elsewhere = build("se-aes-128").replace(
        b"<LS_LOG> id2_client_test_get_secret",
        b"<LS_LOG> id2_client_get_id 470: not supported!\n<LS_LOG> x",
        1,
    )
    assert failures(check(elsewhere))


def test_module_that_answers_timestamps_with_challenge_codes_is_named():
    report = check(build("mdu-sound").replace(b'"result": "3~2~', b'"result": "2~2~'))
    assert report.verdict is Verdict.FAILED
    (finding,) = [finding for finding in report.findings if finding.id == "k.10"]
    assert "device-protocol.md k.10" in finding.detail


@pytest.mark.parametrize(
    ("last", "version", "missing"),
    [
        ("RSA", "", set()),
        ("SM2", "", set()),
        ("RSA", "2.0.0", set()),
        ("RSA", "3.0.0", {"SM2"}),
        ("SM2", "3.0.0", set()),
        ("SM2", "3.1.0", {"SST", "KM"}),
    ],
)
def test_hal_app_has_the_tests_of_its_version(last, version, missing):
    data = build("hal_app-3.0.0")
    if last == "RSA":
        data = data[: data.index(b"<LS_LOG> INF hal_crypto_test 69")]
    report = check(data, claims=Claims(sdk_version=version))
    assert set(failures(report)) == {f"HAL {name} test" for name in missing}


def test_hal_app_of_3_1_that_stops_in_the_storage_test_fails(sample):
    data = sample("hal_app")
    cut = data[: data.index(b"HAL KM Test Pass")]
    assert "HAL KM test" in failures(check(cut))


def test_start_that_ends_before_another_one_does_was_interrupted(sample):
    data = sample("hal_app")
    cut = data[: data.index(b"<LS_LOG> INF hal_sst_test_set")]
    report = check(cut + data)
    assert "it was interrupted, or crashed" in failures(report)["HAL tests"]


@pytest.mark.parametrize("line", [b"HAL Foo Test:", b"HAL Foo Test Pass.", b"HAL Foo Test Fail."])
def test_unknown_hal_test_alone_is_judged(line):
    """It ended the command as a defect of the harness."""
    report = check(b"<LS_LOG> INF hal_foo 1: " + line + b"\n")
    assert report.boots[0].program is Program.HAL_APP
    assert report.verdict is Verdict.FAILED


def test_itls_app_is_a_program_of_its_own():
    report = check(build("itls_app"))
    (boot,) = report.boots
    assert (boot.program, boot.carrier, boot.id2) == (Program.ITLS_APP, "DEMO", "CAF510D0080A38B787205E15")
    assert item(report, "iTLS sessions").detail.startswith("3 came about")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (b"Verify iTLS Server authCode OK!", b"Verify iTLS Server authCode Failed!", "refused the server's"),
        (b"  ok\n<LS_LOG> itls_hal_sample 75", b" failed\n<LS_LOG> itls_hal_sample 75", "not expected"),
        (b"alert type: 0", b"alert type: 171", "alert 171"),
        (b"170 bytes read", b"0 bytes read", "no bytes read"),
        (
            b"<LS_LOG> mbedtls_parse_auth_code_ext 407:   . Verify iTLS Server authCode OK!\n",
            b"",
            "nothing says",
        ),
        (b"<=========== iTLS Client Sample End.", b"iTLS Client Sample Failed!", "reports that it failed"),
        (b"<=========== iTLS Client Sample End.", b"", "ends before the sample does"),
    ],
)
def test_broken_itls_app_fails(old, new, told):
    assert old in build("itls_app")
    report = check(build("itls_app").replace(old, new, 1))
    assert told in str(failures(report))


def test_unported_random_is_named_on_a_chip_with_or_without_repeats():
    report = check(build("se-demo-rng"))
    assert list(failures(report)) == ["device random"]
    (finding,) = [finding for finding in report.findings if finding.id == "k.4"]
    assert "the SDK's demo random is still linked: 12 of 12" in finding.detail
    assert "SDK 3.1.0; device-protocol.md k.4" in finding.detail
    assert not finding.demo


def test_demo_random_without_a_repeat_fails_too():
    words = iter(range(1, 100))

    def next_random() -> str:
        first = next(words) * 0x01234567 % 2**32
        return f"{first:08X}{(first * 1664525 + 1013904223) % 2**32:08X}"

    maker = Maker(Key.parse(KeyType.AES_128, SOME_KEY), "00A1B2C3D4E5F60718293A4B", next_random=next_random)
    report = check(maker.text())
    assert "computed from the clock" in failures(report)["device random"]


def test_generator_is_told_by_two_words():
    assert follows_demo_generator("454AC30095ECDA5F")
    assert not follows_demo_generator("454AC30095ECDA60")
    for text in ("", "454AC300", "nothex", "AA7A4BE103338877"):
        assert not follows_demo_generator(text)


@pytest.mark.parametrize(
    "known",
    [known for known in EVERY if known.key.key_type.symmetric],
    ids=lambda known: f"{known.id2}-{known.key.key_type}",
)
def test_every_published_pair_belongs_to_the_debug_keys(known):
    maker = Maker(known.key, known.id2, carrier=5, version="3.0.0")
    assert_passed(check(maker.text(), KeyRing.debug()))


def test_published_identifier_of_a_curve_that_is_not_verified_is_named():
    identifier = "050000000100001D0123456789ABCDEF-XIDT-ECC_224"
    assert identifier in IDENTIFIERS
    data = build("puf-k256").replace(b"050000000100001D0123456789ABCDEF-XIDT-ECC_256", identifier.encode())
    assert "published-key" in {finding.id for finding in check(data).findings}


def decryption(plain: bytes, dumps: str) -> bytes:
    """Return a console that ends with a decryption which gave this, padding and all."""
    maker = Maker(
        Key.parse(KeyType.AES_128, SOME_KEY), "00A1B2C3D4E5F60718293A4B", dumps=dumps, debug=not dumps
    )
    text = maker.text()
    maker.lines = []
    maker.say("id2_client_decrypt_data 304: ====> ID2 Client Test Decrypt Start.")
    cipher = ecb_encrypt(maker.key, plain)
    if dumps:
        data = bytes((0x52, 0x03, 0x00)) + len(cipher).to_bytes(2, "big") + cipher
        maker.exchange(bytes((0x80, 0xF6, 0, 1, len(data))) + data, plain + b"\x90\x00")
    else:
        maker.show("id2 cipher input:", cipher)
        maker.show("id2 cipher output:", plain)
    maker.say(f"id2_client_decrypt_data 341: out_data: {maker.id2}")
    maker.say("id2_client_decrypt_data 362: =================>ID2 Client Test Decrypt Pass.")
    return text + ("\n".join(maker.lines) + "\n").encode()


@pytest.mark.parametrize("dumps", ["ica", ""])
def test_padding_byte_00_is_the_known_defect_k2(dumps):
    plain = b"00A1B2C3D4E5F60718293A4B"
    sound = check(decryption(plain + bytes((8,)) * 8, dumps))
    assert_passed(sound)
    assert item(sound, "decrypt: padding").verdict is Verdict.PASSED
    report = check(decryption(plain + bytes(8), dumps))
    assert list(failures(report)) == ["decrypt: padding"]
    (finding,) = [finding for finding in report.findings if finding.id == "k.2"]
    assert "device-protocol.md k.2, a.4" in finding.detail
    other = check(decryption(plain + bytes((8,)) * 7 + bytes((9,)), dumps))
    assert "decrypt: padding" in failures(other)
    assert "k.2" not in {finding.id for finding in other.findings}
