"""Rounds of a campaign: when they end, and what they come to."""

import json
import time
from datetime import UTC, datetime

import pytest

from harness.campaign.health.state import after_run
from harness.campaign.health.store import HealthStore
from harness.campaign.job import Ended, Job
from harness.campaign.soak.rounds import Going, Rounds, seconds_in
from harness.campaign.soak.tally import Tally
from harness.cli.soak import Soak, words
from harness.errors import UsageError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("90m", 5400), ("8h", 28_800), ("2d", 172_800), ("1h30m", 5400), ("45", 45), (" 1m ", 60)],
)
def test_times(text, seconds):
    assert seconds_in(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "0", "0s", "-5s", "1.5h", "8 h", "h", "1m1h", "\uff18h", "\x1b[31m", "9" * 40]
)
def test_what_is_no_time(text):
    with pytest.raises(UsageError, match="is no time"):
        seconds_in(text)


@pytest.mark.parametrize("repeat", [0, -1, 1_000_001])
def test_what_is_no_number_of_rounds(repeat):
    with pytest.raises(UsageError, match="--repeat"):
        Rounds.read(repeat, "", stop_on_failure=False)


def test_rounds_end_by_number_and_by_time():
    assert not Rounds.read(None, "", stop_on_failure=True).several
    three = Going(Rounds.read(3, "", stop_on_failure=False))
    assert [three.another(done) for done in (1, 2, 3)] == [True, True, False]
    short = Going(Rounds(None, 0.05))
    assert short.another(1_000)
    time.sleep(0.06)
    assert not short.another(1_000)
    assert short.ended == "its time is over"


@pytest.mark.parametrize(
    ("verdict", "lost", "ends"),
    [
        ("passed", False, False),
        ("failed", False, True),
        ("error", False, True),
        ("blocked", False, False),
        ("incomplete", False, False),
        ("lost", True, True),
    ],
)
def test_stop_on_failure(verdict, lost, ends):
    going = Going(Rounds(10, stop_on_failure=True))
    going.take("one", verdict, lost=lost)
    assert going.another(1) is not ends
    assert ("one" in going.ended) is ends
    indifferent = Going(Rounds(10))
    indifferent.take("one", verdict, lost=lost)
    assert indifferent.another(1)


def run(runs, name, verdict="passed", *, values=(1.0,), scenario="passed", seconds=2.0, reason=""):
    folder = runs / name
    folder.mkdir(parents=True)
    measurements = [
        {
            "name": "wake",
            "unit": "ms",
            "value": value,
            "low": None,
            "high": 9.0,
            "verdict": "passed",
            "samples": [],
        }
        for value in values
    ]
    scenarios = [
        {
            "id": "s/one",
            "step_folder": "step3_chip",
            "title": "It answers",
            "verdict": scenario,
            "seconds": 0.5,
            "reason": reason,
            "measurements": measurements,
        },
        {
            "id": "s/two",
            "step_folder": "step3_chip",
            "title": "It has none",
            "verdict": "not_applicable",
            "seconds": None,
            "reason": "",
            "measurements": [],
        },
    ]
    report = {"verdict": verdict, "seconds": seconds, "scenarios": scenarios}
    (folder / "report.json").write_text(json.dumps(report))
    (folder / "manifest.json").touch()
    return folder


def tallied(runs, rounds):
    tally = Tally()
    for number, given in enumerate(rounds, start=1):
        tally.take(
            "one", number, folder=run(runs, f"r{number}", **given), lost=False, memory_mib=100.0 + number
        )
    return tally.document()


def test_verdicts_times_and_memory_of_a_board(tmp_path):
    document = tallied(tmp_path, [{}, {"verdict": "failed", "seconds": 4.0}, {}])
    (board,) = document["boards"]
    assert (board["rounds"], board["verdicts"]) == (3, {"passed": 2, "failed": 1})
    assert board["first_not_passed"] == {"round": 2, "run": "r2", "verdict": "failed"}
    assert (board["seconds"]["statistics"]["median"], board["seconds"]["statistics"]["max"]) == (2.0, 4.0)
    assert board["memory_mib"]["change"] == 2.0
    assert [each["run"] for each in board["runs"]] == ["r1", "r2", "r3"]


@pytest.mark.parametrize(
    ("verdicts", "flaky"),
    [
        (["passed", "failed"], True),
        (["passed", "error"], True),
        (["passed", "blocked"], False),  # that was the bench
        (["failed", "failed"], False),
        (["passed", "passed"], False),
    ],
)
def test_flaky_scenarios(tmp_path, verdicts, flaky):
    document = tallied(tmp_path, [{"scenario": one, "reason": "6F00"} for one in verdicts])
    (scenario,) = document["scenarios"]
    assert scenario["flaky"] is flaky
    bad = [number for number, one in enumerate(verdicts, start=1) if one != "passed"]
    first = {"round": bad[0], "run": f"r{bad[0]}", "reason": "6F00"} if bad else None
    assert scenario["first_not_passed"] == first


@pytest.mark.parametrize(
    ("medians", "drifted"),
    [
        ([1.0] * 20, False),
        ([1.0, 1.1] * 10, False),
        ([1 + place / 10 for place in range(20)], True),
        ([1.0] * 19 + [2.0], True),  # the last tenth are two rounds, whose median counts
        ([1.0] * 9, None),
    ],
)
def test_drift_of_a_measurement(tmp_path, medians, drifted):
    document = tallied(tmp_path, [{"values": (one - 0.1, one, one + 0.1)} for one in medians])
    (measured,) = document["measurements"]
    assert measured["drifted"] is drifted
    assert measured["statistics"]["n"] == len(medians)
    assert (measured["lowest"], measured["highest"]) == (min(medians) - 0.1, max(medians) + 0.1)
    assert (measured["name"], measured["unit"], measured["high"]) == ("wake", "ms", 9.0)


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"verdict": 1}', '{"scenarios": [1]}', '{"scenarios": {"a": 1}}']
)
def test_a_report_that_cannot_be_read_is_counted_as_such(tmp_path, text):
    (tmp_path / "r1").mkdir()
    (tmp_path / "r1" / "report.json").write_text(text)
    tally = Tally()
    tally.take("one", 1, folder=tmp_path / "r1", lost=False)
    (board,) = tally.document()["boards"]
    assert (board["rounds"], board["reports_not_read"]) == (1, 1)


def test_rounds_without_a_run_have_no_verdict(tmp_path):
    tally = Tally()
    assert tally.take("one", 1, folder=None, lost=False) == "none"
    assert tally.take("one", 2, folder=run(tmp_path, "r2"), lost=True) == "lost"
    (board,) = tally.document()["boards"]
    assert board["verdicts"] == {"none": 1, "lost": 1}


@pytest.mark.parametrize(
    ("verdict", "counted"),
    [("passed", "not_closed"), ("incomplete", "not_closed"), ("failed", "failed"), ("blocked", "blocked")],
)
def test_a_run_without_a_manifest_has_not_passed(tmp_path, verdict, counted):
    folder = run(tmp_path, "r1", verdict)
    (folder / "manifest.json").unlink()
    tally = Tally()
    assert tally.take("one", 1, folder=folder, lost=False) == counted
    (board,) = tally.document()["boards"]
    assert board["verdicts"] == {counted: 1}
    assert board["first_not_passed"]["verdict"] == counted


# --- what begins after a round


def soak(runs, rounds):
    (runs / "campaign").mkdir(exist_ok=True)
    return Soak(rounds, runs, runs / "campaign")


def after(one, ended):
    told = []
    following = one.after(ended, told.append, lambda job, why: told.append((job.name, why)))
    return following, told


def ended(runs, round_=1, **given):
    given = given or {}
    folder = run(runs, f"r{round_}", **given)
    return Ended(Job("one", 0, round=round_), code=0, result={"memory_mib": 90.0}, folder=folder.name)


def test_the_next_round_follows(tmp_path):
    following, told = after(soak(tmp_path, Rounds(2)), ended(tmp_path))
    assert (following.name, following.round, following.not_before, told) == ("one", 2, 0.0, [])
    assert after(soak(tmp_path, Rounds(2)), ended(tmp_path, 2))[0] is None
    assert after(soak(tmp_path, Rounds(9)), Ended(Job("one", 0), not_begun="interrupted"))[0] is None


def test_a_failure_ends_all_when_asked(tmp_path):
    following, told = after(soak(tmp_path, Rounds(9, None, True)), ended(tmp_path, verdict="failed"))
    assert following is None
    assert told == ["one failed, and --stop-on-failure was given"]


def set_aside(runs):
    for _ in range(2):
        HealthStore(runs).change(
            "one", lambda known: after_run(known, "blocked", now=datetime.now(UTC), reason="no port")
        )


@pytest.mark.parametrize(
    ("rounds", "goes_on"),
    [(Rounds(9), False), (Rounds(None, 60.0), False), (Rounds(None, 3600.0), True)],
)
def test_a_board_that_is_set_aside_goes_on_later_when_there_is_time(tmp_path, rounds, goes_on):
    set_aside(tmp_path)
    one = soak(tmp_path, rounds)
    following, told = after(one, ended(tmp_path, verdict="blocked"))
    if goes_on:
        assert 800 < following.not_before - time.monotonic() <= 900
        assert told[0][1]["reason"] == "no port"
        assert not one.aside
    else:
        assert following is None
        assert one.aside == {"one": "one: no round after 1, as it was set aside: no port"}


def test_no_round_is_left_out_when_boards_that_are_set_aside_take_part(tmp_path):
    set_aside(tmp_path)
    one = Soak(Rounds(9), tmp_path, None, leaves_out=False)
    following, told = after(one, ended(tmp_path, verdict="blocked"))
    assert (following.round, following.not_before, told, one.aside) == (2, 0.0, [], {})


def test_rounds_that_end_when_no_more_begin_are_counted_once(tmp_path):
    one = soak(tmp_path, Rounds(9))
    first, second = ended(tmp_path), ended(tmp_path, 2)
    after(one, first)
    one.take_the_rest([first, second, Ended(Job("two", 1), not_begun="interrupted")], "ended by SIGINT")
    assert one.document()["ended"] == "ended by SIGINT"
    assert [(board["board"], board["rounds"]) for board in one.document()["boards"]] == [("one", 2)]


def test_of_a_campaign_without_rounds_nothing_is_kept_however_long_it_takes(tmp_path, monkeypatch):
    monkeypatch.setattr("harness.cli.soak._BETWEEN_S", 0.0)
    after(soak(tmp_path, Rounds()), ended(tmp_path))
    assert not (tmp_path / "campaign" / "soak.json").exists()
    after(soak(tmp_path, Rounds(2)), ended(tmp_path, 2))
    assert (tmp_path / "campaign" / "soak.json").exists()


def test_what_is_kept_and_shown(tmp_path):
    one = soak(tmp_path, Rounds(2))
    after(one, ended(tmp_path, scenario="failed", verdict="failed", reason="6F00\x1b[31m"))
    after(one, ended(tmp_path, 2))
    one.write()
    kept = json.loads((tmp_path / "campaign" / "soak.json").read_text())
    assert kept["asked"] == {"repeat": 2, "for_s": None, "stop_on_failure": False}
    said = "\n".join(words(kept))
    assert "2 rounds of 1 board in" in said
    assert "one  1 failed, 1 passed; 2.0 s (2.0 s to 2.0 s); 90 MiB; first failed in round 1: r1" in said
    assert "flaky scenarios\n  one  3 chip  It answers: 1 failed, 1 passed; first in round 1: r1" in said
    assert "\x1b" not in said
