"""What many runs say together, and that nobody is accused by a bench."""

import json

import pytest

from harness import __version__
from harness.cli.main import invoke
from harness.history import index
from harness.history.trends import answer
from harness.run.header import Header
from harness.run.run import Run
from harness.run.tool import Tool
from harness.run.verdict import Verdict
from tests.history.small_run import ONE, OTHER, write

P, F, B, E, NR = Verdict.PASSED, Verdict.FAILED, Verdict.BLOCKED, Verdict.ERROR, Verdict.NOT_RUN


def with_firmware(version="1.0", **more):
    return Header(report={"item": {"firmware_version": version}}, **more)


@pytest.fixture
def runs(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "80")
    (tmp_path / "runs").mkdir()
    return tmp_path / "runs"


def asked(runs, board="board"):
    return index.ask(runs, lambda store: answer(store, board)).history


def flaky(runs):
    return [(each.id, each.passed, each.failed, each.certain) for each in asked(runs).flaky]


def test_passed_and_failed_with_the_same_firmware_is_flaky(runs):
    for verdict in (P, F, P):
        write(runs, one=verdict, header=with_firmware())
    assert flaky(runs) == [(ONE.id, 2, 1, True)]
    (line,) = index.ask(runs, answer).boards
    assert (line.flaky, line.maybe_flaky, line.runs) == (1, 0, 3)


@pytest.mark.parametrize("verdict", [B, E, NR])
def test_what_says_nothing_of_the_board_makes_nothing_flaky(runs, verdict):
    for each in (P, verdict, P):
        write(runs, one=each, header=with_firmware())
    for each in (F, verdict, F):
        write(runs, "other", one=each, header=with_firmware())
    assert flaky(runs) == []
    assert asked(runs, "other").flaky == ()


@pytest.mark.parametrize(
    "other",
    [
        with_firmware("1.1"),
        with_firmware(declaration={"features": ["a"]}),
        with_firmware(plan={"carrier": "km"}),
        with_firmware(options={"faults": {"chip": "nak after=3"}}),
        with_firmware(options={"service": "real"}),
        with_firmware(board_file={"transports": {"chip": {"bus": 2}}}),
    ],
    ids=["firmware", "declaration", "plan", "fault", "service", "board file"],
)
def test_where_something_differs_nothing_is_flaky(runs, other):
    write(runs, one=P, header=with_firmware())
    write(runs, one=F, header=other)
    assert flaky(runs) == []


def test_another_device_is_not_the_same_device_that_is_flaky(runs):
    for identity, verdict in (("A1", P), ("B2", F)):
        run = Run.create(runs, "board", with_firmware())
        run.board_found({"ID": identity})
        run.plan([ONE])
        log = run.begin(ONE)
        with log.step(0):
            pass
        log.finish(verdict, reason="so it came")
        run.finish()
    assert flaky(runs) == []


def test_without_a_known_firmware_it_is_only_possibly_flaky(runs, capsys):
    for verdict in (P, F):
        write(runs, one=verdict)
    assert flaky(runs) == [(ONE.id, 1, 1, False)]
    assert invoke(["history", "board", f"--runs={runs}"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "possibly flaky, as no run says which firmware it was (1)" in out
    assert "firmware not known, harness" in out


def test_attempts_of_one_run_that_differ_are_flaky(runs):
    run = Run.create(runs, "board", with_firmware())
    run.plan([ONE])
    for verdict in (F, P):
        log = run.begin(ONE)
        with log.step(0):
            pass
        log.finish(verdict, reason="" if verdict is P else "so it came")
    run.finish()
    (found,) = asked(runs).flaky
    assert (found.passed, found.failed, found.mixed) == (0, 1, 1)


def test_a_run_that_was_altered_counts_for_nothing(runs):
    write(runs, header=with_firmware())
    altered = write(runs, one=F, header=with_firmware())
    with (altered / "inputs.jsonl").open("a") as stream:
        stream.write("{}\n")
    found = asked(runs)
    assert found.altered == 1
    assert found.flaky == ()
    assert found.requirements["R-1"][0].failed == 0


@pytest.mark.parametrize("option", ["faults", "replay"])
def test_a_run_that_is_not_of_the_board_as_it_is_counts_for_nothing(runs, option, capsys):
    options = {"service": "mock", option: {"chip": "nak after=3"}}
    for value in (1.0, 1.0, 1.0, 1.0, 1.0, 1.05):
        write(runs, value=value, header=with_firmware())
        write(runs, one=F, value=value * 50, header=with_firmware(options=options))
    found = asked(runs)
    assert (found.apart, found.altered) == (6, 0)
    assert [(each.passed, each.failed) for each in found.requirements["R-1"]] == [(6, 0)]
    assert all(max(each.medians) < 2 for each in found.trends)
    worse = write(runs, value=9.0, header=with_firmware())
    assert invoke(["compare", f"--runs={runs}", str(worse), "latest", "--json"]) == 0
    assert all(each.outside for each in asked(runs).trends), "a fault hides no change"
    capsys.readouterr()
    assert invoke(["history", "board", f"--runs={runs}"]) == 0
    assert "6 runs with faults on purpose, or over recordings" in " ".join(capsys.readouterr().out.split())


def test_development_versions_with_one_number_are_told_apart_by_their_code(runs):
    def header(code, state="changed"):
        return with_firmware(tool=Tool(sha256=code * 64, state=state))

    write(runs, one=F, header=header("a"))
    write(runs, header=header("b", "clean"))
    for code in "cd":
        write(runs, header=header(code, "released"))
    found = asked(runs)
    assert [(each.harness, each.passed, each.failed) for each in found.requirements["R-1"]] == [
        (__version__, 2, 0),
        (f"{__version__} (code aaaaaaaa)", 0, 1),
        (f"{__version__} (code bbbbbbbb)", 1, 0),
    ]
    assert found.flaky == ()


def test_versions_requirements_and_durations(runs, capsys):
    write(runs, header=with_firmware("1.0"))
    write(runs, one=F, header=with_firmware("1.1"))
    write(runs, one=F, other=B, header=with_firmware("1.1"))
    found = asked(runs)
    assert [(each.firmware, each.runs, each.verdicts) for each in found.versions] == [
        ("1.1", 2, {"failed": 2}),
        ("1.0", 1, {"passed": 1}),
    ]
    assert all(each.seconds is not None and each.seconds >= 0 for each in found.versions)
    assert [(each.firmware, each.passed, each.failed) for each in found.requirements["R-1"]] == [
        ("1.0", 1, 0),
        ("1.1", 0, 2),
    ]
    assert [(each.passed, each.unclear) for each in found.scenarios[OTHER.id]] == [(1, 0), (1, 1)]
    assert [each.verdict for each in found.latest] == [P, F, F]
    assert invoke(["history", "board", f"--runs={runs}"]) == 0
    out = capsys.readouterr().out
    assert "pFF (p passed, F failed)" in out
    assert max(map(len, out.splitlines())) <= 80


def test_measurements_over_runs(runs, capsys):
    for value in (1.0, 1.1, 0.9, 1.0, 1.05):
        write(runs, value=value)
    assert not any(each.outside for each in asked(runs).trends)
    write(runs, value=5.0)
    assert [each.medians[-1] for each in asked(runs).trends if each.outside] == [5.0, 5.0]
    assert invoke(["history", "board", f"--runs={runs}"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "5 s, before 0.9 … 1.1 in 5 runs, limits … 100; the newest value is outside" in out


def test_blocked_runs_are_told_as_the_bench(runs, capsys):
    write(runs, one=B, other=B)
    assert invoke(["history", "board", f"--runs={runs}"]) == 0
    assert "the bench was the reason in 1 of 1 run" in " ".join(capsys.readouterr().out.split())


def test_as_json_and_all_boards(runs, capsys):
    for verdict in (P, F):
        write(runs, "a", one=verdict, header=with_firmware())
    write(runs, "b")
    (runs / "empty").mkdir()
    assert invoke(["history", f"--runs={runs}", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [(each["board"], each["flaky"]) for each in document["boards"]] == [("a", 1), ("b", 0)]
    assert document["unreadable"][0]["name"] == "empty"
    assert invoke(["history", "a", f"--runs={runs}", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["flaky"][0]["certain"] is True
    assert document["trends"][0]["outside"] is False
    assert invoke(["history", f"--runs={runs}"]) == 0
    out = capsys.readouterr().out
    assert "flaky scenarios: 1" in out
    assert "unreadable  empty" in out


def test_a_board_that_has_no_run(runs, capsys):
    assert invoke(["history", "board", f"--runs={runs}"]) == 2
    write(runs, "other")
    assert invoke(["history", "board", f"--runs={runs}"]) == 2
    assert "there are runs of other" in capsys.readouterr().err
