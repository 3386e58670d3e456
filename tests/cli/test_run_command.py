"""`harness run` on whole boards: what a user sees, and the exit codes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from harness.cli.main import invoke

ROOT = Path(__file__).resolve().parents[2]
BOARD = ROOT / "boards" / "virtual-se-mtk.yaml"
QUICK = ["-k", "test_plan or test_identity"]
INCOMPLETE = 5


def harness(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "harness.cli.main", *arguments]
    return subprocess.run(
        command,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, **environment},
    )


def board_like(path: Path, **changes: object) -> Path:
    board = yaml.safe_load(BOARD.read_text())
    board.update(changes)
    path.write_text(yaml.safe_dump(board))
    return path


@pytest.mark.slow
def test_two_boards_in_one_table(tmp_path, capfd):
    second = board_like(tmp_path / "second.yaml", name="second")
    code = invoke(["run", str(BOARD), str(second), f"--runs={tmp_path / 'runs'}", *QUICK])
    said = capfd.readouterr().out
    assert code == INCOMPLETE, said
    assert "virtual-se-mtk: incomplete" in said
    assert "second: incomplete" in said
    assert said.count("report.html") == 2
    assert (tmp_path / "runs" / "latest").resolve().name.endswith("-second")


def test_run_folder_is_whole(tmp_path):
    assert invoke(["run", str(BOARD), f"--runs={tmp_path}", *QUICK]) == INCOMPLETE
    folder = (tmp_path / "latest").resolve()
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*")}
    assert {"run.json", "journal.jsonl", "report.json", "report.html", "junit.xml", "manifest.json"} <= names
    assert "transport/chip.rec" in names
    assert any(name.startswith("allure-results/") for name in names)
    header = json.loads((folder / "run.json").read_text())
    assert {entry["role"] for entry in header["inputs"]} == {"board file", "requirements list"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        (
            {
                "plan": {
                    "pattern": "own-platform",
                    "carrier": "sex",
                    "platform": "third-party-os",
                    "key_type": "aes-128",
                }
            },
            2,
            ["carrier", "se"],
        ),
        ({"transports": {}}, 2, ["transports"]),
        (
            {"transports": {"chip": {"kind": "serial", "port": "/dev/ttyNOTHERE"}}, "device": {}},
            3,
            ["/dev/ttyNOTHERE"],
        ),
        (
            {"transports": {"chip": {"kind": "socket", "path": "/nowhere/chip.sock"}}, "device": {}},
            3,
            ["/nowhere/chip.sock"],
        ),
        (
            {
                "service": {
                    "endpoint": "https://id2.example.com",
                    "access_key": {"id": {"env": "A"}, "secret": {"env": "B"}},
                    "product": {"product_key": "a1b2c3d4e5f"},
                }
            },
            2,
            ["service.access_key.id", "environment variable A is not set"],
        ),
    ],
)
def test_bad_board(tmp_path, capfd, changes, code, words):
    path = board_like(tmp_path / "bad.yaml", **changes)
    got = invoke(["run", str(path), f"--runs={tmp_path / 'runs'}"])
    said = capfd.readouterr()
    assert got == code, said.out + said.err
    assert "Traceback" not in said.out + said.err
    for word in words:
        assert word in said.out + said.err


def test_all_board_files_are_checked_before_the_first_is_touched(tmp_path, capfd):
    bad = tmp_path / "bad.yaml"
    bad.write_text("name: [")
    assert invoke(["run", str(BOARD), str(bad), f"--runs={tmp_path / 'runs'}"]) == 2
    assert "bad.yaml:" in capfd.readouterr().err
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
def test_chip_that_answers_nothing_is_blocked(tmp_path, capfd, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    ours, theirs = os.openpty()
    try:
        path = board_like(
            tmp_path / "silent.yaml",
            transports={"chip": {"kind": "serial", "port": os.ttyname(theirs)}},
            chip={"transport": "chip", "framing": "hex-line", "command_set": "mtk", "timeout_s": 0.2},
            device={},
        )
        assert invoke(["run", str(path), f"--runs={tmp_path / 'runs'}"]) == 3
    finally:
        os.close(ours)
        os.close(theirs)
    said = capfd.readouterr()
    assert "blocked" in said.out
    assert "set aside" in said.out
    report = json.loads((tmp_path / "runs" / "latest" / "report.json").read_text())
    assert report["verdict"] == "blocked"


def test_runs_folder_that_cannot_be_written(tmp_path, capfd):
    (tmp_path / "file").write_text("")
    assert invoke(["run", str(BOARD), f"--runs={tmp_path / 'file' / 'runs'}"]) == 3
    said = capfd.readouterr().err
    assert str(tmp_path / "file") in said
    assert "Traceback" not in said


def test_selection_that_matches_nothing(tmp_path, capfd):
    assert invoke(["run", str(BOARD), f"--runs={tmp_path / 'runs'}", "-k", "nothing_like_this"]) == 2
    assert "no scenario" in capfd.readouterr().err


@pytest.mark.slow
def test_killed_run_keeps_what_happened(tmp_path):
    slow = tmp_path / "suites" / "step1_plan"
    slow.mkdir(parents=True)
    (slow / "test_slow.py").write_text(
        'import os, signal\n\ndef test_a(scenario):\n    """First."""\n    with scenario.step("T-01"):\n        pass\n\n'
        'def test_b(scenario):\n    """Killed."""\n    with scenario.step("T-01"):\n        os.kill(os.getpid(), signal.SIGKILL)\n'
    )
    (tmp_path / "suites" / "requirements.yaml").write_text(
        "- {id: T-01, statement: Something holds here., source: test, level: must, applies_when: always}\n"
    )
    killed = harness("run", str(BOARD), f"--runs={tmp_path / 'runs'}", f"--only-suites={tmp_path / 'suites'}")
    assert killed.returncode == -9
    again = harness("report", str(tmp_path / "runs" / "latest"))
    assert "Traceback" not in again.stderr
    report = json.loads((tmp_path / "runs" / "latest" / "report.json").read_text())
    assert report["incomplete"] is True
    assert [one["verdict"] for one in report["scenarios"]] == ["passed", "error"]


@pytest.mark.slow
def test_a_suite_that_cannot_be_imported_is_told(tmp_path):
    folder = tmp_path / "suites" / "step1_plan"
    folder.mkdir(parents=True)
    (folder / "test_broken.py").write_text("import nothing_like_this\n")
    (tmp_path / "suites" / "requirements.yaml").write_text("[]\n")
    done = harness("run", str(BOARD), f"--runs={tmp_path / 'runs'}", f"--only-suites={tmp_path / 'suites'}")
    assert done.returncode == 2, done.stdout + done.stderr
    assert "nothing_like_this" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments", [["run"], ["no-such-command"], ["run", "--no-such-option"], ["run", "nowhere.yaml"]]
)
def test_wrong_command_lines_are_usage(arguments, capfd):
    assert invoke(arguments) == 2
    assert "Traceback" not in capfd.readouterr().err


def test_version_and_help(capfd):
    assert invoke(["--version"]) == 0
    assert invoke(["--help"]) == 0
    said = capfd.readouterr().out
    for command in (
        "run",
        "plan",
        "boards",
        "check-log",
        "report",
        "trace",
        "simulate",
        "service",
        "id2",
        "explain",
    ):
        assert command in said


@pytest.mark.slow
def test_reader_that_leaves_does_not_end_the_run(tmp_path):
    command = f"{sys.executable} -m harness.cli.main run {BOARD} --runs={tmp_path} | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Error" not in done.stderr
    assert json.loads((tmp_path / "latest" / "report.json").read_text())["verdict"] == "passed"


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_output_that_cannot_be_written(unbuffered):
    command = f"{sys.executable} -m harness.cli.main explain 16 > /dev/full"
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
    )
    assert done.returncode == 3
    assert "No space left" in done.stderr
    assert "defect" not in done.stderr


def test_selection_that_is_no_expression(tmp_path, capfd):
    assert invoke(["run", str(BOARD), f"--runs={tmp_path / 'runs'}", "-k", "a and ("]) == 2
    said = capfd.readouterr().err
    assert "-k" in said
    assert "no scenario" not in said


def test_selection_that_does_not_apply(tmp_path, capfd):
    assert invoke(["run", str(BOARD), f"--runs={tmp_path / 'runs'}", "-k", "test_vendor_information"]) == 2
    assert "nothing was judged" in capfd.readouterr().err


def test_each_board_on_which_nothing_was_judged_is_told(tmp_path, capfd):
    other = tmp_path / "other.yaml"
    other.write_text(BOARD.read_text().replace(f"name: {BOARD.stem}", "name: other"))
    words = ["--only-suites", str(nothing_applies(tmp_path)), f"--runs={tmp_path / 'runs'}"]
    assert invoke(["run", str(BOARD), str(other), *words]) == 2
    said = capfd.readouterr().err
    for board in (BOARD, other):
        assert (
            said.count(
                f"error: nothing was judged: no selected scenario applies to the board\n  try: harness plan {board} "
            )
            == 1
        )


def nothing_applies(folder: Path) -> Path:
    """Make suites of one scenario that is for no board."""
    (folder / "suites" / "step1_plan").mkdir(parents=True)
    (folder / "suites" / "requirements.yaml").write_text(
        "- {id: T-01, statement: Something holds., source: test, level: must, applies_when: carrier=module}\n"
    )
    (folder / "suites" / "step1_plan" / "test_one.py").write_text(
        'def test_a(scenario):\n    """One."""\n    with scenario.step("T-01"):\n        pass\n'
    )
    return folder / "suites"


def recorded(tmp_path: Path, capture: Path) -> Path:
    board = yaml.safe_load((ROOT / "boards" / "recorded-console.yaml").read_text())
    board["transports"]["console"]["file"] = str(capture)
    path = tmp_path / "recorded-console.yaml"
    path.write_text(yaml.safe_dump(board))
    return path


def test_missing_capture_is_found_before_anything_runs(tmp_path, capfd):
    assert invoke(["run", str(recorded(tmp_path, tmp_path / "nope.log")), f"--runs={tmp_path / 'runs'}"]) == 2
    assert "transports.console.file: there is no file" in capfd.readouterr().err
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
def test_capture_that_is_cut_is_judged_as_far_as_it_goes(tmp_path, capfd):
    sample = ROOT / "boards" / "consoles" / "id2_app-3.1.0-se-3des168.log"
    (tmp_path / "cut.log").write_text("".join(sample.read_text().splitlines(keepends=True)[:100]))
    assert invoke(["run", str(recorded(tmp_path, tmp_path / "cut.log")), f"--runs={tmp_path / 'runs'}"]) == 1
    said = capfd.readouterr().out
    assert "the log ends before it" in said
    assert "assert not" not in said, "pytest's own explanation reached the reader"


@pytest.mark.slow
def test_second_run_leaves_the_first_alone(tmp_path):
    for _ in range(2):
        assert invoke(["run", str(BOARD), f"--runs={tmp_path}", *QUICK]) == INCOMPLETE
    folders = list(tmp_path.glob("[0-9]*"))
    assert len(folders) == 2
    assert (tmp_path / "latest").resolve() == max(folders)
