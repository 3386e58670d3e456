"""The progress of a campaign: written whole, read from any byte on, folded, listed, pruned."""

import fcntl
import json
import os
import resource
import signal
import subprocess
import sys

import pytest

from harness.cli.board_line import state_words
from harness.errors import UsageError
from harness.progress import campaigns as known
from harness.progress.campaigns import campaigns, find, prune
from harness.progress.names import CAMPAIGNS
from harness.progress.reader import follow
from harness.progress.state import FINISHED, LOST, RUNNING, SET_ASIDE, WAITING, CampaignState
from harness.progress.writer import ProgressWriter

BOARDS = [{"name": "a", "file": "boards/a.yaml"}, {"name": "b", "file": "boards/b.yaml"}]


@pytest.fixture
def told():
    return []


@pytest.fixture
def writer(tmp_path, told):
    with_lock = ProgressWriter(tmp_path / "runs", told.append)
    yield with_lock
    with_lock.close()


def events(writer, offset=0):
    return [one.event for one in follow(writer.folder.progress, offset)]


def state_of(*events):
    state = CampaignState()
    for seq, event in enumerate(events):
        state.take({"seq": seq, "time": f"2026-11-29T22:00:{seq:02}.000Z", **event})
    return state


def test_events_are_numbered_without_a_gap_and_read_as_they_were_told(writer):
    writer.start({"boards": BOARDS, "jobs": 2})
    writer.write("told", {"text": 'two\nlines \u2028 \udcff \u202e and a quote"'}, board="a")
    writer.write("campaign_finished", {"exit_code": 0, "interrupted": ""})
    read = events(writer)
    assert [one["seq"] for one in read] == [0, 1, 2]
    assert [one["event"] for one in read] == ["campaign_started", "told", "campaign_finished"]
    assert read[1]["text"] == 'two\nlines \u2028 \\udcff \u202e and a quote"'
    assert writer.folder.progress.read_bytes().count(b"\n") == 3
    assert json.loads(writer.folder.started.read_text())["boards"] == BOARDS


def test_a_reader_resumes_at_a_byte_offset_and_leaves_half_a_line(writer):
    writer.write("told", {"text": "one"})
    (first,) = follow(writer.folder.progress)
    writer.write("told", {"text": "two"})
    with writer.folder.progress.open("ab") as file:
        file.write(b'{"event": "told", "te')
        file.flush()
        (second,) = follow(writer.folder.progress, first.offset)
        assert second.event["text"] == "two"
        assert list(follow(writer.folder.progress, second.offset)) == []
        file.write(b'xt": "three"}\n')
        file.flush()
        assert [one.event["text"] for one in follow(writer.folder.progress, second.offset)] == ["three"]


def test_lines_that_are_no_events_are_passed_over(tmp_path):
    path = tmp_path / "progress.jsonl"
    long = b'{"event": "' + b"x" * (9 << 20) + b'"}\n'
    path.write_bytes(b"\xff\xfe\n[1]\n{}\n\n" + b"[" * 100_000 + b"\n" + long + b'{"event": "told"}\n')
    (only,) = follow(path)
    assert only.event == {"event": "told"}
    assert only.offset == path.stat().st_size


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"gone\.jsonl"):
        list(follow(tmp_path / "gone.jsonl"))


def test_the_lock_alone_tells_whether_a_campaign_goes_on(tmp_path, writer):
    writer.start({"boards": BOARDS})
    (one,) = campaigns(tmp_path / "runs")
    assert one.id == writer.id
    assert one.alive
    assert one.about()["boards"] == BOARDS
    writer.close()
    assert not one.alive


def test_a_campaign_that_is_killed_is_not_alive(tmp_path):
    code = (
        "import sys, os, signal; from pathlib import Path; from harness.progress.writer import ProgressWriter\n"
        "one = ProgressWriter(Path(sys.argv[1]), print); one.start({'boards': []}); os.kill(os.getpid(), signal.SIGKILL)"
    )
    ended = subprocess.run([sys.executable, "-c", code, tmp_path], check=False)
    assert ended.returncode == -signal.SIGKILL
    (one,) = campaigns(tmp_path)
    assert not one.alive
    assert one.state().ended is None
    assert one.state().started is not None


def test_a_folder_that_cannot_be_made_is_told_once_and_harms_nothing(tmp_path, told):
    (tmp_path / "runs").write_text("a file")
    writer = ProgressWriter(tmp_path / "runs", told.append)
    writer.start({"boards": BOARDS})
    writer.write("told", {"text": "x"})
    writer.close()
    assert len(told) == 1
    assert "cannot be written: not a directory" in told[0]


def test_a_disk_that_is_full_for_a_while_leaves_no_gap(tmp_path, writer, told):
    writer.start({"boards": BOARDS})
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (writer.folder.progress.stat().st_size + 20, hard))
        for number in range(10):
            writer.write("told", {"text": str(number)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert len(told) == 1
    assert len(events(writer)) == 1
    writer.write("told", {"text": "10"})
    assert [one["seq"] for one in events(writer)] == list(range(12))


def test_a_disk_that_stays_full_is_given_up(writer, told, monkeypatch):
    def full(*_given):
        raise OSError(28, "full")

    monkeypatch.setattr(os, "write", full)
    for _ in range(400):
        writer.write("told", {"text": "x" * 16_000})
    assert not writer.written
    assert len(told) == 1


def test_values_that_are_too_long_or_no_numbers_are_kept_within_bounds(writer):
    writer.write("told", {"text": "x" * 100_000, "number": float("nan"), "big": 10**400})
    (read,) = events(writer)
    assert len(read["text"]) < 17_000
    assert read["number"] == "nan"


def test_old_campaigns_that_ended_are_pruned_and_living_ones_are_kept(tmp_path, writer, monkeypatch):
    runs = tmp_path / "runs"
    monkeypatch.setattr(known, "KEPT", 3)
    place = runs / CAMPAIGNS
    for day in range(1, 7):
        (place / f"2025010{day}T000000.000Z-aaaaaa").mkdir()
    (place / "20240101T000000.000Z-bbbbbb").mkdir()
    living = place / "20240101T000000.000Z-bbbbbb" / "lock"
    (place / f".20240101T000000.000Z-cccccc.{2**22 + 5}.tmp").mkdir()
    (place / "mine").mkdir()
    with living.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        prune(runs)
    left = sorted(each.name for each in place.iterdir())
    assert left == [
        "20240101T000000.000Z-bbbbbb",
        "20250105T000000.000Z-aaaaaa",
        "20250106T000000.000Z-aaaaaa",
        writer.id,
        "mine",
    ]


def test_a_campaign_is_found_by_the_end_of_its_name(tmp_path, writer):
    runs = tmp_path / "runs"
    assert find(runs, writer.id[-6:]).id == writer.id
    assert find(runs, "latest").id == writer.id
    with pytest.raises(UsageError, match="no campaign 'nothing'"):
        find(runs, "nothing")
    with pytest.raises(UsageError, match="no campaign ''"):
        find(runs, "")


def test_the_fold_of_a_run_that_ends():
    state = state_of(
        {"event": "campaign_started", "id": "x", "boards": BOARDS},
        {"event": "board_waits", "board": "b", "for": ["/dev/i2c-1"]},
        {"event": "board_started", "board": "a", "pid": 7, "round": 1},
        {"event": "run_started", "board": "a", "folder": "1-a", "scenarios": 3},
        {
            "event": "planned",
            "board": "a",
            "scenarios": [
                {"step": "s", "title": "one", "expected_s": 4.0},
                {"step": "s", "title": "two", "expected_s": 6.0},
            ],
        },
        {"event": "scenario_started", "board": "a", "step": "s", "title": "one"},
        {"event": "step_started", "board": "a", "number": 1, "total": 2, "title": "first"},
        {"event": "progressed", "board": "a", "done": 1, "total": 3, "what": "sessions"},
    )
    a, b = state.boards["a"], state.boards["b"]
    assert (a.phase, b.phase) == (RUNNING, WAITING)
    assert b.waits_for == ("/dev/i2c-1",)
    assert (a.scenario, a.step, a.reached) == (("s", "one"), (1, 2, "first"), (1.0, 3.0, "sessions"))
    begun = a.scenario_started
    assert a.seconds_left(begun + 1) == 9.0
    assert a.seconds_left(begun + 100) == 6.0
    for event in (
        {"event": "scenario_finished", "step": "s", "title": "one", "verdict": "failed", "reason": "why"},
        {"event": "run_finished", "folder": "1-a", "verdict": "failed", "exit_code": 1, "reports": ["1-a/x"]},
        {"event": "board_finished", "exit_code": 1},
    ):
        state.take({**event, "board": "a", "time": "2026-11-29T22:01:00.000Z"})
    assert (a.phase, a.verdict, a.exit_code, a.counts) == (FINISHED, "failed", 1, {"failed": 1})
    assert (a.runs, a.reports, a.scenario) == (["1-a"], ("1-a/x",), None)
    assert a.seconds_left(begun + 100) is None


def test_a_lost_board_has_no_verdict_and_asks_nobody():
    ask = {
        "ask": "q1",
        "step": "flash",
        "title": "Flash",
        "instructions": ["1", "2"],
        "fields": [{"name": "result"}],
    }
    state = state_of(
        {"event": "board_started", "board": "a", "pid": 7, "round": 1},
        {"event": "operator_asks", "board": "a", **ask, "timeout_s": 5, "picture": None},
    )
    assert state.boards["a"].asks["q1"].instructions == ("1", "2")
    state.take({"event": "board_lost", "board": "a", "reason": "killed by SIGKILL"})
    assert (state.boards["a"].phase, state.boards["a"].verdict, state.boards["a"].asks) == (LOST, "", {})


def test_another_round_begins_anew():
    state = state_of(
        {"event": "board_started", "board": "a", "round": 1},
        {"event": "scenario_finished", "board": "a", "step": "s", "title": "t", "verdict": "passed"},
        {"event": "board_set_aside", "board": "a", "reason": "blocked twice", "until": "later"},
    )
    assert state.boards["a"].phase == SET_ASIDE
    state.take({"event": "board_started", "board": "a", "round": 2})
    assert (state.boards["a"].round, state.boards["a"].counts, state.boards["a"].reason) == (2, {}, "")


def test_a_round_without_a_run_has_nothing_of_the_round_before():
    state = state_of(
        {"event": "board_started", "board": "a", "round": 1},
        {"event": "run_finished", "board": "a", "folder": "1-a", "verdict": "passed", "exit_code": 0}
        | {"reports": ["1-a/report.html"], "interrupted": "ended by SIGTERM"},
        {"event": "board_finished", "board": "a", "exit_code": 0},
    )
    board = state.boards["a"]
    assert (board.verdict, board.without_run) == ("passed", [])
    for number, code in ((2, 2), (3, 3)):
        state.take({"event": "board_started", "board": "a", "round": number})
        state.take({"event": "board_finished", "board": "a", "exit_code": code})
        assert (board.verdict, board.folder, board.reports, board.interrupted) == ("", "", (), "")
        assert state_words(board, 0.0) == f"no verdict, exit code {code}"
    assert board.without_run == [2, 3]
    assert board.verdicts == {"1-a": "passed"}


@pytest.mark.parametrize(
    "event",
    [
        {"event": "planned", "board": "a", "scenarios": "x"},
        {
            "event": "planned",
            "board": "a",
            "scenarios": [1, None, {"step": 1, "title": [], "expected_s": 10**400}],
        },
        {"event": "campaign_started", "boards": {"a": 1}, "id": 5},
        {"event": "board_started", "board": "a", "pid": "x", "round": None, "time": 5},
        {"event": "run_finished", "board": "a", "verdict": {}, "exit_code": True, "reports": 7},
        {"event": "progressed", "board": "a", "done": "1", "total": []},
        {"event": "operator_asks", "board": "a", "ask": None, "fields": [1]},
        {"event": "something of a later version", "board": "a"},
        {"event": "scenario_finished", "board": ["a"], "seq": "1"},
        {"event": None},
        {},
    ],
)
def test_values_of_another_type_break_no_fold(event):
    state = state_of({"event": "board_started", "board": "a", "pid": 1, "round": 1}, event)
    assert state.boards["a"].seconds_left(1e9) is None


def test_what_does_not_apply_says_nothing_of_how_long_the_rest_takes():
    state = CampaignState()
    told = [
        ("2026-11-29T22:00:00Z", "board_started", {"pid": 1, "round": 1}),
        (
            "2026-11-29T22:00:00Z",
            "planned",
            {"scenarios": [{"step": "s", "title": str(n)} for n in range(10)]},
        ),
    ]
    told += [
        (
            "2026-11-29T22:00:00Z",
            "scenario_finished",
            {"step": "s", "title": f"no {n}", "verdict": "not_applicable"},
        )
        for n in range(100)
    ]
    told += [
        ("2026-11-29T22:00:50Z", "scenario_finished", {"step": "s", "title": str(n), "verdict": "passed"})
        for n in range(5)
    ]
    known = []
    for time, event, fields in told:
        state.take({"event": event, "time": time, "board": "one", **fields})
        known.append(state.boards["one"].seconds_left(state.boards["one"].started + 50))
    assert known[-2] is None  # four of those that apply are over
    assert known[-1] == pytest.approx(50)
