"""Starting: boards are chosen, and a campaign begins; the same again; what an official run lacks."""

import json
import secrets
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from starlette.responses import Response

from harness.bench_page.boards import Board
from harness.bench_page.starting import Order
from harness.bench_page.view import BenchView
from harness.errors import UsageError
from harness.web.view import Flash

_ROUNDS_MAX = 10_000
_JOBS_MAX = 64
_HEADER_MAX = 16 << 20
_REPEATED = frozenset({"service", "stand_ins", "quick", "development", "official", "select"})
"""Options of a run's header that the board file, or this page, asks for again; with another one it is not the same."""


def show(view: BenchView) -> Response:
    """Show the form, with what the address chooses already."""
    chosen = set(view.request.query_params.getlist("board")[:1000])
    return _form(view, chosen=chosen)


def start(view: BenchView) -> Response:
    """Start a campaign, or tell what an official run lacks."""
    boards = view.behind.boards.all()
    every = bool(view.field("all"))
    chosen = [
        board
        for number, board in enumerate(boards, 1)
        if view.form.get(f"board-{number}") or (every and not board.problem)
    ]
    errors: dict[str, str] = {}
    if not chosen:
        errors["boards"] = view.text("start.no_board")
    rounds, jobs = view.number("rounds", _ROUNDS_MAX), view.number("jobs", _JOBS_MAX)
    if not rounds:
        errors["rounds"] = view.text("start.number", most=_ROUNDS_MAX)
    if jobs is None:
        errors["jobs"] = view.text("start.number_or_0", most=_JOBS_MAX)
    if errors:
        return _form(view, 422, chosen={board.name for board in chosen}, errors=errors)
    order = Order(
        boards=tuple(str(board.file) for board in chosen),
        quick=bool(view.field("quick")),
        official=bool(view.field("official")),
        suites=tuple(
            suite for number, suite in enumerate(view.behind.suites, 1) if view.form.get(f"suite-{number}")
        ),
        rounds=rounds or 1,
        jobs=jobs or 0,
        set_aside=bool(view.field("set_aside")),
    )
    if view.field("do") == "check":
        missing = view.behind.starter.missing(order)
        return _form(view, chosen={board.name for board in chosen}, said=missing, checked=True)
    return _begin(view, order, {board.name for board in chosen})


def again(view: BenchView) -> Response:
    """Start what a campaign did once more."""
    watched = view.behind.campaigns.find(view.path("campaign"))
    boards = _known(view, list(watched.state.boards))
    first = next((name for state in watched.state.boards.values() for name in state.runs), "")
    options = _options(view, first) if first else {}
    rounds = watched.state.about.get("repeat")
    jobs = watched.state.about.get("jobs")
    if rounds == 0:
        raise UsageError(
            "this campaign ran for a time (--for), which this page does not start: harness run does"
        )
    order = Order(
        boards=tuple(str(board.file) for board in boards),
        quick=options.get("quick") is True,
        official=options.get("mode") == "official",
        rounds=rounds if isinstance(rounds, int) and 0 < rounds <= _ROUNDS_MAX else 1,
        jobs=jobs if isinstance(jobs, int) and 0 < jobs <= _JOBS_MAX else 0,
        set_aside=watched.state.about.get("set_aside") is False,
        select=_select(options) or _select(watched.state.about),
    )
    return _begin(view, order, {board.name for board in boards})


def run_again(view: BenchView) -> Response:
    """Start one run once more."""
    name = view.path("run")
    options = _options(view, name)
    (board,) = _known(view, [str(options.get("board", ""))])
    order = Order(
        (str(board.file),),
        options.get("quick") is True,
        options.get("mode") == "official",
        select=_select(options),
    )
    return _begin(view, order, {board.name})


def _begin(view: BenchView, order: Order, chosen: set[str]) -> Response:
    started = view.behind.starter.start(order, view.field("key", 40))
    if started.said:
        return _form(view, 422, chosen=chosen, said=started.said)
    if started.under_way:
        return view.done("/campaigns", Flash("start.under_way"))
    if not started.campaign:
        # The server was killed on the same request: never a second start.
        return view.done("/campaigns", Flash("start.asked_already"))
    return view.done(
        f"/campaigns/{started.campaign}", Flash("start.started_already" if started.again else "start.started")
    )


def _form(
    view: BenchView,
    status: int = 200,
    *,
    chosen: set[str],
    errors: Mapping[str, str] | None = None,
    said: str = "",
    checked: bool = False,
) -> Response:
    return view.page(
        "start.html.j2",
        status,
        boards=view.behind.boards.all(),
        use=view.behind.use(),
        suites=view.behind.suites,
        chosen=chosen,
        key=secrets.token_hex(16),
        errors=dict(errors or {}),
        said=said,
        checked=checked,
        first=view.request.method == "GET",
    )


def _select(said: Mapping[str, Any]) -> str:
    """Return what selects scenarios, of a run's header or of what a campaign says of itself."""
    value = said.get("select")
    return value if isinstance(value, str) and "\0" not in value else ""


def _known(view: BenchView, names: list[str]) -> list[Board]:
    found = [view.behind.boards.of(name) for name in names]
    unknown = [name for name, board in zip(names, found, strict=True) if board is None]
    if unknown or not names:
        raise UsageError(
            f"this page does not serve the board {(unknown or [''])[0][:60]!r}: it cannot start it again"
        )
    return [board for board in found if board is not None]


def _options(view: BenchView, run: str) -> dict[str, Any]:
    """Return what a run was asked for, its mode and its board; as far as its header can be read."""
    text = view.behind.files.text(run, "run.json", _HEADER_MAX)
    with suppress(ValueError, RecursionError):
        header = json.loads(text)
        if isinstance(header, dict):
            asked = header.get("options")
            options: dict[str, Any] = asked if isinstance(asked, dict) else {}
            beyond = [name for name, value in options.items() if name not in _REPEATED and value]
            if not beyond:
                return {**options, "mode": header.get("mode"), "board": header.get("board")}
            raise UsageError(
                f"the run {run[:100]!r} was asked for with {', '.join(map(str, beyond))[:200]}, "
                "which this page does not start: harness run does, at a terminal"
            )
    raise UsageError(
        f"the header of the run {run[:100]!r} cannot be read, so nobody knows what it was asked for"
    )
