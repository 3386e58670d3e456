"""`harness plan`: what would run on a board, before anything is touched."""

from dataclasses import asdict
from typing import Annotated

import typer

from harness.cli import complete


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("plan", help="Show what would run on a board: plan, transports, facts. Touches no hardware.")(
        plan
    )


def plan(
    board: Annotated[
        str,
        typer.Argument(
            help="Board file, or the name of one in boards/.",
            metavar="BOARD",
            autocompletion=complete.boards,
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="Leave out the scenarios that take long (endurance).")
    ] = False,
) -> None:
    """Print the plan, the transports with what they need and supply, the facts, and the scenarios."""
    import json

    from harness.board.plan.preview import as_text, preview
    from harness.board.reading.file import load
    from harness.cli.suites import planned
    from harness.cli.width import fitted

    file = load(board)
    shown = preview(file)
    assert file.source.path is not None
    scenarios = planned(file.source.path, quick=quick)
    if as_json:
        record = shown.to_record() | {"scenarios": [asdict(scenario) for scenario in scenarios]}
        print(json.dumps(record, indent=2, ensure_ascii=False))
    else:
        print(fitted(as_text(shown, scenarios)))
