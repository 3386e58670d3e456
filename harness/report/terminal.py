"""The end of a run on a terminal: for one board or several, with colour or without, on narrow screens too."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from harness.report.circumstances import circumstances
from harness.report.records import KnownFailure, RunReport, Scenario
from harness.report.reservations import reservations
from harness.report.stand_ins import stand_ins
from harness.report.text import folder_label, one_line, seconds
from harness.report.without_probe import without_probe
from harness.run.verdict import OF_SCENARIOS, Verdict
from harness.severity import Severity

_STEP = 16  # characters of a step's name
_WHOLE = 8_000  # characters of a failure: whole, for whatever a device can reasonably have sent
_INDENT = "  "
_NOT_CLOSED = "without a manifest as its last files could not be written"

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


def show(reports: Sequence[RunReport], console: Console, not_closed: Collection[str] = ()) -> None:
    """Print what each run was made on, its scenarios one a line, and then what `summary` prints."""
    for report in reports:
        _heading(report, console)
        for line in _lines(report, console.width):
            console.print(line)
    _rest(reports, console, not_closed, again=True)


def summary(reports: Sequence[RunReport], console: Console, not_closed: Collection[str] = ()) -> None:
    """Print what each run was made on, why scenarios did not pass, the findings, and each run's verdict.

    Args:
        reports: The reports of the runs.
        console: Where to.
        not_closed: Names of those whose folder has no manifest.
    """
    for report in reports:
        _heading(report, console)
    _rest(reports, console, not_closed, again=False)


def _heading(report: RunReport, console: Console) -> None:
    console.print(Text(one_line(report.board), style="bold"))
    _tell_stand_ins(report, console)


def _tell_stand_ins(report: RunReport, console: Console) -> None:
    unreal = stand_ins(report)
    if unreal is not None:
        _indented(console, Text(unreal.line, style="bold yellow"))


def _indented(console: Console, text: Text) -> None:
    _wrapped(console, text, _INDENT)


def _wrapped(console: Console, text: Text, indent: str = "") -> None:
    for line in text.wrap(console, max(console.width - len(indent), 1)):
        line.rstrip()
        console.print(Text.assemble(indent, line), soft_wrap=True)


def _rest(
    reports: Sequence[RunReport], console: Console, not_closed: Collection[str], *, again: bool
) -> None:
    for report in reports:
        _reasons(report, console)
    _findings(reports, console)
    for report in reports:
        _verdict(report, console, closed=report.run not in not_closed)
        if again:  # as the beginning of a long table has left the screen
            _tell_stand_ins(report, console)


def paths(files: Sequence[Path], console: Console) -> None:
    """Print the paths of report files, each on one unbroken line."""
    for path in files:
        console.print(Text(str(path)), soft_wrap=True)


def _lines(report: RunReport, width: int) -> Iterator[Text]:
    """Give one line a scenario, cut where the terminal ends; those that failed are shown in full below."""
    left_out = {Verdict.NOT_APPLICABLE, Verdict.NOT_RUN}
    shown = [each for each in report.scenarios if each.verdict not in left_out]
    rows = [
        (folder_label(each.step_folder)[:_STEP], each.verdict.words, seconds(each.seconds)) for each in shown
    ]
    widths = [max((cell_len(row[column]) for row in rows), default=0) for column in range(3)]
    for each, (step, _, took) in zip(shown, rows, strict=True):
        line = Text.assemble(
            "  ",
            set_cell_size(step, widths[0]),
            "  ",
            _word(each.verdict),
            " " * (widths[1] - cell_len(each.verdict.words) + 2),
            " " * (widths[2] - cell_len(took)),
            took,
            "  ",
            one_line(each.title),
        )
        line.truncate(width, overflow="ellipsis")
        line.no_wrap = True
        yield line
    reasons = Counter(each.reason for each in report.scenarios if each.verdict is Verdict.NOT_RUN)
    for reason, count in reasons.most_common():
        why = f": {one_line(reason)}" if reason else ""
        line = Text(f"{_INDENT}{count} not run{why}", style="dim", no_wrap=True)
        line.truncate(width, overflow="ellipsis")
        yield line
    if report.totals.not_applicable:
        yield Text(f"  {report.totals.not_applicable} more do not apply to this board", style="dim")


def _reasons(report: RunReport, console: Console) -> None:
    for scenario in report.scenarios:
        if scenario.verdict in {Verdict.FAILED, Verdict.BLOCKED, Verdict.ERROR}:
            console.print()
            place = f" {one_line(report.board)}: {one_line(scenario.title)}"
            _wrapped(console, Text.assemble(_word(scenario.verdict), place))
            if scenario.known is not None:
                _indented(console, Text(f"known: {_known(scenario.known)}"))
            for line in _why(scenario):
                _indented(console, Text(line))


def _why(scenario: Scenario) -> list[str]:
    error = scenario.error or next((step.error for step in scenario.steps if step.error), None)
    if error is None:
        return [one_line(scenario.reason, _WHOLE)] if scenario.reason else []
    lines = [f"{one_line(error.message, _WHOLE)} ({one_line(error.who_acts)} must act)"]
    lines += [f"last: {one_line(line)}" for line in error.traffic[-3:]]
    return lines + ([f"try: {one_line(error.hint, 400)}"] if error.hint else [])


def _known(entry: KnownFailure) -> str:
    return (
        f"{one_line(entry.reason, 400)} ({one_line(entry.reference, 200)}, counts until {entry.expires}); "
        "it has failed nevertheless"
    )


def _known_in_vain(entry: KnownFailure) -> str:
    """Return the sentence about an entry that knows no failure of the run; empty for one that does."""
    named = " ".join(one_line(each, 120) for each in (entry.scenario, entry.requirement) if each)
    where = f"known failure {named} ({one_line(entry.reference, 200)})"
    if entry.state == "expired":
        return f"{where} expired on {entry.expires}" + (
            f" and still fails: {len(entry.scenarios)} counted as new" if entry.scenarios else ": remove it"
        )
    if entry.state == "unmatched":
        if entry.seen is Verdict.PASSED:
            return f"{where} passes now: remove it"
        seen = "names nothing of this run" if entry.seen is None else f"is {entry.seen.words} in this run"
        return f"{where} {seen}"
    return ""


def _findings(reports: Sequence[RunReport], console: Console) -> None:
    found = [(report, finding) for report in reports for finding in report.findings]
    if found:
        console.print()
        console.print(Text("findings", style="bold"))
    for report, finding in found:
        severity = Text(finding.severity.value, style=_SEVERITY_COLOURS[finding.severity])
        place = f" {one_line(finding.defect)} on {one_line(report.board)}: {one_line(finding.title)}"
        _indented(console, Text.assemble(severity, place))


def _verdict(report: RunReport, console: Console, *, closed: bool) -> None:
    counted = [
        f"{count} {verdict.words}"
        for verdict in OF_SCENARIOS
        if (count := getattr(report.totals, verdict.value))
    ]
    if known := sum(each.known is not None for each in report.scenarios):
        counted.insert(counted.index(f"{report.totals.failed} failed") + 1, f"{known} of them known")
    beside = reservations(report) if closed else (*reservations(report), _NOT_CLOSED)
    console.print()
    _wrapped(
        console,
        Text.assemble(
            (one_line(report.board), "bold"),
            ": ",
            _word(report.verdict),
            Text("".join(f", {said}" for said in beside), style="bold yellow"),
            f" ({', '.join(counted) or 'no scenario'}, {seconds(report.seconds)})",
        ),
    )
    for used in report.transports:
        _indented(console, Text(f"{one_line(used.name)}: {one_line(used.identity, 400)}"))
    for each in circumstances(report):
        _indented(console, Text(each.words, style="yellow"))
    if unjudged := without_probe(report):
        _indented(console, Text(unjudged, style="dim"))
    for sentence in filter(None, map(_known_in_vain, report.known_failures)):
        _indented(console, Text(sentence, style="yellow"))
    for problem in report.problems:
        _indented(console, Text(one_line(problem, 400), style="yellow"))


def _word(verdict: Verdict) -> Text:
    return Text(verdict.words, style=_COLOURS[verdict])
