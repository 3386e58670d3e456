"""What broken devices and programs print: each fault is told, known defects by their number."""

import pytest

from harness.id2.keys import KeyType
from harness.logcheck import KeyRing
from harness.run.verdict import Verdict
from tests.logcheck.console_maker import symmetric
from tests.logcheck.log_samples import AES, DEMO, HAL, SE_KEYLESS, assert_passed, check, failures, item


def _se(**changes):
    return symmetric(KeyType.AES_128, **changes)


def _changed(data: bytes, old: bytes, new: bytes, count: int = 1) -> bytes:
    assert old in data
    return data.replace(old, new, count)


def test_device_random_that_repeats_fails_on_a_chip():
    report = check(_se(next_random=lambda: "0123456789ABCDEF").text())
    assert "0123456789ABCDEF in 6 separately made codes" in failures(report)["device random"]


def test_device_random_that_repeats_is_a_known_defect_on_the_demo_carrier():
    report = check(_se(next_random=lambda: "0123456789ABCDEF", carrier=5).text())
    assert_passed(report)
    assert {"k.4", "demo-carrier"} <= {finding.id for finding in report.findings}


def test_forced_device_random_is_a_finding():
    report = check(_se(next_random=lambda: "ABABABABABABABAB").text())
    assert_passed(report)
    assert "forced-random" in {finding.id for finding in report.findings}


def test_forced_and_repeated_device_randoms_are_kept_apart():
    values = iter(["ABABABABABABABAB"] * 3 + ["1111222233334444"] * 3)
    report = check(_se(next_random=lambda: next(values)).text())
    assert "1111222233334444 in 3" in failures(report)["device random"]


def test_device_random_of_one_digit():
    values = iter(["0000000000000000", *(f"{n:016X}" for n in range(0x123456789ABCDEF1, 0x123456789ABCDEF9))])
    report = check(_se(next_random=lambda: next(values)).text())
    assert "is one digit repeated" in str(failures(report))


def test_report_that_repeats_an_earlier_code_repeats_the_random():
    """The program makes new codes for its report: the same text again means that the random repeats."""
    maker = _se()
    data = maker.text().decode()
    codes = [code.text for code in check(data.encode()).codes]
    report = check(data.replace(codes[4], codes[1]).encode())
    assert "in 2 separately made codes" in failures(report)["device random"]


def test_timestamp_answered_with_a_challenge_code_is_k10():
    report = check(_se(kind_of=lambda _kind, right: right - right % 2).text())
    assert "type 0 is a device code over a challenge" in str(failures(report))
    assert "k.10" in {finding.id for finding in report.findings}


def test_sign_without_padding():
    maker = _se()
    from harness.id2 import authcode, ciphers, hashes

    maker.sign = lambda message: (
        ciphers.ecb_encrypt(maker.key, hashes.digest(hashes.HashType.SHA256, message)) + bytes(16)
    )
    data = maker.text()
    assert "the key given" in failures(check(data, KeyRing.of(maker.key)))["key"]
    assert (
        authcode.tail_of_key(maker.key).hex().upper() in failures(check(data, KeyRing.of(maker.key)))["key"]
    )


def test_cbc_instead_of_ecb_is_named():
    maker = _se()
    from harness.id2 import authcode, ciphers

    def chained(message: bytes) -> bytes:
        padded, out = authcode.sign_input(KeyType.AES_128, message), bytes(16)
        for at in range(0, len(padded) - 16, 16):
            block = bytes(a ^ b for a, b in zip(padded[at : at + 16], out[-16:], strict=True))
            out += ciphers.ecb_encrypt(maker.key, block)
        return out[16:] + ciphers.ecb_encrypt(maker.key, padded[-16:])

    maker.sign = chained
    assert failures(check(maker.text(), KeyRing.of(maker.key)))


@pytest.mark.parametrize(
    ("old", "new", "name", "told"),
    [
        (b"Get Secret Pass.", b"Get Secret Fail.", "unit test Get Secret", "the program reports Fail"),
        (b"=>ID2 Client Test Get Secret Pass.", b"=>ID2 Client Test Get Secret Xass.", "unit test Get Secret", "no Pass, Fail"),
        (b"====> ID2 Client Test Derive Key End.", b"...", "unit test Derive Key", "the line of its end is missing"),
        (b"====> ID2 Client Test Derive Key Start.", b"...", "unit test Derive Key", "of its start is missing"),
        (b"Device Challenge: BBAEDCBC", b"Device Chal: BBAEDCBC", "unit test Get Device Challenge", "16 to 128 in steps"),
        (b"BBAEDCBC", b"BBAEDCB", "device challenges", "31 characters; 32 were due"),
        (b"BBAEDCBC", b"BBAEDCBc", "device challenges", "'c' is not an upper-case hex digit"),
        (b"BBAEDCBCDE5485D1A5B6B249C0F76405 32", b"B" * 32 + b" 32", "device challenges", "one digit repeated"),
        (b"ID2 Client Version: 0x00030100", b"ID2 Client Version: 0x00030000", "validation report", "the banner says 3.0.0"),
        (b'"date": "Nov 22 2026', b'"date": "Nov 20 2026', "validation report", "more than a day from the build time"),
        (b'"date": "Nov 22 2026', b'"date": "Feb 30 2026', "validation report", "no date and time that exists"),
        (b"ID2_KEY_TYPE_AES", b"ID2_KEY_TYPE_3DES", "banner", "the build is for 3DES, the codes have hash and length of AES"),
        (b"id2 irot type, 5", b"id2 irot type, 2", "banner", "irot type says SE, line 9 is printed by the Demo carrier"),
        (b"id2 irot type, 5", b"id2 irot type, 9", "banner", "irot type 9 is no carrier"),
        (b"Build Time: Nov 22 2026 18:00:18", b"Build Time: Nov 22 20x6 18:00:18", "banner", "is none of a compiler"),
        (b"Generated TOTP: 521622", b"Generated TOTP: 52x622", "one-time password", "decimal digits"),
        (b"Generated TOTP: 521622323414110", b"Generated TOTP: 521622323414111", "one-time password", "a digit is altered"),
        (b"[64] 35EA365A", b"[64] 35EA365B", "device secret", "it differs at position 7"),
        (b"[64] 35EA365A", b"[63] 35EA365A", "device secret", "says 63 characters, the secret has 64"),
        (b"key: 0x73", b"key: 0x74", "derived key", "it is not the key of this seed: byte 0 differs"),
        (b"seed: appKey", b"seed: appkey", "derived key", "the program uses appKey"),
        (b" [118] 0~2~", b" [117] 0~2~", "auth code: challenge (unit test, line 35)", "says 117 characters, the code has 118"),
        (b"authcode[extra = abcd1234]", b"authcode[extra = abcd1235]", "auth code: challenge with extra (unit", "extra is 'abcd1235'"),
        (b"km_init 360:", b"km_init 360: ERROR: no", "error in line 8", "is not expected in a passing run"),
        (b"id2_client_get_id 1022: ID2:", b"id2_client_get_id 1022: get client id2 fail, -11\n<LS_LOG> x 1: ID2:", "error in line 15", "the device holds no ID"),
    ],
)  # fmt: skip
def test_fault_in_the_demo_capture_is_told(sample, old, new, name, told):
    report = check(_changed(sample(AES.part), old, new), AES.keys)
    details = [detail for each, detail in failures(report).items() if each.startswith(name)]
    assert any(told in detail for detail in details), failures(report)


def test_device_that_has_no_id_and_gets_none_is_told(sample):
    """An ID that is printed later was fetched over the network: SDK 3.x says of that nothing else."""
    without = sample(AES.part).replace(b"id2 has been provisioned", b"no id2 has been provisioned")
    fetched = check(without, AES.keys)
    assert_passed(fetched)
    assert "after provisioning over the network" in item(fetched, "provisioning").detail
    start = without[: without.index(b"<LS_LOG> id2_client_test_get_id")]
    assert "holds no ID" in failures(check(start, AES.keys))["provisioning"]


_ANSWER = b"""\
<LS_LOG> ID2=> Response APDU: [length = 0x002a]
<LS_LOG> ID2=> 3B D9 6D AB 03 B1 B9 65   9B DE E5 CF A5 2F D0 CF\x20
<LS_LOG> ID2=> E2 EF 6A 74 3A B3 93 C4   D1 71 D5 A5 27 76 10 0B\x20
<LS_LOG> ID2=> 0A 88 2D A0 9F 47 F2 5A   90 00\x20
"""


@pytest.mark.parametrize(
    ("old", "new", "name", "told"),
    [
        (b"ID2=> 90 00 \n", b"ID2=> 6A 82 \n", "APDU exchange in line 15", "status word 6A82: file or application not found"),
        (b"59 75 6E 2E \n", b"59 75 6E 2F \n", "APDU exchange in line 15", "which is not the ID² application"),
        (b"rsp_len = 17)", b"rsp_len = 18)", "APDU exchange in line 25", "rsp_len is 18, the dump has 17 bytes"),
        (b"(ret = 0, rsp_len = 42)", b"(ret = -7, rsp_len = 42)", "APDU exchange in line 66", "communication with the chip"),
        (b"[length = 0x002a]", b"[length = 0x002b]", "APDU exchange in line 66", "43 bytes announced, 42 readable"),
        (b"81 80 0C 37 95", b"81 80 0C 37 96", "GetID answers", "the chip gives '379651166B860D8DC4235AC7'"),
        (b"81 80 0C 37 95", b"81 80 0D 37 95", "GetID answers", "it is vendor (2), 0C, ID (12)"),
        (b"80 F6 00 01 2D 51 01 00   00 28", b"80 F6 00 01 2D 52 01 00   00 28", "auth code: challenge (unit test", "no APDU in the dumps"),
        (b"80 F6 00 01 2D 51 01 00   00 28", b"80 F6 00 01 2D 51 03 00   00 28", "chip algorithm", "the chip was asked for AES"),
        (b"80 F6 00 01 2D 51", b"80 F6 00 02 2D 51", "APDU exchange in line 66", "P2 is 02"),
        (b"80 F6 00 01 2D 51 01 00   00 28", b"80 F6 00 01 2C 51 01 00   00 28", "APDU exchange in line 66", "Lc says 44 bytes of data, 45 follow"),
        (b"C3 D8 1B 36", b"C3 D8 1B 37", "auth code: challenge (unit test", "the chip answered this SIGN to another message"),
        (b"3B D9 6D AB", b"3B D9 6D AC", "auth code: challenge (unit test", "SIGN is not what the chip answered"),
        (b"0A 88 2D A0 9F 47 F2 5A", b"0A 88 2D A0 9F 47 F2 5B", "constant last block", "ends with 0A882DA09F47F25B"),
        (b"CHIP_KEY_TYPE_3DES", b"CHIP_KEY_TYPE_AES", "banner", "the chip adapter for 'AES'"),
        (_ANSWER, b"", "APDU exchange in line 66", "no answer was dumped"),
        (b"Derive Key Start", b"Derive Key Start.\n<LS_LOG> ERROR: ID2=> response apdu data error", "error in line 154", "response apdu data error"),
    ],
)  # fmt: skip
def test_fault_in_the_chip_capture_is_told(sample, old, new, name, told):
    report = check(_changed(sample(SE_KEYLESS.part), old, new))
    details = [detail for each, detail in failures(report).items() if each.startswith(name)]
    assert any(told in detail for detail in details), failures(report)


def test_status_word_of_a_refusal_is_the_known_defect_k7(sample):
    report = check(_changed(sample(SE_KEYLESS.part), b"ID2=> 90 00 \n", b"ID2=> 69 82 \n"))
    (finding,) = [finding for finding in report.findings if finding.id == "k.7"]
    assert "6982" in finding.detail


def test_wrong_get_response_is_told():
    data = _se(dumps="t0").text()
    report = check(_changed(data, b"00 C0 00 00 30", b"00 C0 00 00 31"))
    assert "the next command does not ask for 30 bytes" in str(failures(report))


def test_wrong_check_sum_of_the_mtk_set_is_told():
    data = symmetric(KeyType.DES3_168, dumps="mtk").text()
    rows = data.split(b"\n")
    last = next(number for number, row in enumerate(rows) if b"[length = 0x0013]" in row) + 2
    assert rows[last].endswith(b"90 00 ")
    rows[last] = b"<LS_LOG> ID2=> 00 90 00 "
    assert "check sum of the answer" in str(failures(check(b"\n".join(rows))))


def test_rsa_on_a_chip_is_the_known_defect_k1():
    data = _se().text() + b"<LS_LOG> _id2_sign 300: ERROR: km sign fail, 0xffff0003\n"
    report = check(data)
    assert report.verdict is Verdict.FAILED
    assert "k.1" in {finding.id for finding in report.findings}


def test_second_probe_in_one_test_is_an_error(sample):
    probe = b"<LS_LOG> id2_client_get_id 988: ERROR: short buffer, 0.\n"
    report = check(_changed(sample(AES.part), probe, probe + probe), AES.keys)
    assert list(failures(report)) == ["error in line 15"]


def test_failing_part_of_a_passed_hal_test_is_told(sample):
    """hal_app prints Pass for the hash, CBC, CTR, CFB and RSA tests although a part of them failed."""
    changed = _changed(
        sample(HAL.part),
        b"INF hal_hash_test 140: SHA1 test success!",
        b"ERR hal_hash_test 138: SHA1 test fail!",
    )
    report = check(changed)
    assert (
        "step 'SHA1' in line 2 failed, although the program reports Pass" in failures(report)["HAL Hash test"]
    )


def test_unsupported_parts_of_hal_tests_are_no_failure(sample):
    data = _changed(
        sample(HAL.part),
        b"INF hal_hash_test 246: md5 test success!",
        b"INF hal_hash_test 246: [WARN] md5 not support, continue..",
    )
    data = data.replace(
        b"INF _hal_aes_ctr_test 591: AES_CTR_128 test success!",
        b"INF _aes_ctr 500: [WARN] aes ctr hal not supported!\n<LS_LOG> ERR _hal_aes_ctr_test 588: AES_CTR_128 test fail!",
    )
    report = check(data)
    assert_passed(report)
    assert item(report, "HAL AES test").detail.endswith("11 steps passed, 1 not supported")


@pytest.mark.parametrize("test", ["Hash", "Rand", "AES", "RSA", "SM2", "SST", "KM"])
def test_failed_and_missing_hal_tests_are_told(sample, test):
    data = sample(HAL.part)
    report = check(data.replace(f"HAL {test} Test Pass".encode(), f"HAL {test} Test Fail".encode()))
    assert f"HAL {test} test" in failures(report)
    rows = [row for row in data.split(b"\n") if f"HAL {test} Test Pass".encode() not in row]
    assert f"HAL {test} test" in failures(check(b"\n".join(rows))), test


def test_tests_after_a_failed_one_were_not_run(sample):
    data = sample(AES.part)
    end = data.index(b"Get Challenge Auth Code Pass.")
    cut = data[:end] + b"Get Challenge Auth Code Fail.\n<LS_LOG> main 90: id2 client unit test fail!!\n"
    report = check(cut, AES.keys)
    assert item(report, "unit test Derive Key").verdict is Verdict.NOT_RUN
    assert "stops after the first test that fails" in item(report, "unit test Derive Key").detail
    assert "the program reports Fail" in failures(report)["unit test Get Challenge Auth Code"]


def test_test_that_is_missing_in_the_middle_fails(sample):
    rows = sample(AES.part).split(b"\n")
    kept = [row for row in rows if b"Get Secret" not in row]
    assert "not in the log" in failures(check(b"\n".join(kept), AES.keys))["unit test Get Secret"]


@pytest.mark.parametrize(
    ("ciphertext", "answer", "verdict", "told"),
    [
        ("A0 FA 13 44 96 0D 4E BA", "id2_client_decrypt return -1 error!", Verdict.FAILED, "must be refused with -2, not -1"),
        ("A0 FA 13 44 96 0D 4E", "id2_client_decrypt return -2 error!", Verdict.NOT_RUN, "a ciphertext of 7 bytes to a key"),
        ("A0 FA 13 44 96 0D 4E BA", "dec_out = plaintext = 1234", Verdict.FAILED, "must be refused with -2 and was not"),
        ("EC E1 8C E9 B9 61 AE D7   50 02 A4 8E B9 95 5E 44", "id2_client_decrypt return -2 error!", Verdict.FAILED, "a ciphertext that fits was refused"),
        ("EC E1 8C E9 B9 61 AE D7   50 02 A4 8E B9 95 5E 44", "dec_out = plaintext = 1234", Verdict.PASSED, "gives 1234"),
        ("EC E1 8C E9 B9 61 AE D7   50 02 A4 8E B9 95 5E 44", "dec_out != plaintext, check your ciphertext!", Verdict.FAILED, "is not 1234"),
        ("8D 07 F6 38 52 28 25 BD   28 D3 1D 8D CA 21 B6 E9", "dec_out != plaintext, check your ciphertext!", Verdict.NOT_RUN, "belongs to another key"),
    ],
)  # fmt: skip
def test_decrypt_probe_of_the_demo(sample, ciphertext, answer, verdict, told):
    data = sample(DEMO.part).decode()
    head = data[: data.index("crypto input data")]
    size = len(ciphertext.split())
    data = f"{head}crypto input data: [length = 0x{size:04X}]\n{ciphertext} \n[sym_decrypt] exit.\n{answer}\n"
    probe = item(check(data.encode(), DEMO.keys), "demo decrypt")
    assert probe.verdict is verdict
    assert told in probe.detail


def test_hostile_names_and_values_are_shown_harmless(sample):
    hostile = b"\xe2\x80\xae\xc2\x9b31m" + b"A" * 3000
    data = _changed(sample(AES.part), b"Test Get ID Pass", b"Test " + hostile + b" Fail")
    data = _changed(data, b'"sdkVersion": "3.1.0"', b'"sdkVersion": "' + hostile + b'"')
    report = check(data, AES.keys)
    assert report.failed()
    for each in report.items:
        assert each.name.isprintable()
        assert each.detail.isprintable()
        assert len(each.name) <= 100
        assert len(each.detail) <= 600


def test_report_with_half_a_character_is_refused(sample):
    data = _changed(sample(AES.part), b'"extra":     "abcd1234"', b'"extra":     "\\ud800"')
    assert "half a character" in failures(check(data, AES.keys))["validation report"]


def test_deep_json_is_refused(sample):
    rows = sample(AES.part).replace(b'"testContent": [', b'"testContent": ' + b"[" * 5000)
    assert "validation report" in failures(check(rows, AES.keys))


def test_storage_that_fails_is_no_probe(sample):
    told = b"<LS_LOG> write sst_hal_test_key_1 fail - errno: 28\n"
    changed = _changed(
        sample(HAL.part), b"<LS_LOG> INF hal_sst_test_set 83", told + b"<LS_LOG> INF hal_sst_test_set 83"
    )
    assert list(failures(check(changed))) == ["error in line 40"]


def test_hal_log_cut_at_both_ends_is_no_pass(sample):
    data = sample(HAL.part)
    cut = data[data.index(b"HAL Hash Test Pass") : data.index(b"<LS_LOG> short buffer, 0 8")]
    assert list(failures(check(cut))) == ["HAL KM test"]


def test_one_finding_for_many_refusals(sample):
    report = check(sample(SE_KEYLESS.part).replace(b"   90 00 \n", b"   6A 80 \n"))
    assert [finding.id for finding in report.findings].count("k.7") == 1
    assert sum(name.startswith("APDU exchange") for name in failures(report)) == 10


def test_row_too_many_in_a_dump_is_told(sample):
    report = check(
        _changed(sample(SE_KEYLESS.part), b"ID2=> 49 44 32 \n", b"ID2=> 49 44 32 \n<LS_LOG> ID2=> 00 \n")
    )
    assert "19 bytes announced, 20 readable" in failures(report)["APDU exchange in line 15"]


def test_first_code_without_its_dump_is_told():
    maker = _se(dumps="ica")
    data = maker.text()
    first = data.index(b"auth code short buffer")
    start, end = data.index(b"<LS_LOG> ID2=> ====", first), data.index(b"authcode[no extra]")
    rows = data[start:end].rpartition(b"\n")[0]
    report = check(data.replace(rows + b"\n", b"", 1))
    assert "no APDU in the dumps" in str(failures(report))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"reportVersion"', b'"reportVersiom"'),
        (b'"api": "id2_client_get_id",', b'"api": "id2_client_get_id", "api": "id2_client_get_id",'),
        (b'"result": "2~2~', b'"result": 5, "x": "2~2~'),
        (b'"result": "2122232425262728292A2B2C"', b'"result": 21'),
        (b'"testContent": [', b'"testContent": {'),
        (b'"args": {\n            },', b'"args": {"challenge": "x"},'),
    ],
)
def test_report_of_another_form_is_told(sample, old, new):
    assert any(
        name.startswith(("validation report", "report: "))
        for name in failures(check(_changed(sample(AES.part), old, new)))
    )


def test_secret_after_a_cut_beginning_is_still_judged(sample):
    data = sample(AES.part)
    cut = data[data.index(b"<LS_LOG> id2_client_test_get_secret 193") :]
    report = check(cut, AES.keys)
    assert item(report, "device secret").detail == "recomputed with the key"
    changed = check(_changed(cut, b"[64] 35EA365A", b"[64] 35EA365B"), AES.keys)
    assert "it differs at position 7" in failures(changed)["device secret"]


@pytest.mark.parametrize(
    "told",
    [
        b"ERROR: [id2_sign] hal encrypt error, (ret = -1)",
        b"ERROR: pkcs5 padding data error",
        b"id2_client_get_challenge_auth_code return -1 error!",
    ],
)
def test_error_of_the_first_demo_is_told(sample, told):
    data = _changed(
        sample(DEMO.part), b"test: id2_client_get_timestamp", told + b"\ntest: id2_client_get_timestamp"
    )
    assert list(failures(check(data, DEMO.keys))) == ["error in line 101"]


PROBE_HELLO = b"+ID2P 00 3F1C HI p=1 l=79 in=1024,512,128 o=1024 g=00000001 n=- %E3D8\r\n"
PROBE_START = b"id2 probe: this firmware carries out test commands, do not ship it\r\n"
PROBE_CODE = b"\r\n+ID2P 04 3F1C OK 0 118 892C t:0~2~ABABABABABABABAB~55B83408399FA660F05 %C95F\r\n"


@pytest.mark.parametrize("lines", [PROBE_START, PROBE_HELLO, PROBE_START + b"\r\n" + PROBE_HELLO])
def test_a_probe_in_the_firmware_is_a_critical_finding(sample, lines):
    data = sample("aes128")
    report = check(lines + data, AES.keys)
    assert_passed(report)
    (finding,) = [finding for finding in report.findings if finding.id == "probe-in-firmware"]
    assert (finding.severity, finding.lines[0]) == ("critical", 1)
    assert "probe-in-firmware" not in {finding.id for finding in check(data, AES.keys).findings}


def test_a_code_that_a_probe_hands_out_is_none_of_the_program(sample):
    data = sample("aes128")
    at = data.index(b"====> ID2 Client Test Get Secret")
    talked = data[:at] + b"(ash)# id2p 04 run cac a=32,o=512 %9990\r\n" + PROBE_CODE + data[at:]
    report = check(talked, AES.keys)
    assert_passed(report)
    assert len(report.codes) == len(check(data, AES.keys).codes)
    assert [finding.id for finding in report.findings].count("probe-in-firmware") == 1


def test_a_console_with_nothing_but_a_probe_is_told_of(tmp_path, capsys):
    from harness.cli.main import invoke

    log = tmp_path / "console.log"
    log.write_bytes(b"ready\r\n" + PROBE_START + PROBE_HELLO)
    assert invoke(["check-log", str(log)]) == 2
    shown = capsys.readouterr()
    assert "finding probe-in-firmware [critical]" in shown.out
    assert "3 lines" in shown.err
    log.write_bytes(b"ready\r\n" + PROBE_HELLO.replace(b"E3D8", b"E3D9"))
    assert invoke(["check-log", str(log)]) == 2
    assert "probe-in-firmware" not in capsys.readouterr().out
