"""Failures that a file knows of: told as known in every form, and never softened."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from rich.console import Console

from harness.board.reading import known_failures
from harness.cli.main import invoke
from harness.errors import UsageError
from harness.report import terminal
from harness.report.model import load
from harness.run.header import Header
from harness.run.verdict import Verdict
from tests.history.small_run import write

TOMORROW = (datetime.now(UTC).date() + timedelta(days=2)).isoformat()
ENTRY = {
    "scenario": "step4_adapt/test_one",
    "reason": "the firmware answers 6A80",
    "reference": "BUG-7",
    "expires": TOMORROW,
}


def run(tmp_path, *entries, one=Verdict.FAILED, board="board"):
    header = Header(known_failures=[{**ENTRY, **entry} for entry in entries])
    return write(tmp_path / "runs", board, one=one, header=header)


def one_of(report):
    return next(each for each in report.scenarios if each.id == "step4_adapt/test_one")


def shown(report):
    console = Console(width=80, no_color=True, highlight=False)
    with console.capture() as captured:
        terminal.show([report], console)
    return " ".join(captured.get().split())


def test_a_known_failure_is_told_and_has_failed(tmp_path):
    report = load(run(tmp_path, {}))
    assert one_of(report).known.reference == "BUG-7"
    assert one_of(report).verdict is Verdict.FAILED
    assert (report.verdict, report.exit_code, report.totals.failed) == (Verdict.FAILED, 1, 1)
    assert [(each.state, each.scenarios) for each in report.known_failures] == [
        ("applied", ["step4_adapt/test_one"])
    ]
    assert "1 failed, 1 of them known" in shown(report)
    assert "known: the firmware answers 6A80 (BUG-7, counts until" in shown(report)


@pytest.mark.parametrize(
    ("entry", "is_known"),
    [
        ({"scenario": "step4_adapt/*"}, True),
        ({"scenario": "step5_verify/*"}, False),
        ({"scenario": "step4_adapt/test_on"}, False),
        ({"scenario": "", "requirement": "R-1"}, True),
        ({"scenario": "", "requirement": "R-2"}, False),
        ({"requirement": "R-1"}, True),
        ({"requirement": "R-2"}, False),
        ({"board": "bo*"}, True),
        ({"board": "oa"}, False),
        ({"expires": "2020-01-01"}, False),
    ],
)
def test_which_failure_an_entry_knows(tmp_path, entry, is_known):
    report = load(run(tmp_path, entry))
    assert (one_of(report).known is not None) is is_known


def test_what_is_no_failure_is_not_known(tmp_path):
    for verdict in (Verdict.PASSED, Verdict.BLOCKED, Verdict.ERROR, Verdict.NOT_RUN):
        report = load(run(tmp_path, {}, one=verdict))
        assert one_of(report).known is None
        assert [(each.state, each.seen) for each in report.known_failures] == [("unmatched", verdict)]


def test_entries_that_know_nothing_are_told(tmp_path):
    assert "BUG-7) passes now: remove it" in shown(load(run(tmp_path, {}, one=Verdict.PASSED)))
    assert "names nothing of this run" in shown(load(run(tmp_path, {"scenario": "step9/x"})))
    expired = shown(load(run(tmp_path, {"expires": "2020-01-01"})))
    assert "expired on 2020-01-01 and still fails: 1 counted as new" in expired
    assert "of them known" not in expired


def test_an_entry_for_another_board_is_not_told(tmp_path):
    assert load(run(tmp_path, {"board": "other"})).known_failures == []


def test_a_header_that_was_altered_knows_nothing_and_says_so(tmp_path):
    folder = run(tmp_path, {})
    header = json.loads((folder / "run.json").read_text())
    header["known_failures"] = [{"scenario": "*"}]
    (folder / "run.json").write_text(json.dumps(header))
    report = load(folder)
    assert one_of(report).known is None
    assert any("known_failures: cannot be read" in problem for problem in report.problems)
    assert report.verdict is Verdict.FAILED


GOOD = f"""\
version: 1
known_failures:
  - scenario: step4_adapt/test_one
    board: virtual-*
    reason: the firmware answers 6A80
    reference: BUG-7
    expires: {TOMORROW}
"""


def test_a_file_of_known_failures(tmp_path):
    file = tmp_path / "known.yaml"
    file.write_text(GOOD)
    (entry,) = known_failures.load(file).known_failures
    assert entry.is_for("virtual-se")
    assert not entry.is_for("real")
    assert entry.expires == date.fromisoformat(TOMORROW)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "starts with `version: 1`"),
        ("- a\n", "starts with `version: 1`"),
        (GOOD.replace("version: 1", "version: 2"), "known.yaml:1: version: is 2"),
        (GOOD.replace("reference: BUG-7", "referenze: BUG-7"), "known.yaml:6"),
        (GOOD.replace("reason: the firmware answers 6A80", "reason:"), "known.yaml:5"),
        (GOOD.replace(TOMORROW, "soon"), "known.yaml:7"),
        (
            GOOD.replace("scenario: step4_adapt/test_one", "board: x").replace("    board: virtual-*\n", ""),
            "names",
        ),
        (GOOD.replace("step4_adapt/test_one", "'*'"), "would make every failure a known one"),
    ],
)
def test_a_file_that_is_wrong(tmp_path, text, why):
    file = tmp_path / "known.yaml"
    file.write_text(text)
    with pytest.raises(UsageError) as caught:
        known_failures.load(file)
    assert why in caught.value.message
    assert "known.yaml" in caught.value.message


def test_a_file_that_is_wrong_ends_a_run_before_it_begins(tmp_path, capfd):
    file = tmp_path / "known.yaml"
    file.write_text("version: 7\n")
    code = invoke(
        ["run", "boards/virtual-se-i2c.yaml", f"--known-failures={file}", f"--runs={tmp_path / 'runs'}"]
    )
    assert code == 2
    assert "version: is 7" in capfd.readouterr().err
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
def test_a_run_keeps_the_entries_and_the_hash_of_their_file(tmp_path, capfd):
    file = tmp_path / "known.yaml"
    file.write_text(GOOD.replace("step4_adapt/test_one", "step1_plan/*"))
    runs = tmp_path / "runs"
    words = ["boards/virtual-se-i2c.yaml", f"--known-failures={file}", f"--runs={runs}", "-k", "step1_plan"]
    assert invoke(["run", *words]) == 5
    file.unlink()
    report = load(runs / "latest")
    assert [(each.reference, each.state, each.seen) for each in report.known_failures] == [
        ("BUG-7", "unmatched", Verdict.PASSED)
    ]
    assert [each.name for each in report.inputs if each.role == "known failures"] == ["known.yaml"]
    assert "passes now: remove it" in " ".join(capfd.readouterr().out.split())
