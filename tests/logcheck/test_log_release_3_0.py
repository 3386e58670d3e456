"""Consoles of SDK 3.0.0 for each carrier: unit tests first, each with an init of its own, and no irot type.

Source: alibaba/id2_client_sdk rel_3.0.0 app/id2_app, modules/id2/lib and modules/id2/stub id2_client.c,
modules/irot/puf/src/km_to_irot.c.
"""

import hashlib

import pytest

from harness.id2 import published
from harness.id2.keys import KeyType
from harness.logcheck import KeyRing
from harness.logcheck.claims import Claims
from harness.run.verdict import Verdict
from tests.logcheck.console_maker import SEED, Maker, symmetric
from tests.logcheck.log_samples import assert_passed, check, failures, item

RULE = "-" * 63


class Release30(Maker):
    """A console of 3.0.0; `linked` says which carrier prints beside the client."""

    linked = "se"

    def banner(self):
        if self.linked == "module":
            self.say(RULE)
            self.say("ID2 Client Stub For Module Build Time: Nov 22 2026 18:00:18")
            self.say("CONFIG_ID2_DEBUG is not defined!")
            self.say(RULE)
            return
        super().banner()
        if self.linked == "puf":
            self.say("I _dump_chip_conf_info 17: CONFIG_CHIP_DEBUG is not defined!")
            self.say("I _dump_chip_conf_info 21: CONFIG_CHIP_KEY_TYPE: CONFIG_CHIP_KEY_ECC")
            self.say("I _dump_chip_conf_info 39: CONFIG_CHIP_ECDP_TYPE: CHIP_ECDP_TYPE_SECP256K1")
            self.say(f"I _dump_chip_conf_info 45: {'=' * 40}")
            self.say(f"I _load_id2_info 188: id2 id: {self.id2}")

    def report(self):
        self.banner()
        self.say("id2_client_get_prov_stat 760: id2 prov state: true")
        super().report()

    def secret(self):
        """A hash of a signature, which with an asymmetric key is another one each time: 3.0.0 refuses none."""
        if self.key.key_type.symmetric:
            super().secret()
            return
        self.start("Get Secret")
        self.say("id2_client_get_secret 1200: ERROR: short buffer, 0.")
        self.say(f"id2_client_get_secret 1205: seed: {SEED}")
        secret = hashlib.sha256(self.signed(SEED.encode())).hexdigest().upper()
        self.say(f"id2_client_test_get_secret 180: device secret: [64] {secret}")
        self.end("Get Secret")

    def derive(self):
        if self.key.key_type.symmetric:
            super().derive()
            return
        self.start("Derive Key")
        self.say("id2_client_derive_key 1260: seed: appKey")
        derived = hashlib.sha256(self.signed(f"{self.id2}appKey".encode())).digest()
        for at in range(0, 16, 4):
            row = " ".join(f"0x{byte:02x}" for byte in derived[at : at + 4])
            self.say(f"id2_client_test_derive_key 236: key: {row}")
        self.end("Derive Key")


def maker(linked):
    if linked == "puf":
        known = published.KEYS[KeyType.ECC_K256]
        made = Release30(known.key, known.id2, carrier=3, version="3.0.0")
    else:
        device = symmetric(KeyType.DES3_168 if linked == "mtk" else KeyType.AES_128)
        dumps = {"ica": "ica", "t0": "t0", "mtk": "mtk"}.get(linked, "")
        carrier = {"demo": 5, "module": 0}.get(linked, 2)
        made = Release30(device.key, device.id2, carrier=carrier, dumps=dumps, version="3.0.0")
    made.linked = linked
    return made


CARRIERS = {"ica": "se", "t0": "se", "mtk": "se", "puf": "puf", "module": "module", "demo": "demo"}


@pytest.mark.parametrize("linked", CARRIERS)
def test_sound_console_passes_and_tells_its_carrier(linked):
    made = maker(linked)
    data, claimed = made.text(), CARRIERS[linked]
    for keys in (KeyRing(), KeyRing.of(made.key, made.id2)):
        report = check(data, keys, claims=Claims(carrier=claimed, sdk_version="3.0.0"))
        assert_passed(report)
        assert len(report.boots) == 1
        assert item(report, "claimed carrier").verdict is Verdict.PASSED
        assert item(report, "claimed SDK version").verdict is Verdict.PASSED
    for other in set(CARRIERS.values()) - {claimed}:
        assert "claimed carrier" in failures(check(data, claims=Claims(carrier=other)))
    assert "claimed SDK version" in failures(check(data, claims=Claims(sdk_version="3.1.0")))


@pytest.mark.parametrize("linked", CARRIERS)
def test_code_that_is_changed_or_of_another_type_is_told(linked):
    made = maker(linked)
    data = made.text()
    code = check(data).codes[-1].text
    keys = KeyRing.of(made.key, made.id2)
    assert failures(check(data.replace(code.encode(), b"1" + code.encode()[1:]), keys))
    at = code.rindex("~") + 3
    changed = code[:at] + ("B" if code[at] != "B" else "C") + code[at + 1 :]
    assert failures(check(data.replace(code.encode(), changed.encode()), keys))


@pytest.mark.parametrize("linked", CARRIERS)
def test_console_that_stops_is_not_passed(linked):
    data = maker(linked).text()
    for end in (b"Test Get Secret Pass", b"id2_client_generate_authcode 143", b'"testContent"'):
        assert failures(check(data[: data.index(end)]))
