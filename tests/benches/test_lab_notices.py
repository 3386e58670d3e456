"""What commands are told of a campaign on many hosts: each thing once, and verdicts of run folders that are here alone."""

import json

import pytest

from harness.cli.lab_notices import LabNotices
from harness.lab.client_files import BEGUN, Asked
from harness.lab.results import BoardResult, results
from harness.lab.ssh import Host
from harness.lab.watcher import GIVEN_UP
from tests.benches.test_lab_answers import asks, watcher

__all__ = ["watcher"]

RUN = "20261129T220000.000Z-a"
HOST = Host("bench-1", "bench-1", ("harness",), "", "runs", ("a",))


class Told:
    """Keeps what commands would be told, as they would get it."""

    def __init__(self):
        self.documents = []

    def tell(self, occasion, document):
        self.documents.append((occasion.value, json.loads(json.dumps(document))))

    def of(self, occasion):
        return [document for told, document in self.documents if told == occasion]


@pytest.fixture
def told():
    return Told()


def notices_of(told, watcher, tmp_path):
    asked = Asked("20261129T220000.000Z-0a1b2c", (HOST,))
    return LabNotices(told, asked, tmp_path / "client", tmp_path, [watcher])


def ends(watcher, verdict="failed", run=RUN, board="a"):
    watcher.state.take({"event": "run_started", "board": board, "folder": run})
    watcher.state.take(
        {"event": "run_finished", "board": board, "folder": run, "verdict": verdict, "exit_code": 1}
    )


def test_a_failed_run_is_told_once_when_its_folder_is_here(watcher, told, tmp_path):
    notices = notices_of(told, watcher, tmp_path)
    ends(watcher)
    notices.tick()
    assert told.documents == []  # nothing but its bench says so
    watcher.note.pulled[RUN] = str(tmp_path / RUN)
    notices.tick()
    notices.tick()
    [document] = told.of("failure")
    assert document["run"]["verdict"] == "failed"
    assert document["run"]["folder"] == str(tmp_path / RUN)
    assert (document["run"]["host"], document["run"]["board"]) == ("bench-1", "a")
    assert document["text"].startswith("bench-1/a: failed; ")
    assert document["campaign"]["hosts"] == ["bench-1"]
    assert document["schema_version"] == 1


def test_a_run_that_passed_is_no_failure(watcher, told, tmp_path):
    notices = notices_of(told, watcher, tmp_path)
    ends(watcher, "passed")
    watcher.note.pulled[RUN] = str(tmp_path / RUN)
    notices.tick()
    assert told.documents == []


def test_each_failed_round_is_told(watcher, told, tmp_path):
    notices = notices_of(told, watcher, tmp_path)
    for run, verdict in (
        (RUN, "failed"),
        ("20261129T220100.000Z-a", "passed"),
        ("20261129T220200.000Z-a", "error"),
    ):
        ends(watcher, verdict, run)
        watcher.note.pulled[run] = str(tmp_path / run)
        notices.tick()
    assert [one["run"]["verdict"] for one in told.of("failure")] == ["failed", "error"]


def test_what_an_earlier_client_has_pulled_is_not_told_again(watcher, told, tmp_path):
    ends(watcher)
    watcher.note.pulled[RUN] = str(tmp_path / RUN)
    notices_of(told, watcher, tmp_path).tick()
    assert told.documents == []


def test_an_operator_step_is_told_once_and_hostile_text_does_nothing_there(watcher, told, tmp_path):
    notices = notices_of(told, watcher, tmp_path)
    asks(watcher, title="Create\x1b[2J it")
    notices.tick()
    notices.tick()
    [document] = told.of("operator")
    assert document["ask"]["title"] == "Create␛[2J it"
    assert document["text"] == "bench-1/a waits for a person: Create␛[2J it"
    assert [field["name"] for field in document["ask"]["fields"]] == ["product_key", "product_secret"]
    assert document["ask"]["fields"][1]["secret"] is True


def test_a_board_that_is_set_aside_is_told_once(watcher, told, tmp_path):
    notices = notices_of(told, watcher, tmp_path)
    watcher.state.take({"event": "board_set_aside", "board": "a", "reason": "blocked twice", "until": "T"})
    notices.tick()
    notices.tick()
    [document] = told.of("set-aside")
    assert document["set_aside"] == {"host": "bench-1", "board": "a", "reason": "blocked twice", "until": "T"}


def test_the_end_says_what_became_of_each_board_and_what_was_lost_is_a_failure(watcher, told, tmp_path):
    notices = notices_of(told, watcher, tmp_path)
    watcher.note.begin = BEGUN
    watcher.state.take({"event": "board_started", "board": "a", "pid": 1, "round": 1})
    watcher.phase, watcher.reason = GIVEN_UP, "away for 300 s"
    notices.end(results([watcher]), 3, "")
    [lost], [end] = told.of("failure"), told.of("end")
    assert [occasion for occasion, _ in told.documents] == ["failure", "end"]
    assert (lost["run"]["verdict"], lost["run"]["outcome"]) == (None, "aborted")
    assert "away for 300 s" in lost["text"]
    assert (end["exit_code"], end["verdict"], end["interrupted"]) == (3, None, "")
    assert end["boards"][0]["outcome"] == "aborted"
    assert end["text"].startswith("1 board: 1 aborted (bench-1/a); ")


def test_the_worst_verdict_of_all_boards_is_that_of_the_end(watcher, told, tmp_path):
    notices = notices_of(told, watcher, tmp_path)
    boards = [
        BoardResult("bench-1", "a", "passed", folders=(tmp_path / RUN,)),
        BoardResult("bench-1", "b", "failed"),
        BoardResult("bench-2", "c", "not run", "no turn"),
    ]
    notices.end(boards, 1, "interrupted")
    [end] = told.of("end")
    assert end["verdict"] == "failed"
    assert [one["outcome"] for one in end["boards"]] == ["passed", "failed", "not_run"]
    assert end["boards"][0]["folders"] == [str(tmp_path / RUN)]
    assert end["text"].startswith("3 boards: 1 passed, 1 failed (bench-1/b), 1 not run (bench-2/c); ")
    assert end["text"].endswith("; interrupted")
    assert told.of("failure") == []


@pytest.mark.lab
def test_commands_of_the_client_s_lab_file_are_told_once_of_what_is_proven_here(make_lab):
    lab = make_lab()
    kept = lab.folder / "told.jsonl"
    lab.write(notify=[{"command": ["sh", "-c", f"cat >> {kept}"], "on": ["end", "failure"]}])
    code, document, said = lab.run("run", "--all")
    assert code == 1, said
    documents = [json.loads(line) for line in kept.read_text().splitlines()]
    failed = [one["run"] for one in documents if one["event"] == "failure"]
    assert sorted((one["host"], one["board"]) for one in failed) == [
        (f"bench-{number}", f"bad-d{number}") for number in (1, 2, 3)
    ]
    for one in failed:
        assert (lab.folder / one["folder"] / "manifest.json").is_file()
    [end] = [one for one in documents if one["event"] == "end"]
    assert documents[-1] == end
    assert (end["exit_code"], end["verdict"], end["campaign"]["id"]) == (1, "failed", document["campaign"])
    assert len(end["boards"]) == 12
    assert end["text"].startswith("12 boards: 9 passed, 3 failed (")


@pytest.mark.lab
def test_a_command_that_fails_is_a_warning_and_changes_no_exit_code(make_lab):
    lab = make_lab()
    lab.write(notify=[{"command": ["sh", "-c", "echo no chat; exit 7"]}])
    code, _, said = lab.run("run", "ok-a1")
    assert code == 0, said
    assert "warning: " in said
    assert "was told of end: exit code 7: no chat" in said


@pytest.mark.lab
def test_who_leaves_a_campaign_tells_of_no_end_and_who_attaches_does(make_lab):
    lab = make_lab()
    kept = lab.folder / "told.jsonl"
    lab.write(notify=[{"command": ["sh", "-c", f"cat >> {kept}"]}])
    lab.run("run", "--all", "--detach")
    assert not kept.exists()
    code, document, said = lab.run("attach")
    assert code == 1, said
    [end] = [json.loads(line) for line in kept.read_text().splitlines()]
    assert end["campaign"]["id"] == document["campaign"]
    assert lab.run("attach")[0] == 1
    assert len(kept.read_text().splitlines()) == 1  # told once
