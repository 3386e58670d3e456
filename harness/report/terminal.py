"""The table at the end of a run: for one board or several, with colour or without, from 80 columns on."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness.report.circumstances import circumstances
from harness.report.records import RunReport, Scenario
from harness.report.text import folder_label, one_line, seconds
from harness.run.events import Severity
from harness.run.verdict import OF_SCENARIOS, Verdict

_COLOURS = {
    Verdict.PASSED: "green",
    Verdict.FAILED: "bold red",
    Verdict.BLOCKED: "yellow",
    Verdict.ERROR: "magenta",
    Verdict.NOT_APPLICABLE: "dim",
    Verdict.NOT_RUN: "dim",
    Verdict.INCOMPLETE: "yellow",
}
_SEVERITY_COLOURS = {
    Severity.CRITICAL: "bold red",
    Severity.MAJOR: "red",
    Severity.MINOR: "yellow",
    Severity.INFO: "dim",
}


def show(reports: Sequence[RunReport], console: Console) -> None:
    """Print one table over all runs, why scenarios did not pass, the findings, and one line a run."""
    console.print(_table(reports))
    for report in reports:
        _reasons(report, console)
    _findings(reports, console)
    for report in reports:
        _verdict(report, console)


def paths(files: Sequence[Path], console: Console) -> None:
    """Print the paths of report files, each on one unbroken line."""
    for path in files:
        console.print(Text(str(path)), soft_wrap=True)


def _table(reports: Sequence[RunReport]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", expand=False)
    table.add_column("board", overflow="fold")
    table.add_column("step", overflow="fold", max_width=16)
    table.add_column("scenario", overflow="fold", ratio=1)
    table.add_column("verdict", no_wrap=True)
    table.add_column("time", justify="right", no_wrap=True)
    for report in reports:
        for scenario in report.scenarios:
            if scenario.verdict is Verdict.NOT_APPLICABLE:
                continue
            table.add_row(
                Text(one_line(report.board)),
                Text(folder_label(scenario.step_folder)),
                Text(one_line(scenario.title)),
                _word(scenario.verdict),
                Text(seconds(scenario.seconds)),
            )
        if report.totals.not_applicable:
            table.add_row(
                Text(one_line(report.board)),
                "",
                Text(f"{report.totals.not_applicable} more do not apply to this board"),
                _word(Verdict.NOT_APPLICABLE),
                "",
            )
        table.add_section()
    return table


def _reasons(report: RunReport, console: Console) -> None:
    for scenario in report.scenarios:
        if scenario.verdict in {Verdict.FAILED, Verdict.BLOCKED, Verdict.ERROR}:
            console.print()
            console.print(
                Text.assemble(
                    _word(scenario.verdict), f" {one_line(report.board)}: {one_line(scenario.title)}"
                )
            )
            for line in _why(scenario):
                console.print(Text(f"  {line}"))


def _why(scenario: Scenario) -> list[str]:
    error = scenario.error or next((step.error for step in scenario.steps if step.error), None)
    if error is None:
        return [one_line(scenario.reason, 400)] if scenario.reason else []
    lines = [f"{one_line(error.message, 400)} ({one_line(error.who_acts)} must act)"]
    lines += [f"last: {one_line(line)}" for line in error.traffic[-3:]]
    return lines + ([f"try: {one_line(error.hint, 400)}"] if error.hint else [])


def _findings(reports: Sequence[RunReport], console: Console) -> None:
    found = [(report, finding) for report in reports for finding in report.findings]
    if found:
        console.print()
        console.print(Text("findings", style="bold"))
    for report, finding in found:
        severity = Text(finding.severity.value, style=_SEVERITY_COLOURS[finding.severity])
        place = f" {one_line(finding.defect)} on {one_line(report.board)}: {one_line(finding.title)}"
        console.print(Text.assemble("  ", severity, place))


def _verdict(report: RunReport, console: Console) -> None:
    counted = [
        f"{count} {verdict.words}"
        for verdict in OF_SCENARIOS
        if (count := getattr(report.totals, verdict.value))
    ]
    console.print()
    console.print(
        Text.assemble(
            (one_line(report.board), "bold"),
            ": ",
            _word(report.verdict),
            f" ({', '.join(counted) or 'no scenario'}, {seconds(report.seconds)})",
        )
    )
    for used in report.transports:
        console.print(Text(f"  {one_line(used.name)}: {one_line(used.identity, 400)}"))
    for each in circumstances(report):
        console.print(Text(f"  {each.words}", style="yellow"))
    for problem in report.problems:
        console.print(Text(f"  {one_line(problem, 400)}", style="yellow"))


def _word(verdict: Verdict) -> Text:
    return Text(verdict.words, style=_COLOURS[verdict])
