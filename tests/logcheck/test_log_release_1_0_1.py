"""Consoles of `id2_test` of SDK 1.0.1: a timestamp of its own, device challenges of up to 16, a decryption at the end.

Source: device-protocol.md i.2 (timestamp of its `id2_test`); the texts that firmwares made from it print.
"""

import pytest

from harness.id2 import authcode
from harness.id2.keytypes import KeyType
from harness.logcheck import KeyRing
from harness.logcheck.claims import Claims
from harness.run.verdict import Verdict
from tests.logcheck.console_maker import EXTRA, Maker, symmetric
from tests.logcheck.log_samples import check, failures, item

TIMESTAMP = "1605617436545"


class First(Maker):
    """`id2_test`: no report; the provisioning state comes first."""

    number = "0x00020000"
    reporting = False

    def text(self):
        self.banner()
        self.say("id2_client_get_prov_stat 760: id2 prov state: true")
        self.unit_tests()
        self.start("Encrypt/Decrypt")
        self.end("Encrypt/Decrypt")
        text = "\n".join(self.lines).replace("Version: 0x00020000", f"Version: {self.number}")
        return (text + "\n").encode()

    def code(self, kind, extra=""):
        if kind == "challenge" or self.reporting:
            return super().code(kind, extra)
        drawn = self.next_random()
        sign = self.signed(authcode.message(self.id2, drawn, TIMESTAMP, extra.encode()))
        kind_of_code = authcode.AuthCodeType(3 if extra else 1)
        return authcode.AuthCode(kind_of_code, self.key.key_type.hash, drawn, TIMESTAMP, sign).text


def console(carrier=2, key_type=KeyType.AES_128, **changes):
    made = symmetric(key_type)
    return First(made.key, made.id2, carrier=carrier, version="2.0.0", **changes)


def with_report(maker):
    maker.unit_tests()
    maker.reporting = True
    maker.report()
    return ("\n".join(maker.lines) + "\n").encode()


@pytest.mark.parametrize(
    ("carrier", "dumps", "key_type"),
    [
        (2, "ica", KeyType.AES_128),
        (2, "mtk", KeyType.DES3_168),
        (5, "", KeyType.AES_128),
        (4, "", KeyType.AES_128),
    ],
)
def test_codes_of_id2_test_are_judged_by_the_key(carrier, dumps, key_type):
    maker = console(carrier, key_type, dumps=dumps)
    data = with_report(maker)
    for keys in (KeyRing(), KeyRing.of(maker.key, maker.id2)):
        assert failures(check(data, keys)) == {}
    kind = {2: "se", 5: "demo"}.get(carrier)
    if kind is not None:
        assert item(check(data, claims=Claims(carrier=kind)), "claimed carrier").verdict is Verdict.PASSED
        other = "demo" if kind == "se" else "se"
        assert "claimed carrier" in failures(check(data, claims=Claims(carrier=other)))
    changed = data.replace(TIMESTAMP.encode(), b"1605617436546", 1)
    assert failures(check(changed, KeyRing.of(maker.key, maker.id2)))


def test_a_program_without_a_report_is_not_passed():
    report = check(console().text())
    assert "validation report" in failures(report)


@pytest.mark.parametrize("number", ["0x00020000", "0x00010001"])
def test_the_release_is_the_one_that_is_claimed(number):
    maker = console()
    maker.number = number
    text = maker.text()
    assert (
        item(check(text, claims=Claims(sdk_version="1.0.1")), "claimed SDK version").verdict is Verdict.PASSED
    )
    assert "claimed SDK version" in failures(check(text, claims=Claims(sdk_version="3.1.0")))


def test_a_decryption_that_failed_is_told():
    data = console().text().replace(b"Test Encrypt/Decrypt Pass", b"Test Encrypt/Decrypt Fail")
    assert "unit test Encrypt/Decrypt" in failures(check(data))
    assert EXTRA in data.decode()
