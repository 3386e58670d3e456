"""`harness compare`: what became better or worse from one run to another."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import complete
from harness.cli.runs import Runs

if TYPE_CHECKING:
    from harness.history.comparison import Comparison, Key
    from harness.report.records import RunReport
    from harness.report.words import Language

_Run = Annotated[
    Path,
    typer.Argument(
        help="Run folder, its name below the folder of runs, latest, or a zip of harness pack.",
        metavar="RUN",
        autocompletion=complete.runs_to_compare,
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(
        "compare",
        help="Compare two runs: new failures, fixed ones, what is no longer judged, measurements, circumstances.",
        epilog="Exit codes: 0 nothing is worse, 1 new failures, 5 no new failure, but something is no longer judged or "
        "a run is not to be relied on.",
    )(compare)


def compare(
    before: _Run,
    after: _Run = Path("latest"),
    runs: Runs = Path("runs"),
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")] = False,
    html: Annotated[
        Path | None,
        typer.Option("--html", help="Write the comparison as a page into this file, too.", metavar="FILE"),
    ] = None,
    lang: Annotated[
        str,
        typer.Option("--lang", help="Language of the page: en or zh; English by default.", metavar="CODE"),
    ] = "",
) -> None:
    """Compare an earlier run with a later one."""
    from harness.cli.packed_run import read
    from harness.errors import UsageError
    from harness.history import comparison
    from harness.report.words import language

    if lang and html is None:
        raise UsageError("--lang goes with --html", hint="name the file of the page: --html FILE")
    say = language(lang or "en")
    one, other = read(before, runs, "the earlier run"), read(after, runs, "the later run")
    earlier = _earlier(other.path, other.report, runs)
    found = comparison.compare(one.report, other.report, earlier, (*one.doubts, *other.doubts))
    if html is not None:
        _write(html, found, say)
    if as_json:
        _print_json(found)
    else:
        _print(found)
    raise typer.Exit(found.exit_code)


def _write(file: Path, found: "Comparison", say: "Language") -> None:
    from harness.disk import write_whole, writing
    from harness.errors import UsageError
    from harness.history.comparison_page import page

    if file.is_dir():
        raise UsageError(f"{file}: is a folder", hint=f"name a file: --html {file / 'compare.html'}")
    with writing(file):
        file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(file, page(found, say))


def _earlier(path: Path | None, run: "RunReport", runs: Path) -> "dict[Key, list[float]]":
    """Return what earlier runs beside the later one measured; a run elsewhere has no neighbours that are known."""
    from harness.cli.runs import progress, remark
    from harness.history import index
    from harness.history.earlier import earlier_medians

    if path is None or not runs.is_dir() or path.resolve().parent != runs.resolve() or run.started is None:
        return {}
    started = run.started
    told, found = index.ask(
        runs,
        lambda store: (store.remark, earlier_medians(store, run.board, started)),
        progress=progress,
    )
    remark(told)
    return found


def _print(found: "Comparison") -> None:
    from harness.cli.width import width
    from harness.history.comparison_text import lines

    for line in lines(found, width()):
        print(line)


def _print_json(found: "Comparison") -> None:
    from harness.cli.json_document import print_json
    from harness.history.comparison_text import document

    print_json(document(found))
