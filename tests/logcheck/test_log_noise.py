"""Logs as they are captured: other line ends, prefixes, colours, prompts, garbage, cuts, several boots."""

import random

import pytest

from harness.logcheck import Limits, judge
from harness.run.verdict import Verdict
from tests.logcheck.log_samples import AES, CASES, DEMO, HAL, SE_KEYLESS, assert_passed, check, failures, item

CAPTURES = {"aes": AES, "se": SE_KEYLESS, "demo": DEMO, "hal": HAL}
RULE = random.Random(11)


def _each(data: bytes, change) -> bytes:
    return b"\n".join(change(number, line) for number, line in enumerate(data.split(b"\n")))


def _junk() -> bytes:
    return RULE.randbytes(RULE.randrange(1, 80)).translate(None, b"\r\n")


def _json_rows(line: bytes) -> bool:
    return line.startswith((b"{", b"}", b"    "))


NOISE = {
    "crlf": lambda data: data.replace(b"\n", b"\r\n"),
    "lone cr": lambda data: data.replace(b"\n", b"\r"),
    "cr cr lf": lambda data: data.replace(b"\n", b"\r\r\n"),
    "date in brackets": lambda data: _each(
        data, lambda n, line: b"[2026-11-22 18:00:21.%03d] " % (n % 1000) + line
    ),
    "clock and arrow": lambda data: _each(data, lambda n, line: b"18:00:21.%03d -> " % (n % 1000) + line),
    "iso date": lambda data: _each(data, lambda n, line: b"2026-11-22T18:00:21.%03dZ " % (n % 1000) + line),
    "kernel time": lambda data: _each(data, lambda n, line: b"[%5d.123456] " % n + line),
    "colours": lambda data: _each(data, lambda n, line: b"\x1b[1;3%dm" % (n % 8) + line + b"\x1b[0m\x1b[K"),
    "nul bytes": lambda data: _each(data, lambda n, line: line[: n % 9] + b"\0\0" + line[n % 9 :] + b"\0"),
    "garbage between": lambda data: _each(data, lambda n, line: line if n % 3 else line + b"\n" + _junk()),
    "garbage before": lambda data: b"\n".join(_junk() for _ in range(300)) + b"\n" + data,
    "long lines around": lambda data: b"A" * 100_000 + b"\n" + data + b"\n" + b"B~" * 50_000,
    "prompt on each line": lambda data: _each(data, lambda n, line: b"# " + line),
    "prompt of a path": lambda data: _each(data, lambda n, line: b"(ash:/) " + line if n % 7 == 0 else line),
    "prompt lines": lambda data: _each(data, lambda n, line: line if n % 5 else line + b"\nroot@board:~# "),
    "lines of other programs": lambda data: _each(
        data, lambda n, line: line if n % 5 else line + b"\n[wifi] connection error, fail -1"
    ),
    "blank lines": lambda data: data.replace(b"\n", b"\n\n"),
    "tag on the report": lambda data: _each(
        data, lambda n, line: b"<LS_LOG> " + line if _json_rows(line) else line
    ),
    "no tag": lambda data: data.replace(b"<LS_LOG> ", b""),
    "blanks at the end": lambda data: _each(data, lambda n, line: line + b"  \t"),
    "no last line end": lambda data: data.rstrip(),
    "byte order mark": lambda data: b"\xef\xbb\xbf" + data,
}


@pytest.fixture(scope="module")
def plain_reports(sample):
    return {name: check(sample(case.part), case.keys) for name, case in CAPTURES.items()}


def _verdicts(report):
    """Return names without their line numbers, and verdicts; foreign error lines add an item of their own."""
    items = [(item.name.partition(", line")[0], item.verdict) for item in report.items]
    return [each for each in items if each[0] != "error lines"]


@pytest.mark.parametrize("name", CAPTURES)
@pytest.mark.parametrize("noise", NOISE)
def test_noise_changes_no_verdict(sample, plain_reports, name, noise):
    case = CAPTURES[name]
    plain = plain_reports[name]
    noisy = check(NOISE[noise](sample(case.part)), case.keys)
    assert_passed(noisy)
    assert _verdicts(noisy) == _verdicts(plain)
    assert {finding.id for finding in noisy.findings} == {finding.id for finding in plain.findings}


@pytest.mark.parametrize("size", [1, 7, 64, 4096])
def test_verdict_does_not_depend_on_the_chunks(sample, size):
    data = sample(SE_KEYLESS.part)
    whole = judge([data])
    parts = judge(data[at : at + size] for at in range(0, len(data), size))
    assert parts == whole


@pytest.mark.parametrize("name", CAPTURES)
def test_cut_beginning_fails_nothing(sample, name):
    """What was before the cut is not known, and is not held against the device; what follows is judged."""
    data = sample(CAPTURES[name].part)
    for cut in range(0, len(data), 307):
        report = check(data[cut:], CAPTURES[name].keys)
        assert failures(report) == {}, cut


def test_cut_beginning_still_tells_a_changed_code(sample):
    data = sample(AES.part)
    cut = data[data.index(b"id2_client_test_get_challenge_auth_code") :]
    assert "SIGN is altered" in str(failures(check(cut.replace(b"~9wSA", b"~9wSB", 1), AES.keys)))


@pytest.mark.parametrize("name", ["aes", "se", "demo"])
def test_cut_end_is_no_pass(sample, name):
    """A log that stops before the program has come to its end cannot pass."""
    data = sample(CAPTURES[name].part)
    end = data.rindex(b"}") if name != "demo" else data.rindex(b"id2_client_decrypt return")
    for cut in range(120, end, 317):
        report = check(data[:cut], CAPTURES[name].keys)
        assert report.verdict is not Verdict.PASSED, cut


def test_cut_report_says_that_it_is_cut(sample):
    data = sample(AES.part)
    cut = data[: data.index(b'"id2_client_get_timestamp_auth_code"')]
    assert (
        "its JSON is cut: it is not closed by line 95" in failures(check(cut, AES.keys))["validation report"]
    )
    banner = data[: data.index(b'"reportVersion"') - 7]
    assert (
        "its banner is there, and no JSON follows" in failures(check(banner, AES.keys))["validation report"]
    )
    started = data[: data.index(b"============ ID2 Validation")]
    assert "the log is cut there" in failures(check(started, AES.keys))["validation report"]


def test_cut_in_the_last_line_is_said(sample):
    data = sample(AES.part)
    cut = data[: data.index(b"XnA1nt3r97vPi1Bnh6fF1") + 9]
    (detail,) = [
        text for name, text in failures(check(cut, AES.keys)).items() if name.startswith("auth code")
    ]
    assert "the log ends in this line: it is cut" in detail


@pytest.mark.parametrize("name", [name for name in CAPTURES if name != "se"])
def test_each_of_several_boots_is_judged(sample, name):
    case = CAPTURES[name]
    data = sample(case.part)
    report = check(b"reset\n".join([data] * 3), case.keys)
    copied = "device random of another start"
    assert {item.name for item in report.failed()} <= {copied}, "the same capture again is no sound device"
    single = check(data, case.keys)
    for boot in (1, 2, 3):
        mine = [item for item in report.items if item.boot == boot and item.name != copied]
        assert [item.verdict for item in mine] == [item.verdict for item in single.items]
    assert [boot.number for boot in report.boots] == [1, 2, 3]


def test_failure_in_the_second_boot_names_the_boot(sample):
    data = sample(AES.part)
    report = check(data + data.replace(b"~9wSA", b"~9wSB", 1), AES.keys)
    assert {item.boot for item in report.failed()} == {2}
    assert [boot.verdict for boot in report.boots] == [Verdict.PASSED, Verdict.FAILED]
    line = data.count(b"\n") + data[: data.index(b"~9wSA")].count(b"\n") + 1
    assert any(line in item.lines for item in report.failed())


def test_the_same_capture_twice_fails_on_every_carrier(sample):
    for case in (AES, SE_KEYLESS):
        report = check(sample(case.part) * 2, case.keys)
        assert "this start is a copy of that one" in failures(report)["device random of another start"]


def test_boot_that_another_start_interrupts_fails(sample):
    data = sample(AES.part)
    report = check(
        data[: data.index(b"ID2 Client Test Get Challenge Auth Code Start")] + b"\n" + data, AES.keys
    )
    assert [boot.verdict for boot in report.boots] == [Verdict.FAILED, Verdict.PASSED]
    assert "another start follows" in failures(report)["validation report"]


def test_different_programs_in_one_log_are_two_boots(sample):
    report = check(sample(HAL.part) + sample(AES.part) + sample(DEMO.part), AES.keys)
    assert_passed(report, boots=3)
    assert [boot.program.value for boot in report.boots] == ["hal_app", "id2_app", "1.0.0 demo"]


def test_nested_init_is_no_boot(sample):
    """Verify server calls init again; 3.1 prints the whole banner and counts."""
    banner = sample(AES.part).split(b"<LS_LOG> id2 has been")[0]
    nested = banner.replace(
        b"<LS_LOG> id2_client_init",
        b"<LS_LOG> id2_client_init 925: id2 init count, 2\n<LS_LOG> id2_client_init",
    )
    section = (
        b"<LS_LOG> id2_client_verify_authcode 270: ====> ID2 Client Verify Server AuthCode Start.\n"
        + nested
        + b"<LS_LOG> id2_client_verify_authcode 300: =====>ID2 Client Verify Server  AuthCode End.\n"
    )
    report = check(sample(AES.part) + section, AES.keys)
    assert_passed(report)
    assert item(report, "verify server").verdict is Verdict.PASSED


@pytest.mark.slow
def test_many_boots_are_counted_and_the_report_stays_small(sample):
    data = sample(HAL.part)
    report = check(data * 90)
    assert len(report.boots) == 64
    assert report.left_out_boots == 26
    assert report.counts[Verdict.PASSED] == 90 * 10
    assert report.verdict is Verdict.PASSED
    broken = data.replace(b"HAL RSA Test Pass", b"HAL RSA Test Fail")
    late = check(data * 70 + broken)
    assert late.verdict is Verdict.FAILED
    assert [item.boot for item in late.failed()] == [71]


@pytest.mark.slow
def test_endless_program_fails_closed(sample):
    """More than is kept of one boot is not judged, so it is no pass."""
    data = sample(AES.part)
    flood = b"<LS_LOG> id2_client_get_id 988: ERROR: short buffer, 0.\n" * 21_000
    report = check(data.replace(b"<LS_LOG> id2_client_get_device_challenge", flood, 1) + flood, AES.keys)
    assert "were not judged" in failures(report)["size"]
    assert len(report.items) < 100


def test_nothing_recognised_is_no_verdict():
    for data in (b"", b"\n\n", b"U-Boot 2023.01\nLoading kernel ... OK\n", bytes(range(256)) * 40):
        report = check(data)
        assert not report.recognised
        assert report.items == ()
        assert report.verdict is Verdict.NOT_RUN
    assert CASES  # the captures themselves are judged elsewhere


def test_report_keeps_what_its_limits_allow(sample):
    limits = Limits(boots=2, items=12, failures=3, exchanges=4, codes=5)
    data = sample(SE_KEYLESS.part)
    report = judge([data * 3 + data.replace(b"Pass.", b"Fail.")], limits=limits)
    assert len(report.boots) == 2
    assert len(report.items) == 12 + 3
    assert [item.verdict for item in report.items[12:]] == [Verdict.FAILED] * 3
    assert report.left_out_items == sum(report.counts.values()) - 15
    assert (len(report.exchanges), len(report.codes)) == (4, 5)
    assert report.verdict is Verdict.FAILED


def test_more_reports_than_any_program_prints_fail_closed(sample):
    data = sample(AES.part)
    start = data.index(b"============ ID2 Validation")
    again = data[start:].split(b"<LS_LOG>")[0].replace(b"============:", b"============: again", 1)
    report = check(data[:start] + again * 40 + data[start:], AES.keys)
    assert "were not judged" in failures(report)["size"]


@pytest.mark.parametrize("name", ["aes", "se", "demo"])
@pytest.mark.slow
def test_flood_of_other_programs_in_one_boot(sample, name):
    """Megabytes of garbage and of other programs' errors between two lines of the SDK."""
    case = CAPTURES[name]
    data = sample(case.part)
    at = data.index(b"\n", len(data) // 3) + 1
    junk = random.Random(3).randbytes(300_000).replace(b"\r", b"\n")
    errors = b"[wifi] error: beacon lost, fail -1 ~\n" * 21_000
    report = check(data[:at] + junk + b"\n" + (errors if name != "demo" else b"") + data[at:], case.keys)
    assert_passed(report)
