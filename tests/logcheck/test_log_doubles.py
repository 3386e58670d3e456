"""A console that gives each line twice is the bench's fault; what a device repeats is its own."""

import pytest

from harness.console.program import Topic
from harness.errors import BenchError
from harness.fixtures.console import ConsoleLog
from harness.id2.keys import KeyType
from harness.run.verdict import Verdict
from tests.logcheck.console_maker import symmetric
from tests.logcheck.log_samples import AES, DEMO, HAL, SE_KEYED, check, failures, item


def _twice(data):
    return b"".join(line * 2 for line in data.splitlines(keepends=True))


@pytest.mark.parametrize("case", [AES, SE_KEYED, DEMO, HAL], ids=lambda case: case.part)
def test_a_console_that_gives_each_line_twice_is_blocked(sample, case):
    report = check(_twice(sample(case.part)), case.keys)
    assert failures(report) == {}
    assert report.verdict is Verdict.BLOCKED
    doubled = item(report, "doubled lines")
    assert "each line of the console comes twice" in doubled.detail
    assert "let one of them" in doubled.detail
    assert len(report.boots) == 1


def test_no_scenario_passes_or_fails_on_it(sample):
    log = ConsoleLog(check(_twice(sample(AES.part)), AES.keys))
    for topic in (Topic.CODES, Topic.RANDOM, Topic.TESTS):
        assert log.absence(topic) == ""
        with pytest.raises(BenchError, match="each line of the console comes twice"):
            log.require(topic)


def test_a_crash_fails_all_the_same(sample):
    report = check(_twice(sample(AES.part) + b"Hard Fault: bad access\n"), AES.keys)
    assert report.verdict is Verdict.FAILED
    assert all("crash" in name for name in failures(report))


def test_a_device_that_repeats_fails():
    report = check(symmetric(KeyType.AES_128, next_random=lambda: "0123456789ABCDEF").text())
    assert "in 6 separately made codes" in failures(report)["device random"]


def test_a_few_lines_that_come_twice_excuse_nothing(sample):
    data = sample(AES.part).replace(b"~9wSA", b"~9wSB", 1)
    lines = data.splitlines(keepends=True)
    few = b"".join(line * (2 if number in (9, 10) else 1) for number, line in enumerate(lines))
    assert "SIGN is altered" in str(failures(check(few, AES.keys)))
