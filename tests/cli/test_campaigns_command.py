"""`harness campaigns`: what it says of campaigns that go on, that ended, that were killed, and that somebody spoiled."""

import json
import os
import threading
import time

import pytest

from harness.cli.main import invoke
from harness.progress.campaigns import campaigns
from harness.progress.names import CAMPAIGNS
from harness.progress.writer import ProgressWriter

ID = "20261130T000000.000Z-aaaaaa"


@pytest.fixture
def runs(tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "500")
    return tmp_path / "runs"


@pytest.fixture
def writer(runs):
    made = ProgressWriter(runs, pytest.fail)
    made.start(
        {"boards": [{"name": "one", "file": "one.yaml"}, {"name": "two", "file": "two.yaml"}], "jobs": 2}
    )
    yield made
    made.close()


def shown(capture, runs, *words, code=0):
    assert invoke(["campaigns", "--runs", str(runs), *words]) == code
    return capture.readouterr()


def one_runs(writer):
    writer.write("board_started", {"pid": 1, "round": 1}, board="one")
    planned = [{"step": "s", "title": "t", "expected_s": 5.0}]
    writer.write("planned", {"scenarios": planned, "expected_s": 5.0}, board="one")


def one_fails(writer):
    told = {"step": "s", "title": "t", "verdict": "failed", "seconds": 0.1, "reason": "\x1b[31mred"}
    writer.write("scenario_finished", told, board="one")
    end = {"folder": "F", "verdict": "failed", "exit_code": 1, "reports": [], "interrupted": ""}
    writer.write("run_finished", end, board="one")
    writer.write("board_finished", {"exit_code": 1}, board="one")


def test_one_that_was_killed_says_what_is_not_known_and_counts_no_further(capsys, runs, writer):
    one_runs(writer)
    writer.close()
    (first,) = campaigns(runs)
    assert first.state().last == pytest.approx(time.time(), abs=60)
    lines = shown(capsys, runs, "latest").out.splitlines()
    assert "its process is gone; 0 of 2 boards had ended" in lines[0]
    assert lines[1].split() == ["one", "0/1", "0:00", *_WITHOUT_END.split()]
    assert lines[2].split() == ["two", "not", "run"]


_WITHOUT_END = "its end is not known: the campaign's process was gone first"


def test_it_is_followed_to_its_end_with_its_exit_code(capfd, runs, writer):
    def goes_on():
        time.sleep(0.3)
        one_fails(writer)
        writer.write("campaign_finished", {"exit_code": 1, "interrupted": ""})

    one_runs(writer)
    thread = threading.Thread(target=goes_on)
    thread.start()
    out = shown(capfd, runs, "latest", "--follow", code=1).out
    thread.join()
    assert "one  failed " in out
    assert "t: ␛[31mred" in out
    assert "one      1/1  0:00            failed (1 failed)" in out


def test_following_one_whose_process_is_gone_is_no_success(capsys, runs, writer):
    writer.close()
    assert "is gone; what its runs left has no end" in shown(capsys, runs, "latest", "-f", code=4).err


def test_it_is_stopped_by_a_file_that_its_process_looks_for(capsys, runs, writer):
    assert shown(capsys, runs, "latest", "--stop", "--board", "one").err.endswith("one asked to end\n")
    assert (writer.folder.path / "stop-one").exists()
    assert "did you mean 'two'?" in shown(capsys, runs, "latest", "--stop", "--board", "twoo", code=2).err
    writer.close()
    assert "does not go on any more" in shown(capsys, runs, "latest", "--stop", code=2).err
    assert not (writer.folder.path / "stop").exists()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--stop"], "of which campaign"),
        (["--follow"], "of which campaign"),
        (["latest", "--board", "one"], "--board goes with --stop"),
        (["latest", "--follow", "--json"], "no JSON document"),
    ],
)
def test_options_that_do_not_go_together_are_refused(capsys, runs, writer, words, why):
    assert why in shown(capsys, runs, *words, code=2).err


@pytest.mark.parametrize("what", ["pipe", "device", "lock"])
def test_what_would_never_end_is_told_and_not_waited_for(capsys, runs, what):
    folder = runs / CAMPAIGNS / ID
    folder.mkdir(parents=True)
    match what:
        case "pipe":
            os.mkfifo(folder / "progress.jsonl")
        case "device":
            (folder / "progress.jsonl").symlink_to("/dev/zero")
        case "lock":
            os.mkfifo(folder / "lock")
            os.mkfifo(folder / "campaign.json")
    assert f"{ID}  cannot be read: " in shown(capsys, runs).out
    assert campaigns(runs)[0].about() == {}
    document = json.loads(shown(capsys, runs, "--json").out)
    assert "progress.jsonl: " in document["campaigns"][0]["problem"]


def test_halves_of_characters_are_escaped_in_json_as_in_text(capsys, runs, writer):
    writer.write("board_lost", {"reason": "half"}, board="three")
    text = writer.folder.progress.read_text().replace("half", "\\ud800")
    writer.folder.progress.write_text(text)
    assert json.loads(shown(capsys, runs, "--json").out)["campaigns"][0]["boards"][2]["reason"] == "\ud800"
    assert "lost: <U+D800>" in shown(capsys, runs, "latest").out


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_no_empty_one(capsys, runs, writer):
    (runs / CAMPAIGNS).chmod(0)
    try:
        assert "cannot be read: permission denied" in shown(capsys, runs, code=3).err
    finally:
        (runs / CAMPAIGNS).chmod(0o755)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_the_kernel_tells_of_a_lock_that_its_owner_keeps_to_himself(runs, writer):
    writer.folder.lock.chmod(0)
    assert campaigns(runs)[0].alive
    writer.close()
    assert not campaigns(runs)[0].alive
