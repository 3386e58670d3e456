"""The campaign: several runs on one page, in one JSON and in one JUnit."""

import json
import shutil
import xml.etree.ElementTree as ET

import jsonschema
import pytest

from harness.cli.main import invoke
from harness.errors import UsageError
from harness.history.campaign import forms
from harness.history.campaign.collecting import campaign, folders, loaded
from harness.report.words import language
from harness.run.header import Header
from harness.run.verdict import Verdict
from tests.history.small_run import ONE, write
from tests.report import hostile_run, sample_run
from tests.report.hostile import EVERYTHING
from tests.report.junit_schema import faults

SIMULATED = Header(
    board_file={"transports": {"chip": {"kind": "simulated-i2c"}}},
    options={"service": "real", "stand_ins": {"chip": "simulated"}},
)
KNOWN = Header(
    known_failures=[{"scenario": ONE.id, "reason": "x", "reference": "BUG-7", "expires": "2999-01-01"}]
)


@pytest.fixture
def runs(tmp_path):
    (tmp_path / "runs").mkdir()
    return tmp_path / "runs"


def made(runs, code="en"):
    return forms.forms(loaded(folders([str(runs)], runs)), language(code))


def test_a_row_a_run_and_a_cell_a_step(runs):
    write(runs, "b", one=Verdict.FAILED)
    write(runs, "a", other=Verdict.BLOCKED, header=SIMULATED)
    (runs / "empty").mkdir()
    found = campaign(loaded(folders([str(runs)], runs)))
    assert found.verdict is Verdict.ERROR
    assert found.steps == ["step4_adapt", "step5_verify"]
    assert [(each.board, each.verdict, each.stand_ins) for each in found.runs] == [
        ("a", Verdict.BLOCKED, "Virtual board"),
        ("b", Verdict.FAILED, "Mock service"),
        ("", Verdict.ERROR, ""),
    ]
    assert [(each.verdict, each.judged, each.failed) for each in found.runs[1].cells] == [
        (Verdict.FAILED, 1, 1),
        (Verdict.PASSED, 1, 0),
    ]
    assert "no run folder" in found.runs[2].problem


def test_a_known_failure_has_failed(runs):
    write(runs, one=Verdict.FAILED, header=KNOWN)
    (run,) = campaign(loaded(folders([str(runs)], runs))).runs
    assert (run.verdict, run.known, run.cells[0].verdict, run.cells[0].known) == (
        Verdict.FAILED,
        1,
        Verdict.FAILED,
        1,
    )
    assert "known failures: 1" in made(runs)["campaign.html"].decode()


def test_a_step_that_was_not_reached_has_not_passed(runs):
    write(runs, one=Verdict.NOT_RUN)
    (run,) = campaign(loaded(folders([str(runs)], runs))).runs
    assert run.cells[0].verdict is Verdict.NOT_RUN


def test_json_follows_its_published_schema(runs):
    sample_run.write(runs)
    (runs / "empty").mkdir()
    assert forms.SCHEMA_FILE.read_bytes() == forms.schema(), (
        "publish it again: python -m harness.history.campaign.forms"
    )
    document = json.loads(made(runs)["campaign.json"])
    jsonschema.validate(document, json.loads(forms.schema()), cls=jsonschema.Draft202012Validator)


def test_junit_is_what_the_strict_reader_takes_and_counts_right(runs):
    sample_run.write(runs)
    write(runs, "b", one=Verdict.FAILED)
    (runs / "empty").mkdir()
    data = made(runs)["campaign.xml"]
    assert faults(data) == []
    root = ET.fromstring(data)
    assert int(root.get("tests")) == len(root.findall(".//testcase"))
    assert int(root.get("failures")) == len(root.findall(".//failure"))
    assert int(root.get("errors")) == len(root.findall(".//error"))
    assert any("no run folder" in each.get("message") for each in root.findall(".//error"))


def test_the_same_runs_give_the_same_bytes_wherever_they_lie(runs, tmp_path):
    write(runs, "b"), write(runs, "a", one=Verdict.FAILED)
    shutil.copytree(runs, tmp_path / "copy", symlinks=True)
    assert made(runs) == made(runs) == made(tmp_path / "copy")
    paths = folders([str(runs)], runs)
    again = forms.forms(loaded(paths[::-1]), language("en"))
    assert again == made(runs)


def test_in_chinese_nothing_of_the_frame_is_english(runs):
    write(runs, header=SIMULATED)
    page = made(runs, "zh")["campaign-zh.html"].decode()
    assert '<html lang="zh">' in page
    for word in (
        "Campaign",
        "Board",
        "Verdict",
        "passed",
        "Began",
        "Step ",
        "Virtual board",
        "virtual board",
    ):
        assert f">{word}" not in page.partition("</style>")[2]


def test_hostile_names_and_values_stay_text(runs):
    hostile_run.write(runs, EVERYTHING)
    evil = runs / "<script>alert(1)<\x1b[2J\u202e"
    evil.mkdir()
    files = made(runs)
    page = files["campaign.html"].decode()
    assert "<script" not in page
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert faults(files["campaign.xml"]) == []
    assert b"\x1b" not in files["campaign.json"]


def test_which_runs_words_mean(runs, tmp_path, monkeypatch):
    a, b = write(runs, "virtual-a"), write(runs, "b")
    assert folders([], runs) == [a, b]
    assert folders([a.name, str(a), "latest"], runs) == [runs / a.name, runs / "latest"]
    assert folders(["*virtual-a"], runs) == [a]
    assert folders([f"{runs}/*-b"], runs) == [b]
    for word in ("none", str(tmp_path / "none"), "no*"):
        with pytest.raises(UsageError, match="no such run"):
            folders([word], runs)
    assert loaded([a, b], since="2999-01-01T00:00:00.000Z") == []


def test_the_command(runs, tmp_path, capsys):
    write(runs, "a"), write(runs, "b")
    output = tmp_path / "out"
    assert invoke(["report", "--batch", str(runs), f"--output={output}", "--since=1h"]) == 0
    assert sorted(path.name for path in output.iterdir()) == [
        "campaign.html",
        "campaign.json",
        "campaign.xml",
    ]
    assert len(json.loads((output / "campaign.json").read_bytes())["runs"]) == 2
    assert invoke(["report", "--batch", str(runs), f"--output={output}", "--since=2999-01-01"]) == 2
    assert invoke(["report", "--batch", str(runs), "--check"]) == 2
    assert invoke(["report", str(runs), str(runs)]) == 2
    assert invoke(["report", str(runs / "latest"), "--since=1h"]) == 2
    assert "goes with --batch" in capsys.readouterr().err
