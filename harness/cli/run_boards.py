"""Runs the suites on boards: checks all that is asked before the first is touched, and shows what came of them."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, closing, nullcontext
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from rich.text import Text

from harness.board.models import BoardFile
from harness.board.models.lab_file import LabFile
from harness.board.reading.file import load
from harness.board.reading.lab import lab_of, told
from harness.campaign.heard import Heard
from harness.cli.campaign_health import CampaignHealth, before
from harness.cli.json_document import print_json
from harness.cli.output import OwnConsole
from harness.cli.replayed_run import run_to_replay
from harness.cli.session_end import WORST_FIRST, Came
from harness.cli.suites import arguments, check_plugins
from harness.errors import BenchError, HarnessError, UsageError
from harness.fixtures.options import RunOptions
from harness.progress.writer import ProgressWriter
from harness.run.asserts import require_asserts
from harness.run.folder import RunFolder

if TYPE_CHECKING:
    from harness.campaign.notify.notifier import Notifier
    from harness.campaign.soak.rounds import Rounds
    from harness.cli.jobs import Jobs
    from harness.report.records import RunReport

_PERSON_ELSEWHERE_S = (
    3600.0  # seconds that a detached campaign waits for a person, where nobody says how long
)

_HANGING = 6
_NOBODY: Mapping[str, Sequence[str]] = MappingProxyType({})


def _words(board: Path, options: RunOptions) -> list[str]:
    """Return pytest's arguments for a run on a board; whether stdin is a terminal cannot be asked any more there."""
    attended = options.attended if options.attended is not None else os.isatty(0)
    replay = None if options.replay is None else run_to_replay(options.replay, options.runs, board)
    return arguments(board, replace(options, attended=attended, replay=replay))


def _warn(text: str) -> None:
    print(f"warning: {text}", file=sys.stderr)


def run_boards(
    boards: Sequence[Path],
    options: RunOptions,
    *,
    select: str = "",
    plugins: Sequence[str] = (),
    quiet: bool = False,
    as_json: bool = False,
    notify: Mapping[str, Sequence[str]] | None = _NOBODY,
    jobs: Jobs | None = None,
    detach: bool = False,
    campaign: str = "",
    set_aside: bool = True,
    rounds: Rounds | None = None,
) -> int:
    """Run the suites on each board and return the worst exit code.

    All board files are checked before the first board is touched.

    Args:
        boards: Board files, or names of boards.
        options: The options of each run.
        select: Only scenarios whose name matches, as pytest's `-k`.
        plugins: Plugins of pytest that take part.
        quiet: Print what did not pass, and one verdict a board.
        as_json: Print one JSON document on stdout.
        notify: Commands that are told, beside those of the lab file, by what they are told of; None for none at all.
        jobs: How boards run side by side; None for one after the other, in this process.
        detach: Have a process of its own do it, print the campaign's name, and return at once.
        campaign: The campaign's name, when it was chosen before; a new one when empty.
        set_aside: Whether boards are left out that are set aside for their health.
        rounds: With jobs: how often each board runs; once when left out.

    Raises:
        UsageError: A board file is wrong, a command is none, the options do not go together, a plugin is not there, or
            this Python leaves asserts out.
        BenchError: The campaign has a name, and its progress cannot be written: nobody would see it.
    """
    require_asserts()
    if campaign:
        _check_name(campaign)
    check_plugins(plugins)
    if options.known_failures is not None:
        from harness.board.reading import known_failures

        known_failures.load(options.known_failures)
    lab = lab_of(options.lab)
    for text in ([f"note: {told(lab)}"] if told(lab) else []) + [
        f"warning: {one}" for one in lab.source.warnings
    ]:
        print(text, file=sys.stderr)
    files = []
    for board in boards:
        file = load(board)
        for warning in file.warnings:
            print(f"warning: {warning}", file=sys.stderr)
        files.append(file)
    if options.official:
        from harness.cli.official_run import require_official

        require_official(files, options, select=select, plugins=plugins)
    health = before(files, options, set_aside=set_aside, warn=_warn)
    health.leaves_out = set_aside
    running = {file.name for file in health.running}
    boards = [board for board, file in zip(boards, files, strict=True) if file.name in running]
    more = [word for plugin in plugins for word in ("-p", plugin)] + (["-k", select] if select else [])
    if detach and options.attended is not False:
        # Nobody is at a terminal, but somebody may answer from elsewhere.
        options = replace(
            options, attended=True, operator_timeout=options.operator_timeout or _PERSON_ELSEWHERE_S
        )
    words = [[*_words(board, options), *more] for board in boards]

    def run_all(begun: Callable[[ProgressWriter], None]) -> int:
        notifier = None if notify is None else _notifier(lab, notify, options.runs, files)

        def take(event: Mapping[str, object]) -> None:
            if notifier is not None:
                notifier.take(event)
            health.take(event, progress.write)

        with (
            # Who is told of the end is waited for when everything is said.
            nullcontext() if notifier is None else closing(notifier),
            closing(ProgressWriter(options.runs, _warn, take, name=campaign)) as progress,
        ):
            if campaign and not progress.written:
                raise BenchError(
                    f"{progress.folder.path}: the campaign cannot be made",
                    hint="a campaign of a name runs once; choose another name",
                )
            begun(progress)
            # One JSON document is all that stands on stdout; what a person follows the run by goes to stderr then.
            with closing(OwnConsole(2 if as_json else 1)) as console, ExitStack() as signals:
                heard = Heard()
                signals.enter_context(heard.listening())
                if jobs is None or not health.running:
                    from harness.cli.one_after_the_other import one_after_the_other

                    came = one_after_the_other(
                        health,
                        words,
                        options,
                        console=console,
                        progress=progress,
                        quiet=quiet or as_json,
                        select=select,
                        heard=heard,
                    )
                else:
                    from harness.campaign.soak import rounds as soak_rounds
                    from harness.cli.side_by_side import side_by_side

                    gc.enable()  # this process only starts others, for as long as they take
                    came = side_by_side(
                        health,
                        words,
                        options,
                        jobs,
                        console=console,
                        progress=progress,
                        quiet=quiet or as_json,
                        select=select,
                        at_terminal=not detach
                        and (os.isatty(0) if options.attended is None else options.attended),
                        rounds=rounds or soak_rounds.Rounds(),
                        heard=heard,
                    )
                # From here on a signal changes nothing: all has ended, and is only to be told.
                came.said += health.said()
                came.code = came.code if came.interrupted else health.code(came.code)
                reports = _reports(came)
                came.code = _not_better(came.code, reports.values())
                told = {"exit_code": came.code, "interrupted": came.interrupted}
                progress.write("campaign_finished", told)
                return _shown(came, reports, health, console, quiet=quiet, as_json=as_json)

    if detach:
        from harness.cli.detached import detached

        return detached(run_all, as_json=as_json)
    return run_all(lambda _progress: None)


def _reports(came: Came) -> dict[Path, RunReport]:
    """Return what the runs say, by their folders; one without reports is left out, and one that cannot be read told."""
    from harness.report import model

    found = {}
    for folder in came.folders:
        if not (folder / "report.html").is_file():
            continue
        try:
            found[folder] = model.load(folder)
        except HarnessError as error:
            came.said.append(f"error: {error.message}")
            came.code = next(
                (code for code in WORST_FIRST if code in {came.code, error.exit_code}), came.code
            )
    return found


def _not_better(code: int, reports: Iterable[RunReport]) -> int:
    """Return the exit code, which is never better than what the journals of the runs say.

    A plugin that takes part may leave pytest with any code it likes.
    """
    said = {report.exit_code for report in reports}
    return code or next((one for one in WORST_FIRST if one in said), code)


def _shown(
    came: Came,
    reports: Mapping[Path, RunReport],
    health: CampaignHealth,
    console: OwnConsole,
    *,
    quiet: bool,
    as_json: bool,
) -> int:
    """Show what came of all runs, and return the exit code."""
    from harness.report import terminal

    rendered, code = list(reports), came.code
    if as_json:
        _print_json(list(reports.values()), rendered, came, code, health.plain())
    elif rendered:
        # Whoever reads a pipe has read each scenario already.
        show = terminal.show if console.is_terminal and not quiet else terminal.summary
        not_closed = {report.run for folder, report in reports.items() if not RunFolder(folder).closed}
        show(list(reports.values()), console, not_closed)
        console.print()
        terminal.paths([folder / "report.html" for folder in rendered], console)
    if came.soak is not None and not as_json:
        from harness.cli import soak
        from harness.cli.width import hanging

        console.print()
        for line in soak.words(came.soak):
            limit = console.width if console.is_terminal else None
            console.print(Text(hanging(line, _HANGING, limit)), soft_wrap=True)
    for line in came.said:
        print(line, file=sys.stderr)
    if console.refused:
        _warn(
            f"what was to be shown could not be written: {console.refused}; the reports are not touched by it"
        )
    return code


def _check_name(campaign: str) -> None:
    from harness.progress.campaigns import CAMPAIGN_ID

    if not CAMPAIGN_ID.fullmatch(campaign):
        raise UsageError(f"--campaign {campaign[:60]!r}: is no name of a campaign")


def _notifier(
    lab: LabFile, given: Mapping[str, Sequence[str]], runs: Path, boards: Sequence[BoardFile]
) -> Notifier | None:
    """Return what tells the commands of a campaign; None when there is none.

    Raises:
        UsageError: A command is none.
    """
    if not lab.notify and not any(given.values()):
        return None
    from harness.campaign.notify.chosen import environment_for, hooks_of, secrets_of
    from harness.campaign.notify.notifier import Notifier

    return Notifier(hooks_of(lab, given, secrets_of(boards)), runs, environment_for(boards), _warn)


def _print_json(
    reports: list[RunReport],
    folders: list[Path],
    came: Came,
    code: int,
    aside: list[dict[str, object]],
) -> None:
    runs = [
        {"folder": str(folder), "closed": RunFolder(folder).closed, **report.model_dump(mode="json")}
        for folder, report in zip(folders, reports, strict=True)
    ]
    document: dict[str, object] = {"exit_code": code, "messages": came.said, "runs": runs, "set_aside": aside}
    if came.soak is not None:
        document["soak"] = came.soak
    print_json(document)
