"""The moving lines of `harness run`: on a terminal they move with and within scenarios, elsewhere there are none."""

import io
import re
import subprocess
import sys
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from harness.cli.earlier import earlier_seconds
from harness.cli.run_progress import RunProgress, clock_words
from tests.cli.terminal import Terminal

ROOT = Path(__file__).resolve().parents[2]
BOARD = ROOT / "boards" / "virtual-se-mtk.yaml"
LONG = """
import time
from pathlib import Path

HERE = Path(__file__).parent

def told(name):
    while not (HERE / name).exists():
        time.sleep(0.01)

def test_long(scenario):
    \"\"\"A long one.\"\"\"
    with scenario.step("T-01"):
        for done in range(1, 4):
            scenario.progress(done, 3, "commands")
            told(f"go{done}")
        with scenario.waiting("the board to come back", 90):
            told("back")
"""


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def drawn(progress, width=80):
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    console.print(progress)
    return console.file.getvalue()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def suites(tmp_path):
    folder = tmp_path / "suites" / "step1_plan"
    folder.mkdir(parents=True)
    (folder / "test_long.py").write_text(LONG)
    (folder.parent / "requirements.yaml").write_text(
        "- {id: T-01, statement: Something holds here., source: test, level: must, applies_when: always}\n"
    )
    return folder.parent


@pytest.mark.slow
def test_lines_move_within_one_scenario(suites, tmp_path):
    here = suites / "step1_plan"
    command = [sys.executable, "-m", "harness.cli.main", "run", BOARD]
    with Terminal(80, *command, f"--runs={tmp_path / 'runs'}", f"--only-suites={suites}") as terminal:
        for done in range(1, 4):
            shown = terminal.until(rf"{done}/3 commands")
            assert "0/1 0:0" in shown, "the scenario is not over and counts already"
            assert "1 plan: A long one" in shown
            assert "step 1/1: Something holds here." in shown
            (here / f"go{done}").touch()
        first = terminal.until(r"waits for the board to come back, 0:\d\d of 1:30 at most")
        spent = re.search(r"come back, (0:\d\d)", first)[1]
        later = terminal.until(rf"come back, (?!{spent})0:\d\d of")
        assert "0/1" in later
        (here / "back").touch()
        last = terminal.rest()
    assert terminal.code == 0
    assert "commands" not in last
    assert "virtual-se-mtk: passed" in last


@pytest.mark.slow
def test_nothing_moves_where_no_terminal_is(suites, tmp_path):
    for name in ("go1", "go2", "go3", "back"):
        (suites / "step1_plan" / name).touch()
    command = [sys.executable, "-m", "harness.cli.main", "run", BOARD]
    done = subprocess.run(
        [*command, f"--runs={tmp_path / 'runs'}", f"--only-suites={suites}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for mark in ("\x1b", "\r", "commands", "━"):
        assert mark not in done.stdout + done.stderr


def test_expected_end_follows_the_pace(clock):
    meant = [("step3_chip", "Long"), ("step3_chip", "Next")]
    progress = RunProgress("b", meant, {meant[1]: 30.0}, clock)
    progress.started(*meant[0])
    assert progress.seconds_left() is None
    progress.step(2, 5, "Answers stay the same")
    progress.reached(0, 2000, "commands")
    clock.now += 10
    progress.reached(500, 2000, "commands")
    assert progress.seconds_left() == 30 + 30
    text = drawn(progress)
    assert "0/2" in text
    assert "0:10, about 1:00 left" in text
    assert "500/2000 commands · 0:10, about 0:30 left · step 2/5: Answers stay the same" in text
    progress.finished(*meant[0])
    assert progress.seconds_left() == 30
    assert "1/2" in drawn(progress)


def test_times_of_an_earlier_run_are_the_guess(clock):
    meant = [("s", "a"), ("s", "b")]
    progress = RunProgress("b", meant, {("s", "a"): 100.0, ("s", "b"): 20.0}, clock)
    progress.started("s", "a")
    clock.now += 40
    assert progress.seconds_left() == 80
    clock.now += 200
    assert progress.seconds_left() == 20, "longer than the last time: the others are still to come"


def test_no_end_is_made_up(clock):
    progress = RunProgress("b", [("s", str(number)) for number in range(20)], {}, clock)
    progress.started("s", "0")
    clock.now += 5
    assert "end not known yet" in drawn(progress)


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_lines_fit_the_terminal(clock, width):
    title = "ID² 设备身份认证 " * 20
    progress = RunProgress("virtual-business-server", [("step3_server", title)] * 150, {}, clock)
    progress.started("step3_server", title)
    progress.step(1, 2, title)
    progress.waits("the operator \x1b[31m" + title, None)
    clock.now += 5000
    text = drawn(progress, width)
    assert max(cell_len(line) for line in text.splitlines()) <= width
    assert len(text.splitlines()) == 3
    assert "\x1b" not in text


def test_waiting_ends_with_the_next_step(clock):
    progress = RunProgress("b", [("s", "t")], {}, clock)
    progress.started("s", "t")
    progress.waits("the operator", None)
    clock.now += 61
    assert "waits for the operator, 1:01 ·" in drawn(progress)
    progress.step(1, 1, "Go")
    assert "operator" not in drawn(progress)


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0:00"), (7.9, "0:07"), (750, "12:30"), (3723, "1:02:03"), (-1, "0:00")]
)
def test_clock(seconds, words):
    assert clock_words(seconds) == words


@pytest.mark.parametrize(
    "report",
    [
        "",
        "[" * 100_000,
        '{"scenarios": 3}',
        '{"scenarios": [{"seconds": "x"}]}',
        '{"scenarios": [{"seconds": 1e999}]}',
    ],
)
def test_earlier_runs_that_cannot_be_read_say_nothing(tmp_path, report):
    folder = tmp_path / "20260101T000000.000Z-b"
    folder.mkdir()
    (folder / "report.json").write_text(report)
    assert earlier_seconds(tmp_path, "b") == {}
    assert earlier_seconds(tmp_path / "none", "b") == {}
