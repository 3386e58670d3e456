import io
import re
import unicodedata

import pytest
from rich.cells import cell_len
from rich.console import Console

from harness.report.model import load
from harness.report.terminal import paths, show
from harness.run.events import ScenarioInfo
from harness.run.run import Run
from harness.run.verdict import Verdict
from tests.report import hostile_run, sample_run
from tests.report.hostile import EVERYTHING


def printed(reports, *, width=80, colour=False):
    console = Console(
        file=io.StringIO(),
        width=width,
        force_terminal=colour,
        color_system="standard" if colour else None,
        legacy_windows=False,
    )
    show(reports, console)
    return console.file.getvalue()


@pytest.fixture
def reports(tmp_path):
    boards = ("virtual-se-i2c", "virtual-se-mtk")
    return [load(sample_run.write(tmp_path / board, board)) for board in boards]


def test_one_table_holds_all_runs(reports):
    text = printed(reports, width=120)
    header = text.splitlines()[0]
    assert header.split() == ["board", "step", "scenario", "verdict", "time"]
    for board in ("virtual-se-i2c", "virtual-se-mtk"):
        row = next(
            line for line in text.splitlines() if line.startswith(board) and "wrong instruction" in line
        )
        assert re.search(
            r"4 adapt +A wrong instruction gets the right status word +failed +\d+ (µs|ms)$", row
        )
        assert f"{board}: failed (3 passed, 2 failed, 1 blocked, 1 not applicable, 1 not run" in text


@pytest.mark.parametrize("width", [80, 60, 200])
def test_no_line_is_wider_than_the_terminal(reports, width):
    assert max(cell_len(line) for line in printed(reports, width=width).splitlines()) <= width


def test_reasons_hints_and_findings_are_said(reports):
    text = " ".join(printed(reports[:1]).split())
    assert (
        "the chip answered 9000 to the instruction 55, expected 6D00 (the maker of the device must act)"
        in text
    )
    assert "try: start it with: harness service" in text
    assert "last: < 90 00" in text
    assert "major K3 on virtual-se-i2c: An extra with a NUL byte" in text


def test_colour_only_adds(reports):
    plain = printed(reports)
    coloured = printed(reports, colour=True)
    assert "\x1b" not in plain
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain
    assert coloured != plain


def test_the_identity_that_was_found_stands_at_the_verdict(reports):
    lines = printed(reports).splitlines()
    for board in ("virtual-se-i2c", "virtual-se-mtk"):
        at = next(number for number, line in enumerate(lines) if line.startswith(f"{board}: failed"))
        assert "  se: simulated I²C bus, FM1280 at 0x71" in lines[at + 1 : at + 4]


def test_problems_of_the_folder_are_said(sample):
    (sample / "run.json").unlink()
    assert "there is no run.json" in printed([load(sample)])


def test_hostile_text_does_nothing_to_the_terminal(tmp_path):
    text = printed([load(hostile_run.write(tmp_path, EVERYTHING))], width=100)
    assert {unicodedata.category(character) for character in text if character != "\n"} & {
        "Cc",
        "Cf",
        "Zl",
    } == set()
    assert "[red]bold[/red]" in text.replace("\n", "")


def test_markup_in_names_stays_text(tmp_path):
    run = Run.create(tmp_path, "[red]b[/red]")
    info = ScenarioInfo("s", step_folder="[bold]f[/bold]", title="[blink]title[/blink]")
    run.begin(info).finish(Verdict.FAILED, reason="[link=x]why[/link]")
    run.finish()
    text = printed([load(run.path)], width=150)
    row = next(line for line in text.splitlines() if line.startswith("[red]b[/red]"))
    assert "[bold]f[/bold]" in row
    assert "[blink]title[/blink]" in row
    assert "[link=x]why[/link]" in text


def test_paths_stay_on_one_line(tmp_path):
    console = Console(file=io.StringIO(), width=20)
    long = tmp_path / ("x" * 100) / "[red]report.html"
    paths([long], console)
    assert console.file.getvalue() == f"{long}\n"
