"""Boards that are set aside, in campaigns."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from harness.campaign.health.state import Health, after_run
from harness.campaign.health.store import HealthStore
from harness.cli.main import invoke

MISSING = """version: 1
name: {name}
plan: {{pattern: own-platform, carrier: km, platform: third-party-os, key_type: aes-128}}
transports: {{console: {{kind: serial, port: /dev/serial/by-id/not-there}}}}
console: {{transport: console}}
"""
RUN = ["run", "--runs=runs", "--without-pdf", "-q"]


@pytest.fixture
def bench(tmp_path, monkeypatch):
    (tmp_path / "boards").mkdir()
    for name in ("one", "two"):
        (tmp_path / "boards" / f"{name}.yaml").write_text(MISSING.format(name=name))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def blocked_once_more(known):
    return after_run(known, "blocked", now=datetime.now(UTC), reason="no port")


def set_aside(name):
    for _ in range(2):
        HealthStore(Path("runs")).change(name, blocked_once_more)


def test_a_campaign_of_boards_that_are_all_set_aside_is_blocked(bench, capsys):
    for name in ("one", "two"):
        set_aside(name)
    assert invoke([*RUN, "one", "two", "--json"]) == 3
    said = json.loads(capsys.readouterr().out)
    assert (said["exit_code"], said["runs"]) == (3, [])
    assert [(each["board"], each["reason"]) for each in said["set_aside"]] == [
        ("one", "no port"),
        ("two", "no port"),
    ]
    assert not list(Path("runs").glob("2*"))
    (progress,) = Path("runs").glob(".campaigns/2*/progress.jsonl")
    events = [json.loads(line)["event"] for line in progress.read_text().splitlines()]
    assert events == ["campaign_started", "board_set_aside", "board_set_aside", "campaign_finished"]


@pytest.mark.slow
@pytest.mark.parametrize("more", [[], ["-j2"]])
def test_the_other_boards_run_and_the_exit_code_says_that_one_did_not(bench, more):
    set_aside("one")
    words = [sys.executable, "-m", "harness", *RUN, "one", "virtual-se-i2c", "-k", "test_plan", *more]
    ended = subprocess.run(words, capture_output=True, text=True, timeout=200, check=False)
    assert ended.returncode == 3
    assert "not run: one is set aside until " in ended.stderr
    assert [path.name.partition("Z-")[2] for path in Path("runs").glob("2*")] == ["virtual-se-i2c"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "why"),
    [(["one"], "it is the only board"), (["one", "two", "--no-set-aside"], "--no-set-aside was given")],
)
def test_a_board_runs_when_somebody_wants_it(bench, capsys, words, why):
    set_aside("one")
    assert invoke([*RUN, *words]) == 3
    assert f"one was set aside (no port) and is tried again: {why}" in capsys.readouterr().err
    assert len(list(Path("runs").glob("2*-one"))) == 1
    assert HealthStore(Path("runs")).of("one").blocked == 3


@pytest.mark.slow
def test_two_blocked_runs_set_a_board_aside(bench):
    words = [sys.executable, "-m", "harness", *RUN, "one", "two", "-j2"]
    for _ in range(2):
        ended = subprocess.run(words, capture_output=True, text=True, timeout=200, check=False)
        assert ended.returncode == 3
    assert "one cannot be reached now: console: /dev/serial/by-id/not-there" in ended.stderr
    assert "one is set aside, as its last 2 runs were blocked" in ended.stderr
    assert HealthStore(Path("runs")).of("two").out_of_reach
    assert subprocess.run(words, capture_output=True, timeout=200, check=False).returncode == 3
    assert len(list(Path("runs").glob("2*"))) == 4


def test_a_run_that_cannot_keep_health_goes_on(bench, capsys):
    Path("runs").mkdir()
    Path("runs/.campaigns").write_text("a file")
    assert invoke([*RUN, "virtual-se-i2c", "-k", "nothing-like-it"]) == 2
    assert HealthStore(Path("runs")).of("one") == Health("one")
