"""Boards that are blocked twice in a row are set aside, tried again later, and put back when they are reached."""

import json
import multiprocessing
import os
import pty
import signal
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from harness.board.opening.locks import Locks
from harness.board.opening.places import locked
from harness.board.reading.file import load, parse
from harness.campaign.health.before import look
from harness.campaign.health.last_runs import last_runs
from harness.campaign.health.reach import out_of_reach
from harness.campaign.health.state import Health, after_run
from harness.campaign.health.store import HealthStore
from harness.campaign.health.watch import HealthWatch
from harness.cli.main import invoke
from harness.errors import BenchError

NOW = datetime(2026, 11, 29, 22, 0, tzinfo=UTC)
BOARD = """version: 1
name: {name}
plan: {{pattern: own-platform, carrier: km, platform: third-party-os, key_type: aes-128}}
transports: {{console: {{kind: {kind}}}}}
console: {{transport: console}}
"""
MISSING = "serial, port: /dev/serial/by-id/not-there"


def board(name="one", kind=MISSING):
    return parse(BOARD.format(name=name, kind=kind), Path(f"{name}.yaml"))


def blocked(times, *, now=NOW, start=None):
    health = start or Health("one")
    for _ in range(times):
        health = after_run(health, "blocked", now=now, reason="no port", run="r1")
    return health


def test_blocked_twice_in_a_row_is_set_aside():
    assert not blocked(1).set_aside
    assert blocked(1).words(NOW) == "blocked once"
    twice = blocked(2)
    assert twice.set_aside
    assert twice.words(NOW) == "set aside until 22:15 UTC; blocked twice in a row"
    assert (twice.reason, twice.run) == ("no port", "r1")


@pytest.mark.parametrize(
    ("verdict", "interrupted", "blocked_then"),
    [
        ("passed", False, 0),
        ("failed", False, 0),  # what failed was reached
        ("incomplete", False, 0),
        ("incomplete", True, 1),  # perhaps nothing was asked
        ("failed", True, 0),
        ("error", False, 1),
        ("blocked", True, 1),
        ("not_run", False, 1),
        ("", False, 1),
        ("nonsense", False, 1),
    ],
)
def test_what_another_run_says_of_health(verdict, interrupted, blocked_then):
    health = after_run(blocked(1), verdict, now=NOW, interrupted=interrupted)
    assert health.blocked == blocked_then
    assert not health.set_aside


def test_a_part_of_the_plan_that_asked_nothing_of_a_board_says_nothing_of_it():
    health = after_run(blocked(1), "incomplete", now=NOW, out_of_reach=True)
    assert health.blocked == 1


def test_it_rests_twice_as_long_each_time_up_to_the_longest():
    health, rests = Health("one"), []
    for _ in range(9):
        health = blocked(1, start=health)
        if health.set_aside:
            rests.append(datetime.fromisoformat(health.until) - NOW)
    minutes = [rest.total_seconds() / 60 for rest in rests]
    assert minutes == [15, 30, 60, 120, 240, 480, 480, 480]
    assert health.since == NOW.isoformat(timespec="seconds")


@pytest.mark.parametrize(
    ("later", "due"),
    [
        (timedelta(), False),
        (timedelta(minutes=14), False),
        (timedelta(minutes=15), True),
        (timedelta(days=-400), True),  # a clock that was wrong keeps no board aside for years
    ],
)
def test_when_it_is_due(later, due):
    assert blocked(2).due(NOW + later) is due
    assert blocked(2).words(NOW + timedelta(days=1)).startswith("set aside, to be tried again now")


def test_an_until_that_is_no_time_is_due():
    assert Health("one", since="x", until="\x1b[31m").due(NOW)


# --- the store


def test_store_keeps_and_forgets(tmp_path):
    store = HealthStore(tmp_path)
    assert store.of("one") == Health("one")
    store.change("one", lambda known: blocked(2, start=known))
    assert HealthStore(tmp_path).of("one") == blocked(2)
    assert store.of("two") == Health("two")
    store.change("one", lambda known: Health(known.board))
    assert [path.name for path in store.folder.iterdir()] == [".lock"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"board": 1}',
        '{"board": "two", "blocked": 2, "since": "x"}',
        '{"board": "one", "blocked": "many"}',
        '{"board": "one", "reason": "' + "x" * 100_000,
        "[" * 100_000,
    ],
)
def test_a_file_that_nobody_can_read_sets_nothing_aside(tmp_path, text):
    store = HealthStore(tmp_path)
    store.folder.mkdir(parents=True)
    (store.folder / "one.json").write_text(text)
    assert store.of("one") == Health("one")
    store.change("one", lambda known: blocked(1, start=known))
    assert store.of("one").blocked == 1


def test_a_link_is_not_followed(tmp_path):
    store = HealthStore(tmp_path)
    store.folder.mkdir(parents=True)
    (tmp_path / "other.json").write_text('{"board": "one", "blocked": 2, "since": "x"}')
    (store.folder / "one.json").symlink_to(tmp_path / "other.json")
    assert store.of("one") == Health("one")
    os.mkfifo(store.folder / "two.json")
    assert store.of("two") == Health("two")


def count(runs, times):
    store = HealthStore(Path(runs))
    for _ in range(times):
        store.change("one", lambda known: blocked(1, start=known))


def test_two_processes_lose_nothing_of_each_other(tmp_path):
    context = multiprocessing.get_context("fork")
    both = [context.Process(target=count, args=(str(tmp_path), 40)) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert HealthStore(tmp_path).of("one").blocked == 80


def test_a_process_that_is_killed_leaves_whole_files(tmp_path):
    context = multiprocessing.get_context("fork")
    for _ in range(5):
        process = context.Process(target=count, args=(str(tmp_path), 100_000))
        process.start()
        time.sleep(0.05)
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        files = list((tmp_path / ".campaigns" / "health").glob("*.json"))
        assert all(json.loads(path.read_text())["board"] == "one" for path in files)
    before = HealthStore(tmp_path).of("one").blocked
    count(str(tmp_path), 1)  # the lock is free
    assert HealthStore(tmp_path).of("one").blocked == before + 1


# --- before a campaign


def looked(tmp_path, health, problems, *, now=NOW, why_all=""):
    store = HealthStore(tmp_path)
    store.change("one", lambda _known: health)
    found = look([board()], store, lambda _boards: problems, now=now, why_all=why_all)
    return found, store.of("one")


LATER = NOW + timedelta(hours=1)
GONE = {"one": ["console: not there now"]}


@pytest.mark.parametrize(
    ("health", "problems", "now", "runs", "why"),
    [
        (Health("one"), {}, NOW, True, ""),
        (Health("one"), GONE, NOW, True, ""),  # its run says it with evidence
        (blocked(1), {}, NOW, True, ""),
        (blocked(2), {}, NOW, False, ""),
        (blocked(2), {}, LATER, True, "its time has come"),
        (blocked(2), GONE, LATER, False, ""),
        (blocked(2), GONE, NOW, False, ""),
    ],
)
def test_which_boards_run(tmp_path, health, problems, now, runs, why):
    found, _ = looked(tmp_path, health, problems, now=now)
    assert (not found.set_aside) is runs
    assert found.tried_again.get("one", "") == why
    assert bool(found.problems) is (runs and bool(problems))


def test_it_stays_aside_longer_while_it_is_out_of_reach(tmp_path):
    found, after = looked(tmp_path, blocked(2), GONE, now=LATER)
    assert found.set_aside["one"] == after
    assert after.reason == "console: not there now"
    assert datetime.fromisoformat(after.until) - LATER == timedelta(minutes=30)
    assert after.out_of_reach


def test_what_was_missing_and_is_there_again_is_tried_at_once(tmp_path):
    health = after_run(blocked(1), "blocked", now=NOW, out_of_reach=True)
    found, _ = looked(tmp_path, health, {})
    assert found.tried_again == {"one": "what was missing is there again"}


def test_boards_that_are_set_aside_run_when_somebody_wants_it(tmp_path):
    found, _ = looked(tmp_path, blocked(2), GONE, why_all="it is the only board")
    assert found.tried_again == {"one": "it is the only board"}


def test_simulated_boards_are_not_looked_for(tmp_path):
    asked = []
    boards = [board(), load("virtual-demo")]
    look(boards, HealthStore(tmp_path), lambda some: asked.extend(some) or {}, now=NOW)
    assert [each.name for each in asked] == ["one"]


def test_a_machine_is_asked_for_what_a_board_needs():
    found = out_of_reach([board(), load("virtual-demo")])
    assert found == {"one": ["console: /dev/serial/by-id/not-there, 115200 baud: not there now"]}


# --- while a campaign goes on


def follow(store, *events):
    told = []
    watch = HealthWatch(store, (), told.append)
    for event in events:
        watch.take(event, lambda name, fields, *, board: told.append((name, board, fields)))
    return told


def run_of(verdict, *reasons, interrupted=""):
    yield {"event": "board_started", "board": "one"}
    for reason in reasons:
        yield {"event": "scenario_finished", "board": "one", "verdict": "blocked", "reason": reason}
    yield {
        "event": "run_finished",
        "board": "one",
        "verdict": verdict,
        "folder": "r9",
        "interrupted": interrupted,
    }


def test_runs_of_a_campaign_set_a_board_aside_and_put_it_back(tmp_path):
    store = HealthStore(tmp_path)
    assert follow(store, *run_of("blocked", "no port", "later")) == []
    ((name, whose, fields),) = follow(store, *run_of("blocked", "no port"))
    assert (name, whose) == ("health", "one")
    assert (fields["state"], fields["reason"]) == ("set aside", "no port")
    assert (store.of("one").blocked, store.of("one").run) == (2, "r9")
    assert follow(store, *run_of("blocked", "no port")) == []  # it is aside already
    ((name, _, fields),) = follow(store, *run_of("failed"))
    assert (name, fields["state"]) == ("health", "healthy")
    assert store.of("one") == Health("one")


def test_a_board_that_another_run_has_is_not_ill(tmp_path):
    """The words are those of the lock itself."""
    store = HealthStore(tmp_path)
    with Locks(["bus"], board="other", folder=tmp_path):
        with pytest.raises(BenchError) as caught:
            Locks(["bus"], board="one", folder=tmp_path).acquire()
        for _ in range(3):
            assert follow(store, *run_of("blocked", caught.value.message)) == []
    assert store.of("one") == Health("one")


def test_what_was_set_aside_is_said_at_the_end(tmp_path):
    watch = HealthWatch(HealthStore(tmp_path), (), print)
    for event in [*run_of("blocked", "no\x1b[31m port"), *run_of("blocked", "no\x1b[31m port")]:
        watch.take(event, lambda *_words, **_fields: None)
    (said,) = watch.said
    assert said.startswith(
        "one is set aside, as its last 2 runs were blocked: no␛[31m port; tried again from "
    )


def test_what_cannot_be_written_is_told_once(tmp_path):
    (tmp_path / ".campaigns").write_text("a file")
    told = follow(HealthStore(tmp_path), *run_of("blocked"), *run_of("blocked"))
    assert len(told) == 1
    assert told[0].startswith("the health of boards is not kept: ")


# --- harness lab status


def test_last_runs_are_read_from_the_end_of_journals(tmp_path):
    for moment, verdict in (("20261129T220000.000Z", "passed"), ("20261129T220100.000Z", None)):
        for name in ("one", "the-one"):
            folder = tmp_path / f"{moment}-{name}"
            folder.mkdir()
            end = {"event": "run-finished", "verdict": verdict} if verdict else {"event": "note"}
            (folder / "journal.jsonl").write_text(f"{'x' * 200_000}\n{json.dumps(end)}\n")
    (tmp_path / "latest").symlink_to("20261129T220000.000Z-one")
    found = last_runs(tmp_path, ["one", "two"])
    assert [(each.run, each.verdict) for each in found["one"]] == [
        ("20261129T220100.000Z-one", ""),
        ("20261129T220000.000Z-one", "passed"),
    ]
    assert found["one"][1].started == "2026-11-29T22:00:00Z"
    assert found["two"] == []
    assert last_runs(tmp_path / "nowhere", ["one"]) == {"one": []}


@pytest.fixture
def bench(tmp_path, monkeypatch):
    (tmp_path / "boards").mkdir()
    for name in ("one", "two"):
        (tmp_path / "boards" / f"{name}.yaml").write_text(BOARD.format(name=name, kind=MISSING))
    monkeypatch.chdir(tmp_path)
    HealthStore(Path("runs")).change(
        "one",
        lambda known: after_run(
            after_run(known, "blocked", now=NOW), "blocked", now=NOW, reason="\x1b[31mno"
        ),
    )
    return tmp_path


def test_status_in_words(bench, capsys):
    (bench / "boards" / "broken.yaml").write_text("version: [")
    assert invoke(["lab", "status"]) == 0
    said = capsys.readouterr().out
    assert "one  set aside" in said
    assert "blocked twice in a row" in said
    assert "␛[31mno" in said
    assert "two  no run yet" in said
    assert "boards/broken.yaml: cannot be read" in said


def test_a_place_that_another_board_has_is_told_with_who_has_it(bench, capsys):
    terminal, port = pty.openpty()
    place = os.ttyname(port)
    for name in ("one", "two"):
        kind = f"serial, port: {place}"
        (bench / "boards" / f"{name}.yaml").write_text(BOARD.format(name=name, kind=kind))
    with Locks(locked(load(bench / "boards" / "one.yaml")), board="one"):
        assert invoke(["lab", "status"]) == 0
        one, two = capsys.readouterr().out.split("two  no run yet")
        assert invoke(["lab", "status", "--json"]) == 0
        uses = [each["in_use"] for each in json.loads(capsys.readouterr().out)["boards"]]
    os.close(terminal)
    os.close(port)
    me = f"in use: pid {os.getpid()}, "
    assert f"     {me}" in one
    assert f"its place {place} is {me}" in " ".join(two.split())
    assert [(each["board"], each["place"]) for each in uses] == [("one", "board one"), ("one", place)]


@pytest.mark.parametrize("words", [["nope"], ["nope", "--json"], ["one", "nope"]])
def test_status_of_a_board_that_is_none(bench, capsys, words):
    assert invoke(["lab", "status", *words]) == 2
    said = capsys.readouterr()
    assert "nope: no such board file" in said.out + said.err


def test_status_as_json_and_put_back(bench, capsys):
    assert invoke(["lab", "status", "o*", "--json", "--put-back", "one"]) == 0
    said = capsys.readouterr()
    (found,) = json.loads(said.out)["boards"]
    assert (found["board"], found["state"], found["set_aside"]) == ("one", "no run yet", None)
    assert "one: put back (was set aside" in said.err
    assert invoke(["lab", "status", "--json", "--put-back", "ons"]) == 2
    assert "--put-back ons: is none of the boards; did you mean 'one'?" in capsys.readouterr().err
