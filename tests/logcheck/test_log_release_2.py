"""Consoles of SDK 2.0.0, made from the texts of its sources: it runs no unit tests and prints no irot type.

Source: alibaba/id2_client_sdk rel_2.0.0 app/id2_app, modules/id2/src/core and modules/id2/module/core id2_client.c.
"""

import pytest

from harness.id2 import authcode
from harness.id2.keys import Key, KeyType
from harness.logcheck import KeyRing
from harness.logcheck.claims import Claims
from harness.run.verdict import Verdict
from tests.logcheck.log_samples import assert_passed, check, failures, item

ID = "00FFFFFF0123456789ABCDEF"
AES = Key.parse(KeyType.AES_128, "7C1E95D20B4F83A66E91F50D38C2B74A")
DES = Key.parse(KeyType.DES3_168, "1005F0D5333978630AD5D02EA777DC548FA94C5263EA071E")
CHALLENGE, TIMESTAMP, EXTRA = "55B83408399FA660F05C82E4F25333DC", "1512022279204", "abcd1234"
REPORT = """{{
    "reportVersion":  "1.0.0",
    "sdkVersion":  "2.0.0",
    "date":  "Nov 22 2026 18:00:21",
    "testContent":  [{{
                      "api":  "id2_client_get_id",
                      "args": {{
                      }},
                      "result":  "{id}"
             }}, {{
                     "api":  "id2_client_get_challenge_auth_code",
                     "args": {{
                              "challenge":  "{challenge}",
                              "extra":      "{extra}"
                     }},
                     "result": "{first}"
             }}, {{
                     "api":  "id2_client_get_timestamp_auth_code",
                     "args": {{
                              "timestamp":  "{timestamp}",
                              "extra":      "{extra}"
                     }},
                     "result": "{second}"
             }}]
}}"""


def banner(carrier, family):
    rule = "-" * 43
    if carrier == "module":
        return [
            "ID2 Client Build Time: Nov 22 2026 18:00:18",
            rule,
            "CONFIG_ID2_DEBUG is not defined!",
            "CONFIG_ID2_MDU_TYPE: ID2_MDU_TYPE_QUECTEL",
            rule,
        ]
    lines = ["ID2 Client Version: 0x00020000", "ID2 Client Build Time: Nov 22 2026 18:00:18", rule]
    lines += ["CONFIG_ID2_DEBUG is not defined!", "CONFIG_ID2_OTP is not defined!"]
    lines += [f"CONFIG_ID2_KEY_TYPE: ID2_KEY_TYPE_{family}", rule]
    if carrier in ("std", "mtk"):
        lines += ["ID2=> CONFIG_CHIP_DEBUG is not defined!"]
        lines += [f"ID2=> CONFIG_CHIP_TYPE: CHIP_TYPE_SE_{carrier.upper()}_CMD"]
        lines += [f"ID2=> CONFIG_CHIP_KEY_TYPE: CHIP_KEY_TYPE_{family}"]
    if carrier == "demo":
        lines += ["km_init 250: Demo KM Build Time: Nov 22 2026 18:00:19"]
        lines += ["km_init 251: SE, PUF, TEE or Soft KM must be selected for formal product!!!"]
    return lines


def console(carrier, key=AES):
    def code(**random):
        return authcode.build(key, ID, extra=EXTRA.encode(), **random).text

    start = banner(
        carrier, key.key_type.family
    )  # printed by each init, of which the report makes a second one
    lines = [*start, "id2_client_get_prov_stat 760: id2 prov state: true"]
    lines += ["id2_client_generate_authcode 85: ====> ID2 Client Generate AuthCode Start.", *start]
    if carrier != "module":
        lines.append(f"id2_client_get_id 690: ID2: {ID}")
    report = REPORT.format(
        id=ID,
        challenge=CHALLENGE,
        timestamp=TIMESTAMP,
        extra=EXTRA,
        first=code(challenge=CHALLENGE),
        second=code(timestamp=TIMESTAMP),
    )
    heading = "============ ID2 Validation Json Message ============:"
    lines.append(f"id2_client_generate_authcode 150: \n\n{heading}\n{report}\n\n")
    lines.append("id2_client_generate_authcode 165: =====>ID2 Client Generate AuthCode End.\n\n")
    return "".join(f"<LS_LOG> {line}\n" for line in lines).encode()


@pytest.mark.parametrize(
    ("carrier", "key", "claimed", "how"),
    [
        ("std", AES, "se", "'SE' (CONFIG_CHIP_TYPE)"),
        ("mtk", DES, "se", "'SE' (CONFIG_CHIP_TYPE)"),
        ("module", AES, "module", "'module' (CONFIG_ID2_MDU_TYPE)"),
        ("demo", AES, "demo", "'DEMO' (the Demo carrier's own warning)"),
    ],
)
def test_the_linked_carrier_is_told_without_an_irot_type(carrier, key, claimed, how):
    for keys in (KeyRing(), KeyRing.of(key, ID)):
        report = check(console(carrier, key), keys, claims=Claims(carrier=claimed))
        assert_passed(report)
        assert how in item(report, "claimed carrier").detail
    for other in {"se", "km", "tee", "puf", "module", "demo"} - {claimed}:
        told = failures(check(console(carrier, key), claims=Claims(carrier=other)))
        assert how in told["claimed carrier"]


def test_a_module_has_no_version_in_its_banner_and_one_in_its_report():
    report = check(console("module"), claims=Claims(carrier="module", sdk_version="2.0.0"))
    assert item(report, "program").verdict is Verdict.PASSED
    assert "whose banner has no version" in item(report, "program").detail
    assert item(report, "claimed SDK version").verdict is Verdict.PASSED
    assert item(report, "unit tests").verdict is Verdict.NOT_RUN


def test_a_build_that_says_nothing_of_its_carrier_is_not_accused():
    report = check(console("km"), claims=Claims(carrier="km"))
    assert_passed(report)
    assert item(report, "claimed carrier").verdict is Verdict.NOT_RUN


def test_a_changed_code_of_release_2_is_told():
    text = console("std").replace(b'"result": "3~2~', b'"result": "1~2~')
    assert failures(check(text, KeyRing.of(AES, ID)))
