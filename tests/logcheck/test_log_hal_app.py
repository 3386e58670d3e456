"""`hal_app` of SDK 1.0.1 to 3.1.0: sound, with parts that a platform leaves out, and with tests that fail.

Source: alibaba/id2_client_sdk rel_1.0.1, rel_2.0.0 (hash, rand, AES, RSA), rel_3.0.0 (SM2), 3.1.0 (SST, KM) app/hal_app.
"""

import pytest

from harness.logcheck import Program
from harness.logcheck.claims import Claims
from harness.run.verdict import Verdict
from tests.logcheck.log_samples import assert_passed, check, failures, item

MODES = ("ECB", "CBC", "CTR", "CFB")


def line(text, function="hal_crypto_test", severity="INF"):
    return f"<LS_LOG> {severity} {function} 12: {text}"


def aes(mode):
    rows = [line(f"AES_{mode}_{size} test success!", "_hal_aes_test") for size in (128, 192, 256)]
    return [line(f"HAL AES {mode} Test:", "hal_aes_test"), *rows]


def console(last="RSA"):
    """Return a sound console of a release whose last test this is."""
    lines = [line("HAL Hash Test:")]
    lines += [line(f"{name} test success!", "hal_hash_test") for name in ("SHA1", "SHA256", "md5")]
    lines += [line("=========================> HAL Hash Test Pass.", "hal_hash_test"), ""]
    lines += [
        line("HAL Rand Test:"),
        line("==========================> HAL Rand Test Pass.", "hal_rand_test"),
        "",
    ]
    lines += [line("HAL AES Test:"), *(row for mode in MODES for row in aes(mode))]
    lines += [line("=============================> HAL AES Test Pass.", "hal_aes_test"), ""]
    lines += [line("HAL RSA Test:"), line("RSA encrypt/decrypt test success", "_hal_encrypt_decrypt")]
    lines += [line("=============================> HAL RSA Test Pass.", "hal_rsa_test"), ""]
    if last == "SM2":
        lines += [
            line("HAL SM2 Test:"),
            line("=============================> HAL SM2 Test Pass.", "hal_sm2_test"),
        ]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("version", "last"), [("1.0.1", "RSA"), ("2.0.0", "RSA"), ("3.0.0", "SM2"), ("", "RSA"), ("", "SM2")]
)
def test_sound_consoles_of_each_release(version, last):
    report = check(console(last).encode(), claims=Claims(sdk_version=version, program=Program.HAL_APP))
    assert_passed(report)
    assert item(report, "HAL AES test").verdict is Verdict.PASSED


@pytest.mark.parametrize("mode", MODES)
def test_a_mode_of_aes_that_is_not_supported_is_no_failure(mode):
    """The program goes on: `not support, continue..` stands for the three steps of the mode."""
    rows = "\n".join(aes(mode)[1:])
    left_out = console().replace(rows, line("not support, continue..", "hal_aes_test"))
    report = check(left_out.encode())
    assert_passed(report)
    assert "9 steps passed, 1 not supported" in item(report, "HAL AES test").detail
    assert "of its 12 steps" in failures(check(console().replace(rows + "\n", "").encode()))["HAL AES test"]


def test_a_hash_that_is_not_supported_is_no_failure():
    for name, word in (("SHA1", "sha1"), ("SHA256", "sha256"), ("md5", "md5")):
        told = console().replace(f"{name} test success!", f"[WARN] {word} not support, continue..")
        assert_passed(check(told.encode()))


def test_a_mode_that_the_platform_does_not_have_is_compared_all_the_same():
    """`hal_app` compares what it never computed, and says Pass."""
    warning = line("[WARN] aes cfb hal not supported!", "_aes_cfb_encrypt_decrypt")
    told = console()
    for size in (128, 192, 256):
        good = line(f"AES_CFB_{size} test success!", "_hal_aes_test")
        bad = line(f"AES_CFB_{size} test fail!", "_hal_aes_test", "ERR")
        told = told.replace(good, f"{warning}\n{warning}\n{bad}")
    assert_passed(check(told.encode()))
    unexplained = told.replace(warning + "\n", "")
    assert "AES_CFB_128" in failures(check(unexplained.encode()))["HAL AES test"]


@pytest.mark.parametrize(
    ("old", "new", "test"),
    [
        (
            "INF hal_hash_test 12: SHA1 test success!",
            "ERR hal_hash_test 12: SHA1 test fail!",
            "HAL Hash test",
        ),
        ("INF hal_hash_test 12: md5 test success!", "ERR hal_hash_test 12: md5 test fail!", "HAL Hash test"),
        ("AES_CBC_192 test success!", "AES_CBC_192 test fail!", "HAL AES test"),
        ("HAL Rand Test Pass", "HAL Rand Test Fail", "HAL Rand test"),
        ("HAL RSA Test Pass", "HAL RSA Test Fail", "HAL RSA test"),
        ("HAL SM2 Test Pass", "HAL SM2 Test Fail", "HAL SM2 test"),
        ("RSA encrypt/decrypt test success", "RSA encrypt/decrypt test fail!", "HAL RSA test"),
    ],
)
def test_a_test_that_failed_is_told(old, new, test):
    sound = console("SM2")
    assert old in sound
    assert test in failures(check(sound.replace(old, new).encode()))


def test_an_sm2_that_gives_other_data_back_fails_although_the_program_says_pass():
    wrong = line("--->sm2 encrypt and decrypt fail!!!!!", "hal_sm2_test", "ERR")
    sound = console("SM2")
    told = sound.replace(line("HAL SM2 Test:"), line("HAL SM2 Test:") + "\n" + wrong)
    assert "sm2 encrypt and decrypt" in str(failures(check(told.encode())))


def test_a_program_that_stops_after_a_failed_test_is_told_once():
    head, _, _ = console().partition("HAL AES Test Pass")
    stopped = head + "HAL AES Test Fail.\n\n" + line("hal_crypto test fail!!", "main", "ERR") + "\n"
    report = check(stopped.encode())
    assert report.verdict is Verdict.FAILED
    assert "HAL AES test" in failures(report)
    assert item(report, "HAL RSA test").verdict is Verdict.NOT_RUN
