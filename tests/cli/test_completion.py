"""Completion as bash and zsh ask for it: boards, runs and faults, by the names that people see."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.cli.main import invoke

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def bench(tmp_path):
    (tmp_path / "boards").mkdir()
    for name in ("mine.yaml", "mine-too.yaml", "other.yml", "notes.txt"):
        (tmp_path / "boards" / name).write_text("")
    for name in ("20260101T000000.000Z-mine", "20260102T000000.000Z-mine"):
        (tmp_path / "runs" / name).mkdir(parents=True)
        (tmp_path / "runs" / name / "run.json").write_text("{}")
    (tmp_path / "runs" / "latest").symlink_to("20260102T000000.000Z-mine")
    (tmp_path / "runs" / "no-run").mkdir()
    return tmp_path


def asked(shell, *words):
    """Give the variables by which a shell asks."""
    if shell == "bash":
        told = {"COMP_WORDS": " ".join(("harness", *words)), "COMP_CWORD": str(len(words))}
    else:
        told = {"_TYPER_COMPLETE_ARGS": " ".join(("harness", *words))}
    return {"_HARNESS_COMPLETE": f"complete_{shell}", **told}


@pytest.fixture
def ask(monkeypatch, capfd):
    """Ask as a shell does, but in this process."""

    def said(shell, folder, *words):
        monkeypatch.chdir(folder)
        for name, value in asked(shell, *words).items():
            monkeypatch.setenv(name, value)
        assert invoke([]) == 0
        offered, complaints = capfd.readouterr()
        assert complaints == ""
        return offered

    return said


@pytest.mark.parametrize("shell", ["bash", "zsh"])
@pytest.mark.parametrize(
    ("words", "offered", "left"),
    [
        (("run", "mi"), ["mine", "mine-too"], ["other", "notes"]),
        (("run", "mine", "oth"), ["other"], ["mine"]),
        (("run", "boards/m"), ["boards/mine.yaml", "boards/mine-too.yaml"], ["notes.txt"]),
        (("plan", "o"), ["other"], ["mine"]),
        (("boards", "check", "mi"), ["mine"], ["other"]),
        (
            ("report", "runs/2"),
            ["runs/20260102T000000.000Z-mine", "runs/20260101T000000.000Z-mine"],
            ["no-run"],
        ),
        (("trace", "runs/l"), ["runs/latest"], ["runs/2026"]),
        (("run", "mine", "--replay", "la"), ["latest"], ["mine"]),
        (("run", "mine", "--fault", "chip=na"), ["chip=nak"], ["chip=flip"]),
        (("simulate", "chip", "--fault", "wrong-c"), ["wrong-class-accepted"], ["mine"]),
    ],
)
def test_names_are_offered(ask, bench, shell, words, offered, left):
    said = ask(shell, bench, *words)
    for name in offered:
        assert name in said
    for name in left:
        assert name not in said


def test_names_that_are_not_there_are_no_error(ask, tmp_path):
    assert ask("bash", tmp_path, "run", "x").strip() == ""
    assert ask("bash", tmp_path, "trace", "/nowhere/x").strip() == ""


def test_a_shell_asks_a_process_of_its_own(bench):
    done = subprocess.run(
        [sys.executable, "-c", "from harness.cli.main import main; main()"],
        cwd=bench,
        env={**os.environ, "PYTHONPATH": str(ROOT), **asked("bash", "run", "mi")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == ["mine", "mine-too"]
