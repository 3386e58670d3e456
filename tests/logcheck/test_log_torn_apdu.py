"""A line of another program inside the heading of an APDU dump, or inside the head of a row, accuses nobody."""

import pytest

from harness.run.verdict import Verdict
from tests.logcheck.log_samples import SE_KEYED, check, failures, item

_FOREIGN = (b"ota: code=0 result=ok\n", b"\nmqtt: keepalive 60, rtt 23 ms\n")
_TORN = (
    *(b"ID2=> Co|mmand APDU: [length = 0x0032]", b"ID2=> Command| APDU: [length = 0x0032]"),
    *(b"ID2=> Command APDU: |[length = 0x0032]", b"ID2=> Command APDU: [length = 0x00|32]"),
    *(b"ID2=> R|esponse APDU: [length = 0x002a]", b"ID2=> Response APDU: [length = 0x002a]|"),
    *(b"ID2=|> 08 08 ", b"ID|2=> 3B D9", b"ID2=> 80 F6| 00 01"),
)


def _inserted(data, torn, foreign):
    before, _, after = torn.partition(b"|")
    at = data.index(before + after) + len(before)
    return data[:at] + foreign + data[at:]


@pytest.mark.parametrize("torn", _TORN, ids=lambda torn: torn.decode())
@pytest.mark.parametrize("foreign", _FOREIGN, ids=["glued", "line"])
def test_a_line_inside_an_apdu_dump_is_put_aside(sample, torn, foreign):
    report = check(_inserted(sample(SE_KEYED.part), torn, foreign), SE_KEYED.keys)
    assert failures(report) == {}
    assert report.verdict is Verdict.PASSED


@pytest.mark.parametrize(
    "lost", [b" APDU: [length = 0x0032]", b"<LS_LOG> ID2=> Command"], ids=["rest", "beginning"]
)
def test_a_heading_whose_other_part_is_lost_is_torn(sample, lost):
    data = _inserted(sample(SE_KEYED.part), _TORN[1], _FOREIGN[0])
    assert lost in data
    start = data.index(_FOREIGN[0]) - len(b"<LS_LOG> ID2=> Command")
    report = check(data[:start] + data[start:].replace(lost, b"", 1), SE_KEYED.keys)
    assert failures(report) == {}
    assert item(report, "unread lines").verdict is report.verdict is Verdict.BLOCKED


@pytest.mark.parametrize("torn", _TORN[1:5:3], ids=lambda torn: torn.decode())
def test_a_wrong_code_fails_beside_a_torn_heading(sample, torn):
    data = sample(SE_KEYED.part)
    sign = b"/9WeiY0rbJPfUbz"
    wrong = _inserted(data.replace(sign, sign[:-1] + b"y"), torn, _FOREIGN[0])
    assert "SIGN is altered" in str(failures(check(wrong, SE_KEYED.keys)))
    wrong = _inserted(data.replace(b"DF 51 BC FF", b"DF 51 BC FE"), torn, _FOREIGN[0])
    assert "SIGN is not what the chip answered" in str(failures(check(wrong, SE_KEYED.keys)))
