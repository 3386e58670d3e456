"""`harness run`: take boards through the onboarding suites and leave a run folder for each."""

from pathlib import Path
from typing import Annotated

import typer

from harness.cli import complete


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("run", help="Run the onboarding suites on boards; leave a run folder with reports for each.")(
        run
    )


def run(
    boards: Annotated[
        list[Path],
        typer.Argument(
            help="Board files, or names of some in boards/.",
            metavar="BOARD...",
            autocompletion=complete.boards,
        ),
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
    quick: Annotated[
        bool, typer.Option("--quick", help="Leave out the scenarios that take long (endurance).")
    ] = False,
    ledger: Annotated[
        Path | None,
        typer.Option(help="Real service: file that counts authentications; one for this user by default."),
    ] = None,
    answers: Annotated[
        Path | None, typer.Option(help="Real service: YAML file with answers to operator steps.")
    ] = None,
    attended: Annotated[
        bool | None,
        typer.Option(
            "--attended/--unattended",
            help="Whether a person at this terminal answers operator steps; so when stdin is a terminal.",
        ),
    ] = None,
    operator_timeout: Annotated[
        float | None, typer.Option(help="Seconds that an operator step waits; for ever by default.", min=1)
    ] = None,
    replay: Annotated[
        Path | None,
        typer.Option(
            help="Run without the devices: a recorded run answers for them; latest is the board's newest.",
            metavar="RUN",
            autocompletion=complete.runs_to_replay,
        ),
    ] = None,
    replay_match: Annotated[
        str | None,
        typer.Option(
            help="With --replay: how a request finds its recorded answer, exact (the default) or requests."
        ),
    ] = None,
    replay_timing: Annotated[
        str | None,
        typer.Option(
            help="With --replay: when a recorded answer comes, none (at once, the default) or original."
        ),
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            help='What goes wrong on a transport on purpose: "chip=nak after=3", or chip=@FILE.',
            metavar="TRANSPORT=PLAN",
            autocompletion=complete.transport_faults,
        ),
    ] = None,
    wait: Annotated[
        float, typer.Option(help="Seconds to wait for a board that another run has.", min=0)
    ] = 0.0,
    plugin: Annotated[
        list[str] | None,
        typer.Option(
            help="A pytest plugin that is to take part in the run; it is written down. Without this none does.",
            metavar="NAME",
        ),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print what did not pass, and one verdict a board.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document on stdout: the reports of all runs.")
    ] = False,
) -> None:
    """Run the suites on each board in turn, show progress, and end with one table and the report paths."""
    from harness.cli.replayed_run import split
    from harness.cli.run_boards import RunOptions, run_boards

    boards, replay = split(boards, replay)
    options = RunOptions(
        runs=runs,
        select=select,
        destructive=destructive,
        quick=quick,
        suites=suites,
        ledger=ledger,
        answers=answers,
        attended=attended,
        operator_timeout=operator_timeout,
        replay=replay,
        replay_match=replay_match,
        replay_timing=replay_timing,
        faults=tuple(fault or ()),
        wait=wait,
        plugins=tuple(plugin or ()),
        quiet=quiet,
        as_json=as_json,
    )
    raise typer.Exit(run_boards(boards, options))
