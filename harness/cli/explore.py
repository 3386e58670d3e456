"""`harness explore`: hold a board to what ID² says in random sequences of calls, for a time."""

import re
from pathlib import Path
from typing import Annotated

import typer

from harness.cli import complete
from harness.errors import UsageError
from harness.fixtures.options import RunOptions

_TIME = re.compile(r"(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s?)?")


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(
        "explore",
        help="Hold boards to what ID² says in random sequences of calls, resets and boundary values; shrink what "
        "contradicts it to the shortest sequence, and leave a run folder for each board.",
    )(explore)


def explore(
    boards: Annotated[
        list[Path],
        typer.Argument(
            help="Board files, or names of boards: of those in boards/, and of the shipped ones.",
            metavar="BOARD...",
            autocompletion=complete.boards,
        ),
    ],
    time: Annotated[
        str, typer.Option("--for", help="How long, such as 90s, 10m or 1h30m.", metavar="TIME")
    ] = "10m",
    seed: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Number that the sequences are drawn from: the same one draws the same; a new one by default.",
            metavar="NUMBER",
        ),
    ] = None,
    runs: Annotated[Path, typer.Option(help="Where the run folders go.", metavar="DIR")] = Path("runs"),
    wait: Annotated[
        float,
        typer.Option(min=0, help="Seconds to wait for a board that another run has.", metavar="SECONDS"),
    ] = 0.0,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print what did not pass, and one verdict a board.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document on stdout: the reports of all runs.")
    ] = False,
) -> None:
    """Explore each board in turn, and end with one table and the report paths, as `harness run` does."""
    from harness.cli.run_boards import run_boards

    options = RunOptions(explore_for=seconds(time), seed=seed, runs=runs, wait=wait)
    raise typer.Exit(run_boards(boards, options, quiet=quiet, as_json=as_json))


def seconds(text: str) -> float:
    """Return the seconds of a time such as `90s`, `10m` or `1h30m`; a bare number counts seconds.

    Raises:
        UsageError: It is no such time, or 0.
    """
    found = _TIME.fullmatch(text.strip())
    hours, minutes, rest = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
    total = hours * 3600 + minutes * 60 + rest
    if not total:
        raise UsageError(f"--for {text[:40]!r}: is no time", hint="write it as 90s, 10m or 1h30m")
    return float(total)
