"""`harness plan`: what would run on a board, before anything is touched; and the plans that there are."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import complete
from harness.cli.declared import Tags, takes
from harness.fixtures.options import PlanOptions

if TYPE_CHECKING:
    from harness.board.models import BoardFile
    from harness.board.plan.preview import PlannedScenario, Preview


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(
        "plan",
        help="Show what would run on boards: plan, transports, facts. Touches no hardware. With --new choose a plan "
        "from the vendor's table, asked step by step or by options, and write the board file to start with; with "
        "--table print the whole table.",
    )(plan)


@takes(PlanOptions)
def plan(
    options: PlanOptions,
    boards: Annotated[
        list[str] | None,
        typer.Argument(
            help="Board files, names of boards, and patterns of both in quotes; with --new the file to write. None "
            "with --lab means all boards of the lab file.",
            metavar="BOARD",
            show_default=False,
            autocompletion=complete.boards,
        ),
    ] = None,
    tag: Tags = None,
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
    """Print the plan of each board with its scenarios, or the table of plans, or make a new one."""
    from harness.errors import UsageError

    answers = {"pattern": pattern, "carrier": carrier, "platform": platform, "key_type": key_type}
    flags = [f"--{field.replace('_', '-')}" for field, answer in answers.items() if answer is not None]
    flags += [] if probe is None else ["--probe" if probe else "--no-probe"]
    if flags and not new:
        raise UsageError(f"{', '.join(flags)} {'goes' if len(flags) == 1 else 'go'} with --new")
    if new and table:
        raise UsageError("--new and --table do not go together", hint="run the command once for each")
    words = boards or []
    if (new or table) and options.words():
        raise UsageError(
            f"{' '.join(options.words())} goes with a board that is there, not with --new or --table"
        )
    if (new or table) and tag:
        raise UsageError("--tag goes with boards that are there, not with --new or --table")
    if new:
        from harness.cli.plan_new import new_plan

        if len(words) > 1:
            raise UsageError("--new writes one board file", hint="run the command once for each")
        new_plan(next(iter(words), None), answers, probe=probe, as_json=as_json)
    elif table:
        if words:
            raise UsageError("--table prints every plan; it takes no BOARD")
        _print_table(as_json=as_json)
    elif not words and not tag and options.lab is None:
        raise UsageError(
            "no BOARD is named",
            hint="harness plan BOARD; `harness plan --new` starts a board file for a new one",
        )
    else:
        _print_previews(words, tag, options, as_json=as_json)


def _print_table(*, as_json: bool) -> None:
    from harness.board.plan.table import table_record
    from harness.board.plan.table_text import table_text
    from harness.cli.json_document import print_json
    from harness.cli.width import fitted

    if as_json:
        print_json(table_record())
    else:
        print(fitted(table_text()))


def _print_previews(
    words: Sequence[str], tag: Sequence[str] | None, options: PlanOptions, *, as_json: bool
) -> None:
    from harness.board.plan.preview import as_text
    from harness.board.reading.file import load
    from harness.board.reading.lab_boards import is_pattern
    from harness.cli.chosen import chosen
    from harness.cli.json_document import print_json
    from harness.cli.width import fitted

    files = [load(board) for board in chosen(words, tag, options.lab)]
    previews = (_preview(file, options) for file in files)
    if not as_json:
        for place, (shown, scenarios) in enumerate(previews):
            print("\n" * (place > 0) + fitted(as_text(shown, scenarios)))
        return
    records = [
        shown.to_record() | {"scenarios": [asdict(scenario) for scenario in scenarios]}
        for shown, scenarios in previews
    ]
    # What was asked decides on the form, not how many boards there happen to be.
    one = len(words) == 1 and not is_pattern(words[0])
    print_json(records[0] if one else {"boards": records})


def _preview(file: "BoardFile", options: PlanOptions) -> tuple["Preview", "Sequence[PlannedScenario]"]:
    from harness.board.opening import official
    from harness.board.plan.preview import preview
    from harness.cli.suites import collected

    shown = preview(file)
    assert file.source.path is not None
    found = collected(file.source.path, options)
    if options.official and found.standing is not None and found.standing.missing:
        raise official.refusal(file, found.standing.missing)
    return shown, found.scenarios
