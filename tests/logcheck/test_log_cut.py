"""A log that is cut while the board prints: what its last start lacks is nobody's fault, what was wrong before is."""

import pytest

from harness.logcheck import judge
from harness.logcheck.judge import Cut
from harness.run.verdict import Verdict
from tests.logcheck.log_samples import AES, CASES, DEMO, HAL, SE_KEYLESS, check, failures

GONE = Cut("the log ends where the device is gone", lost=True)
LEFT = Cut("the harness stopped listening when a start had come to its end", lost=False)


def cuts(data, many):
    """Return parts of a log from its beginning, some that end in a line and some at its end."""
    return [data[: at - at % 7] for at in range(len(data) // many, len(data), len(data) // many)]


def assert_accused_of_nothing(data, cut):
    report = check(data, cut=cut)
    assert failures(report) == {}, (len(data), data[-80:])
    return report.verdict


@pytest.mark.parametrize("case", [AES, SE_KEYLESS, DEMO, HAL], ids=lambda case: case.part)
def test_a_board_that_is_gone_is_accused_of_nothing(sample, case):
    found = {assert_accused_of_nothing(part, GONE) for part in cuts(sample(case.part), 12)}
    assert Verdict.BLOCKED in found


@pytest.mark.slow
@pytest.mark.parametrize(
    "case", [case for name, case in CASES.items() if name != "se-keyed"], ids=lambda case: case.part
)
def test_wherever_a_board_is_gone_it_is_accused_of_nothing(sample, case):
    for part in cuts(sample(case.part), 300):
        assert_accused_of_nothing(part, GONE)


@pytest.mark.parametrize(("cut", "first"), [(GONE, 0), (LEFT, 3)], ids=["gone", "left"])
def test_a_second_start_that_is_cut_is_accused_of_nothing(sample, cut, first):
    data = sample(SE_KEYLESS.part)
    for part in cuts(data[: len(data) // 3], 6)[
        first:
    ]:  # a start that has made no test yet is none of its own
        report = check(data + part, cut=cut)
        assert set(failures(report)) <= {
            "device random of another start"
        }  # the very same start twice is a copy


def test_the_reason_says_what_cut_it_and_where(sample):
    report = judge([sample(AES.part)[:4000]], cut=GONE)
    (blocked,) = [item for item in report.items if item.verdict is Verdict.BLOCKED]
    assert blocked.name == "cut log"
    assert blocked.detail.startswith("the log ends where the device is gone, in line ")


def test_a_whole_log_is_judged_as_ever(sample):
    whole = sample(AES.part)
    assert judge([whole], cut=GONE).verdict is judge([whole]).verdict is Verdict.PASSED


def test_a_wrong_report_on_a_console_that_goes_on_has_failed(sample):
    data = sample(AES.part)
    at = data.index(b"Validation Json")
    changed = data[:at] + data[at:].replace(AES.id2.encode(), b"2122232425262728292A2B2D")
    assert judge([changed], cut=LEFT).verdict is judge([changed]).verdict is Verdict.FAILED


def test_a_single_start_that_nobody_left_early_is_judged_as_ever(sample):
    part = sample(AES.part)[:4000]
    assert judge([part], cut=LEFT).verdict is judge([part]).verdict is Verdict.FAILED


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (b"ID2 Client Test Get ID Pass.", b"ID2 Client Test Get ID Fail."),
        (b"Device Challenge: ", b"Device Challenge: 00"),
        (b"<LS_LOG> id2_client_test_get_id", b"Hard Fault: bad access\n<LS_LOG> id2_client_test_get_id"),
    ],
    ids=["a test that failed", "a challenge too long", "a crash"],
)
def test_what_was_wrong_before_the_last_part_has_failed(sample, right, wrong):
    data = sample(AES.part)
    assert right in data
    changed = data.replace(right, wrong, 1)
    assert judge([changed]).verdict is Verdict.FAILED
    assert judge([changed[: len(changed) * 3 // 4]], cut=GONE).verdict is Verdict.FAILED


def test_a_second_start_that_nobody_listened_to_is_told_and_takes_nothing_from_the_first(sample):
    data = sample(AES.part)
    report = check(data + data[:4000], cut=LEFT)
    assert {item.verdict for item in report.items} <= {Verdict.PASSED, Verdict.NOT_RUN, Verdict.FAILED}
    assert set(failures(report)) <= {"device random of another start"}
    (told,) = [finding for finding in report.findings if finding.id == "unended-start"]
    assert told.detail.startswith("start 2: the harness stopped listening")


@pytest.mark.parametrize("size", [4000, 6000, 7500, 9000, 10500, 12000, 13500, 15000])
def test_a_log_that_begins_within_a_start_and_goes_on_with_another_is_accused_of_nothing(sample, size):
    data = sample(SE_KEYLESS.part)
    for cut in (size, size + 37):
        for joined in (data[-cut:], data[-cut:-2000], data[len(data) // 3 : len(data) // 3 + cut // 3]):
            report = check(joined + b"\n" + data)
            assert set(failures(report)) <= {"device random of another start"}


def test_a_whole_start_that_another_interrupts_has_failed(sample):
    data = sample(SE_KEYLESS.part)
    found = failures(check(data[:9000] + b"\n" + data))
    assert set(found) - {"device random of another start"}


@pytest.mark.parametrize("size", [16007, 15000, 9000])
def test_a_second_start_with_the_randoms_of_the_first_has_failed(sample, size):
    data = sample(SE_KEYLESS.part)
    assert "device random of another start" in failures(check(data + data[:size], cut=LEFT))
