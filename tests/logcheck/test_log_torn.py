"""Lines of the SDK into which another program printed: rejoined where that is certain, never held against the device."""

import re
from pathlib import Path

import pytest

from harness.run.verdict import Verdict
from tests.logcheck.log_prefixes import PREFIXES, wrapped
from tests.logcheck.log_samples import AES, DEMO, HAL, SE_KEYED, check, failures, item

pytestmark = pytest.mark.slow

CAPTURED = Path(__file__).parents[1] / "samples" / "captured"
KERNEL = b"[   12.345678] random: crng init done"
# Each is whole lines of another program; its line end comes with it.
TEARS = {
    "kernel": KERNEL + b"\n",
    "kernel behind a line end": b"\n" + KERNEL + b"\n",
    "two lines of the kernel": KERNEL + b"\n[   12.345680] wlan0: link becomes ready\n",
    "ESP-IDF": b"I (1234) wifi:state: run -> init (0)\n",
    "Zephyr": b"[00:00:01.234,567] <inf> net_config: up\n",
    "RT-Thread": b"[I/wlan] join ap ok\n",
    "journal": b"Nov 22 18:00:03 board kernel: usb 1-1: new device\n",
    "an error of its own": b"[   12.345678] usb 1-1: device descriptor read/64, error -71\n",
}
CASES = {"aes": (AES, 113), "se": (SE_KEYED, 401), "demo": (DEMO, 337), "hal": (HAL, 211)}


def names(report):
    items = [item for item in report.items if item.name != "error lines"]
    return [(re.sub(r",? ?(?:in )?line \d+", "", item.name), item.verdict) for item in items]


def torn(data, at, tear):
    return data[:at] + tear + data[at:]


def places(data, stride):
    return [at for at in range(5, len(data) - 2, stride) if data[at - 1 : at] != b"\n"]


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("tear", TEARS)
def test_torn_line_accuses_nobody(sample, name, tear):
    case, stride = CASES[name]
    data = sample(case.part)
    plain = names(check(data, case.keys))
    whole = 0
    for at in places(data, stride):
        report = check(torn(data, at, TEARS[tear]), case.keys)
        assert failures(report) == {}, data[at - 20 : at + 20]
        if report.verdict is Verdict.PASSED:
            assert names(report) == plain, data[at - 20 : at + 20]
            whole += 1
        else:
            assert report.verdict is Verdict.BLOCKED
    assert whole > 0.8 * len(places(data, stride))


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("tear", [b"wifi link is up now\n", KERNEL, b"printf of a thread"])
def test_what_cannot_be_rejoined_is_not_run(sample, name, tear):
    """Text that looks like nobody's log, and text without a line end: the place of the tear is a guess."""
    case, stride = CASES[name]
    data = sample(case.part)
    plain = names(check(data, case.keys))
    for at in places(data, stride):
        report = check(torn(data, at, tear), case.keys)
        if tear.endswith((b"\n", b"done")):
            assert failures(report) == {}, data[at - 20 : at + 20]
        if report.verdict is Verdict.PASSED and tear != b"printf of a thread":
            assert names(report) == plain, data[at - 20 : at + 20]


@pytest.mark.parametrize(
    "prefix", ["ts", "Zephyr", "Tera Term 4", "GitHub Actions raw log", "ESP-IDF in colour"]
)
def test_torn_behind_a_prefix(sample, prefix):
    data = sample(AES.part)
    plain = names(check(data, AES.keys))
    for at in places(data, 397):
        report = check(wrapped(torn(data, at, KERNEL + b"\n"), PREFIXES[prefix]), AES.keys)
        assert failures(report) == {}, data[at - 20 : at + 20]
        assert report.verdict is Verdict.BLOCKED or names(report) == plain


@pytest.mark.parametrize("name", ["torn-auth-code", "torn-device-challenge"])
def test_captures_that_are_torn_pass(sample, name):
    report = check((CAPTURED / f"{name}.log").read_bytes(), AES.keys)
    assert report.verdict is Verdict.PASSED
    assert names(report) == names(check(sample(AES.part), AES.keys))


@pytest.mark.parametrize("tear", TEARS)
def test_wrong_code_that_is_torn_fails(sample, tear):
    data = sample(AES.part).replace(b"~9wSA", b"~9wSB", 1)
    at = data.index(b"~9wSB") + 30
    report = check(torn(data, at, TEARS[tear]), AES.keys)
    assert "SIGN is altered" in item(report, "auth code: challenge with extra (unit test").detail
    assert report.verdict is Verdict.FAILED


def test_code_that_is_short_and_torn_by_nobody_fails(sample):
    data = sample(AES.part)
    at = data.index(b"~9wSA") + 30
    report = check(data[:at] + b"\n" + data[at + 1 :], AES.keys)
    assert report.verdict is Verdict.FAILED


def test_lost_rest_is_said_with_its_line(sample):
    """The rest of the code never came: nothing is said of the code, and the log does not pass."""
    data = sample(AES.part)
    at = data.index(b"~9wSA") + 30
    end = data.index(b"\n", at)
    report = check(data[:at] + KERNEL + data[end:], AES.keys)
    assert failures(report) == {}
    code = item(report, "auth code after line 36")
    assert code.verdict is Verdict.NOT_RUN
    assert code.detail.startswith("torn by another program's line: line 37")
    unread = item(report, "unread lines")
    assert (unread.verdict, unread.lines) == (Verdict.BLOCKED, (37,))
    assert report.verdict is Verdict.BLOCKED


def test_burst_of_a_terminal_in_the_middle_of_a_line(sample):
    """SSCOM writes the time where a burst begins, with a line end before it or without."""
    data = sample(AES.part).replace(b"\n", b"\r\n")
    stamp = "[18:00:0%d.%03d]收←◆"
    for before in (b"", b"\r\n"):
        for first in range(200, 400, 13):
            pieces, at = [], 0
            for number, end in enumerate(range(first, len(data) + 700, 700)):
                time = (stamp % (number % 10, number * 33)).encode("gbk")
                pieces += [before if number else b"", time, data[at:end]]
                at = end
            report = check(b"".join(pieces), AES.keys)
            assert failures(report) == {}, (before, first)


def test_line_end_lost_between_two_lines_of_a_platform_log(sample):
    data = wrapped(sample(AES.part), PREFIXES["AliOS 2"])
    lines = data.split(b"\n")
    joined = b"\n".join([lines[0], lines[1] + lines[2], *lines[3:]])
    report = check(joined, AES.keys)
    assert names(report) == names(check(data, AES.keys))


def test_torn_line_is_rejoined_behind_any_number_of_whole_ones(sample):
    data = sample(AES.part)
    at = data.index(b"~9wSA") + 30
    poll = b"<LS_LOG> net_poll 7: rx 12 bytes, state ok\n" * 30_000
    report = check(poll + torn(data, at, KERNEL + b"\n"), AES.keys)
    assert report.verdict is Verdict.PASSED
