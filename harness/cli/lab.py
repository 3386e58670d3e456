"""`harness lab`: campaigns on many hosts, each run where its board is."""

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.declared import (
    LOST_AFTER_S,
    Duration,
    LostAfter,
    Plugins,
    Repeat,
    SetAside,
    StopOnFailure,
    Tags,
    takes,
)
from harness.cli.lab_status import status
from harness.fixtures.options import RunOptions

group = typer.Typer(
    help="Run the suites on the boards of many hosts: over ssh, on the host that has the board.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

_PASSED_ON = (
    "suites",
    "only_suites",
    "quick",
    "official",
    "known_failures",
    "destructive",
    "attended",
    "operator_timeout",
    "verify",
    "fault",
    "explore_for",
    "seed",
    "without_pdf",
    "wait",
)
"""Options of a run that mean the same on the host where it runs; paths in them are paths there."""

_Lab = Annotated[
    Path | None,
    typer.Option(
        help="The lab file, which names the hosts; lab.yaml in the working folder by default.", metavar="FILE"
    ),
]
_Runs = Annotated[Path, typer.Option(help="Where the run folders are.", metavar="DIR")]
_Config = Annotated[
    Path | None,
    typer.Option(
        "--ssh-config", help="ssh's file of settings, in the place of the user's (ssh -F).", metavar="FILE"
    ),
]
_Patience = Annotated[
    float,
    typer.Option(
        "--give-up-after",
        help="Seconds that a host may be unreachable before its boards count as aborted. Nothing is run again.",
        metavar="SECONDS",
        min=1,
    ),
]
_AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
_Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print what did not pass, and the summary.")]
_Answers = Annotated[
    Path | None,
    typer.Option(
        "--answers",
        help="YAML file of this computer with answers to operator steps, as harness run takes it.",
        metavar="FILE",
    ),
]
_GIVE_UP_AFTER_S = 300.0
_PERSON_S = 3600.0  # seconds that a board waits for a person, where nobody says how long


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    group.command("run", help="Run the suites on boards of the lab's hosts; pull the run folders here.")(run)
    group.command("attach", help="Follow a campaign that goes on without a client, or that another began.")(
        attach
    )
    group.command(
        "status",
        help="Show for each board whether it is healthy or set aside and why, who has it in use, and its last runs: "
        "on each host of the lab file, or else of this computer. Without BOARD: all boards of the lab file, or else "
        "of boards/.",
    )(status)
    group.command("close", help="On a bench: close what killed campaigns left, as aborted; for its start.")(
        close
    )
    group.command("reap", help="Free places at labgrid's coordinator whose campaign is gone for a minute.")(
        reap
    )
    group.command("places", help="Make the places of the lab's boards at labgrid's coordinator.")(places)
    group.command("exporter-config", help="Print what labgrid-exporter reads on a host of the lab.")(
        exporter_config
    )
    group.command("carry", hidden=True, help="On a bench: a campaign within its places.")(carry)
    app.add_typer(group, name="lab")


@takes(RunOptions, only=_PASSED_ON)
def run(
    options: RunOptions,
    boards: Annotated[
        list[str] | None,
        typer.Argument(
            help="Boards of the lab by name, or patterns such as 'se-*'; HOST:BOARD where several hosts have one.",
            metavar="BOARD...",
            show_default=False,
        ),
    ] = None,
    host: Annotated[
        list[str] | None,
        typer.Option(
            help="Only boards of this host; may be repeated. Without BOARD all of its boards.", metavar="NAME"
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All boards of all hosts.")] = False,
    tag: Tags = None,
    jobs: Annotated[
        str,
        typer.Option("--jobs", "-j", help="Boards at once on each host, or auto.", metavar="N"),
    ] = "auto",
    select: Annotated[
        str, typer.Option("--select", "-k", help="Only scenarios whose name matches, as pytest's -k.")
    ] = "",
    plugin: Plugins = None,
    repeat: Repeat = None,
    duration: Duration = "",
    stop_on_failure: StopOnFailure = False,
    set_aside: SetAside = True,
    lost_after: LostAfter = LOST_AFTER_S,
    detach: Annotated[
        bool, typer.Option("--detach", help="Begin on every host, print the campaign's name, and return.")
    ] = False,
    lab: _Lab = None,
    runs: _Runs = Path("runs"),
    ssh_config: _Config = None,
    give_up_after: _Patience = _GIVE_UP_AFTER_S,
    answers: _Answers = None,
    quiet: _Quiet = False,
    as_json: _AsJson = False,
) -> None:
    """Begin a campaign on the hosts that have the boards, follow it, pull the run folders, and end with one summary."""
    import os
    from dataclasses import replace

    from harness.cli import lab_run
    from harness.cli.jobs import Jobs
    from harness.errors import UsageError
    from harness.operator.answers import load

    if not (boards or host or everything or tag):
        raise UsageError(
            "which boards?",
            hint="name boards, a host with --host, a tag with --tag, or --all for every board of the lab",
        )
    if everything and boards:
        raise UsageError("--all and names of boards do not go together", hint="leave one of them out")
    Jobs.read(jobs, lost_after)
    if repeat is not None or duration:
        from harness.campaign.soak.rounds import Rounds

        Rounds.read(repeat, duration, stop_on_failure=stop_on_failure)
    known = load(answers) if answers is not None else {}
    if options.known_failures is not None:
        from harness.board.reading import known_failures

        known_failures.load(options.known_failures)
    attended = options.attended
    if attended is None:
        # As in harness run: somebody is at this terminal, or may attach from one.
        attended = detach or bool(known) or os.isatty(0)
    options = replace(
        options,
        attended=attended,
        operator_timeout=options.operator_timeout or (_PERSON_S if attended else None),
    )
    passed = [word for word in options.words() if not word.startswith("--runs=")]
    words = (
        *passed,
        f"--jobs={jobs}",
        *([f"--select={select}"] if select else []),
        *(f"--plugin={name}" for name in plugin or ()),
        *([] if repeat is None else [f"--repeat={repeat}"]),
        *([f"--for={duration}"] if duration else []),
        *(["--stop-on-failure"] if stop_on_failure else []),
        *([] if set_aside else ["--no-set-aside"]),
        *([] if lost_after == LOST_AFTER_S else [f"--lost-after={lost_after:g}"]),
    )
    raise typer.Exit(
        lab_run.begin(
            lab_run.Wanted(
                tuple(boards or ()),
                tuple(host or ()),
                words,
                (
                    *options.suites,
                    *options.only_suites,
                    *([] if options.known_failures is None else [str(options.known_failures)]),
                ),
                tuple(tag or ()),
            ),
            lab_run.Client(
                lab,
                runs,
                ssh_config,
                give_up_after,
                quiet=quiet,
                as_json=as_json,
                attended=attended,
                answers=known,
            ),
            detach=detach,
        )
    )


def attach(
    campaign: Annotated[
        str,
        typer.Argument(
            help="Name of the campaign or its last part, or latest: as lab run printed it.",
            metavar="CAMPAIGN",
        ),
    ] = "latest",
    lab: _Lab = None,
    runs: _Runs = Path("runs"),
    ssh_config: _Config = None,
    give_up_after: _Patience = _GIVE_UP_AFTER_S,
    stop: Annotated[
        bool, typer.Option("--stop", help="End what still runs, in order, with reports.")
    ] = False,
    attended: Annotated[
        bool | None,
        typer.Option(
            "--attended/--unattended",
            help="Whether a person at this terminal answers operator steps; so when stdin is one.",
        ),
    ] = None,
    answers: _Answers = None,
    quiet: _Quiet = False,
    as_json: _AsJson = False,
) -> None:
    """Follow a campaign to its end; Ctrl-C leaves, and what runs goes on."""
    import os

    from harness.cli import lab_run
    from harness.operator.answers import load

    client = lab_run.Client(
        lab,
        runs,
        ssh_config,
        give_up_after,
        quiet=quiet,
        as_json=as_json,
        attended=os.isatty(0) if attended is None else attended,
        answers=load(answers) if answers is not None else {},
    )
    raise typer.Exit(lab_run.attach(campaign, client, stop=stop))


def close(runs: _Runs = Path("runs")) -> None:
    """Close every campaign of this bench whose process is gone: boards without an end are aborted, never judged."""
    from harness.lab import closing
    from harness.lab.names import LAB, BenchFolder
    from harness.progress.campaigns import campaigns
    from harness.report.text import one_line

    for one in campaigns(runs):
        for line in closing.close(one, BenchFolder(runs / LAB)):
            print(f"{one.id}  {one_line(line, 1_000)}")


def reap(lab: _Lab = None, ssh_config: _Config = None, as_json: _AsJson = False) -> None:
    """Free the places of campaigns whose locks on their bench are free for a minute; tell why others are kept."""
    from dataclasses import asdict

    from harness.board.reading.lab import lab_of
    from harness.cli.json_document import print_json
    from harness.lab.backend import coordinator_of
    from harness.lab.hosts import hosts_of
    from harness.report.text import one_line

    described = lab_of(lab)
    from harness.lab.labgrid.reaping import reap as decided

    found = list(decided(coordinator_of(described), hosts_of(described), ssh_config))
    if as_json:
        print_json({"places": [asdict(one) for one in found]})
        return
    for one in found:
        print(one_line(f"{one.place}  {'freed' if one.freed else 'kept'}  {one.holder}: {one.reason}", 400))
    if not found:
        print("no place is held")


def places(lab: _Lab = None) -> None:
    """Make a place for each board of the lab file that has none yet, which takes the resource of its exporter."""
    from harness.board.reading.lab import lab_of
    from harness.lab.backend import coordinator_of
    from harness.lab.hosts import board_name, hosts_of, place_names

    described = lab_of(lab)
    from harness.lab.labgrid.coordinator import RESOURCE, Coordinator

    with Coordinator(coordinator_of(described), "harness") as coordinator:
        there = coordinator.places()
        for (host, board), name in place_names(hosts_of(described)).items():
            if name in there:
                continue
            coordinator.add(name, f"{host}/{board_name(board)}/{RESOURCE}", {"host": host, "board": board})
            print(f"{name}  {host}")


def exporter_config(
    host: Annotated[str, typer.Argument(help="Name of the host in the lab file.", metavar="HOST")],
    lab: _Lab = None,
) -> None:
    """Print the file that labgrid-exporter reads on this host: one resource for each of its boards."""
    import json

    from harness.board.reading.lab import lab_of
    from harness.lab.hosts import board_name, chosen, hosts_of

    [one] = chosen(hosts_of(lab_of(lab)), (), (host,))
    # Names and paths as texts, whatever they look like: 007, no, or a sign that YAML knows.
    for board in one.boards:
        print(f"{json.dumps(board_name(board))}:\n  HarnessBoard:\n    board: {json.dumps(board)}")


def carry(
    campaign: Annotated[str, typer.Argument(metavar="CAMPAIGN")],
    runs: _Runs = Path("runs"),
) -> None:
    """Take the places of a campaign, run it, and give them up; its note says what is meant."""
    import sys

    from harness.errors import UsageError
    from harness.lab.bench_end import run_words
    from harness.lab.names import LAB, BenchFolder
    from harness.lab.places import claim_of
    from harness.lab.starting import begun_on, own_command

    folder = BenchFolder(runs / LAB)
    told = begun_on(folder, campaign)
    claim = claim_of(told.get("claim") or {})
    if claim is None:
        raise UsageError(f"{campaign[:60]!r} was not begun here with places to take")
    from harness.lab.labgrid.carrying import carry as carried

    command = [
        *own_command(sys.argv[0], sys.executable),
        *run_words(runs, campaign, told.get("options") or ()),
    ]
    raise typer.Exit(carried(runs, folder, campaign, claim, command))
