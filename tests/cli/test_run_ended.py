"""How a run ends before its end: signals, once and again; and a process that is killed at any moment."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.cli.main import invoke
from harness.report import model
from harness.run.folder import RunFolder

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
BOARD = ROOT / "boards" / "virtual-se-mtk.yaml"
SUITE = '''
import os, signal, time

def test_a(scenario):
    """The first."""
    with scenario.step("T-01"):
        pass

def test_b(scenario):
    """Says that it is there, and waits."""
    with scenario.step("T-01"):
        open(os.environ["HERE"], "w").close()
        time.sleep(60)

def test_c(scenario):
    """Never comes."""
    with scenario.step("T-01"):
        raise AssertionError("it came")
'''


def suites_in(folder: Path, body: str = SUITE) -> Path:
    (folder / "suites" / "step1_plan").mkdir(parents=True)
    (folder / "suites" / "step1_plan" / "test_three.py").write_text(body)
    (folder / "suites" / "requirements.yaml").write_text(
        "- {id: T-01, statement: Something holds., source: test, level: must, applies_when: always}\n"
    )
    return folder / "suites"


@pytest.fixture(autouse=True)
def signals_are_heard():
    """Let the runs hear signals that these tests themselves ignore where nohup or a shell's `&` started them."""
    before = {number: signal.getsignal(number) for number in (signal.SIGHUP, signal.SIGINT)}
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@contextmanager
def started(folder: Path, *, nohup: bool = False):
    """Start a run whose second scenario waits."""
    command = [sys.executable, "-m", "harness.cli.main", "run", str(BOARD), f"--runs={folder / 'runs'}"]
    with subprocess.Popen(
        [*(["nohup"] if nohup else []), *command, f"--only-suites={suites_in(folder)}"],
        cwd=ROOT,
        env={**os.environ, "HERE": str(folder / "here")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(path: Path, process: subprocess.Popen[bytes]) -> None:
    while not path.exists():
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("signals", "said"),
    [
        ([signal.SIGTERM], "ended by the signal SIGTERM"),
        ([signal.SIGHUP], "ended by the signal SIGHUP"),
        ([signal.SIGINT] * 4, "interrupted by the operator (Ctrl-C)"),
        ([signal.SIGTERM, signal.SIGINT, signal.SIGHUP], "ended by the signal SIGTERM"),
    ],
    ids=["TERM", "HUP", "INT again and again", "all of them"],
)
def test_a_signal_ends_a_run_with_its_reports(tmp_path, signals, said):
    with started(tmp_path) as process:
        wait_for(tmp_path / "here", process)
        for number in signals:
            process.send_signal(number)
            time.sleep(0.02)
        _, err = process.communicate(timeout=120)
    assert process.returncode == 128 + signals[0], err
    assert b"Traceback" not in err
    run = (tmp_path / "runs" / "latest").resolve()
    report = json.loads((run / "report.json").read_text())
    assert [one["verdict"] for one in report["scenarios"]] == ["passed", "not_run", "not_run"]
    assert [one["reason"] for one in report["scenarios"]] == ["", said, said]
    assert (report["verdict"], report["interrupted"], report["problems"]) == ("incomplete", said, [])
    assert invoke(["report", str(run), "--check"]) == 0


def test_a_run_that_outlives_its_terminal_is_left_alone(tmp_path):
    with started(tmp_path, nohup=True) as process:
        wait_for(tmp_path / "here", process)
        process.send_signal(signal.SIGHUP)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=120)
    assert process.returncode == 128 + signal.SIGTERM


PROGRAM = """
import json, os, sys, traceback
from pathlib import Path
from harness.run.events import ScenarioInfo
from harness.run.run import Run
from harness.run.verdict import Verdict
from harness.report import allure, close, csv_report, ctrf, html, json_report, junit
from harness.report.pdf import renderer
from harness.report.page import page
import pylopdf_fonts_zh_cn, typst
real = {name: getattr(os, name) for name in ("mkdir", "open", "write", "rename", "replace", "symlink", "close")}

def counted(name):
    def call(*args, **kwargs):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), 9)
        return real[name](*args, **kwargs)
    return call

def whole(runs):
    for name in real:
        setattr(os, name, counted(name))
    run = Run.create(runs, "board")
    run.plan([ScenarioInfo("a"), ScenarioInfo("b")])
    for name in "ab":
        log = run.begin(ScenarioInfo(name))
        log.evidence("e.txt", b"x")
        log.finish(Verdict.PASSED)
    run.finish()
    close(run.path)

for line in sys.stdin:
    runs, left = json.loads(line)
    child = os.fork()
    if not child:
        try:
            whole(Path(runs))
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@pytest.fixture(scope="module")
def run_killed_at():
    """Return how a run ends whose process is killed at its n-th call; 0 lets it end. A fork spares it its imports."""
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:

        def ended(runs: Path, place: int) -> int:
            print(json.dumps([str(runs), place]), file=process.stdin, flush=True)
            return int(process.stdout.readline())

        yield ended
        process.stdin.close()


CALLS = 40
"""More than such a run makes of the calls that are counted."""


def test_no_call_comes_behind_the_last_that_is_killed(tmp_path, run_killed_at):
    assert run_killed_at(tmp_path / "runs", 30) == -signal.SIGKILL
    assert run_killed_at(tmp_path / "runs", CALLS) == 0


@pytest.mark.parametrize("place", range(1, CALLS))
def test_killed_at_any_call_the_folder_can_be_reported(tmp_path, run_killed_at, place):
    runs = tmp_path / "runs"
    assert run_killed_at(runs, place) in (-signal.SIGKILL, 0)
    shown = [path for path in runs.glob("*") if not path.is_symlink()] if runs.exists() else []
    for path in shown:
        assert invoke(["report", str(path)]) == 0
        report = model.load(path)
        ended = report.finished is not None
        assert report.verdict == ("passed" if ended and not report.problems else "error")
    # Whatever was left behind is gone after the next run.
    assert run_killed_at(runs, 0) == 0
    assert not list(runs.glob(".*"))
    assert invoke(["report", str(runs / "latest"), "--check"]) == 0
    assert RunFolder.open(runs / "latest").path not in shown


def test_killed_at_a_random_moment_the_folder_can_be_reported(tmp_path):
    for number in range(20):
        folder = tmp_path / str(number)
        folder.mkdir()
        with started(folder) as process:
            time.sleep(random.uniform(0.2, 3))
            process.kill()
            process.communicate()
        runs = folder / "runs"
        for path in runs.glob("[0-9]*"):
            assert invoke(["report", str(path)]) == 0
            assert model.load(path).exit_code != 0


ENDING = '''
import os, signal

def test_a(scenario, harness_session):
    """Passes; then somebody asks for the end while the reports are written."""
    write = harness_session.report

    def report():
        os.kill(os.getpid(), signal.SIGTERM)
        write()

    harness_session.report = report
    with scenario.step("T-01"):
        pass
'''


@pytest.mark.parametrize("more", [[], ["-j1"]])
def test_a_run_that_is_over_gets_its_reports_whoever_asks_for_the_end(tmp_path, more):
    words = [sys.executable, "-m", "harness.cli.main", "run", str(BOARD), f"--runs={tmp_path / 'runs'}"]
    words += [f"--only-suites={suites_in(tmp_path, ENDING)}", "--without-pdf", *more]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    # Of a campaign one board was asked to end; a run alone is what was asked to.
    assert done.returncode == (5 if more else 143), done.stderr
    assert "lost" not in done.stdout + done.stderr
    (folder,) = (tmp_path / "runs").glob("2*")
    assert (folder / "manifest.json").is_file()
    assert model.load(folder).verdict == "passed"
