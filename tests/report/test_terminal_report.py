import io
import re
import unicodedata

import pytest
from rich.cells import cell_len
from rich.console import Console

from harness.report.model import load
from harness.report.terminal import paths, show, summary
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


def test_each_run_has_its_scenarios_one_a_line(reports):
    text = printed(reports, width=120)
    for board, part in zip(
        ("virtual-se-i2c", "virtual-se-mtk"), text.split("\nvirtual-se-mtk\n"), strict=True
    ):
        row = next(line for line in part.splitlines() if "wrong instruction" in line)
        assert re.fullmatch(
            r"  4 adapt +failed +\d+ (µs|ms)  A wrong instruction gets the right status word", row
        )
        assert (
            f"{board}: failed, mock service (3 passed, 2 failed, 1 blocked, 1 not applicable, 1 not run"
            in text
        )


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_scenario_is_one_line_however_narrow(reports, width):
    lines = printed(reports[:1], width=width).splitlines()
    end = lines.index("")
    left_out = (Verdict.NOT_APPLICABLE, Verdict.NOT_RUN)
    shown = [each for each in reports[0].scenarios if each.verdict not in left_out]
    rows = [line for line in lines[:end] if re.match(r"  \d \w+  ", line)]
    assert len(rows) == len(shown)
    for row, each in zip(rows, shown, strict=True):
        assert each.verdict.words in row
        assert each.title.startswith(row.split("  ")[-1].strip().rstrip("…"))


def test_what_did_not_run_is_one_line_for_each_reason(tmp_path):
    run = Run.create(tmp_path, "b")
    for number in range(50):
        run.begin(ScenarioInfo(f"s{number}", title=f"T{number}")).finish(Verdict.NOT_RUN, reason="set aside")
    run.begin(ScenarioInfo("other")).finish(Verdict.NOT_RUN, reason="destructive")
    run.finish()
    lines = printed([load(run.path)]).splitlines()
    assert lines[1:3] == ["  50 not run: set aside", "  1 not run: destructive"]
    assert "T7" not in "\n".join(lines)


def test_failures_are_told_in_full(tmp_path):
    run = Run.create(tmp_path, "b")
    why = "the code is " + "0123456789ABCDEF" * 100 + " and not right"
    run.begin(ScenarioInfo("s", title="Title " * 30)).finish(Verdict.FAILED, reason=why)
    run.finish()
    text = printed([load(run.path)], width=60)
    assert why.replace(" ", "") in "".join(text.split())
    assert ("Title " * 30).replace(" ", "") in "".join(text.split())


def test_summary_names_no_scenario_that_passed(reports):
    console = Console(file=io.StringIO(), width=100)
    summary(reports, console)
    text = console.file.getvalue()
    passed = [each.title for each in reports[0].scenarios if each.verdict is Verdict.PASSED]
    assert passed
    assert not [title for title in passed if title in text]
    assert "expected 6D00" in text


def test_a_run_whose_last_files_could_not_be_written_says_so_beside_its_verdict(reports):
    def told(*not_closed):
        console = Console(file=io.StringIO(), width=1000)
        summary(reports[:1], console, not_closed)
        return console.file.getvalue()

    assert "without a manifest" not in told("another")
    assert ", without a manifest as its last files could not be written (" in told(reports[0].run)


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
    assert text.startswith("[red]b[/red]\n")
    row = next(line for line in text.splitlines() if "[blink]" in line)
    assert "[bold]f[/bold]" in row
    assert "[blink]title[/blink]" in row
    assert "[link=x]why[/link]" in text


def test_paths_stay_on_one_line(tmp_path):
    console = Console(file=io.StringIO(), width=20)
    long = tmp_path / ("x" * 100) / "[red]report.html"
    paths([long], console)
    assert console.file.getvalue() == f"{long}\n"
