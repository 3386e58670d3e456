"""Begins a campaign on many hosts, or attaches to one: follows it on the terminal, and ends with one summary."""

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from rich.console import Console

from harness.board.reading.lab import lab_of
from harness.cli.lab_asker import LabAsker
from harness.cli.lab_notices import LabNotices
from harness.cli.lab_shown import Shown, rounds, set_aside, summary
from harness.cli.output import OwnConsole
from harness.errors import UsageError
from harness.lab.attending import Attending, Manner
from harness.lab.backend import backend_of
from harness.lab.client_files import ASKED, BEGUN, Asked, ClientFiles, find
from harness.lab.hosts import chosen, hosts_of
from harness.lab.names import new_id
from harness.lab.results import exit_code, results
from harness.lab.tagged import tagged
from harness.lab.watcher import GIVEN_UP
from harness.operator.answers import Answers
from harness.operator.terminal import TerminalOperator, has_terminal
from harness.progress.campaigns import CAMPAIGN_ID

if TYPE_CHECKING:
    from harness.campaign.notify.notifier import Notifier

_INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to run.

    Attributes:
        boards: Names of boards and patterns; all when empty.
        hosts: Names of hosts that alone take part; all when empty.
        options: Options of each host's run.
        suites: Folders of suites that they name.
        tags: Tags that each board must have.
    """

    boards: tuple[str, ...]
    hosts: tuple[str, ...]
    options: tuple[str, ...]
    suites: tuple[str, ...]
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Client:
    """What this client was told about itself.

    Attributes:
        lab: The lab file; None for that of the working folder.
        runs: Its folder of runs.
        config: ssh's file of settings; None for the user's.
        patience: Seconds that a host may be unreachable.
        quiet: Print what did not pass alone.
        as_json: Print one JSON document.
        attended: Whether a person at this terminal answers operator steps.
        answers: Answers to operator steps that are known already.
    """

    lab: Path | None
    runs: Path
    config: Path | None
    patience: float
    quiet: bool = False
    as_json: bool = False
    attended: bool = False
    answers: Answers = field(default_factory=dict)


class _Interrupts:
    """Counts the signals that ask this process to end."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self.count += 1


def begin(wanted: Wanted, client: Client, *, detach: bool) -> int:
    """Begin a campaign on the hosts that have the boards; return the exit code.

    The first Ctrl-C ends what runs, in order, with reports, as it does in `harness run`; the second leaves at once, and
    what still runs goes on by itself.

    Raises:
        UsageError: There is no such board or host; a host has another harness; no host can be reached.
        BenchError: The disk refuses.
    """
    backend = backend_of(lab_of(client.lab))
    hosts = chosen(backend.hosts(), wanted.boards, wanted.hosts)
    if wanted.tags:
        hosts, doubts = tagged(hosts, wanted.tags, client.config)
        for doubt in doubts:
            print(f"warning: {doubt}", file=sys.stderr)
    name = new_id()
    claims = {host.name: backend.claim(host, name) for host in hosts}
    asked = Asked(name, hosts, wanted.options, wanted.suites, claims)
    files = ClientFiles(client.runs, asked.campaign)
    files.lock()
    try:
        files.write_asked(asked)
        return _attend(files, asked, client, may_begin=True, detach=detach)
    finally:
        files.unlock()


def attach(word: str, client: Client, *, stop: bool) -> int:
    """Follow a campaign that was begun before, here or elsewhere; return the exit code.

    Raises:
        UsageError: No host knows such a campaign, or another process attends to it.
        BenchError: The disk refuses.
    """
    name = find(client.runs, word)
    files = ClientFiles(client.runs, name)
    asked = files.asked()
    if asked is None:
        if not CAMPAIGN_ID.fullmatch(name):
            raise UsageError(f"{name[:60]!r} is no name of a campaign")
        asked = Asked(name, hosts_of(lab_of(client.lab)), guessed=True)
    files.lock()
    try:
        files.write_asked(asked)
        return _attend(files, asked, client, may_begin=False, stop=stop)
    finally:
        files.unlock()


def _attend(
    files: ClientFiles,
    asked: Asked,
    client: Client,
    *,
    may_begin: bool,
    detach: bool = False,
    stop: bool = False,
) -> int:
    with ExitStack() as kept:
        # Of a campaign that is left to itself its name alone stands on stdout, as of harness run --detach.
        console = kept.enter_context(closing(OwnConsole(2 if client.as_json or detach else 1)))
        # Before the threads of the hosts, as who tells is a process of its own.
        notifier = None if detach else _notifier(client)
        if notifier is not None:
            kept.callback(notifier.close)
        interrupts = kept.enter_context(_counted())
        attending = Attending(files, asked, Manner(client.patience, client.config), may_begin=may_begin)
        notices = (
            None
            if notifier is None
            else LabNotices(notifier, asked, files.folder.path, client.runs, attending.watchers)
        )
        shown = Shown(console, attending.watchers, quiet=client.quiet or client.as_json)

        def tick() -> None:
            shown.tick()
            if notices is not None:
                notices.tick()

        _have_answered(attending, shown, client, detach=detach)
        try:
            try:
                attending.look(tick, lambda: interrupts.count > 0)
            except UsageError:
                if may_begin:
                    attending.leave()
                    files.forget()
                raise
            if interrupts.count and may_begin:
                attending.call_off()
                files.forget()
                shown.say("interrupted: nothing was begun on any host")
            else:
                if not interrupts.count:
                    attending.begin()
                if stop:
                    attending.stop()
                if detach:
                    attending.follow(tick, lambda: bool(interrupts.count) or attending.begun_or_refused)
                else:
                    _follow(attending, shown, tick, interrupts, asked, may_begin=may_begin)
        finally:
            attending.leave()
            shown.end()
        try:
            attending.settle()
        except UsageError:
            files.forget()
            raise
        return _ended(
            attending, asked, client, console, notices, interrupted=bool(interrupts.count), detach=detach
        )


def _notifier(client: Client) -> "Notifier | None":
    """Return what tells the commands of the client's lab file; None when it has none."""
    lab = lab_of(client.lab)
    if not lab.notify:
        return None
    from harness.campaign.notify.chosen import hooks_of
    from harness.campaign.notify.notifier import Notifier

    def warn(text: str) -> None:
        print(f"warning: {text}", file=sys.stderr)

    return Notifier(hooks_of(lab, {}), client.runs, dict(os.environ), warn)


def _have_answered(attending: Attending, shown: Shown, client: Client, *, detach: bool) -> None:
    """Have operator steps of all boards answered here, by what is known already, or at the terminal."""
    at_terminal = client.attended and not detach and has_terminal()
    if client.answers or at_terminal:
        terminal = TerminalOperator() if at_terminal else None
        shown.ask_with(LabAsker(attending.watchers, client.answers, terminal, shown.pause, shown.resume))


def _follow(
    attending: Attending,
    shown: Shown,
    tick: Callable[[], None],
    interrupts: _Interrupts,
    asked: Asked,
    *,
    may_begin: bool,
) -> None:
    attending.follow(tick, lambda: interrupts.count > 0)
    if not interrupts.count or not may_begin:
        return
    shown.say(
        f"ending what runs on all hosts, with reports; Ctrl-C again leaves at once: harness lab attach {asked.campaign}"
    )
    attending.stop()
    attending.follow(tick, lambda: interrupts.count > 1)


def _ended(
    attending: Attending,
    asked: Asked,
    client: Client,
    console: Console,
    notices: LabNotices | None,
    *,
    interrupted: bool,
    detach: bool,
) -> int:
    boards = results(attending.watchers)
    code = exit_code(attending.watchers, boards)
    left = any(not one.over for one in attending.watchers)
    if detach and not interrupted:
        refused = [one for one in attending.watchers if one.phase == GIVEN_UP]
        code = code if refused else 0
    elif interrupted:
        code = _INTERRUPTED
    if notices is not None and not left:
        notices.end(boards, code, "interrupted" if interrupted else "")
    if client.as_json:
        hosts = [
            {
                "host": one.host.name,
                "phase": one.phase,
                "reason": one.reason,
                "exit_code": one.state.exit_code,
                **({"soak": one.rounds} if one.rounds else {}),
            }
            for one in attending.watchers
        ]
        runs = [
            {
                "host": one.host,
                "board": one.board,
                "outcome": one.outcome,
                "reason": one.reason,
                "verdicts": dict(one.rounds),
                "exit_code": one.exit_code,
                "folders": list(map(str, one.folders)),
                "on_bench": list(one.on_bench),
                "set_aside": None
                if one.aside is None
                else dict(zip(("reason", "until"), one.aside, strict=True)),
            }
            for one in boards
        ]
        document = {
            "schema_version": 1,
            "campaign": asked.campaign,
            "exit_code": code,
            "hosts": hosts,
            "boards": runs,
        }
        print(json.dumps(document, ensure_ascii=False, indent=2))
    elif not detach:
        summary(console, boards, quiet=client.quiet)
        rounds(console, attending.watchers)
        set_aside(console, boards)
    if detach and not interrupted and not client.as_json:
        if any(one.note.begin in {ASKED, BEGUN} for one in attending.watchers):
            print(asked.campaign)
    elif left:
        said = f"{asked.campaign} goes on: harness lab attach {asked.campaign}"
        print(said, file=sys.stderr if client.as_json or detach else sys.stdout)
    return code


@contextmanager
def _counted() -> Iterator[_Interrupts]:
    """Count Ctrl-C and a request to end, in the place of being ended by them."""
    interrupts = _Interrupts()
    before = {number: signal.signal(number, interrupts) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interrupts
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
