"""`harness campaigns`: what the campaigns of this machine do, and what came of them."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from harness.progress.campaigns import Campaign
    from harness.progress.state import CampaignState

_LIMIT = 20


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
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")] = False,
) -> None:
    """List the campaigns of a folder of runs, the latest first, or each board of one."""
    from harness.cli.json_document import print_json
    from harness.cli.width import fitted
    from harness.progress import campaigns as known

    found = [known.find(runs, name)] if name else known.campaigns(runs)
    shown = [(one, one.state()) for one in (found[:limit] if limit else found)]
    if as_json:
        print_json({"schema_version": 1, "campaigns": [_plain(one, state) for one, state in shown]})
    elif name:
        _show(*shown[0])
    else:
        for one, state in shown:
            print(fitted(f"{one.id}  {_words(one, state)}"))
        if len(shown) < len(found):
            print(fitted(f"… and {len(found) - len(shown)} older: --limit 0 shows them too"))
        if not found:
            print(fitted(f"{runs}: holds no campaign yet"))


def _show(campaign: "Campaign", state: "CampaignState") -> None:
    from harness.cli.board_line import board_line, name_width
    from harness.cli.width import fitted, width
    from harness.report.text import one_line

    print(fitted(f"{campaign.id}  {_words(campaign, state)}"))
    boards = list(state.boards.values())
    names = name_width(boards)
    for board in boards:
        print(board_line(board, _end(campaign, state), names=names, width=width()))
        for ask in board.asks.values():
            print(fitted(f"  {one_line(ask.title)} (answers/{one_line(ask.id)}.json)"))


def _words(campaign: "Campaign", state: "CampaignState") -> str:
    from harness.report.text import one_line

    over = sum(board.over for board in state.boards.values())
    if campaign.alive:
        came = f"goes on, {over} of {len(state.boards)} boards ended"
    elif state.ended is not None:
        came = f"ended, exit code {state.exit_code}"
        if state.interrupted:
            came += f", {one_line(state.interrupted)}"
    else:
        came = f"its process is gone; {over} of {len(state.boards)} boards had ended"
    return f"{came}  {', '.join(one_line(board) for board in list(state.boards)[:12])}"


def _end(campaign: "Campaign", state: "CampaignState") -> float:
    """Return until when times are counted: now, or when a killed campaign said its last word."""
    return time.time() if campaign.alive or state.ended is None else state.ended


def _plain(campaign: "Campaign", state: "CampaignState") -> dict[str, object]:
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
        "started": state.started,
        "ended": state.ended,
        "exit_code": state.exit_code,
        "interrupted": state.interrupted,
        "told": state.told,
        "boards": boards,
    }
