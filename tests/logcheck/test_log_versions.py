"""Consoles of other versions, key types, carriers and command sets, made from their rules."""

import json
from pathlib import Path

import pytest

from harness.id2 import authcode, published, servercode
from harness.id2.keys import Key, KeyType
from harness.logcheck import KeyRing
from harness.logcheck.apdu import calls_of
from harness.run.verdict import Verdict
from tests.logcheck.console_maker import CHALLENGE, EXTRA, Maker, symmetric
from tests.logcheck.log_samples import assert_passed, check, failures, item

VECTORS = Path(__file__).parents[1] / "vectors"
SYMMETRIC = [
    KeyType.DES3_112,
    KeyType.DES3_168,
    KeyType.AES_128,
    KeyType.AES_192,
    KeyType.AES_256,
    KeyType.SM4_128,
]
PUF_ID = "050000000100001D0123456789ABCDEF-XIDT-ECC_256"


# the MTK set was only ever run with 3DES
DEVICES = [
    (key_type, dumps)
    for key_type in SYMMETRIC
    for dumps in ("", "ica", "t0", "mtk")
    if dumps != "mtk" or key_type.family == "3DES"
]


@pytest.mark.parametrize("version", ["3.1.0", "3.0.0", "2.0.0"])
@pytest.mark.parametrize(("key_type", "dumps"), DEVICES)
@pytest.mark.slow
def test_symmetric_devices(key_type, dumps, version):
    maker = symmetric(key_type, dumps=dumps, version=version)
    data = maker.text()
    keyless = check(data)
    assert_passed(keyless)
    assert {code.basis for code in keyless.codes} == {"apdu dump" if dumps else "form"}
    keyed = check(data, KeyRing.of(maker.key, maker.id2))
    assert_passed(keyed)
    assert {code.basis for code in keyed.codes} == {"key and apdu dump" if dumps else "key"}
    assert keyed.boots[0].sdk_version == version
    assert bool(keyed.exchanges) == bool(dumps)


@pytest.mark.parametrize("dumps", ["ica", "t0", "mtk"])
def test_dumps_alone_tell_a_changed_code(dumps):
    data = symmetric(KeyType.DES3_168, dumps=dumps).text()
    code = check(data).codes[0]
    for at in (5, 25, 60):
        changed = code.text[:at] + ("B" if code.text[at] != "B" else "C") + code.text[at + 1 :]
        report = check(data.replace(code.text.encode(), changed.encode(), 1))
        assert any(code.line in item.lines for item in report.failed()), at


def test_exchange_in_two_steps_is_one_call():
    report = check(symmetric(KeyType.AES_128, dumps="t0").text())
    commands = [exchange.command[:4].hex() for exchange in report.exchanges]
    assert commands[:2] == ["80f80000", "80f80000"]
    assert "00c00000" in commands
    assert item(report, "GetID answers").verdict is Verdict.PASSED


def test_sm2_on_a_chip():
    """SM2 signs the message itself, and its signatures differ each time."""
    maker = Maker(Key.parse(KeyType.SM2_256, "39" * 32), "00A1B2C3D4E5F60718293A4B", dumps="ica")
    data = maker.text()
    report = check(data)
    assert_passed(report)
    assert {code.basis for code in report.codes} == {"apdu dump"}
    assert {finding.id for finding in report.findings} == {"k.6", "k.11"}
    assert item(report, "unit test Get Secret").verdict is Verdict.NOT_RUN
    assert_passed(check(data, KeyRing.of(maker.key)))
    other = KeyRing.of(Key.parse(KeyType.SM2_256, "3A" * 32))
    assert "no code of it fits" in failures(check(data, other))["key"]


def test_puf_device_with_its_long_id():
    known = published.KEYS[KeyType.ECC_K256]
    assert known.id2 == PUF_ID
    data = Maker(known.key, PUF_ID, carrier=3).text()
    assert_passed(check(data))
    report = check(data, KeyRing.debug())
    assert_passed(report)
    assert {code.basis for code in report.codes} == {"key"}
    changed = data.replace(
        b"ID2: 050000000100001D0123456789ABCDEF-XIDT", b"ID2: 050000000100001D0123456789ABCDEF-XIDU", 1
    )
    assert "XIDU" in failures(check(changed, KeyRing.debug()))["ID"]


def test_rsa_codes_of_the_first_demo():
    vector = json.loads((VECTORS / "RSA-1024-demo-v1.json").read_text("utf-8"))
    codes = [code["auth_code"] for code in vector["codes"]]
    lines = ["id2_client_version: 0x00000100", "test: id2_client_get_id", f"ID: {vector['id2']}"]
    for number, kind in enumerate(("challenge", "timestamp")):
        lines.append(f"test: id2_client_get_{kind}_auth_code")
        for code, extra in zip(codes[2 * number : 2 * number + 2], ("", EXTRA), strict=True):
            lines.append(f"AUTHCODE:|{len(code)}|{extra}|{code}")
    lines += ["test: id2_client_decrypt", "dec_out = plaintext = 1234"]
    data = "\n".join(lines).encode()
    report = check(data, KeyRing.debug())
    assert_passed(report)
    assert {code.basis for code in report.codes} == {"key"}
    assert item(report, "key").detail.endswith("4 codes verify with it")
    changed = codes[2].replace("~cslX", "~cslY")
    assert failures(check(data.replace(codes[2].encode(), changed.encode()), KeyRing.debug()))


def test_module_build_runs_no_unit_tests():
    maker = symmetric(KeyType.AES_128, carrier=1)
    maker.lines = [
        "<LS_LOG> ID2 Client Stub For Module Build Time: Nov 22 2026 18:00:18",
        "<LS_LOG> CONFIG_ID2_DEBUG is not defined!",
        f"<LS_LOG> id2_client_get_id 300: ID2: {maker.id2}",
    ]
    maker.report()
    report = check("\n".join(maker.lines).encode(), KeyRing.of(maker.key))
    assert_passed(report)
    assert "module" in item(report, "unit tests").detail
    assert "MDU" in item(report, "program").detail


def test_report_with_a_kpm_item_shows_its_known_defect():
    maker = symmetric(KeyType.AES_128, kpm=True)
    data = maker.text()
    report = check(data, KeyRing.of(maker.key))
    assert_passed(report)
    assert "i.3" in {finding.id for finding in report.findings}
    assert item(report, "report: KPM code").verdict is Verdict.PASSED
    line = next(row for row in data.splitlines() if b"S0E" in row or b'"result": "SwE' in row)
    changed = data.replace(line, line[:40] + (b"A" if line[40:41] != b"A" else b"B") + line[41:])
    assert "report: KPM code" in failures(check(changed, KeyRing.of(maker.key)))


def test_decrypt_section_must_give_the_id():
    maker = symmetric(KeyType.AES_128)
    maker.after_report = [
        "<LS_LOG> id2_client_decrypt_data 330: ====> ID2 Client Test Decrypt Start.",
        f"<LS_LOG> id2_client_decrypt_data 360: out_data: {maker.id2}",
        "<LS_LOG> id2_client_decrypt_data 380: =================>ID2 Client Test Decrypt Pass.",
    ]
    data = maker.text()
    report = check(data, KeyRing.of(maker.key))
    assert_passed(report)
    assert item(report, "decrypt: plaintext").verdict is Verdict.PASSED
    changed = data.replace(b"out_data: 00A1", b"out_data: 00A2")
    assert (
        "it must be the device's ID" in failures(check(changed, KeyRing.of(maker.key)))["decrypt: plaintext"]
    )
    failed = data.replace(b"Decrypt Pass", b"Decrypt Fail")
    assert "unit test Decrypt" in failures(check(failed, KeyRing.of(maker.key)))


def test_verify_server_section():
    maker = symmetric(KeyType.AES_128)
    head = "<LS_LOG> id2_client_verify_authcode"
    maker.after_report = [
        f"{head} 270: ====> ID2 Client Verify Server AuthCode Start.",
        f"{head} 300: =====>ID2 Client Verify Server AuthCode Fail.",
    ]
    data = maker.text()
    assert failures(check(data))["verify server"] == "the device refused the service's code"
    assert "no end" in failures(check(data.replace(b"AuthCode Fail", b"AuthCode F")))["verify server"]


def test_debug_build_shows_its_workings():
    """Debug builds of 2.x and 3.x print what the 1.0.0 demo prints, in other words."""
    maker = symmetric(KeyType.AES_128, debug=True)
    data = maker.text().replace(b"CONFIG_ID2_DEBUG is not defined", b"CONFIG_ID2_DEBUG is defined")
    report = check(data)
    assert_passed(report)
    assert "debug-build" in {finding.id for finding in report.findings}
    assert {code.basis for code in report.codes if code.source != "report"} == {"dump"}
    code = report.codes[0]
    assert sum(each.text == code.text for each in report.codes) == 2  # printed twice, made once
    row = next(row for row in data.split(b"\n") if row.startswith(b"<LS_LOG> id2_log_hex_dump 120: 3"))
    told = failures(check(data.replace(row, row.replace(b": 3", b": 4"), 1)))
    assert all("the dump of the signed message" in detail for detail in told.values())
    assert told


def test_key_that_the_program_prints_is_found_and_not_repeated():
    maker = symmetric(KeyType.AES_128)
    secret = maker.key.reveal().hex().upper()
    data = maker.text() + f"<LS_LOG> id2_client_set_id2_and_key 1600: set key data: {secret}\n".encode()
    report = check(data, KeyRing.of(maker.key))
    assert "key-on-console" in {finding.id for finding in report.findings}
    assert secret not in str(report)


def test_published_id_without_its_key():
    """A published ID whose codes are made with another key: the debug key does not fit, and that is said."""
    maker = symmetric(KeyType.AES_128)
    maker.id2 = published.KEYS[KeyType.AES_128].id2
    assert "its published key is another" in failures(check(maker.text(), KeyRing.debug()))["key"]


def test_challenge_constant_is_the_one_of_the_program():
    maker = symmetric(KeyType.AES_128)
    data = maker.text()
    other = data.replace(CHALLENGE.encode(), b"55B83408399FA660F05C82E4F25333DD")
    assert "is not the challenge that was given" in str(failures(check(other)))


def test_hardened_codes_are_opened_with_the_key():
    """A build option that is known from source text only: the code is encrypted with the ID² key."""
    maker = symmetric(KeyType.AES_128)
    data = maker.text().decode()
    for code in check(data.encode()).codes:
        hard = authcode.harden(maker.key, code.text)
        data = data.replace(f" [{len(code.text)}] {code.text}\n", f" [{len(hard)}] {hard}\n").replace(
            code.text, hard
        )
    keyless = check(data.encode())
    assert_passed(keyless)
    assert keyless.counts[Verdict.NOT_RUN] >= 6
    keyed = check(data.encode(), KeyRing.of(maker.key))
    assert_passed(keyed)
    assert {code.basis for code in keyed.codes} == {"key"}
    changed = data.replace("99~", "99~A", 1).replace("99~AA", "99~A", 1)
    assert failures(check(changed.encode(), KeyRing.of(maker.key)))


def test_rows_of_another_driver_do_not_belong_to_a_dump():
    maker = symmetric(KeyType.AES_128, dumps="ica")
    rows = maker.text().split(b"\n")
    noisy = []
    for row in rows:
        noisy.append(row)
        if b"90 00" in row:
            noisy += [b"<LS_LOG> ID2=> " + b"=" * 80, b"02 00 90 00 AA BB ", b"90 00 "]
    assert_passed(check(b"\n".join(noisy)))


def test_log_of_another_program_with_the_sdk_is_not_passed():
    maker = symmetric(KeyType.AES_128)
    maker.banner()
    maker.say(f"id2_client_get_id 1022: ID2: {maker.id2}")
    report = check("\n".join(maker.lines).encode())
    assert "or it is not id2_app" in failures(report)["validation report"]


def test_debug_build_makes_the_codes_of_its_report_once():
    maker = symmetric(KeyType.AES_128, debug=True)
    report = check(maker.text(), KeyRing.of(maker.key))
    assert_passed(report)
    assert len(report.codes) == 12
    assert item(report, "device random").detail.startswith("6 codes were made")


def test_debug_code_that_is_not_the_one_used_is_told():
    maker = symmetric(KeyType.AES_128, debug=True)
    data = maker.text()
    made = check(data).codes[0]
    changed = data.replace(made.text[:-4].encode() + b"\n", made.text.encode(), 1).replace(
        made.text[-8:].encode(), b"AAAAAAAA", 1
    )
    assert failures(check(changed, KeyRing.of(maker.key)))


@pytest.mark.parametrize("clock", [1_790_000_000_098, 1_790_000_000_003, 1_790_000_000_000])
def test_one_time_password_of_any_length(clock):
    maker = symmetric(KeyType.AES_128, clock_ms=clock)
    assert_passed(check(maker.text(), KeyRing.of(maker.key)))


def test_published_key_in_another_device_is_told():
    maker = symmetric(KeyType.AES_128)
    maker.key = published.KEYS[KeyType.AES_128].key
    report = check(maker.text(), KeyRing.debug())
    assert "belongs to ID 2122232425262728292A2B2C, not to this one" in failures(report)["key"]
    assert "published-key" in {finding.id for finding in report.findings}


@pytest.mark.parametrize("extra", ["", EXTRA])
def test_server_code_on_the_console(extra):
    """Debug builds print the code that the service sent."""
    maker = symmetric(KeyType.AES_128)
    code = servercode.build(maker.key, maker.id2, CHALLENGE, extra.encode()).text
    maker.after_report = [f"<LS_LOG> id2_client_verify_server 1200: server authcode: [{len(code)}] {code}"]
    data = maker.text()
    report = check(data, KeyRing.of(maker.key))
    assert_passed(report)
    assert item(report, "server code").detail == "server code, SIGN recomputed with the key"
    assert_passed(check(data))
    for at in (4, 20, 60):
        changed = code[:at] + ("B" if code[at] != "B" else "C") + code[at + 1 :]
        changed_report = check(data.replace(code.encode(), changed.encode()), KeyRing.of(maker.key))
        assert any(name.startswith("server code") for name in failures(changed_report)), at


def test_codes_that_another_program_prints_are_judged_too():
    maker = symmetric(KeyType.AES_128)
    code = authcode.build(maker.key, maker.id2, challenge="anything", device_random="0011223344556677").text
    maker.after_report = [f"<LS_LOG> my_app 10: sending '{code}' to the service"]
    data = maker.text()
    report = check(data, KeyRing.of(maker.key))
    assert_passed(report)
    assert [each.source for each in report.codes][-1] == "elsewhere"
    changed = data.replace(code.encode(), code.replace("anything", "anythink").encode())
    assert failures(check(changed, KeyRing.of(maker.key)))
    first = f"<LS_LOG> my_app 10: {code[:-5]}\n".encode()
    assert failures(check(first + data, KeyRing.of(maker.key)))
    assert_passed(check(first[21:] + data, KeyRing.of(maker.key)))  # the log begins inside this line


@pytest.mark.parametrize("name", ["AES-128-se", "AES-128-se-t0", "3DES-168-se", "mtk-3des"])
def test_recorded_exchanges_shown_as_dumps(name):
    """Exchanges that the vendor's SDK had with a chip, with a decryption of 768 bytes in four blocks among them."""
    log = json.loads((VECTORS / f"{name}.json").read_text("utf-8"))["apdu_log"]
    exchanges = [tuple(bytes.fromhex(side) for side in exchange) for exchange in log if len(exchange) == 2]
    if exchanges[-1][1][0] == 0x61:  # this recording stops before the answer was fetched
        exchanges.pop()
    maker = symmetric(KeyType.AES_128 if "AES" in name else KeyType.DES3_168, dumps="ica")
    maker.banner()
    for command, answer in exchanges:
        maker.dump(command, answer)
    report = check("\n".join(maker.lines).encode())
    assert [(each.command, each.response) for each in report.exchanges] == exchanges
    assert not [told for told in failures(report) if told.startswith(("APDU", "GetID", "chip"))], failures(
        report
    )
    assert item(report, "APDU exchanges").detail.startswith(f"{len(exchanges)} well formed")


def test_blocks_of_one_decryption_are_one_call():
    log = json.loads((VECTORS / "AES-128-se.json").read_text("utf-8"))["apdu_log"]
    maker = symmetric(KeyType.AES_128, dumps="ica")
    for command, answer in log:
        maker.dump(bytes.fromhex(command), bytes.fromhex(answer))
    calls, identities = calls_of(list(check("\n".join(maker.lines).encode()).exchanges))
    longest = max(calls, key=lambda call: len(call.data))
    assert (longest.mode, len(longest.answer)) == (0x52, len(longest.data))
    assert len(longest.data) > 768
    assert {call.id2 for call in identities} == {"2122232425262728292A2B2C"}
