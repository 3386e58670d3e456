"""Campaigns: what goes on in one, the operator steps that wait, and how it is ended or done again."""

import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from harness.bench_page import answering
from harness.bench_page.answering import AnswerField
from harness.bench_page.bench import Bench
from harness.bench_page.pages.runs import parts
from harness.bench_page.run_files import opened
from harness.bench_page.tails import Tail
from harness.bench_page.view import BenchView
from harness.bench_page.watching import Watched
from harness.errors import UsageError
from harness.progress.state import LOST, RUNNING, Ask, BoardState
from harness.progress.stopping import asked_to_stop, stop
from harness.web.view import Flash

_LISTED = 100
_OUTPUT = 8_000
_ASK_PREFIX = "answer."
_REPORT = "report.html"
_PICTURES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
}


@dataclass(frozen=True, slots=True)
class BoardPanel:
    """A board of a campaign as its page shows it.

    Attributes:
        number: Its place in the campaign, from 1: names it in addresses, as a board's name may hold anything.
        state: What it does.
        tail: The last lines of its recordings.
        stopping: It was asked to end.
        stoppable: It can be ended by itself: it is not over, and not the only one.
        reported: Its last run has a report.
    """

    number: int
    state: BoardState
    tail: Tail
    stopping: bool
    stoppable: bool
    reported: bool


@dataclass(frozen=True, slots=True)
class Question:
    """An operator step that waits.

    Attributes:
        board: Name of the board.
        ask: What is asked.
        fields: What is to be given back.
        given_by: Who gave the answer that the run is about to take; None when nobody did.
    """

    board: str
    ask: Ask
    fields: tuple[AnswerField, ...]
    given_by: str | None


def show_all(view: BenchView) -> Response:
    """List the campaigns."""
    return view.page("campaigns.html.j2", campaigns=view.behind.campaigns.latest(_LISTED))


def show(view: BenchView) -> Response:
    """Show one."""
    return _page(view, view.behind.campaigns.find(view.path("campaign")))


def answer(view: BenchView) -> Response:
    """Take the answer to an operator step, unless somebody was faster; one that comes twice is told as the first."""
    watched = view.behind.campaigns.find(view.path("campaign"))
    waiting = {ask.id: ask for _, ask in watched.asks()}
    name = view.path("ask")
    ask = waiting.get(name)
    person = view.named()
    folder = watched.campaign.folder.answers
    if ask is None:
        known = watched.answered.get(name)
        values = {} if known is None else answering.checked(known.ask, _typed(view, known.ask))[0]
        came_twice = known is not None and not known.gave_up and known.by == person
        if came_twice and view.behind.given.knows(folder, name, person, values):
            return view.done(f"/campaigns/{watched.id}#answered", Flash("asks.taken"))
        return view.done(f"/campaigns/{watched.id}#answered", _too_late(watched, name, person))
    given = _typed(view, ask)
    values, wrong = answering.checked(ask, given)
    errors = {f"{ask.id}-{field}": view.said(message) for field, message in wrong.items()}
    if not person:
        errors[f"{ask.id}-person"] = view.text("asks.name_needed")
    if errors:
        return _page(view, watched, 422, errors=errors, typed=(ask.id, _not_secret(ask, given)))
    first = view.behind.given.give(folder, ask.id, person, values)
    flash = Flash("asks.given") if first else _too_late(watched, name, person)
    response = view.done(f"/campaigns/{watched.id}", flash)
    view.remember_person(response, person)
    return response


def picture(view: BenchView) -> Response:
    """Hand out the picture of an operator step that waits."""
    watched = view.behind.campaigns.find(view.path("campaign"))
    ask = next((ask for _, ask in watched.asks() if ask.id == view.path("ask")), None)
    kind = _PICTURES.get(Path(ask.picture).suffix.lower()) if ask is not None else None
    if ask is None or kind is None:
        raise UsageError("there is no such picture")
    found = opened(watched.campaign.folder.path, ask.picture)
    return StreamingResponse(parts(found), headers={"Content-Length": str(found.size)}, media_type=kind)


def end(view: BenchView) -> Response:
    """Ask a campaign, or one board of it, to end in order."""
    watched = view.behind.campaigns.find(view.path("campaign"))
    if not watched.alive:
        return view.done(f"/campaigns/{watched.id}", Flash("campaign.over_already"))
    number = view.field("board", 10)
    board = ""
    if number:
        known = dict(enumerate(watched.state.boards, 1))
        board = known.get(int(number) if number.isdecimal() else 0, "")
        if not board:
            raise UsageError(f"this campaign has no board number {number}")
    stop(watched.campaign, board)
    return view.done(f"/campaigns/{watched.id}", Flash("campaign.stop_asked"))


def version(watched: Watched, bench: Bench) -> str:
    """Return a word that is another one when the campaign's page would say something else."""
    recorded = tuple(
        bench.tail(board.folder).count
        for board in watched.state.boards.values()
        if watched.alive and board.phase == RUNNING
    )
    reported = [_is_reported(watched, board, bench) for board in watched.state.boards.values()]
    files: list[str] = []
    for folder in (watched.campaign.folder.path, watched.campaign.folder.answers):
        with suppress(OSError):
            files += sorted(
                each.name for each in folder.iterdir() if each.suffix == ".json" or "stop" in each.name
            )
    return f"{hash((watched.state.seq, watched.alive, recorded, tuple(reported), tuple(files))) & 0xFFFFFFFFFFFF:x}"


def changed(bench: Bench, request: Request) -> str:
    """Return the version for the stream of changes; empty for a campaign that there is not."""
    try:
        return version(bench.campaigns.find(str(request.path_params["campaign"])), bench)
    except UsageError:
        return ""


def _page(
    view: BenchView,
    watched: Watched,
    status: int = 200,
    errors: dict[str, str] | None = None,
    typed: tuple[str, dict[str, str]] = ("", {}),
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
            asked_to_stop(folder.path, board.name),
            watched.alive and not board.over and len(watched.state.boards) > 1,
            _is_reported(watched, board, bench),
        )
        for number, board in enumerate(watched.state.boards.values(), 1)
    ]
    questions = [
        Question(board, ask, tuple(answering.fields_of(ask)), answering.given_by(folder.answers, ask.id))
        for board, ask in watched.asks()
    ]
    return view.page(
        "campaign.html.j2",
        status,
        watched=watched,
        state=watched.state,
        panels=panels,
        questions=questions,
        lines=40 if running <= 2 else 12 if running <= 6 else 4,
        stopping=asked_to_stop(folder.path),
        # What a campaign printed comes first where nothing else says what became of it.
        unexplained=watched.state.ended is None or not watched.state.boards,
        output="" if watched.alive else _end_of(folder.output),
        again_key=secrets.token_hex(16),
        errors=errors or {},
        typed=typed,
        live=f"/campaigns/{watched.id}/events",
        live_page=f"/campaigns/{watched.id}",
        version=told,
    )


def _is_reported(watched: Watched, board: BoardState, bench: Bench) -> bool:
    """Tell whether a board's last run has a report: a run whose process is gone tells of none, and is given one."""
    if f"{board.folder}/{_REPORT}" in board.reports:
        return True
    gone = board.phase == LOST or not watched.alive
    return bool(board.folder) and gone and bench.files.has(board.folder, _REPORT)


def _typed(view: BenchView, ask: Ask) -> dict[str, str]:
    """Return what a form gives for the fields of an operator step."""
    return {field.name: view.form.get(_ASK_PREFIX + field.name, "") for field in answering.fields_of(ask)}


def _too_late(watched: Watched, ask: str, person: str) -> Flash:
    """Return what became of an operator step that was answered already, or that waits no longer."""
    known = watched.answered.get(ask)
    by = answering.given_by(watched.campaign.folder.answers, ask) if known is None else known.by
    if known is not None and known.gave_up:
        return Flash("asks.gave_up", {"reason": known.gave_up})
    if not by:
        return Flash("asks.gone")
    return Flash("asks.before" if by == person else "asks.too_late", {"by": by})


def _not_secret(ask: Ask, given: dict[str, str]) -> dict[str, str]:
    secret = {field.name for field in answering.fields_of(ask) if field.secret}
    return {name: value for name, value in given.items() if name not in secret}


def _end_of(file: Path) -> str:
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return ""
    with os.fdopen(descriptor, "rb") as opened:
        size = os.fstat(descriptor).st_size
        opened.seek(max(0, size - _OUTPUT))
        return opened.read(_OUTPUT).decode("utf-8", "replace")
