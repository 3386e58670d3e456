"""`harness compare`: what became better or worse from one run to another."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import complete
from harness.cli.runs import Runs

if TYPE_CHECKING:
    from harness.history.comparison import Comparison, Key
    from harness.report.records import RunReport

_Run = Annotated[
    Path,
    typer.Argument(
        help="Run folder, its name below the folder of runs, or latest.",
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
) -> None:
    """Compare an earlier run with a later one."""
    from harness.cli.run_names import run_path
    from harness.history import comparison
    from harness.report.model import load

    paths = [run_path(each, runs) for each in (before, after)]
    a, b = load(paths[0]), load(paths[1])
    found = comparison.compare(a, b, _earlier(paths[1], b, runs))
    if as_json:
        _print_json(found)
    else:
        _print(found)
    raise typer.Exit(found.exit_code)


def _earlier(path: Path, run: "RunReport", runs: Path) -> "dict[Key, list[float]]":
    """Return what earlier runs beside the later one measured; a run elsewhere has no neighbours that are known."""
    from harness.cli.runs import progress, remark
    from harness.history import index
    from harness.history.earlier import earlier_medians

    if not runs.is_dir() or path.resolve().parent != runs.resolve() or run.started is None:
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
