"""What many runs of a board say together, and two runs beside each other."""

from starlette.responses import HTMLResponse, Response

from harness.bench_page.view import BenchView
from harness.errors import UsageError
from harness.history import index
from harness.history.comparison import compare
from harness.history.comparison_page import page
from harness.history.earlier import earlier_medians
from harness.report.model import load
from harness.report.words import language

_TRENDS = 60
_FLAKY = 30
# The page of a comparison has one style and no script.
_POLICY = (
    "sandbox allow-popups; default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'none'"
)


def show_all(view: BenchView) -> Response:
    """Show every board that has runs."""
    return view.page("history.html.j2", answer=view.behind.archive.history())


def show(view: BenchView) -> Response:
    """Show one board's history."""
    name = view.path("board")
    found = view.behind.archive.history(name).history
    if found is None:
        raise UsageError(f"there is no run of a board {name[:60]!r}")
    trends = sorted(found.trends, key=lambda each: not each.outside)
    return view.page(
        "history_board.html.j2", history=found, trends=trends[:_TRENDS], flaky=found.flaky[:_FLAKY]
    )


def compared(view: BenchView) -> Response:
    """Show two runs beside each other, as `harness compare --html` does."""
    files = view.behind.files
    before, after = files.run(view.query("before")), files.run(view.query("after"))
    one, other = load(before), load(after)
    started, board = other.started or "", other.board
    earlier = index.ask(view.behind.runs, lambda store: earlier_medians(store, board, started))
    told = page(compare(one, other, earlier), language(view.language.value))
    return HTMLResponse(told, headers={"Content-Security-Policy": _POLICY})
