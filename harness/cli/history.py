"""`harness history`: what many runs of a board say together."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import complete
from harness.cli.runs import Anew, Runs

if TYPE_CHECKING:
    from harness.errors import UsageError
    from harness.history.trends import Answer


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(
        "history",
        help="Show what many runs say together: versions, requirements, durations, measurements, what is flaky.",
    )(history)


def history(
    board: Annotated[
        str,
        typer.Argument(
            help="Name of a board; left out: every board on two lines.",
            metavar="BOARD",
            autocompletion=complete.boards_with_runs,
        ),
    ] = "",
    runs: Runs = Path("runs"),
    rebuild: Anew = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")] = False,
) -> None:
    """Show the history of one board, or all boards."""
    from harness.cli.runs import progress, remark
    from harness.history import index
    from harness.history.trends import answer

    found = index.ask(runs, lambda store: answer(store, board), anew=rebuild, progress=progress)
    remark(found.remark)
    if board and found.history is None:
        raise _unknown(runs, board, found)
    (_print_json if as_json else _print)(runs, found)


def _unknown(runs: Path, board: str, found: "Answer") -> "UsageError":
    from harness.errors import UsageError
    from harness.report.text import one_line

    names = ", ".join(one_line(each.board, 60) for each in found.boards[:20])
    return UsageError(
        f"{runs}: holds no run of {one_line(board, 60)}",
        hint=f"there are runs of {names}" if names else "run the suites on the board first",
    )


def _print_json(runs: Path, found: "Answer") -> None:
    from harness.cli.json_document import print_json
    from harness.history.trends_text import document, overview_document
    from harness.report.text import visible

    told = overview_document(found.boards) if found.history is None else document(found.history)
    unreadable = [{"name": visible(name), "reason": why} for name, why in found.unreadable]
    print_json({"runs_folder": visible(str(runs)), **told, "unreadable": unreadable})


def _print(runs: Path, found: "Answer") -> None:
    from harness.cli.width import fitted, width
    from harness.history.trends_text import lines, overview_lines
    from harness.report.text import one_line

    shown = overview_lines(found.boards, width()) if found.history is None else lines(found.history, width())
    for line in shown:
        print(line)
    if not found.boards:
        print(fitted(f"{runs}: holds no run yet"))
    for name, why in found.unreadable:
        print(fitted(f"unreadable  {one_line(name)}: {why}"))
