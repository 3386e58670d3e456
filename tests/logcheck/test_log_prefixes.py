"""A log is judged as without the prefix that a terminal, logger, CI runner or other system's log gave it."""

import random
import re
from pathlib import Path

import pytest

from harness.cli.main import invoke
from harness.run.verdict import Verdict
from tests.logcheck.log_prefixes import PREFIXES, wrapped
from tests.logcheck.log_samples import AES, DEMO, HAL, SE_KEYED, check

SAMPLES = Path(__file__).parents[1] / "samples"
CAPTURES = {"aes": AES, "se": SE_KEYED, "demo": DEMO, "hal": HAL}


def judged(report):
    """Return all but the lines that speak of errors: whose they are, a tag or a prefix may tell."""
    return [(item.name, item.verdict, item.lines) for item in report.items if item.name != "error lines"]


def names(report):
    """Return what was judged without line numbers: a terminal may add lines."""
    return [(re.sub(r",? ?(?:in )?line \d+", "", item.name), item.verdict) for item in report.items]


@pytest.fixture(scope="module")
def plain(sample):
    """The same captures without a prefix, with the SDK's tag and without it."""
    reports = {}
    for name, case in CAPTURES.items():
        data = sample(case.part)
        for tagged in (True, False):
            report = check(data if tagged else data.replace(b"<LS_LOG> ", b""), case.keys)
            assert report.verdict is Verdict.PASSED
            reports[name, tagged] = judged(report)
    return reports


@pytest.mark.parametrize("name", CAPTURES)
@pytest.mark.parametrize("prefix", PREFIXES)
def test_prefix_changes_nothing_that_is_judged(sample, plain, name, prefix):
    case = CAPTURES[name]
    data = wrapped(sample(case.part), PREFIXES[prefix])
    report = check(data, case.keys)
    assert judged(report) == plain[name, name != "demo" and b"<LS_LOG>" in data]
    assert report.lines == data.count(b"\n")


@pytest.mark.parametrize("prefix", ["ts", "Zephyr", "SSCOM, each line", "numbered lines", "docker compose"])
def test_changed_code_fails_behind_a_prefix_too(sample, prefix):
    data = sample(AES.part).replace(b"~9wSA", b"~9wSB", 1)
    report = check(wrapped(data, PREFIXES[prefix]), AES.keys)
    assert [found.lines for found in report.failed()] == [(37,)]


def captured(name):
    return (SAMPLES / "captured" / f"{name}.log").read_bytes()


# Captured with other prefixes, or made from captures: see the README of the samples.
CAPTURED = {
    "prefix-grabserial": AES,
    "prefix-sscom-burst": AES,
    "prefix-alios": AES,
    "prefix-esp-idf": SE_KEYED,
    "prefix-logcat": AES,
    "prefix-id2-arrow": DEMO,
}


@pytest.mark.parametrize("name", CAPTURED)
def test_captures_with_a_prefix_are_judged_as_those_without(sample, name):
    case = CAPTURED[name]
    report = check(captured(name), case.keys)
    assert names(report) == names(check(sample(case.part), case.keys))
    assert report.verdict is Verdict.PASSED


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-16", "utf-32", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_encoding_changes_nothing_that_is_judged(sample, plain, encoding, end):
    text = sample(AES.part).decode().replace("\n", end)
    data = text.encode(encoding)
    report = check(data, AES.keys)
    assert judged(report) == plain["aes", True]
    assert check(("信息\n" + text).encode(encoding), AES.keys).lines == report.lines + 1


def test_utf16_behind_ascii_keeps_its_line_numbers(sample, plain):
    """PowerShell appends UTF-16 to whatever the file holds."""
    data = b"bench 3\r\n" + sample(AES.part).replace(b"\n", b"\r\n").decode().encode("utf-16-le")
    report = check(data, AES.keys)
    moved = [(name, tuple(line + 1 for line in lines)) for name, _, lines in plain["aes", True]]
    assert [(name, lines) for name, _, lines in judged(report)][1:3] == moved[1:3]
    assert report.verdict is Verdict.PASSED


def test_failure_in_utf16_names_the_line_of_the_text():
    report = check(captured("prefix-utf16"), AES.keys)
    assert [found.lines for found in report.failed()] == [(37,)]
    assert report.lines == 106


def test_prefix_that_cannot_be_learned_is_said(sample, tmp_path, capsys):
    """Each line stands behind other words: nothing is judged, nobody is blamed, and no baud rate is asked for."""
    rule = random.Random(5)
    words = ["of", "in", "the", "(and)", "a:", "-", "to/", "[by", "x]", "9,", "at;"]

    def before(number, line):
        return (
            " ".join(rule.choices(words, k=rule.randrange(3, 30))).encode()
            + b"|"
            + line.replace(b"<LS_LOG> ", b"")
        )

    path = tmp_path / "strange.log"
    path.write_bytes(wrapped(sample(AES.part), before))
    assert check(path.read_bytes(), AES.keys).verdict is not Verdict.FAILED
    code = invoke(["check-log", str(path), "--debug-keys"])
    told = capsys.readouterr()
    assert code == 3
    assert "prefix not understood" in told.out + told.err
    assert "baud" not in told.out + told.err


@pytest.mark.parametrize(
    "long", [b"[" + b"p" * 10_000 + b"] ", b"1.2 " * 2_500, b"ab:" * 3_000, b"(" * 9_000]
)
def test_endless_prefix_costs_no_more_than_its_length(sample, long):
    """Nothing of it is learned, and no verdict comes of it; a test that hangs is the failure."""
    report = check(wrapped(sample(AES.part), lambda n, line: long + line), AES.keys)
    assert report.verdict is not Verdict.PASSED
    assert report.lines == 106
