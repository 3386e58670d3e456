"""`harness campaigns`: what the campaigns of this machine do, and what came of them."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.progress.state import SET_ASIDE

if TYPE_CHECKING:
    from harness.progress.campaigns import Campaign
    from harness.progress.state import BoardState, CampaignState

_LIMIT = 20
_NAMED = 12  # boards of a campaign whose names are listed


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("campaigns", help="List campaigns (each is one `harness run`), or show one of them.")(
        campaigns
    )


def campaigns(
    name: Annotated[
        str,
        typer.Argument(
            help="A campaign by its name or the end of it, or latest; all when left out.",
            metavar="CAMPAIGN",
            show_default=False,
        ),
    ] = "",
    runs: Annotated[Path, typer.Option(help="Where the run folders are.", metavar="DIR")] = Path("runs"),
    limit: Annotated[int, typer.Option(help="How many campaigns at most; 0 for all.", min=0)] = _LIMIT,
    follow: Annotated[
        bool,
        typer.Option(
            "--follow",
            "-f",
            help="Show what CAMPAIGN does until it ends, ask its operator steps at this terminal, and leave with its "
            "exit code. Ctrl-C ends the showing alone.",
        ),
    ] = False,
    stop: Annotated[
        bool,
        typer.Option("--stop", help="Ask CAMPAIGN to end in order, with its reports, and return at once."),
    ] = False,
    board: Annotated[
        str, typer.Option(help="With --stop: end this board alone, and its further rounds.", metavar="BOARD")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")] = False,
) -> None:
    """List the campaigns of a folder of runs, the latest first, or each board of one."""
    from harness.cli.json_document import print_json
    from harness.cli.width import fitted
    from harness.progress import campaigns as known

    _check(name, follow=follow, stop=stop, board=board, as_json=as_json)
    _require_readable(runs)
    found = [known.find(runs, name)] if name else known.campaigns(runs)
    if stop:
        _stop(found[0], board)
    if follow:
        from harness.cli.followed import followed

        raise typer.Exit(followed(found[0]))
    if stop:
        return
    shown = [(one, *one.read()) for one in (found[:limit] if limit else found)]
    if as_json:
        print_json({"schema_version": 1, "campaigns": [_plain(*one) for one in shown]})
    elif name:
        _show(*shown[0])
    else:
        for one, state, problem in shown:
            print(fitted(f"{one.id}  {_words(one, state, problem)}"))
        if len(shown) < len(found):
            print(fitted(f"… and {len(found) - len(shown)} older: --limit 0 shows them too"))
        if not found:
            print(fitted(f"{runs}: holds no campaign yet"))


def _check(name: str, *, follow: bool, stop: bool, board: str, as_json: bool) -> None:
    """See that the options go together.

    Raises:
        UsageError: They do not.
    """
    from harness.errors import UsageError

    option = "--follow" if follow else "--stop"
    if (follow or stop) and not name:
        raise UsageError(
            f"{option}: of which campaign?", hint=f"name it, or say latest: harness campaigns latest {option}"
        )
    if board and not stop:
        raise UsageError("--board goes with --stop", hint="harness campaigns latest --stop --board BOARD")
    if follow and as_json:
        raise UsageError(
            "--follow prints what happens, and no JSON document",
            hint="tail -f the campaign's progress.jsonl for JSON lines; docs/campaigns.md describes them",
        )


def _require_readable(runs: Path) -> None:
    """See that the campaigns of a folder of runs can be listed, where there are any.

    Raises:
        BenchError: They cannot.
    """
    import os

    from harness.errors import BenchError
    from harness.progress.names import CAMPAIGNS

    try:
        with os.scandir(runs / CAMPAIGNS):
            pass
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise BenchError(
            f"{runs / CAMPAIGNS}: cannot be read: {(error.strerror or str(error)).lower()}",
            hint="ask its owner, or run this as the user who runs the campaigns",
        ) from None


def _stop(campaign: "Campaign", board: str) -> None:
    """Ask a campaign to end, or one board of it.

    Raises:
        UsageError: It has ended, or has no such board.
        BenchError: It is another user's.
    """
    import sys

    from harness.errors import UsageError
    from harness.progress.stopping import stop
    from harness.settings.problems import printable
    from harness.settings.suggest import meant

    if not campaign.alive:
        raise UsageError(
            f"{campaign.id} does not go on any more", hint="harness campaigns lists those that do"
        )
    boards = list(campaign.state().boards)
    if board and board not in boards:
        raise UsageError(
            f"{campaign.id} has no board {printable(board)}{meant(board, boards)} name one of its boards"
        )
    stop(campaign, board)
    print(f"{campaign.id}: {board or 'all boards'} asked to end", file=sys.stderr)


def _show(campaign: "Campaign", state: "CampaignState", problem: str) -> None:
    from harness.cli.board_line import board_line, name_width
    from harness.cli.width import fitted, width
    from harness.report.text import one_line

    print(fitted(f"{campaign.id}  {_words(campaign, state, problem)}"))
    boards, alive = list(state.boards.values()), campaign.alive
    names = name_width(boards)
    for board in boards:
        came = "" if alive or board.over or board.phase == SET_ASIDE else _without_end(board)
        print(board_line(board, _end(state, alive=alive), names=names, width=width(), came=came))
        for ask in board.asks.values() if alive else ():
            print(fitted(f"  {one_line(ask.title)} (answers/{one_line(ask.id)}.json)"))


def _without_end(board: "BoardState") -> str:
    """Return what is told of a board without an end, of a campaign that goes on no more."""
    if board.started is None:
        return "not run"
    return "its end is not known: the campaign's process was gone first"


def _words(campaign: "Campaign", state: "CampaignState", problem: str) -> str:
    from harness.report.text import one_line

    over = sum(board.over for board in state.boards.values())
    if problem:
        came = f"{'goes on, but ' if campaign.alive else ''}cannot be read: {one_line(problem)}"
    elif campaign.alive:
        came = f"goes on, {over} of {len(state.boards)} boards ended"
    elif state.ended is not None:
        came = f"ended, exit code {state.exit_code}"
        if state.interrupted:
            came += f", {one_line(state.interrupted)}"
    else:
        came = f"its process is gone; {over} of {len(state.boards)} boards had ended"
    more = f" … and {len(state.boards) - _NAMED} more" if len(state.boards) > _NAMED else ""
    return f"{came}  {', '.join(one_line(board) for board in list(state.boards)[:_NAMED])}{more}".rstrip()


def _end(state: "CampaignState", *, alive: bool) -> float:
    """Return until when times are counted: now, or when the campaign said its last word."""
    return time.time() if alive or state.last is None else state.last


def _plain(campaign: "Campaign", state: "CampaignState", problem: str) -> dict[str, object]:
    from dataclasses import asdict

    boards = []
    for board in state.boards.values():
        told = asdict(board)
        told["planned"] = [
            {"step": step, "title": title, "expected_s": seconds}
            for (step, title), seconds in board.planned.items()
        ]
        told["finished"] = [
            {"step": step, "title": title, "verdict": verdict}
            for (step, title), verdict in board.finished.items()
        ]
        told["asks"] = list(told["asks"].values())
        boards.append(told)
    return {
        "id": campaign.id,
        "folder": str(campaign.folder.path),
        "alive": campaign.alive,
        "problem": problem or None,
        "started": state.started,
        "ended": state.ended,
        "exit_code": state.exit_code,
        "interrupted": state.interrupted,
        "told": state.told,
        "boards": boards,
    }
