"""What was not real in a run is the first thing that a reader learns."""

import io

import pytest
from rich.console import Console

from harness.report.model import load
from harness.report.render import render
from harness.report.stand_ins import stand_ins
from harness.report.terminal import show, summary
from harness.run.events import ScenarioInfo
from harness.run.run import Header, Run
from harness.run.verdict import Verdict

CHIP = {"kind": "simulated-i2c"}
PLAYED = {"kind": "simulated-console", "file": "x.log"}
REAL = {"kind": "i2c", "bus": "/dev/i2c-1"}


def written(tmp_path, transports, service, **options):
    board_file = {"transports": transports, "service": {"endpoint": service}}
    header = Header(board_file=board_file, options={"service": service, **options})
    run = Run.create(tmp_path, "b", header)
    run.begin(ScenarioInfo("s", step_folder="step1_plan", title="Something")).finish(Verdict.PASSED)
    run.finish()
    return run.path


@pytest.mark.parametrize(
    ("transports", "service", "line"),
    [
        (
            {"chip": CHIP},
            "mock",
            (
                "Virtual board, mock service: chip is simulated, no real device was asked; "
                "the ID² service is the harness's mock, not the cloud"
            ),
        ),
        (
            {"chip": REAL},
            "mock",
            "Mock service: the ID² service is the harness's mock, not the cloud",
        ),
        (
            {"chip": REAL, "console": PLAYED},
            "real",
            "Partly virtual board: console is played back from a file, chip is not",
        ),
        (
            {"chip": CHIP, "second": CHIP},
            "real",
            "Virtual board: chip and second are simulated, no real device was asked",
        ),
        ({"chip": REAL}, "real", None),
        ({}, "mock", "Mock service: the ID² service is the harness's mock, not the cloud"),
    ],
)
def test_what_stands_in_is_named(tmp_path, transports, service, line):
    found = stand_ins(load(written(tmp_path, transports, service)))
    assert (found and found.line) == line


def test_kinds_of_other_packages_say_in_the_header_what_stood_in(tmp_path):
    transports = {"a": {"kind": "acme-bus"}, "b": {"kind": "acme-log"}, "c": {"kind": "acme-bus"}}
    told = {"a": "simulated", "b": "played back"}
    found = stand_ins(load(written(tmp_path, transports, "real", stand_ins=told)))
    assert found.line == ("Partly virtual board: a is simulated, b is played back from a file, c is not")


def test_the_header_outweighs_the_name_of_a_kind(tmp_path):
    assert stand_ins(load(written(tmp_path, {"a": CHIP}, "real", stand_ins={}))) is None


@pytest.mark.parametrize("transports", [None, [], "x", {"a": 3, "b": {}, "c": {"kind": []}}])
def test_folder_that_does_not_say_is_not_guessed_at(tmp_path, transports):
    assert stand_ins(load(written(tmp_path, transports, "real"))) is None


@pytest.mark.parametrize("printer", [show, summary])
def test_terminal_says_it_first(tmp_path, printer):
    console = Console(file=io.StringIO(), width=80)
    printer([load(written(tmp_path, {"chip": CHIP}, "mock"))], console)
    board, first, *_ = console.file.getvalue().splitlines()
    assert board == "b"
    assert first.startswith("  Virtual board, mock service: chip is simulated")


def test_page_says_it_before_anything_else(tmp_path):
    folder = written(tmp_path, {"chip": CHIP}, "mock")
    render(folder, ("html",))
    page = (folder / "report.html").read_text()
    at = page.index("<strong>Virtual board, mock service. </strong>")
    assert at < page.index('class="lead"')
    assert "Chip is simulated, no real device was asked" in page
