"""`harness run`: take boards through the onboarding suites and leave a run folder for each."""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("run", help="Run the onboarding suites on boards; leave a run folder with reports for each.")(
        run
    )


def run(
    boards: Annotated[
        list[Path], typer.Argument(help="Board files, or names of some in boards/.", metavar="BOARD...")
    ],
    runs: Annotated[Path, typer.Option(help="Where the run folders go.")] = Path("runs"),
    select: Annotated[
        str, typer.Option("--select", "-k", help="Only scenarios whose name matches, as pytest's -k.")
    ] = "",
    suites: Annotated[
        Path | None, typer.Option(help="Other suites than the shipped ones: a folder with requirements.yaml.")
    ] = None,
    destructive: Annotated[
        bool, typer.Option(help="Allow scenarios that burn a key, erase storage or spend a licence.")
    ] = False,
) -> None:
    """Run the suites on each board in turn, show progress, and end with one table and the report paths."""
    from harness.cli.run_boards import run_boards

    raise typer.Exit(run_boards(boards, runs=runs, select=select, destructive=destructive, suites=suites))
