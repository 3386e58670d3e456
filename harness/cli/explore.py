"""`harness explore`: hold a board to what ID² says in random sequences of calls, for a time."""

import re
from dataclasses import replace
from typing import Annotated

import typer

from harness.cli.declared import AsJson, Boards, Quiet, Tags, takes
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


@takes(RunOptions, only=("runs", "wait", "lab"))
def explore(
    options: RunOptions,
    boards: Boards = None,
    tag: Tags = None,
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
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Explore each board in turn, and end with one table and the report paths, as `harness run` does."""
    from harness.cli.chosen import chosen
    from harness.cli.run_boards import run_boards

    options = replace(options, explore_for=seconds(time), seed=seed)
    raise typer.Exit(run_boards(chosen(boards, tag, options.lab), options, quiet=quiet, as_json=as_json))


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
