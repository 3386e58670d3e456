"""Boards one after the other: a stop file ends its board alone, and a signal that comes meanwhile ends all."""

import os
import signal
import time
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from harness.board.reading.file import load
from harness.campaign import stop_files
from harness.campaign.heard import Heard
from harness.cli import one_after_the_other as module
from harness.cli.campaign_health import CampaignHealth
from harness.fixtures.options import RunOptions
from harness.fixtures.signals import Ended, Signals
from harness.progress.writer import ProgressWriter

BOARD = Path(__file__).resolve().parents[2] / "boards" / "virtual-se-mtk.yaml"


@pytest.fixture
def campaign(tmp_path, monkeypatch):
    """Run boards `one` and `two`, each for as long as nobody asks for its end; return what came, and which ran."""
    monkeypatch.setattr(stop_files, "_LOOK_S", 0.01)
    progress = ProgressWriter(tmp_path, lambda text: None)
    ran = []

    def campaign(during, closing):
        def session(words, plugins):
            """Do what a session does of all that matters here."""
            follower, signals = plugins[0], Signals()
            stop = progress.folder.path / f"stop-{words[0]}"
            ran.append(words[0])
            signals.listen()
            try:
                follower.pytest_sessionstart()
                during(stop)
                time.sleep(10 if stop.exists() else 0)
            except Ended as ended:
                follower.pytest_keyboard_interrupt(pytest.ExceptionInfo.from_exception(ended))
                closing(stop)
                return 5
            finally:
                signals.leave()
            return 0

        monkeypatch.setattr(module.pytest, "main", session)
        heard = Heard()
        with heard.listening():
            came = module.one_after_the_other(
                CampaignHealth([load(BOARD).model_copy(update={"name": name}) for name in ("one", "two")]),
                [["one"], ["two"]],
                RunOptions(runs=tmp_path),
                console=Console(file=StringIO()),
                progress=progress,
                quiet=True,
                select="",
                heard=heard,
            )
        return came, ran

    yield campaign
    progress.close()


def nothing(stop):
    pass


def asks_by_file(stop):
    if stop.name == "stop-one":
        stop.touch()


def sends(number):
    return lambda stop: os.kill(os.getpid(), number)


def test_a_stop_file_ends_its_board_alone(campaign):
    came, ran = campaign(asks_by_file, nothing)
    assert ran == ["one", "two"]
    assert (came.code, came.interrupted) == (5, "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_a_board_closes_that_a_file_ended_ends_all(campaign, number):
    came, ran = campaign(asks_by_file, sends(number))
    assert ran == ["one"]
    assert (came.code, came.interrupted) == (128 + number, f"ended by {number.name}")
    assert "not run: two" in came.said


def test_a_file_while_a_board_closes_that_a_signal_ended_changes_nothing(campaign):
    def asks_and_waits(stop):
        stop.touch()
        time.sleep(0.1)

    came, ran = campaign(sends(signal.SIGINT), asks_and_waits)
    assert ran == ["one"]
    assert (came.code, came.interrupted) == (130, "ended by SIGINT")


def test_more_signals_while_a_board_closes_change_nothing(campaign):
    came, ran = campaign(sends(signal.SIGINT), sends(signal.SIGTERM))
    assert ran == ["one"]
    assert (came.code, came.interrupted) == (130, "ended by SIGINT")
