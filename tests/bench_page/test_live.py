"""The stream of changes: an event when a page would say something else, resumed where it was cut off; and its limits."""

import threading

import httpx
import pytest

from harness.bench_page import server
from harness.bench_page.server import BenchPage
from harness.secret import Secret
from tests.bench_page.conftest import Visitor
from tests.bench_page.made import Made

TOKEN = "a-token-of-this-test"


def first_event(visitor, path, after="", seconds=20.0):
    """Return the id of the next event after one; empty when none comes in time."""
    headers = {"Last-Event-ID": after} if after else {}
    try:
        with visitor.http.stream("GET", path, headers=headers, timeout=seconds) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            for line in answer.iter_lines():
                if line.startswith("id: "):
                    return line.removeprefix("id: ")
    except httpx.ReadTimeout:
        pass
    return ""


@pytest.mark.parametrize("whose", ["the first page", "a campaign"])
def test_a_change_is_told_once_and_a_cut_stream_goes_on(visitor, runs, whose):
    made = Made(runs, "alpha")
    made.begin("alpha")
    path = "/events" if whose == "the first page" else f"/campaigns/{made.id}/events"
    now = first_event(visitor, path)
    assert now
    assert first_event(visitor, path, now, seconds=0.8) == "", "nothing has changed"
    timer = threading.Timer(0.3, lambda: made.scenario("alpha", 0))
    timer.start()
    later = first_event(visitor, path, now)
    timer.join()
    assert later not in {"", now}
    made.scenario("alpha", 0, "passed")
    assert first_event(visitor, path, later) not in {"", later}, "what came while nobody listened is told"
    made.die()


def test_a_page_starts_its_stream_at_what_it_shows(visitor, runs):
    made = Made(runs, "alpha")
    made.begin("alpha")
    path = f"/campaigns/{made.id}"
    shown = visitor.get(path).text.partition('data-version="')[2].partition('"')[0]
    assert first_event(visitor, f"{path}/events?after={shown}", seconds=0.8) == ""
    made.die()


def test_an_unknown_campaign_has_nothing_to_tell(visitor):
    assert first_event(visitor, "/campaigns/20261129T220000.000Z-abcdef/events", seconds=0.8) == ""


def test_a_peer_that_asks_too_often_waits(bench, monkeypatch):
    monkeypatch.setattr(server, "_REQUESTS_PER_MINUTE", 5)
    with BenchPage(bench, token=Secret(TOKEN)) as page, Visitor(page) as visitor:
        visitor.http.headers["Authorization"] = f"Bearer {TOKEN}"
        codes = [visitor.get("/start").status_code for _ in range(6)]
    assert codes == [200] * 5 + [429]
