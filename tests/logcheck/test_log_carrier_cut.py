"""A log without its beginning shows what only the Demo carrier may do: no pass, and a failure where it is no Demo."""

import pytest

from harness.console.program import Topic
from harness.errors import BenchError
from harness.fixtures.console import ConsoleLog
from harness.id2.keys import KeyType
from harness.logcheck import judge
from harness.logcheck.claims import Claims
from harness.run.verdict import Verdict
from tests.logcheck.console_maker import symmetric
from tests.logcheck.log_samples import check, failures, item

_BEGINNING = b"id2_client_test_get_challenge_auth_code"


def _cut(data):
    return data[data.index(_BEGINNING) :]


def _repeating(**changes):
    return symmetric(KeyType.AES_128, next_random=lambda: "0123456789ABCDEF", **changes)


def test_a_random_that_repeats_behind_a_cut_is_in_doubt_and_no_pass():
    report = check(_cut(_repeating().text()))
    assert failures(report) == {}
    assert item(report, "device random").verdict is report.verdict is Verdict.BLOCKED
    log = ConsoleLog(report)
    assert log.absence(Topic.RANDOM) == ""
    with pytest.raises(BenchError, match=r"0123456789ABCDEF in 6 separately made codes.*from its beginning"):
        log.require(Topic.RANDOM)
    log.require(Topic.CODES)  # which are right


@pytest.mark.parametrize("source", ["dumps of a chip", "settings of a chip", "a claim"])
def test_a_random_that_repeats_behind_a_cut_fails_where_it_is_no_demo(source):
    data = _cut(_repeating(dumps="ica" if source == "dumps of a chip" else "").text())
    if source == "settings of a chip":
        data = b"<LS_LOG> ID2=> CONFIG_CHIP_TYPE: CHIP_TYPE_SE_STD_CMD\n" + data
    claims = Claims("the board file", carrier="se") if source == "a claim" else Claims("the board file")
    report = judge([data], claims=claims)
    assert "in 6 separately made codes" in failures(report)["device random"]


def test_a_code_without_its_dump_fails_where_its_test_begins_behind_the_cut():
    """The first code of a cut log may have lost its dump only where the log begins in its test."""
    data = symmetric(KeyType.AES_128, dumps="ica").text()
    start = data.index(b"<LS_LOG> id2_client_test 19: ====> ID2 Client Test Get Challenge Auth Code Start.")
    heading = data.index(b"<LS_LOG> id2_client_test_get_challenge_auth_code 120: authcode[no extra]")
    begun = data[start : data.index(b"\n", start) + 1]
    assert "no APDU in the dumps carries its hash" in str(failures(check(begun + data[heading:])))
    assert failures(check(data[heading:])) == {}
