"""The first page: what runs, the boards and who has them, and what ended lately."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from harness.bench_page.bench import Bench, Use
from harness.bench_page.boards import Board
from harness.bench_page.view import BenchView
from harness.bench_page.watching import Watched
from harness.errors import UsageError
from harness.history.listing import ListedRun
from harness.progress.state import BoardState
from harness.report.text import one_line
from harness.web.view import Flash


@dataclass(frozen=True, slots=True)
class BoardRow:
    """A board as the first page shows it.

    Attributes:
        board: What its file says.
        use: Who has it now.
        campaign: The campaign that it is in now; None for none.
        state: What it does there.
        last: Its last run; None for none.
    """

    board: Board
    use: Use
    campaign: Watched | None
    state: BoardState | None
    last: ListedRun | None


def show(view: BenchView) -> Response:
    """Show the bench."""
    bench = view.behind
    watched = bench.latest()
    running = [one for one in watched if one.alive]
    return view.page(
        "overview.html.j2",
        running=running,
        ended=[one for one in watched if not one.alive],
        rows=_rows(bench, watched, running),
        asks=[(one, board, ask) for one in running for board, ask in one.asks()],
        live="/events",
        version=version(bench),
    )


def put_back(view: BenchView) -> Response:
    """Take a board for healthy again, as `harness lab status --put-back` does."""
    bench = view.behind
    name = view.field("board", 300)
    if bench.boards.of(name) is None:
        raise UsageError(f"this page does not serve the board {name[:60]!r}")
    bench.put_back(name)
    return view.done("/", Flash("health.was_put_back", {"board": one_line(name, 60)}))


def version(bench: Bench) -> str:
    """Return a word that is another one when the page would say something else."""
    state = [(one.id, one.alive, one.state.seq) for one in bench.latest()]
    return f"{hash((tuple(state), tuple(bench.use().items()))) & 0xFFFFFFFFFFFF:x}"


def changed(bench: Bench, _request: Request) -> str:
    """Return the version for the stream of changes."""
    return version(bench)


def _rows(bench: Bench, watched: list[Watched], running: list[Watched]) -> list[BoardRow]:
    boards = bench.boards.all()
    use, last = bench.use(), bench.last_runs(boards, watched)
    busy: dict[str, tuple[Watched, BoardState]] = {}
    for campaign in reversed(running):
        for state in campaign.state.boards.values():
            if not state.over:
                busy[state.name] = (campaign, state)
    rows = []
    for board in boards:
        found = busy.get(board.name)
        rows.append(
            BoardRow(
                board,
                use.get(board.name, Use()),
                None if found is None else found[0],
                None if found is None else found[1],
                last.get(board.name),
            )
        )
    return rows
