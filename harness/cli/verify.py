"""`harness verify`: the self-verification of the vendor alone, with rebuild and flash."""

from pathlib import Path
from typing import Annotated

import typer

from harness.cli import complete
from harness.fixtures.options import RunOptions


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(
        "verify",
        help="Verify boards as the vendor describes it: take the report of id2_app off the console, have the service "
        "verify it, build its ciphertext into id2_app, flash it, and see it decrypted. Leaves a run folder for each.",
    )(verify)


def verify(
    boards: Annotated[
        list[Path],
        typer.Argument(
            help="Board files, or names of boards: of those in boards/, and of the shipped ones.",
            metavar="BOARD...",
            autocompletion=complete.boards,
        ),
    ],
    runs: Annotated[Path, typer.Option(help="Where the run folders go.", metavar="DIR")] = Path("runs"),
    answers: Annotated[
        Path | None, typer.Option(help="YAML file with answers to operator steps.", metavar="FILE")
    ] = None,
    attended: Annotated[
        bool | None,
        typer.Option(
            "--attended/--unattended",
            help="Whether a person at this terminal answers operator steps; so when stdin is a terminal.",
        ),
    ] = None,
    operator_timeout: Annotated[
        float | None,
        typer.Option(
            min=1, help="Seconds that an operator step waits; for ever by default.", metavar="SECONDS"
        ),
    ] = None,
    ledger: Annotated[
        Path | None,
        typer.Option(help="Real service: file that counts authentications.", metavar="FILE"),
    ] = None,
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
    """Verify each board in turn, and end with one table and the report paths, as `harness run` does."""
    from harness.cli.run_boards import run_boards

    options = RunOptions(
        runs=runs,
        answers=answers,
        attended=attended,
        operator_timeout=operator_timeout,
        ledger=ledger,
        wait=wait,
        verify=True,
    )
    raise typer.Exit(run_boards(boards, options, quiet=quiet, as_json=as_json))
