"""The adaptation page reads a console as `check-log` does, and refuses what no device prints."""

from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.id2.decryption import DecryptionCause
from tests.logcheck.log_prefixes import PREFIXES, wrapped
from tests.web_console.web_bench import GOOD_LOG, PUBLISHED, decryption_log, good_json

CAPTURED = Path(__file__).parents[1] / "samples" / "captured"
TORN = GOOD_LOG.replace("8NOg6H0D", "8NOg[   12.345678] random: crng init done\n6H0D")


def text_of(data: bytes) -> str:
    return data.decode("utf-8", errors="replace")


@pytest.mark.parametrize("prefix", PREFIXES)
def test_report_behind_a_prefix_passes(shared_mock, prefix):
    made = shared_mock.admin.verify_report(text_of(wrapped(GOOD_LOG.encode(), PREFIXES[prefix])))
    assert made.report_passed
    assert made.id2 == PUBLISHED.id2


@pytest.mark.parametrize("name", ["grabserial", "sscom-burst", "alios", "logcat"])
def test_captures_with_a_prefix_pass(shared_mock, name):
    data = (CAPTURED / f"prefix-{name}.log").read_bytes()
    assert shared_mock.admin.verify_report(data.decode("gbk")).report_passed


def test_torn_report_passes_and_a_wrong_one_fails(shared_mock):
    assert shared_mock.admin.verify_report(TORN).report_passed
    assert not shared_mock.admin.verify_report(TORN.replace("6H0D", "6H0E")).report_passed


def test_decryption_behind_a_prefix_is_judged(shared_mock):
    made = shared_mock.admin.verify_report(GOOD_LOG)
    log = wrapped(decryption_log(PUBLISHED.id2).encode(), PREFIXES["GitHub Actions raw log"])
    decided = shared_mock.admin.verify_decryption(made.id, text_of(log))
    assert decided.decryption.cause is DecryptionCause.PASSED


@pytest.mark.parametrize("half", ["\\udc00", "\\uD834", "\udc00"])
@pytest.mark.parametrize("place", ["3.1.0", "2122232425262728292A2B2C", "abcd1234"])
def test_half_a_character_is_refused(shared_mock, half, place):
    with pytest.raises(UsageError, match=r"half a character|not JSON"):
        shared_mock.admin.verify_report(good_json().replace(place, half))


def test_long_line_of_json_is_read_whole(shared_mock):
    text = good_json()
    line = text.replace("\n", " " * 300)
    assert len(line) > 8192
    assert shared_mock.admin.verify_report(line).report_passed
