"""Lines of the SDK that are torn by what no pattern knows: a line end, a modem's answer, a word without a line end."""

import pytest

from harness.run.verdict import Verdict
from tests.logcheck.log_samples import AES, DEMO, SE_KEYED, check, failures, item
from tests.logcheck.test_log_torn import torn

TEARS = {
    "a line end": b"\n",
    "words": b"\nheartbeat 42 ok\n",
    "a modem": b"\r\n+CSQ: 18,99\r\n",
    "digits": b"\n12345\n",
    "JSON": b'\n{"temp": 21.5}\n',
    "a burst's time": b"\n[18:00:02.123]",
    "dots": b"...",
    "a mark": b"<irq 17>",
}
LINES = {
    "code": (AES, b" [118] 2~2"),
    "result": (AES, b'            "result": "2~2'),
    "ID in the report": (AES, b'            "result": "2122'),
    "row of an APDU": (SE_KEYED, b"ID2=> 80 F6 "),
    "row of a dump": (DEMO, b"97 9C 0D 67"),
    "code of the demo": (DEMO, b"AUTHCODE:|118||"),
}


def _line(data, text):
    start = data.index(text)
    return start, data.index(b"\n", start)


@pytest.mark.slow
@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("tear", TEARS)
def test_tear_that_nothing_knows_accuses_nobody(sample, line, tear):
    case, text = LINES[line]
    data = sample(case.part)
    codes = [code.text for code in check(data, case.keys).codes]
    start, end = _line(data, text)
    whole = 0
    places = range(start + 3, end, max(1, (end - start) // 7))
    for at in places:
        report = check(torn(data, at, TEARS[tear]), case.keys)
        assert failures(report) == {}, data[at - 20 : at + 20]
        if report.verdict is Verdict.PASSED:
            assert [code.text for code in report.codes] == codes
            whole += 1
    assert whole >= 0.5 * len(places)


@pytest.mark.parametrize("tear", TEARS)
def test_wrong_character_in_a_line_that_is_torn_fails(sample, tear):
    data = sample(AES.part).replace(b"~9wSA", b"~9wSB", 1)
    report = check(torn(data, data.index(b"~9wSB") + 30, TEARS[tear]), AES.keys)
    assert "SIGN is altered" in item(report, "auth code: challenge with extra (unit test").detail
    assert report.verdict is Verdict.FAILED


@pytest.mark.parametrize("old", [b'            "args": {\n', b"        }, \n", b'    "testContent": [\n'])
def test_object_of_another_program_between_rows_is_no_row(sample, old):
    data = sample(AES.part)
    report = check(data.replace(old, old + b'{"temp": 21.5, "unit": "C"}\n'), AES.keys)
    assert report.verdict is Verdict.PASSED


def test_comma_behind_another_programs_line_ends_its_own_row(sample):
    data = sample(AES.part)
    at = data.index(b'"1512022279204",') + 15
    for tear in (b"\nheartbeat 42 ok\n", b"[   12.345678] usb 1-1: new device\n", b"\n"):
        assert failures(check(torn(data, at, tear), AES.keys)) == {}


def test_row_of_brackets_behind_a_prefix_of_many_shapes_is_read(sample):
    lines = sample(SE_KEYED.part).split(b"\n")
    data = b"\n".join(
        b"%x: %b" % (number, line) if line.strip() else line for number, line in enumerate(lines)
    )
    assert failures(check(data, SE_KEYED.keys)) == {}


def test_code_longer_than_it_says_without_a_foreign_sign_fails(sample):
    """What could be a part of the value is the device's."""
    data = sample(AES.part)
    report = check(torn(data, data.index(b"~9wSA") + 30, b"ABCD"), AES.keys)
    assert report.verdict is Verdict.FAILED


def test_code_with_one_wrong_sign_fails(sample):
    data = sample(AES.part).replace(b"~9wSA", b"~9w*A", 1)
    assert check(data, AES.keys).verdict is Verdict.FAILED


def test_tear_before_a_secret_makes_no_id_of_a_seed(sample):
    data = sample(AES.part)
    at = data.index(b"device secret:") + 14
    report = check(torn(data, at, b"wifi: connected to AP, rssi=-52\n"), AES.keys)
    assert failures(report) == {}
