"""`harness run`: take boards through the onboarding suites and leave a run folder for each."""

from dataclasses import replace
from typing import Annotated

import typer

from harness.cli.declared import (
    LOST_AFTER_S,
    AsJson,
    Boards,
    Duration,
    LostAfter,
    Plugins,
    Quiet,
    Repeat,
    SetAside,
    StopOnFailure,
    Tags,
    takes,
)
from harness.cli.garbage import collected_later
from harness.fixtures.options import RunOptions


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("run", help="Run the onboarding suites on boards; leave a run folder with reports for each.")(
        run
    )


@takes(RunOptions)
@collected_later()
def run(
    options: RunOptions,
    boards: Boards = None,
    tag: Tags = None,
    select: Annotated[
        str, typer.Option("--select", "-k", help="Only scenarios whose name matches, as pytest's -k.")
    ] = "",
    plugin: Plugins = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="With --official: say all that is missing for an official run, touch nothing, and leave no run "
            "folder; exit code 0 when nothing is missing, else 2.",
        ),
    ] = False,
    notify_end: Annotated[
        list[str] | None,
        typer.Option(
            help="A command that is told when all is over, with the summary as JSON on its standard input. No shell is "
            "asked: write \"sh -c '…'\" for one. May be repeated, as all --notify-….",
            metavar="COMMAND",
        ),
    ] = None,
    notify_failure: Annotated[
        list[str] | None,
        typer.Option(
            help="A command that is told of each run that does not end with exit code 0.", metavar="COMMAND"
        ),
    ] = None,
    notify_operator: Annotated[
        list[str] | None,
        typer.Option(
            help="A command that is told of each operator step that waits for a person.", metavar="COMMAND"
        ),
    ] = None,
    notify_set_aside: Annotated[
        list[str] | None,
        typer.Option(
            help="A command that is told of each board that is set aside for its health.", metavar="COMMAND"
        ),
    ] = None,
    notify: Annotated[
        bool,
        typer.Option(
            "--notify/--no-notify", help="Whether commands are told, those of the lab file included."
        ),
    ] = True,
    jobs: Annotated[
        str,
        typer.Option(
            "--jobs",
            "-j",
            help="Run so many boards side by side, a process for each; auto chooses. One after the other without it.",
            metavar="N|auto",
        ),
    ] = "",
    lost_after: LostAfter = LOST_AFTER_S,
    detach: Annotated[
        bool,
        typer.Option(
            "--detach",
            help="Start the runs in a process that outlives this terminal, print the name of the campaign, and return "
            "at once. harness campaigns shows it.",
        ),
    ] = False,
    campaign: Annotated[
        str, typer.Option(hidden=True, help="The campaign's name, chosen by who began it from another host.")
    ] = "",
    repeat: Repeat = None,
    duration: Duration = "",
    stop_on_failure: StopOnFailure = False,
    set_aside: SetAside = True,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Run the suites on each board in turn, show progress, and end with one table and the report paths."""
    from harness.cli.chosen import chosen
    from harness.cli.replayed_run import split
    from harness.cli.run_boards import run_boards
    from harness.errors import UsageError

    if dry_run and not options.official:
        raise UsageError(
            "--dry-run goes with --official", hint="harness plan BOARD shows what a run would do"
        )
    words, replay = split(boards or [], options.replay)
    options = replace(options, replay=replay)
    paths = chosen(words, tag, options.lab)
    if dry_run:
        from harness.cli.official_run import dry_run as without_touching

        raise typer.Exit(
            without_touching(paths, options, select=select, plugins=plugin or (), as_json=as_json)
        )
    side_by_side = rounds = None
    if repeat is not None or duration or stop_on_failure:
        from harness.campaign.soak.rounds import Rounds

        rounds = Rounds.read(repeat, duration, stop_on_failure=stop_on_failure)
    if jobs or detach or rounds is not None:
        from harness.cli.jobs import Jobs

        side_by_side = Jobs.read(jobs or "1", lost_after)
    told = {
        "end": notify_end,
        "failure": notify_failure,
        "operator": notify_operator,
        "set-aside": notify_set_aside,
    }
    code = run_boards(
        paths,
        options,
        select=select,
        plugins=plugin or (),
        quiet=quiet,
        as_json=as_json,
        notify={on: commands or () for on, commands in told.items()} if notify else None,
        jobs=side_by_side,
        detach=detach,
        campaign=campaign,
        set_aside=set_aside,
        rounds=rounds,
    )
    raise typer.Exit(code)
