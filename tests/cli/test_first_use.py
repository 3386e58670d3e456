"""What a first user types, and what comes of it."""

import http.client
import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from harness.cli.main import invoke
from harness.cli.replayed_run import run_to_replay, split
from harness.errors import UsageError
from harness.id2.keys import Key, KeyType
from harness.service.mock.server import MockService
from harness.simulator.console.board import ConsoleBoard, ConsoleConfig

ROOT = Path(__file__).resolve().parents[2]
BOARD = ROOT / "boards" / "virtual-se-mtk.yaml"
NAME = "virtual-se-mtk"


@pytest.fixture
def suites(tmp_path):
    folder = tmp_path / "suites" / "step1_plan"
    folder.mkdir(parents=True)
    (folder / "test_some.py").write_text(
        'def test_good(scenario):\n    """This one passes."""\n    with scenario.step("T-01"):\n        pass\n\n'
        'def test_bad(scenario):\n    """This one fails."""\n    with scenario.step("T-01"):\n'
        '        assert False, "the answer is wrong"\n'
    )
    (folder.parent / "requirements.yaml").write_text(
        "- {id: T-01, statement: Something holds here., source: test, level: must, applies_when: always}\n"
    )
    return folder.parent


def run(suites, tmp_path, *more):
    return invoke(["run", str(BOARD), f"--only-suites={suites}", f"--runs={tmp_path / 'runs'}", *more])


def recorded(runs, stamp, board=NAME, **options):
    folder = runs / f"{stamp}-{board}"
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps({"board": board, "options": options}))
    return folder


def test_pipe_gets_each_scenario_once_and_failures_in_full(suites, tmp_path, capfd):
    assert run(suites, tmp_path) == 1
    said = capfd.readouterr().out
    assert said.count("This one passes") == 1
    lines = [line for line in said.splitlines() if "This one fails" in line]
    assert len(lines) == 2  # as it happened, and over its reason
    assert "the answer is wrong" in said
    assert "\x1b" not in said
    assert said.index("Virtual board, mock service") < said.index(f"failed {NAME}: This one fails")


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_pipe_keeps_to_columns(suites, tmp_path, capfd, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    run(suites, tmp_path)
    lines = capfd.readouterr().out.splitlines()
    assert all(len(line) <= columns or line.endswith("report.html") for line in lines)


def test_quiet_says_what_did_not_pass(suites, tmp_path, capfd):
    assert run(suites, tmp_path, "--quiet") == 1
    said = capfd.readouterr().out
    assert "This one passes" not in said
    assert said.count("This one fails") == 1
    assert "the answer is wrong" in said
    assert re.search(rf"{NAME}: failed(, [^()]+)? \(1 passed, 1 failed", " ".join(said.split()))


def test_json_is_all_that_stands_on_stdout(suites, tmp_path, capfd):
    assert run(suites, tmp_path, "--json") == 1
    document = json.loads(capfd.readouterr().out)
    assert document["exit_code"] == 1
    (report,) = document["runs"]
    assert Counter(each["verdict"] for each in report["scenarios"]) == {"passed": 1, "failed": 1}
    assert Path(report["folder"]).is_dir()


@pytest.mark.parametrize(
    "arguments", [["run", "nowhere.yaml"], ["plan", "nowhere.yaml"], ["run", "--wait=x", "b"]]
)
def test_json_error_is_a_document_too(arguments, capfd):
    assert invoke([*arguments, "--json"]) == 2
    said = capfd.readouterr()
    assert json.loads(said.out)["exit_code"] == 2
    assert json.loads(said.out)["error"]["message"]
    assert "rror: " in said.err


@pytest.mark.slow
@pytest.mark.parametrize("columns", [60, 80])
@pytest.mark.parametrize("command", ["boards list boards", "plan virtual-business-server", "doctor"])
def test_lists_keep_to_the_terminal(command, columns, capfd, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    assert invoke(command.split()) in (0, 3)
    said = capfd.readouterr().out
    assert max(map(len, said.splitlines())) <= columns
    monkeypatch.delenv("COLUMNS")
    invoke(command.split())
    assert set(said.split()) <= set(capfd.readouterr().out.split()), "a pipe gets everything"


@pytest.mark.parametrize("command", ["discover", "doctor", "boards list"])
def test_lists_come_as_json(command, capfd):
    folder = "--boards=boards" if command != "boards list" else "boards"
    assert invoke([*command.split(), folder, "--json"]) in (0, 3)
    assert isinstance(json.loads(capfd.readouterr().out), dict)


def test_newest_of_several_runs_is_replayed_and_said(tmp_path, capsys):
    runs = [recorded(tmp_path, f"2026010{day}T000000.000Z") for day in (1, 3, 2)]
    assert split([BOARD, *runs[1:]], runs[0]) == ([BOARD], runs[1])
    assert f"3 runs are given to replay; the newest is taken: {runs[1]}" in capsys.readouterr().err


def test_latest_is_the_newest_run_of_this_board_on_its_device(tmp_path):
    recorded(tmp_path, "20260101T000000.000Z")
    wanted = recorded(tmp_path, "20260102T000000.000Z")
    recorded(tmp_path, "20260103T000000.000Z", replay={"run": "x"})
    recorded(tmp_path, "20260104T000000.000Z", board="another")
    (tmp_path / f"20260105T000000.000Z-{NAME}").mkdir()
    assert run_to_replay(Path("latest"), tmp_path, BOARD) == wanted
    assert run_to_replay(wanted, tmp_path, BOARD) == wanted


def test_latest_of_no_run_is_one_sentence(tmp_path):
    with pytest.raises(UsageError, match=f"holds no run of {NAME} to replay"):
        run_to_replay(Path("latest"), tmp_path, BOARD)


def test_run_folder_is_no_board(tmp_path):
    folder = recorded(tmp_path, "20260101T000000.000Z")
    with pytest.raises(UsageError, match="is a run folder and no board file"):
        split([folder], None)
    with pytest.raises(UsageError, match="no board file is given"):
        split([folder], folder)


def test_each_word_is_explained(capfd):
    assert invoke(["explain", "6A80", "16", "6D00"]) == 0
    said = capfd.readouterr().out
    assert said.index("status word 6A80") < said.index("16") < said.index("status word 6D00")


@pytest.mark.parametrize("words", [["61 0F"], ["61", "0F"]])
def test_word_with_blanks_is_one_word(words, capfd):
    assert invoke(["explain", *words]) == 0
    assert "status word 610F" in capfd.readouterr().out


def test_unknown_word_does_not_hide_the_known_ones(capfd):
    assert invoke(["explain", "6A80", "nonsense"]) == 2
    said = capfd.readouterr()
    assert "status word 6A80" in said.out
    assert "nothing is known about 'nonsense'" in said.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["report", "--format", "docx"],
            "there is no 'docx', only all, json, html, ",
        ),
        (["run", "b", "--wait", "soon"], "'--wait': it must be a number"),
        (["run", "b", "--wait", "-1"], "'--wait': it must be 0"),
        (["service", "--port", "1e9"], "'--port': it must be a whole number"),
        (
            ["service", "--settings", "body_max=many"],
            "body_max: 'many' does not fit: it must be a whole number",
        ),
        (["service", "--settings", "rights=3"], "'3' does not fit: it must be a mapping"),
        (["service", "--port", "70000"], "'--port': it must be 65535 or less"),
    ],
)
def test_wrong_value_is_told_in_plain_words(arguments, words, capfd):
    assert invoke(arguments) == 2
    said = capfd.readouterr().err
    assert words in said
    for foreign in ("Value error", "Input should", "pydantic", "parse"):
        assert foreign not in said


def test_module_is_the_command():
    done = subprocess.run(
        [sys.executable, "-m", "harness", "--version"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.startswith("harness ")


@pytest.mark.parametrize(
    ("path", "accept", "status"),
    [
        ("/", "text/html,application/xhtml+xml,*/*;q=0.8", 307),
        ("/", "application/json", 400),
        ("/", "*/*", 400),
        ("/?Action=QueryId2", "text/html", 400),
    ],
)
def test_browser_is_led_to_the_console(path, accept, status):
    with MockService(web=True) as mock:
        connection = http.client.HTTPConnection(mock.endpoint.removeprefix("http://"), timeout=20)
        connection.request("GET", path, headers={"Accept": accept})
        answer = connection.getresponse()
        answer.read()
        connection.close()
    assert (answer.status == 307) == (status == 307)
    assert answer.getheader("Location") == ("/console/" if status == 307 else None)


def test_reader_that_leaves_a_console_leaves_no_error():
    board = ConsoleBoard(ConsoleConfig("0" * 24, Key.parse(KeyType.AES_128, "00" * 16)))
    for pieces in range(1, 40):
        printed = board.text()
        for _ in range(pieces):
            next(printed, None)
        printed.close()  # raised RuntimeError: generator ignored GeneratorExit
