"""`harness plan`: what would run on a board, before anything is touched."""

from dataclasses import asdict
from typing import Annotated

import typer

from harness.cli import complete
from harness.cli.declared import takes
from harness.fixtures.options import PlanOptions


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("plan", help="Show what would run on a board: plan, transports, facts. Touches no hardware.")(
        plan
    )


@takes(PlanOptions)
def plan(
    board: Annotated[
        str,
        typer.Argument(
            help="Board file, or the name of a board: of one in boards/, or of a shipped one.",
            metavar="BOARD",
            autocompletion=complete.boards,
        ),
    ],
    options: PlanOptions,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
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
    scenarios = planned(file.source.path, options)
    if as_json:
        record = shown.to_record() | {"scenarios": [asdict(scenario) for scenario in scenarios]}
        print(json.dumps(record, indent=2, ensure_ascii=False))
    else:
        print(fitted(as_text(shown, scenarios)))
