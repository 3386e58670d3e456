"""`harness runs`, as a person and a program see it."""

import json

import pytest

from harness.cli.main import invoke
from harness.run.header import Header
from harness.run.verdict import Verdict
from tests.history.small_run import write

SIMULATED = Header(
    board_file={"transports": {"chip": {"kind": "simulated-i2c"}}},
    options={"service": "mock", "stand_ins": {"chip": "simulated"}},
)


@pytest.fixture
def runs(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "80")
    (tmp_path / "runs").mkdir()
    return tmp_path / "runs"


def said(capsys, *words):
    code = invoke(["runs", *words])
    out, err = capsys.readouterr()
    assert code == 0, err
    return out


def test_a_run_on_one_line_with_its_verdict_and_what_is_simulated(runs, capsys):
    name = write(runs, "se", one=Verdict.FAILED, header=SIMULATED).name
    head, line = said(capsys, f"--runs={runs}").splitlines()
    assert head.split() == ["RUN", "VERDICT", "FAILED", "TOOK"]
    assert line.startswith(name)
    assert line.split()[1:3] == ["failed", "1/2"]
    assert line.endswith("simulated, mock")


def test_a_long_name_gets_a_line_of_its_own_and_no_line_is_wider_than_the_terminal(runs, capsys):
    name = write(runs, "b" * 55, header=SIMULATED).name
    first, second = said(capsys, f"--runs={runs}").splitlines()
    assert first == name
    assert second.split()[0] == "passed"
    assert len(second) <= 80


def test_what_is_left_out_by_the_limit_is_told(runs, capsys):
    for _ in range(3):
        write(runs)
    assert "2 older: --limit 3" in said(capsys, f"--runs={runs}", "--limit=1")
    assert "older" not in said(capsys, f"--runs={runs}", "--limit=0")


def test_as_json(runs, capsys):
    name = write(runs, "se", header=SIMULATED).name
    (runs / "empty").mkdir()
    document = json.loads(said(capsys, f"--runs={runs}", "--json", "--requirement=R-1"))
    (run,) = document["runs"]
    assert run["folder"] == str(runs / name)
    assert run["requirement"] == "passed"
    assert run["marks"] == ["simulated", "mock"]
    assert document["unreadable"][0]["name"] == "empty"


def test_a_run_whose_last_files_could_not_be_written_says_so(runs, capsys):
    folder = write(runs, "se", header=SIMULATED)
    (folder / "manifest.json").unlink()
    assert said(capsys, f"--runs={runs}").splitlines()[1].endswith("simulated, mock, no manifest")


def test_why_nothing_is_found(runs, capsys):
    def told(*words):
        return " ".join(said(capsys, f"--runs={runs}", *words).split())

    assert "holds no run yet" in told()
    write(runs, "real-board")
    assert "there are runs of real-board" in told("--board=rael-board")
    assert "none of 1 runs is what was asked for" in told("--verdict=failed")


def test_names_that_are_hostile_reach_no_terminal_raw(runs, capsys):
    (runs / "\x1b[2Jevil\u202e").mkdir()
    out = said(capsys, f"--runs={runs}")
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "unreadable" in out


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--verdict=fine"], "only"),
        (["--mode=secret"], "only"),
        (["--since=yesterday"], "is no moment"),
        (["--runs=/nowhere"], "no such folder with runs"),
    ],
)
def test_what_cannot_be_asked(runs, capsys, words, why):
    assert invoke(["runs", f"--runs={runs}", *words]) == 2
    out, err = capsys.readouterr()
    assert why in out + err


def test_all_documents_name_their_version(runs, capsys):
    first, second = write(runs).name, write(runs).name
    for words in (["runs"], ["history"], ["history", "board"], ["compare", first, second]):
        assert invoke([*words, f"--runs={runs}", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["schema_version"] == 1, words


def test_a_run_that_is_not_there_is_looked_for_with_the_harness(runs, capsys):
    assert invoke(["report", str(runs / "none")]) == 2
    assert f"harness runs --runs {runs} lists" in " ".join(capsys.readouterr().err.split())
