"""A console that loses characters is not the device's fault; one damaged word alone is."""

import pytest

from harness.logcheck import judge
from harness.run.verdict import Verdict
from tests.logcheck.log_samples import AES, check


def every(data, step, phase):
    """Return the bytes without every so many-th."""
    return bytes(byte for at, byte in enumerate(data) if at % step != phase)


@pytest.mark.parametrize("step", [50, 97, 200, 400])
@pytest.mark.parametrize("phase", [3, 13, 41])
def test_a_console_that_loses_characters_is_blocked(sample, step, phase):
    report = judge([every(sample(AES.part), step, phase)])
    assert report.verdict is Verdict.BLOCKED
    (blocked,) = [item for item in report.items if item.verdict is Verdict.BLOCKED]
    assert blocked.name == "lost characters"
    assert "a fixed text lacks a letter" in blocked.detail


def test_a_crash_on_a_console_that_loses_characters_is_seen(sample):
    data = every(sample(AES.part), 97, 3) + b"Hard Fault: bad access\n"
    assert judge([data]).verdict is Verdict.FAILED


def test_one_damaged_word_excuses_nothing(sample):
    data = sample(AES.part).replace(b"Get Secret Pass.", b"Get Secret Fail.")
    assert check(data.replace(b"Device Challenge: ", b"Device Challeng: ", 1)).verdict is Verdict.FAILED


def test_lost_characters_that_nothing_depends_on_block_nothing(sample):
    data = sample(AES.part)
    for word, damaged in ((b"CONFIG_ID2_DEBUG", b"CONFIG_ID2_DEBG"), (b"CONFIG_ID2_OTP", b"CONFIG_ID2_OT")):
        assert word in data
        data = data.replace(word, damaged, 1)
    assert judge([data]).verdict is judge([sample(AES.part)]).verdict
