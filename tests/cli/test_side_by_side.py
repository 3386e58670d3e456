"""`harness run -j`: boards side by side, and what befalls one of them touches no other."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness.progress.campaigns import find
from harness.progress.reader import follow
from harness.report import model

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
BOARD = ROOT / "boards" / "virtual-se-mtk.yaml"
SUITE = '''
import os, signal, subprocess, sys, time
from pathlib import Path

def test_first(scenario):
    """It works."""
    with scenario.step("T-01"):
        pass

def test_second(scenario, harness_session, capfd):
    """Something happens to it."""
    name = harness_session.board_file.name
    with scenario.step("T-01"):
        print("printed by", name)
        match name:
            case "segv": os.kill(os.getpid(), signal.SIGSEGV)
            case "exit": os._exit(0)
            case "kill": os.kill(os.getpid(), signal.SIGKILL)
            case "memory": raise MemoryError
            case "loud":
                with capfd.disabled():
                    os.write(2, b"\\x1b[31mraw to the terminal\\n" * 3)
            case "fails": assert 1 == 2, "told"
            case "slow": time.sleep(2)
            case "hangs":
                Path("here").touch()
                time.sleep(600)
            case "deaf":
                signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
                Path("here").touch()
                subprocess.Popen(["sleep", "600"])
                time.sleep(600)
'''


@pytest.fixture
def campaign(tmp_path):
    """Return the words of a campaign on boards of these names, in a folder of its own."""
    folder = tmp_path / "suites" / "step1_plan"
    folder.mkdir(parents=True)
    (folder / "test_two.py").write_text(SUITE)
    (folder.parent / "requirements.yaml").write_text(
        "- {id: T-01, statement: Something holds., source: test, level: must, applies_when: always}\n"
    )

    def words(*names, jobs="auto", more=()):
        text = BOARD.read_text()
        boards = []
        for name in dict.fromkeys(names):
            (tmp_path / f"{name}.yaml").write_text(text.replace("name: virtual-se-mtk", f"name: {name}"))
        boards = [f"{name}.yaml" for name in names]
        given = [
            sys.executable,
            "-m",
            "harness.cli.main",
            "run",
            *([] if jobs is None else [f"-j{jobs}"]),
            "--only-suites=suites",
            "--without-pdf",
        ]
        return [*given, *boards, *more]

    return words


def run(words, folder, timeout=120):
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        words, cwd=folder, env=env, capture_output=True, text=True, timeout=timeout, check=False
    )


def started(words, folder):
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        words,
        cwd=folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def events(folder, name="latest"):
    found = [told.event for told in follow(find(folder / "runs", name).folder.progress)]
    assert [one["seq"] for one in found] == list(range(len(found)))
    return found


def report_of(folder, board):
    (run,) = (folder / "runs").glob(f"[0-9]*-{board}")
    assert (run / "report.html").is_file()
    return model.load(run)


def until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.05)


def test_what_befalls_one_board_touches_no_other(campaign, tmp_path):
    names = ["segv", "sound", "exit", "kill", "memory", "loud", "fails", "slow"]
    done = run(campaign(*names, more=["--json"]), tmp_path)
    assert done.returncode == 4, done.stderr
    document = json.loads(done.stdout)
    state = find(tmp_path / "runs", "latest").state()
    assert list(state.boards) == names
    assert {name: board.phase for name, board in state.boards.items() if board.phase != "finished"} == {
        "segv": "lost",
        "exit": "lost",
        "kill": "lost",
    }
    verdicts = {name: board.verdict for name, board in state.boards.items()}
    assert verdicts["sound"] == verdicts["slow"] == verdicts["loud"] == "passed"
    assert verdicts["fails"] == "failed"
    assert verdicts["memory"] == "error"
    assert verdicts["segv"] == verdicts["exit"] == verdicts["kill"] == ""
    assert state.boards["segv"].reason == "its process was killed by SIGSEGV"
    assert state.boards["exit"].reason == "its process ended by itself with exit code 0"
    # What a lost board left is closed as an aborted run, which has neither passed nor failed.
    for board, reason in (("segv", "SIGSEGV"), ("kill", "SIGKILL"), ("exit", "exit code 0")):
        report = report_of(tmp_path, board)
        assert (report.verdict, report.exit_code) == ("error", 4)
        assert reason in report.interrupted
        assert report.finished is not None
        assert [one.verdict for one in report.scenarios] == ["passed", "error"]
        assert sum(reason in message and board in message for message in document["messages"]) == 1
    # The summary stands in the order of the boards, whichever ended first.
    assert [one["board"] for one in document["runs"]] == names
    assert "\x1b" not in done.stderr
    assert "loud  ␛[31mraw to the terminal" in done.stderr


def test_a_board_that_gives_no_sign_is_given_up(campaign, tmp_path):
    done = run(campaign("deaf", "sound", more=["--lost-after=3"]), tmp_path)
    assert done.returncode == 4, done.stderr
    assert "error: deaf: its process gave no sign for 3 s, and was killed" in done.stderr
    assert report_of(tmp_path, "deaf").verdict == "error"
    assert report_of(tmp_path, "sound").verdict == "passed"
    assert not _processes_of(tmp_path)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_ends_all_in_order(campaign, tmp_path, number, code):
    with started(campaign("hangs", "sound", "never", jobs=1), tmp_path) as process:
        until((tmp_path / "here").exists)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    assert "not run: sound, never" in err
    report = report_of(tmp_path, "hangs")
    assert [one.verdict for one in report.scenarios] == ["passed", "not_run"]
    told = events(tmp_path)
    assert told[-1]["event"] == "campaign_finished"
    assert told[-1]["exit_code"] == code
    assert not _processes_of(tmp_path)
    assert "hangs" in out


def test_a_signal_before_the_first_board_has_begun_ends_all_too(campaign, tmp_path):
    with started(campaign("sound", "slow", jobs=1), tmp_path) as process:
        until(lambda: list((tmp_path / "runs" / ".campaigns").glob("2*/campaign.json")))
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 143, err
    assert "not run: " in err
    assert events(tmp_path)[-1]["event"] == "campaign_finished"


def test_a_board_that_never_began_keeps_the_others_from_passing_for_all(campaign, tmp_path):
    with started(campaign("slow", "sound", jobs=1), tmp_path) as process:
        until(lambda: list((tmp_path / "runs" / ".campaigns").glob("2*/campaign.json")))
        (find(tmp_path / "runs", "latest").folder.path / "stop-sound").touch()
        _, err = process.communicate(timeout=60)
    assert process.returncode == 5, err
    assert report_of(tmp_path, "slow").verdict == "passed"
    assert "not run: sound" in err


def test_when_the_campaign_is_killed_its_boards_end_in_order(campaign, tmp_path):
    with started(campaign("hangs", "sound", jobs=2), tmp_path) as process:
        until((tmp_path / "here").exists)
        process.kill()
        process.communicate(timeout=60)
    until(lambda: not _processes_of(tmp_path))
    campaign_found = find(tmp_path / "runs", "latest")
    assert not campaign_found.alive
    report = report_of(tmp_path, "hangs")
    assert report.interrupted == "ended by the signal SIGTERM"
    assert report.finished is not None


@pytest.mark.parametrize("jobs", [1, None], ids=["-j 1", "without -j"])
def test_a_stop_file_ends_its_board_alone(campaign, tmp_path, jobs):
    with started(campaign("hangs", "slow", "sound", jobs=jobs), tmp_path) as process:
        until((tmp_path / "here").exists)
        folder = find(tmp_path / "runs", "latest").folder.path
        (folder / "stop-sound").touch()
        (folder / "stop-hangs").touch()
        _, err = process.communicate(timeout=60)
    assert process.returncode == 5, err
    stopped = report_of(tmp_path, "hangs")
    assert (stopped.verdict, stopped.interrupted) == ("incomplete", "ended by the signal SIGTERM")
    assert report_of(tmp_path, "slow").verdict == "passed"
    assert not list((tmp_path / "runs").glob("*-sound"))
    assert "hangs: was asked to end before its run was over\nnot run: sound" in err
    assert events(tmp_path)[-1]["interrupted"] == ""


@pytest.mark.parametrize("jobs", [1, None], ids=["-j 1", "without -j"])
def test_a_stop_file_ends_all(campaign, tmp_path, jobs):
    with started(campaign("hangs", "sound", jobs=jobs), tmp_path) as process:
        until((tmp_path / "here").exists)
        (find(tmp_path / "runs", "latest").folder.path / "stop").touch()
        _, err = process.communicate(timeout=60)
    assert process.returncode == 143, err
    assert report_of(tmp_path, "hangs").finished is not None
    assert "not run: sound" in err
    assert events(tmp_path)[-1]["interrupted"] == "stopped by the file stop"


def test_a_detached_campaign_outlives_who_started_it(campaign, tmp_path):
    done = run(campaign("hangs", "sound", more=["--detach", "--json"]), tmp_path, timeout=30)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    one = find(tmp_path / "runs", told["campaign"])
    assert one.folder.path == Path(told["folder"])
    assert one.alive
    until((tmp_path / "here").exists)
    until(lambda: one.state().boards["sound"].verdict == "passed")
    assert os.getsid(told["pid"]) == told["pid"]
    os.kill(told["pid"], signal.SIGTERM)
    until(lambda: not one.alive)
    state = one.state()
    assert (state.exit_code, state.interrupted) == (143, "ended by SIGTERM")
    assert report_of(tmp_path, "hangs").interrupted == "ended by the signal SIGTERM"
    assert '"exit_code": 143' in one.folder.output.read_text()


def test_what_keeps_a_detached_campaign_from_beginning_is_said(campaign, tmp_path):
    (tmp_path / "runs").write_text("a file")
    done = run(campaign("sound", more=["--detach"]), tmp_path, timeout=30)
    assert done.returncode == 3
    assert done.stdout == ""
    assert "a campaign that nobody can follow is not detached" in done.stderr
    assert run(campaign("nowhere", more=["--detach", "--tag=none"]), tmp_path, timeout=30).returncode == 2


def _processes_of(folder):
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                where = (entry / "cwd").readlink()
            except OSError:
                continue
            if where == folder:
                found.append(entry.name)
    return found
