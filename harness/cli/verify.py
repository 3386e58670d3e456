"""`harness verify`: the self-verification of the vendor alone, with rebuild and flash."""

from dataclasses import replace

import typer

from harness.cli.declared import AsJson, Boards, Quiet, takes
from harness.fixtures.options import RunOptions


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(
        "verify",
        help="Verify boards as the vendor describes it: take the report of id2_app off the console, have the service "
        "verify it, build its ciphertext into id2_app, flash it, and see it decrypted. Leaves a run folder for each.",
    )(verify)


@takes(
    RunOptions,
    only=("runs", "answers", "attended", "operator_timeout", "ledger", "wait", "lab", "known_failures"),
)
def verify(
    boards: Boards,
    options: RunOptions,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Verify each board in turn, and end with one table and the report paths, as `harness run` does."""
    from harness.cli.run_boards import run_boards

    raise typer.Exit(run_boards(boards, replace(options, verify=True), quiet=quiet, as_json=as_json))
