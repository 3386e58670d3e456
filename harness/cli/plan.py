"""`harness plan`: what would run on a board, before anything is touched; and the plans that there are."""

from dataclasses import asdict
from typing import Annotated

import typer

from harness.cli import complete
from harness.cli.declared import takes
from harness.fixtures.options import PlanOptions


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(
        "plan",
        help="Show what would run on a board: plan, transports, facts. Touches no hardware. With --new choose a plan "
        "from the vendor's table, asked step by step or by options, and write the board file to start with; with "
        "--table print the whole table.",
    )(plan)


@takes(PlanOptions)
def plan(
    options: PlanOptions,
    board: Annotated[
        str | None,
        typer.Argument(
            help="Board file, or the name of a board: of one in boards/, or of a shipped one; with --new the one to "
            "write.",
            metavar="BOARD",
            autocompletion=complete.boards,
        ),
    ] = None,
    new: Annotated[
        bool, typer.Option("--new", help="Choose a plan, and write the board file to start with.")
    ] = False,
    table: Annotated[
        bool, typer.Option("--table", help="Print every plan of the vendor's table, and what each needs.")
    ] = False,
    pattern: Annotated[
        str | None, typer.Option(help="With --new: who authenticates the device.", metavar="PATTERN")
    ] = None,
    carrier: Annotated[
        str | None, typer.Option(help="With --new: where the ID² key lives.", metavar="CARRIER")
    ] = None,
    platform: Annotated[
        str | None, typer.Option(help="With --new: what runs on the board.", metavar="PLATFORM")
    ] = None,
    key_type: Annotated[
        str | None, typer.Option(help="With --new: type of the ID² key.", metavar="TYPE")
    ] = None,
    probe: Annotated[
        bool | None,
        typer.Option("--probe/--no-probe", help="With --new: whether the probe is linked into the firmware."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Print the plan of a board with its scenarios, or the table of plans, or make a new one."""
    from harness.errors import UsageError

    answers = {"pattern": pattern, "carrier": carrier, "platform": platform, "key_type": key_type}
    flags = [f"--{field.replace('_', '-')}" for field, answer in answers.items() if answer is not None]
    flags += [] if probe is None else ["--probe" if probe else "--no-probe"]
    if flags and not new:
        raise UsageError(f"{', '.join(flags)} {'goes' if len(flags) == 1 else 'go'} with --new")
    if new and table:
        raise UsageError("--new and --table do not go together", hint="run the command once for each")
    if (new or table) and options.words():
        raise UsageError(
            f"{' '.join(options.words())} goes with a board that is there, not with --new or --table"
        )
    if new:
        from harness.cli.plan_new import new_plan

        new_plan(board, answers, probe=probe, as_json=as_json)
    elif table:
        if board is not None:
            raise UsageError("--table prints every plan; it takes no BOARD")
        _print_table(as_json=as_json)
    elif board is None:
        raise UsageError(
            "no BOARD is named",
            hint="harness plan BOARD; `harness plan --new` starts a board file for a new one",
        )
    else:
        _print_preview(board, options, as_json=as_json)


def _print_table(*, as_json: bool) -> None:
    from harness.board.plan.table import table_record
    from harness.board.plan.table_text import table_text
    from harness.cli.json_document import print_json
    from harness.cli.width import fitted

    if as_json:
        print_json(table_record())
    else:
        print(fitted(table_text()))


def _print_preview(board: str, options: PlanOptions, *, as_json: bool) -> None:
    import json

    from harness.board.opening import official
    from harness.board.plan.preview import as_text, preview
    from harness.board.reading.file import load
    from harness.cli.suites import collected
    from harness.cli.width import fitted

    file = load(board)
    shown = preview(file)
    assert file.source.path is not None
    found = collected(file.source.path, options)
    if options.official and found.standing is not None and found.standing.missing:
        raise official.refusal(file, found.standing.missing)
    scenarios = found.scenarios
    if as_json:
        record = shown.to_record() | {"scenarios": [asdict(scenario) for scenario in scenarios]}
        print(json.dumps(record, indent=2, ensure_ascii=False))
    else:
        print(fitted(as_text(shown, scenarios)))
