"""`harness runs`: which runs there are, the newest first, and which of them one looks for."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import complete

if TYPE_CHECKING:
    from harness.history.listing import Filters, ListedRun, Listing
    from harness.run.verdict import Verdict

_MODES = ("development", "official")
_LIMIT = 30

Runs = Annotated[Path, typer.Option("--runs", help="Where the run folders are.", metavar="DIR")]
Anew = Annotated[bool, typer.Option("--rebuild", help="Read every run folder again, not only what changed.")]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("runs", help="List runs, the newest first, or search them.")(runs)


def _verdict(words: list[str]) -> list[str]:
    for word in words:
        if word not in complete.verdicts(""):
            raise typer.BadParameter(f"{word!r} is not one of {', '.join(complete.verdicts(''))}.")
    return words


def _mode(word: str) -> str:
    if word and word not in _MODES:
        raise typer.BadParameter(f"{word!r} is not one of {', '.join(_MODES)}.")
    return word


def runs(
    board: Annotated[
        list[str],
        typer.Option(
            help="Only runs of this board, or of those that match a pattern such as 'virtual-*'. May be repeated.",
            metavar="BOARD",
            autocompletion=complete.boards_with_runs,
        ),
    ] = [],  # noqa: B006 - typer copies it
    verdict: Annotated[
        list[str],
        typer.Option(
            help="Only runs with this verdict. May be repeated.",
            metavar="VERDICT",
            autocompletion=complete.verdicts,
            callback=_verdict,
        ),
    ] = [],  # noqa: B006 - typer copies it
    since: Annotated[
        str,
        typer.Option(
            help="Only runs that began then or later: 2026-11-29, or 12h, 7d, 2w ago. UTC.", metavar="TIME"
        ),
    ] = "",
    until: Annotated[
        str,
        typer.Option(help="Only runs that began before; a day is meant with its end. UTC.", metavar="TIME"),
    ] = "",
    mode: Annotated[
        str,
        typer.Option(help="Only runs of this mode: development or official.", metavar="MODE", callback=_mode),
    ] = "",
    requirement: Annotated[
        str, typer.Option(help="Only runs that judged this requirement, each with its state.", metavar="ID")
    ] = "",
    text: Annotated[
        str,
        typer.Option(
            help="Only runs in which all of these words stand: names, report number, firmware, what failed and why, "
            "findings.",
            metavar="WORDS",
        ),
    ] = "",
    limit: Annotated[int, typer.Option(help="How many runs at most; 0 for all.", min=0)] = _LIMIT,
    runs_: Runs = Path("runs"),
    rebuild: Anew = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")] = False,
) -> None:
    """List the runs below a folder, and every folder there that cannot be read."""
    from harness.history import index
    from harness.history.listing import Filters, listed, moment
    from harness.run.verdict import Verdict

    now = datetime.now(UTC)
    filters = Filters(
        boards=board,
        verdicts=[Verdict(word) for word in verdict],
        since=moment(since, now) if since else "",
        until=moment(until, now, end=True) if until else "",
        mode=mode,
        requirement=requirement,
        text=text,
        limit=limit or None,
    )
    found = index.ask(runs_, lambda store: listed(store, filters), anew=rebuild, progress=progress)
    if as_json:
        _print_json(runs_, found)
    else:
        _print(runs_, found, filters)


def progress(done: int, total: int) -> None:
    """Show on a terminal how far the reading of new run folders is, when there are many."""
    import sys

    if total > 50 and sys.stderr.isatty():
        print(f"\rreading new runs: {done} of {total}", end="\n" if done == total else "", file=sys.stderr)


def remark(text: str) -> None:
    """Tell on stderr where the index could not be kept."""
    if text:
        typer.echo(f"note: {text}", err=True)


def _print_json(runs: Path, found: "Listing") -> None:
    from dataclasses import asdict

    from harness.cli.json_document import print_json
    from harness.report.text import visible

    remark(found.remark)
    entries = []
    for each in found.runs:
        entry = asdict(each) | {"name": visible(each.name), "folder": visible(str(runs / each.name))}
        entries.append(
            {name: value for name, value in entry.items() if value is not None or name == "seconds"}
        )
    print_json(
        {
            "schema_version": 1,
            "runs_folder": visible(str(runs)),
            "total": found.total,
            "more": found.more,
            "runs": entries,
            "unreadable": [{"name": visible(name), "reason": why} for name, why in found.unreadable],
        }
    )


def _print(runs: Path, found: "Listing", filters: "Filters") -> None:
    from harness.cli.width import fitted, width
    from harness.report.text import one_line

    remark(found.remark)
    for line in _table(found.runs, width()):
        print(line)
    if found.more:
        print(fitted(f"… and {found.more} older: --limit {len(found.runs) + found.more} shows them too"))
    if not found.runs:
        print(fitted(_nothing(runs, found, filters)))
    for name, why in found.unreadable:
        print(fitted(f"unreadable  {one_line(name)}: {why}"))


def _nothing(runs: Path, found: "Listing", filters: "Filters") -> str:
    from harness.report.text import one_line

    if not found.total:
        return f"{runs}: holds no run yet"
    unknown = [name for name in filters.boards if name not in found.boards and not set(name) & set("*?[")]
    if unknown:
        known = ", ".join(one_line(name, 60) for name in found.boards[:20])
        return (
            f"none of {found.total} runs is of {', '.join(map(one_line, unknown))}; there are runs of {known}"
        )
    return f"none of {found.total} runs is what was asked for"


def _table(runs: Sequence["ListedRun"], columns: int | None) -> list[str]:
    """Return one line a run where the terminal is wide enough, else its name on a line of its own."""
    from harness.report.text import one_line

    rows = [(one_line(each.name), *_facts(each)) for each in runs]
    if not rows:
        return []
    head = ("RUN", "VERDICT", "FAILED", "TOOK", "")
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(4)]
    longest_end = max(len(row[4]) for row in rows)
    limit = columns or 1_000_000
    whole = sum(widths) + 4 * 2 + longest_end <= limit
    lines = []
    for row in (head, *rows) if whole else rows:
        rest = f"{row[1]:{widths[1]}}  {row[2]:>{widths[2]}}  {row[3]:>{widths[3]}}  {row[4]}".rstrip()
        lines += [f"{row[0]:{widths[0]}}  {rest}"] if whole else [row[0], f"    {rest}"]
    return lines


def _facts(run: "ListedRun") -> tuple[str, str, str, str]:
    from harness.report.text import seconds

    judged = sum(run.counts.get(word, 0) for word in ("passed", "failed", "blocked", "error"))
    failed = f"{run.counts.get('failed', 0)}/{judged}" if judged else "-"
    state: Verdict | None = run.requirement
    told = run.verdict.words if state is None else f"{state.words} (run: {run.verdict.words})"
    return told, failed, seconds(run.seconds), ", ".join(run.marks)
