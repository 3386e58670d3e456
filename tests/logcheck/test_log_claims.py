"""What a board file or an option says must be what the console shows, with the key and without."""

from pathlib import Path

import pytest

from harness.cli.main import invoke
from harness.id2.keys import Key, KeyType
from harness.logcheck import KeyRing, Program
from harness.logcheck.claims import Claims
from harness.run.verdict import Verdict
from tests.logcheck.log_samples import SE_ID, SE_KEY, assert_passed, check, failures, item
from tests.logcheck.test_log_builds import build

SE_3DES = KeyRing.of(Key.parse(KeyType.DES3_168, SE_KEY), SE_ID)
RIGHT = Claims(
    program=Program.ID2_APP,
    carrier="se",
    key_type=KeyType.DES3_168,
    id2=SE_ID,
    sdk_version="3.1.0",
    features=("secret", "derive-key", "totp"),
    algorithms=("des-ecb",),
    vendor=0x8180,
    command_set="ica",
)


@pytest.mark.parametrize("keys", [KeyRing(), SE_3DES], ids=["keyless", "keyed"])
def test_right_claims_pass(sample, keys):
    report = check(sample("se-3des168"), keys, claims=RIGHT)
    assert_passed(report)
    names = {each.name for each in report.items if each.name.startswith("claimed")}
    assert names >= {
        "claimed carrier",
        "claimed key type",
        "claimed ID",
        "claimed SDK version",
        "claimed program",
    }


def test_length_of_a_key_is_not_run_without_the_key(sample):
    report = check(sample("se-3des168"), claims=RIGHT)
    assert item(report, "claimed key length").verdict is Verdict.NOT_RUN
    assert not [
        each for each in check(sample("se-3des168"), SE_3DES, claims=RIGHT).items if "key length" in each.name
    ]


@pytest.mark.parametrize("keys", [KeyRing(), SE_3DES], ids=["keyless", "keyed"])
@pytest.mark.parametrize(
    ("claims", "name", "both"),
    [
        (Claims(carrier="km"), "claimed carrier", ("km", "SE")),
        (Claims(carrier="module"), "claimed carrier", ("module", "SE")),
        (Claims(carrier="demo"), "claimed carrier", ("demo", "SE")),
        (Claims(key_type=KeyType.SM4_128), "claimed key type", ("sm4-128", "3")),
        (Claims(key_type=KeyType.RSA_1024), "claimed key type", ("rsa-1024", "3")),
        (Claims(id2="A" * 24), "claimed ID", ("A" * 24, SE_ID)),
        (Claims(sdk_version="2.0.0"), "claimed SDK version", ("2.0.0", "3.1.0")),
        (Claims(program=Program.HAL_APP), "claimed program", ("hal_app", "id2_app")),
        (Claims(features=("otp",)), "claimed feature otp", ("has it", "CONFIG_ID2_OTP is not defined")),
        (Claims(algorithms=("aes-ecb",)), "claimed algorithms", ("aes-ecb", "des-ecb")),
        (Claims(vendor=0x8186), "claimed chip vendor", ("8186", "8180")),
        (Claims(command_set="mtk"), "claimed command set", ("mtk", "ica")),
    ],
)  # fmt: skip
def test_contradiction_fails_and_names_both(sample, keys, claims, name, both):
    told = failures(check(sample("se-3des168"), keys, claims=claims))
    assert list(told) == [name]
    assert "the board file says" in told[name]
    for side in both:
        assert side in told[name]


def test_length_of_a_key_is_held_against_the_key_that_fits(sample):
    told = failures(check(sample("se-3des168"), SE_3DES, claims=Claims(key_type=KeyType.DES3_112)))
    assert "3des-112, the console shows '3des-168'" in told["claimed key type"]


def test_claim_that_the_console_does_not_show_is_not_run(sample):
    report = check(
        sample("hal_app"),
        claims=Claims(carrier="se", key_type=KeyType.AES_128, sdk_version="3.1.0", id2=SE_ID),
    )
    assert_passed(report)
    for name in ("carrier", "key type", "SDK version", "ID"):
        claim = item(report, f"claimed {name}")
        assert claim.verdict is Verdict.NOT_RUN
        assert "does not show it" in claim.detail


def test_a_puf_is_shown_by_its_number_and_a_module_by_its_stub():
    assert_passed(check(build("puf-k256"), claims=Claims(carrier="puf", key_type=KeyType.ECC_K256)))
    for other in ("se", "km", "tee", "module", "demo"):
        (item,) = (
            item
            for item in check(build("puf-k256"), claims=Claims(carrier=other)).items
            if item.name == "claimed carrier"
        )
        assert item.verdict is Verdict.FAILED
        assert "the console shows 'PUF' (id2 irot type, 3)" in item.detail
        assert item.lines == (13,)
    assert "claimed key length" in failures(
        check(build("puf-k256"), claims=Claims(carrier="puf", key_type=KeyType.ECC_K224))
    )
    assert_passed(check(build("mdu-sound"), claims=Claims(carrier="module", sdk_version="3.1.0")))
    assert "claimed carrier" in failures(check(build("mdu-sound"), claims=Claims(carrier="se")))
    assert "claimed SDK version" in failures(check(build("mdu-sound"), claims=Claims(sdk_version="3.0.0")))


def test_feature_that_is_not_supported_contradicts():
    assert "claimed feature secret" in failures(check(build("sm2"), claims=Claims(features=("secret",))))


def test_mtk_chip_is_told_by_its_adapter():
    assert "claimed command set" in failures(check(build("mtk-decrypt"), claims=Claims(command_set="ica")))


def test_sm1_is_told_from_sm4_by_the_banner_only():
    assert_passed(check(build("sm1"), claims=Claims(key_type=KeyType.SM1_128)))
    assert "claimed key type" in failures(check(build("sm1"), claims=Claims(key_type=KeyType.SM4_128)))
    bare = build("sm1").replace(b"ID2_KEY_TYPE_SM1", b"").replace(b"CHIP_KEY_TYPE_SM1", b"")
    assert "claimed key type" not in failures(check(bare, claims=Claims(key_type=KeyType.SM4_128)))


@pytest.mark.parametrize(
    "wrong", [["--key-type", "sm4-128"], ["--sdk", "2.0.0"], ["--carrier", "km"], ["--program", "hal_app"]]
)
def test_options_are_claims(wrong, capsys):
    log = str(Path(__file__).parents[1] / "samples" / "builds" / "se-aes-128.log")
    right = ["--key-type", "aes-128", "--sdk", "3.1.0", "--carrier", "se", "--program", "id2_app"]
    assert invoke(["check-log", log, *right]) == 0
    assert "key length" in capsys.readouterr().out
    assert invoke(["check-log", log, *wrong]) == 1
    assert "the command line says" in " ".join(capsys.readouterr().out.split())
