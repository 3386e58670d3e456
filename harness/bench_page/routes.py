"""The addresses of the bench page."""

from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from harness.bench_page.bench import Bench
from harness.bench_page.pages import campaigns, history, overview, runs, start
from harness.bench_page.view import BenchView
from harness.bench_page.words import FUNCTIONS
from harness.errors import BenchError
from harness.web.appearance import Appearance
from harness.web.events import Event, EventStreams
from harness.web.guard import Guard
from harness.web.site import Site

_FIELDS_MAX = 2_000
"""Fields of a form: each board that is chosen to run is one."""

_PAGES: tuple[tuple[str, str, Callable[[BenchView], Response]], ...] = (
    ("GET", "/", overview.show),
    ("POST", "/put-back", overview.put_back),
    ("GET", "/campaigns", campaigns.show_all),
    ("GET", "/campaigns/{campaign}", campaigns.show),
    ("POST", "/campaigns/{campaign}/stop", campaigns.end),
    ("POST", "/campaigns/{campaign}/again", start.again),
    ("POST", "/campaigns/{campaign}/asks/{ask}", campaigns.answer),
    ("GET", "/campaigns/{campaign}/pictures/{ask}", campaigns.picture),
    ("GET", "/start", start.show),
    ("POST", "/start", start.start),
    ("GET", "/runs", runs.show_all),
    ("GET", "/runs/{run}", runs.show),
    ("POST", "/runs/{run}/again", start.run_again),
    ("GET", "/runs/{run}/files/{file:path}", runs.file),
    ("GET", "/runs/{run}/zip", runs.zipped),
    ("GET", "/history", history.show_all),
    ("GET", "/history/{board:path}", history.show),
    ("GET", "/compare", history.compared),
)


def routes(bench: Bench, guard: Guard) -> list[BaseRoute]:
    """Return what answers for the bench, behind its guard."""
    streams = EventStreams(guard)
    site = Site(BenchView, bench, _appearance(), guard, busy=(BenchError, OSError), fields_max=_FIELDS_MAX)
    extra = [
        streams.route("/events", _source(partial(overview.changed, bench))),
        streams.route("/campaigns/{campaign}/events", _source(partial(campaigns.changed, bench))),
    ]
    return site.routes(_PAGES, extra)


@cache
def _appearance() -> Appearance:
    return Appearance(
        Path(__file__).parent,
        root="",
        menu=("overview", "start", "campaigns", "runs", "history"),
        styles=("bench.css",),
        scripts=("bench.js",),
        functions=FUNCTIONS,
    )


def _source(version: Callable[[Request], str]) -> Callable[[Request, str], Sequence[Event]]:
    """Return the source of a stream that says when a page has changed: its events carry no more than the version."""

    def changed(request: Request, last: str) -> Sequence[Event]:
        now = version(request)
        return [Event(now)] if now and now != last else []

    return changed
