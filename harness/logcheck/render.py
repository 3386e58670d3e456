"""Show a `LogReport`: a table for a terminal, a document for a program."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness.id2.errors import quoted
from harness.logcheck.model import BootSummary, Finding, Item, LogReport
from harness.run.verdict import Verdict
from harness.severity import Severity

FORMAT = "id2-log-check"
VERSION = 1
MAX_ROWS = 400
_COLOURS = {Verdict.PASSED: "green", Verdict.FAILED: "bold red", Verdict.NOT_RUN: "dim"}
_STYLES = {
    Severity.CRITICAL: "bold red",
    Severity.MAJOR: "red",
    Severity.MINOR: "yellow",
    Severity.INFO: "dim",
}
_COUNTED = (Verdict.PASSED, Verdict.FAILED, Verdict.NOT_RUN)


def show(report: LogReport, console: Console) -> None:
    """Print boots, items, findings and, as the last line, the verdict."""
    for boot in report.boots:
        console.print(Text(_boot_line(boot, many=len(report.boots) > 1)), soft_wrap=True)
    if report.left_out_boots:
        console.print(f"{report.left_out_boots} more starts were judged and are not listed")
    console.print(_table(report))
    hidden = max(0, len(report.items) - MAX_ROWS) + report.left_out_items
    if hidden:
        console.print(f"{hidden} more items were judged and are not listed")
    show_findings(report, console)
    console.print(Text(verdict_line(report)), soft_wrap=True)


def show_findings(report: LogReport, console: Console) -> None:
    """Print the findings alone."""
    for finding in report.findings:
        console.print(_finding(finding, many=len(report.boots) > 1))


def verdict_line(report: LogReport) -> str:
    """Return `verdict: passed (29 passed, 0 failed, 1 not run; 3 findings)`."""
    shown = (*_COUNTED, Verdict.BLOCKED) if report.counts.get(Verdict.BLOCKED) else _COUNTED
    counts = ", ".join(f"{report.counts.get(verdict, 0)} {verdict.words}" for verdict in shown)
    found = len(report.findings)
    findings = f"; {found} finding{'' if found == 1 else 's'}" if found else ""
    if report.strict and report.counted_findings and not report.counts.get(Verdict.FAILED):
        findings += ", which --strict counts as failures"
    return f"verdict: {report.verdict.words} ({counts}{findings})"


def _boot_line(boot: BootSummary, *, many: bool) -> str:
    parts = [f"boot {boot.number}: " if many else "", boot.program.value]
    if boot.sdk_version:
        parts.append(f" of SDK {boot.sdk_version}")
    told = [f"lines {boot.first_line} to {boot.last_line}"]
    if boot.carrier:
        told.append(f"carrier {boot.carrier}")
    if boot.key_type:
        told.append(f"key type {boot.key_type}")
    if boot.id2:
        told.append(f"ID {quoted(boot.id2)}")
    return f"{''.join(parts)} ({', '.join(told)})"


def _table(report: LogReport) -> Table:
    many = len(report.boots) > 1
    table = Table(box=None, pad_edge=False, header_style="bold", expand=False)
    if many:
        table.add_column("boot", justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    table.add_column("item", overflow="fold", max_width=44)
    table.add_column("line", justify="right", no_wrap=True)
    table.add_column("detail", overflow="fold", ratio=1)
    shown = report.items
    if len(shown) > MAX_ROWS:
        failed = [item for item in shown if item.verdict is Verdict.FAILED]
        others = [item for item in shown if item.verdict is not Verdict.FAILED]
        shown = tuple([*failed, *others][:MAX_ROWS])
    for item in shown:
        row = [
            Text(item.verdict.words, style=_COLOURS.get(item.verdict, "")),
            Text(item.name),
            Text(_lines(item.lines)),
            Text(item.detail),
        ]
        table.add_row(*([Text(str(item.boot))] if many else []), *row)
    return table


def _lines(lines: tuple[int, ...]) -> str:
    if not lines:
        return ""
    return (
        str(lines[0])
        if len(lines) == 1
        else f"{lines[0]}…{lines[-1]}"
        if len(lines) > 2
        else f"{lines[0]},{lines[1]}"
    )


def _finding(finding: Finding, *, many: bool) -> Text:
    where = f"boot {finding.boot}, " if many and finding.boot else ""
    place = f" ({where}line {finding.lines[0]})" if finding.lines else ""
    style = _STYLES[finding.severity]
    return Text.assemble(
        ("finding ", "bold"),
        (f"{finding.id} [{finding.severity.value}] ", style),
        f"{finding.title}{place}: {finding.detail}",
    )


def to_document(report: LogReport, source: str, exit_code: int) -> dict[str, object]:
    """Return the report as plain JSON values; `docs/check-log.md` names every field.

    Args:
        report: The report.
        source: The file that was read, as the user named it.
        exit_code: What the command ends with.
    """
    return {
        "format": FORMAT,
        "version": VERSION,
        "source": source,
        "verdict": report.verdict.value,
        "exit_code": exit_code,
        "recognised": report.recognised,
        "strict": report.strict,
        "lines": report.lines,
        "bytes": report.size,
        "counts": {verdict.value: report.counts.get(verdict, 0) for verdict in (*_COUNTED, Verdict.BLOCKED)},
        "boots": [_boot(boot) for boot in report.boots],
        "items": [_item(item) for item in report.items],
        "findings": [_finding_record(finding) for finding in report.findings],
        "codes": [
            {
                "boot": code.boot,
                "line": code.line,
                "code": code.text,
                "source": code.source,
                "verdict": code.verdict.value,
                "basis": code.basis,
            }
            for code in report.codes
        ],
        "exchanges": [
            {
                "boot": exchange.boot,
                "lines": list(exchange.lines),
                "command": exchange.command.hex().upper(),
                "response": exchange.response.hex().upper(),
                "status": None if exchange.sw is None else f"{exchange.sw:04X}",
                "driver_result": exchange.result,
                "damaged": exchange.damaged,
            }
            for exchange in report.exchanges
        ],
        "left_out": {"boots": report.left_out_boots, "items": report.left_out_items},
    }


def _boot(boot: BootSummary) -> dict[str, object]:
    return {
        "number": boot.number,
        "program": boot.program.value,
        "sdk_version": boot.sdk_version,
        "carrier": boot.carrier,
        "key_type": boot.key_type,
        "id": boot.id2,
        "first_line": boot.first_line,
        "last_line": boot.last_line,
        "verdict": boot.verdict.value,
    }


def _item(item: Item) -> dict[str, object]:
    return {
        "boot": item.boot,
        "name": item.name,
        "topic": item.topic.value,
        "verdict": item.verdict.value,
        "lines": list(item.lines),
        "detail": item.detail,
    }


def _finding_record(finding: Finding) -> dict[str, object]:
    return {
        "boot": finding.boot,
        "id": finding.id,
        "severity": finding.severity.value,
        "title": finding.title,
        "detail": finding.detail,
        "lines": list(finding.lines),
        "demo": finding.demo,
    }
