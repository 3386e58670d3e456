"""What `harness run` tells while it goes on, as whoever follows it from elsewhere reads it."""

import json
from pathlib import Path

import pytest

from harness.cli.main import invoke
from harness.progress.campaigns import campaigns, find
from harness.progress.reader import follow
from harness.report import model

ROOT = Path(__file__).resolve().parents[2]
BOARD = ROOT / "boards" / "virtual-se-mtk.yaml"
SUITE = '''
from harness.secret import Secret

SECRET = "correct horse battery staple"

def test_it_works(scenario, harness_session):
    """It works."""
    harness_session.run.hide(Secret(SECRET.encode()))
    with scenario.step("T-01"):
        harness_session.tell(f"said {SECRET}")
        for number in range(100):
            harness_session.progress.reached(number, 100, "sessions")
        harness_session.progress.reached(100, 100, "sessions")

def test_it_does_not(scenario):
    """It does not."""
    with scenario.step("T-01"):
        assert False, SECRET + "\\x1b[31m" + "x" * 100_000
'''


@pytest.fixture
def suites(tmp_path):
    folder = tmp_path / "suites" / "step1_plan"
    folder.mkdir(parents=True)
    (folder / "test_told.py").write_text(SUITE)
    (folder.parent / "requirements.yaml").write_text(
        "- {id: T-01, statement: Something holds., source: test, level: must, applies_when: always}\n"
    )
    return folder.parent


def test_a_run_of_one_board_is_told_whole_and_without_its_secrets(tmp_path, suites, capfd):
    runs = tmp_path / "runs"
    words = ["run", str(BOARD), f"--only-suites={suites}", f"--runs={runs}", "--without-pdf"]
    assert invoke(words) == 1
    campaign = find(runs, "latest")
    events = [told.event for told in follow(campaign.folder.progress)]
    assert [one["seq"] for one in events] == list(range(len(events)))
    names = [one["event"] for one in events if one["event"] != "progressed"]
    of_one = ["scenario_started", "step_started"]
    assert names == [
        "campaign_started",
        "board_started",
        "run_started",
        "planned",
        *of_one,
        "waits",
        "told",
        "scenario_finished",
        *of_one,
        "scenario_finished",
        "run_finished",
        "board_finished",
        "campaign_finished",
    ]
    progressed = [one["done"] for one in events if one["event"] == "progressed"]
    assert progressed[0] == 0
    assert progressed[-1] == 100
    assert len(progressed) < 20, "more often than four times a second"
    text = campaign.folder.progress.read_text()
    assert "correct horse" not in text
    assert "said ***" in text
    assert len(text) < 30_000, "a text without end"
    assert "\x1b" not in text
    state = campaign.state()
    board = state.boards[BOARD.stem]
    (folder,) = runs.glob("[0-9]*")
    assert (board.runs, board.verdict, board.exit_code) == ([folder.name], "failed", 1)
    assert board.counts == {"passed": 1, "failed": 1}
    assert f"{folder.name}/report.html" in board.reports
    assert all((runs / each).exists() for each in board.reports)
    assert state.exit_code == 1
    assert not campaign.alive
    said = capfd.readouterr()
    assert "correct horse" not in said.out + said.err
    # The next run guesses its end from this one.
    assert invoke([*words, "-k", "works"]) == 5
    planned = next(
        one.event for one in follow(find(runs, "latest").folder.progress) if one.event["event"] == "planned"
    )
    seconds = {one.title: one.seconds for one in model.load(folder).scenarios}
    assert planned["expected_s"] == pytest.approx(seconds["It works"], abs=0.001)
    capfd.readouterr()
    assert invoke(["campaigns", f"--runs={runs}", "--json"]) == 0
    listed = json.loads(capfd.readouterr().out)["campaigns"]
    assert [one["id"] for one in listed] == [one.id for one in campaigns(runs)]
    assert listed[1]["boards"][0]["verdict"] == "failed"
    assert invoke(["campaigns", f"--runs={runs}", campaign.id]) == 0
    assert "failed (1 failed)" in capfd.readouterr().out


def test_a_run_goes_on_where_no_progress_can_be_written(tmp_path, suites, capfd):
    runs = tmp_path / "runs"
    runs.mkdir()
    (runs / ".campaigns").write_text("a file")
    words = ["run", str(BOARD), f"--only-suites={suites}", f"--runs={runs}", "--without-pdf", "-k", "works"]
    code = invoke(words)
    said = capfd.readouterr().err
    assert said.count("the progress cannot be written") == 1
    assert code == 5, said
    assert invoke(["campaigns", f"--runs={runs}"]) == 0
    assert "holds no campaign yet" in capfd.readouterr().out
