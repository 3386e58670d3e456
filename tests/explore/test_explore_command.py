"""`harness explore`, and `harness run --replay-sequence`, on a virtual board."""

import json
import re
from pathlib import Path

import pytest

from harness.cli.explore import seconds
from harness.cli.main import invoke
from harness.errors import UsageError
from harness.explore.sequence import load
from harness.fixtures.explore import SHORT_STEPS

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
SOUND = ROOT / "boards" / "virtual-se-i2c.yaml"


@pytest.fixture
def runs(tmp_path):
    return tmp_path / "runs"


def broken_board(tmp_path, fault):
    text = SOUND.read_text().replace("      seed: 1\n", f"      seed: 1\n      fault: {fault}\n")
    path = tmp_path / "broken.yaml"
    path.write_text(text.replace("name: virtual-se-i2c", "name: broken"))
    return path


def journal(runs):
    (folder,) = runs.glob("[0-9]*")
    return folder, [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]


def verdict(events):
    names = {
        event["scenario"]: event["info"]["id"] for event in events if event["event"] == "scenario-started"
    }
    return {names[event["scenario"]]: event for event in events if event["event"] == "scenario-finished"}


def test_sound_board_passes_and_nothing_else_runs(runs, capfd):
    assert invoke(["explore", str(SOUND), "--for", "2s", "--seed", "3", f"--runs={runs}"]) == 0
    _, events = journal(runs)
    judged = verdict(events)
    explored = judged.pop("robustness/test_explore/test_explore")
    assert explored["verdict"] == "passed"
    assert {one["verdict"] for one in judged.values()} == {"not_run", "not_applicable"}
    notes = [event["text"] for event in events if event["event"] == "note"]
    assert any(re.match(r"explored with seed 3: \d+ sequences, \d+ steps", text) for text in notes)
    said = capfd.readouterr().out
    assert said.count("left out: the run only explores") == 1


FAULT = "stale-answer"


def test_contradiction_fails_and_its_sequence_is_judged_again(tmp_path, runs, capfd):
    board = broken_board(tmp_path, FAULT)
    assert invoke(["explore", str(board), "--for", "60s", "--seed", "3", f"--runs={runs}"]) == 1
    folder, events = journal(runs)
    error = verdict(events)["robustness/test_explore/test_explore"]["error"]
    assert re.match(r"\d steps contradict ID²:\n1\. init\(\): done\n", error["message"])
    (kept,) = (folder / "evidence").glob("*sequence*")
    assert "1. init(): done" in capfd.readouterr().out
    assert len(load(kept)) <= 3

    again = ["run", f"--replay-sequence={kept}", f"--runs={tmp_path / 'again'}"]
    assert invoke([*again, str(board)]) == 1
    assert invoke(["run", f"--replay-sequence={kept}", f"--runs={tmp_path / 'sound'}", str(SOUND)]) == 0


def test_sequence_that_is_none_is_told_before_anything_runs(tmp_path, runs, capfd):
    path = tmp_path / "sequence.json"
    path.write_text('{"format": "id2-sequence", "version": 1, "steps": [{"step": "inti"}]}')
    assert invoke(["run", str(SOUND), f"--replay-sequence={path}", f"--runs={runs}"]) == 2
    assert "step 1: 'inti' is not a valid word here; did you mean 'init'?" in capfd.readouterr().err
    assert [each.name for each in runs.iterdir()] == [".campaigns"], "no run has begun"


STATES = ("active", "suspended", "discarded", "other-product", "active")


def test_far_end_refuses_and_the_device_goes_on(tmp_path, runs):
    steps = [{"step": "init"}] + [
        {"step": "service", "state": state, "timestamp": number % 2 == 1, "again": True, "extra": "abcd"}
        for number, state in enumerate(STATES)
    ]
    path = tmp_path / "sequence.json"
    path.write_text(json.dumps({"format": "id2-sequence", "version": 1, "steps": steps}))
    assert invoke(["run", str(SOUND), f"--replay-sequence={path}", f"--runs={runs}"]) == 0
    _, events = journal(runs)
    notes = [event["text"] for event in events if event["event"] == "note"]
    assert "sequence.json: carried out 3 times, and every answer was as expected" in notes


def test_page_shows_a_sequence_that_can_be_judged(tmp_path, runs):
    (shown,) = re.findall(r"```json\n(.*?)```", (ROOT / "docs" / "explore.md").read_text(), re.DOTALL)
    path = tmp_path / "sequence.json"
    path.write_text(shown)
    assert invoke(["run", str(SOUND), f"--replay-sequence={path}", f"--runs={runs}"]) == 0
    assert f"takes {SHORT_STEPS} steps" in (ROOT / "docs" / "explore.md").read_text()


@pytest.mark.parametrize(
    ("text", "wanted"), [("90s", 90), ("10m", 600), ("1h30m", 5400), ("45", 45), ("2m5s", 125)]
)
def test_times(text, wanted):
    assert seconds(text) == wanted


@pytest.mark.parametrize("text", ["", "0", "10x", "m", "-5", "1e3", "1.5m"])
def test_what_is_no_time(text):
    with pytest.raises(UsageError, match="is no time"):
        seconds(text)
