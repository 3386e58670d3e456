"""Campaigns: what goes on in one, the operator steps that wait, and how it is ended or done again."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from harness.bench_page.bench import Bench
from harness.bench_page.tails import Tail
from harness.bench_page.view import BenchView
from harness.bench_page.watching import Watched
from harness.errors import UsageError
from harness.progress.state import RUNNING, BoardState

_LISTED = 100
_OUTPUT = 8_000


@dataclass(frozen=True, slots=True)
class BoardPanel:
    """A board of a campaign as its page shows it.

    Attributes:
        number: Its place in the campaign, from 1: names it in addresses, as a board's name may hold anything.
        state: What it does.
        tail: The last lines of its recordings.
    """

    number: int
    state: BoardState
    tail: Tail


def show_all(view: BenchView) -> Response:
    """List the campaigns."""
    return view.page("campaigns.html.j2", campaigns=view.behind.campaigns.latest(_LISTED))


def show(view: BenchView) -> Response:
    """Show one."""
    return _page(view, view.behind.campaigns.find(view.path("campaign")))


def version(watched: Watched, bench: Bench) -> str:
    """Return a word that is another one when the campaign's page would say something else."""
    recorded = tuple(
        bench.recorded(board.folder) for board in watched.state.boards.values() if board.phase == RUNNING
    )
    files: list[str] = []
    for folder in (watched.campaign.folder.path, watched.campaign.folder.answers):
        with suppress(OSError):
            files += sorted(
                each.name for each in folder.iterdir() if each.suffix == ".json" or "stop" in each.name
            )
    return f"{hash((watched.state.seq, watched.alive, recorded, tuple(files))) & 0xFFFFFFFFFFFF:x}"


def changed(bench: Bench, request: Request) -> str:
    """Return the version for the stream of changes; empty for a campaign that there is not."""
    try:
        return version(bench.campaigns.find(str(request.path_params["campaign"])), bench)
    except UsageError:
        return ""


def _page(
    view: BenchView,
    watched: Watched,
) -> Response:
    bench = view.behind
    told = version(watched, bench)
    folder = watched.campaign.folder
    running = sum(board.phase == RUNNING for board in watched.state.boards.values())
    panels = [
        BoardPanel(
            number,
            board,
            bench.tail(board.folder) if watched.alive and board.phase == RUNNING and board.folder else Tail(),
        )
        for number, board in enumerate(watched.state.boards.values(), 1)
    ]
    return view.page(
        "campaign.html.j2",
        watched=watched,
        state=watched.state,
        panels=panels,
        lines=40 if running <= 2 else 12 if running <= 6 else 4,
        output="" if watched.alive else _end_of(folder.output),
        live=f"/campaigns/{watched.id}/events",
        live_page=f"/campaigns/{watched.id}",
        version=told,
    )


def _end_of(file: Path) -> str:
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return ""
    with os.fdopen(descriptor, "rb") as opened:
        size = os.fstat(descriptor).st_size
        opened.seek(max(0, size - _OUTPUT))
        return opened.read(_OUTPUT).decode("utf-8", "replace")
