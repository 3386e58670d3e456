"""The unmodified captures come out passed, each with its findings, and say what each verdict rests on."""

import pytest

from harness.id2.keys import Key, KeyType
from harness.logcheck import KeyRing, Program
from harness.run.verdict import Verdict
from tests.logcheck.log_samples import (
    AES,
    CASES,
    DEBUG_ID,
    DEMO,
    HAL,
    SE_ID,
    SE_KEY,
    SE_KEYED,
    SE_KEYLESS,
    assert_passed,
    check,
    failures,
    item,
)

FINDINGS = {
    "aes": {"k.4", "demo-carrier", "published-key"},
    "se-keyless": {"k.6"},
    "se-keyed": {"k.6"},
    "demo": {"forced-random", "published-key"},
    "hal": set(),
}


@pytest.mark.parametrize("name", CASES)
def test_unmodified_capture_passes_with_its_findings(sample, name):
    report = check(sample(CASES[name].part), CASES[name].keys)
    assert_passed(report)
    assert {finding.id for finding in report.findings} == FINDINGS[name]
    assert report.counts[Verdict.PASSED] == sum(item.verdict is Verdict.PASSED for item in report.items)


@pytest.mark.parametrize("name", [name for name in CASES if FINDINGS[name]])
def test_strict_counts_findings_as_failures(sample, name):
    case = CASES[name]
    report = check(sample(case.part), case.keys, strict=True)
    assert report.verdict is Verdict.FAILED
    assert not report.failed()


def test_allow_demo_lets_the_demo_carrier_pass_strictly(sample):
    assert check(sample(AES.part), AES.keys, strict=True, allow_demo=True).verdict is Verdict.PASSED
    assert check(sample(SE_KEYED.part), SE_KEYED.keys, strict=True, allow_demo=True).verdict is Verdict.FAILED


def test_boot_is_described(sample):
    (boot,) = check(sample(SE_KEYED.part), SE_KEYED.keys).boots
    assert (boot.program, boot.sdk_version, boot.carrier) == (Program.ID2_APP, "3.1.0", "SE")
    assert (boot.key_type, boot.id2) == ("3des-168", SE_ID)
    assert (boot.first_line, boot.last_line) == (1, 269)
    (demo,) = check(sample(DEMO.part)).boots
    assert (demo.program, demo.sdk_version, demo.id2) == (Program.DEMO, "1.0.0", DEBUG_ID)
    (hal,) = check(sample(HAL.part)).boots
    assert (hal.program, hal.sdk_version, hal.id2) == (Program.HAL_APP, "", "")


@pytest.mark.parametrize(
    ("name", "basis"),
    [
        ("aes", "key"),
        ("se-keyless", "apdu dump"),
        ("se-keyed", "key and apdu dump"),
        ("demo", "key and dump"),
    ],
)
def test_codes_say_what_their_verdict_rests_on(sample, name, basis):
    report = check(sample(CASES[name].part), CASES[name].keys)
    assert {code.basis for code in report.codes} == {basis}
    assert len(report.codes) == (8 if name == "demo" else 6)


def test_without_any_key_the_form_is_checked_and_the_help_names_the_option(sample):
    report = check(sample(AES.part))
    assert_passed(report)
    assert {code.basis for code in report.codes} == {"form"}
    key = item(report, "key")
    assert key.verdict is Verdict.NOT_RUN
    assert "--debug-keys" in key.detail


def test_key_type_is_found_when_it_is_not_said(sample):
    report = check(sample(SE_KEYED.part), KeyRing.parse(SE_KEY))
    assert_passed(report)
    assert report.boots[0].key_type == "3des-168"


def test_wrong_key_is_told_by_its_constant_block_and_never_printed(sample):
    wrong = "00112233445566778899AABBCCDDEEFF0011223344556677"
    report = check(sample(SE_KEYED.part), KeyRing.of(Key.parse(KeyType.DES3_168, wrong)))
    assert list(failures(report)) == ["key"]
    detail = failures(report)["key"]
    assert "is not this device's key: its constant last block would be" in detail
    assert "0A882DA09F47F25A" in detail
    assert wrong not in str(report)


def test_key_of_another_kind_is_told(sample):
    report = check(sample(SE_KEYED.part), KeyRing.of(Key.parse(KeyType.AES_128, "00" * 16)))
    assert "no code of it fits; the codes look like 3DES" in failures(report)["key"]


def test_key_for_another_id_is_told(sample):
    keys = KeyRing.of(Key.parse(KeyType.DES3_168, SE_KEY), DEBUG_ID)
    assert "belongs to ID '2122232425262728292A2B2C'" in failures(check(sample(SE_KEYED.part), keys))["key"]


def test_expected_id_is_held_against_the_log(sample):
    assert_passed(check(sample(SE_KEYLESS.part), id2=SE_ID))
    assert (
        f"this device is '{SE_ID}', not '{DEBUG_ID}'"
        in failures(check(sample(SE_KEYLESS.part), id2=DEBUG_ID))["ID"]
    )


def test_debug_keys_do_not_touch_another_device(sample):
    report = check(sample(SE_KEYLESS.part), KeyRing.debug())
    assert_passed(report)
    assert item(report, "key").verdict is Verdict.NOT_RUN


def test_apdus_are_recovered_whole(sample):
    exchanges = check(sample(SE_KEYLESS.part)).exchanges
    assert len(exchanges) == 13
    assert exchanges[0].command.hex().upper() == "00A404000EA0000000416C6959756E2E494432"
    assert exchanges[1].response.hex().upper() == "81800C" + SE_ID + "9000"
    assert exchanges[1].lines == (25, 31)
    assert {exchange.sw for exchange in exchanges} == {0x9000}
    assert not any(exchange.damaged for exchange in exchanges)


def test_every_unit_test_has_an_item(sample):
    names = {item.name for item in check(sample(AES.part), AES.keys).items}
    for test in (
        "Get ID",
        "Get Device Challenge",
        "Get Challenge Auth Code",
        "Get Timestamp Auth Code",
        "Get Secret",
        "Derive Key",
        "One-Time Password",
    ):
        assert f"unit test {test}" in names
    hal = check(sample(HAL.part))
    assert item(hal, "HAL AES test").detail == "the program reports Pass; 12 steps passed"
    for test in ("Hash", "Rand", "AES", "RSA", "SM2", "SST", "KM"):
        assert item(hal, f"HAL {test} test").verdict is Verdict.PASSED


def test_decrypt_probe_of_the_demo_is_not_run_and_says_why(sample):
    probe = item(check(sample(DEMO.part), DEMO.keys), "demo decrypt")
    assert probe.verdict is Verdict.NOT_RUN
    assert "8 bytes, the published one of 3des-112, to a key whose blocks have 16" in probe.detail


def test_expected_error_lines_are_not_failures(sample):
    assert (
        item(check(sample(AES.part)), "error lines").detail == "none unexpected (4 expected in a passing run)"
    )


def test_secrets_never_stand_in_a_report(sample):
    shown = str(check(sample(AES.part), AES.keys)) + str(check(sample(SE_KEYED.part), SE_KEYED.keys))
    for secret in ("35EA365AAF3ADCE6", "6510DE5271831144", SE_KEY, "2D2E2F30"):
        assert secret not in shown
