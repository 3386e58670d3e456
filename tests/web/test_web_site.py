"""A second site on `harness.web`, as small as one can be: what it gets without a line of its own."""

import asyncio
import html
import re
from dataclasses import dataclass, field

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request

from harness.errors import UsageError
from harness.secret import Secret
from harness.web.appearance import Appearance
from harness.web.events import Event, EventStreams
from harness.web.forms import BadForm, read_form
from harness.web.guard import AccessRules, Guard
from harness.web.listening import STOPPING
from harness.web.site import Site
from harness.web.view import Flash, View

TOKEN = "a-token-of-the-lab"
LAMP = '{% extends "page.html.j2" %}{% block title %}x{% endblock %}{% block content %}<form method="post" action="/on">'
LAMP += (
    '{{ ui.csrf() }}{{ ui.input("name", t("lamp.name")) }}</form><p id="said">{{ said }}</p>{% endblock %}'
)
TEXTS = (
    '[site]\nname = "Lamp"\nbrand = "lamp"\nfooter = "{language}"\n[menu]\nlamp = "Lamp"\nother = "Other"\n'
)
TEXTS += '[lamp]\nname = "Name"\nis_on = "{name} is on."\n'


@dataclass
class Lamp:
    names: list[str] = field(default_factory=list)


class Http:
    """Asks an application without a socket, and keeps its cookies."""

    def __init__(self, app):
        self._transport = httpx.ASGITransport(app)
        self.cookies = httpx.Cookies()

    def request(self, method, path, *, follow_redirects=True, **request):
        async def ask():
            async with httpx.AsyncClient(
                transport=self._transport,
                base_url="http://127.0.0.1:1",
                cookies=self.cookies,
                follow_redirects=follow_redirects,
            ) as http:
                answer = await http.request(method, path, **request)
                self.cookies = http.cookies
                return answer

        return asyncio.run(ask())

    def get(self, path, **request):
        return self.request("GET", path, **request)

    def post(self, path, **request):
        return self.request("POST", path, **request)


def show(view):
    if view.query("break") == "usage":
        raise UsageError("no such <lamp>")
    if view.query("break") == "busy":
        raise BlockingIOError
    if view.query("break"):
        raise RuntimeError("a secret detail")
    return view.page("lamp.html.j2", said=" ".join(view.behind.names))


def switch(view):
    view.behind.names.append(view.field("name"))
    return view.done("/other?x=1", Flash("lamp.is_on", {"name": view.field("name")}))


@pytest.fixture
def folder(tmp_path):
    for name in ("templates", "texts", "static"):
        (tmp_path / name).mkdir()
    (tmp_path / "templates" / "lamp.html.j2").write_text(LAMP)
    for language in ("en", "zh"):
        text = TEXTS.replace("{language}", language)
        (tmp_path / "texts" / f"{language}.toml").write_text(text)
    (tmp_path / "static" / "lamp.css").write_text("p{}")
    (tmp_path / "secret.txt").write_text("hidden words")
    return tmp_path


def client(folder, guard=None, extra=(), **options):
    guard = guard or Guard(AccessRules(), root="", loopback=True)
    look = Appearance(folder, root="", menu=("lamp", "other"), styles=("lamp.css",))
    site = Site(View, Lamp(), look, guard, busy=(BlockingIOError,), **options)
    routes = site.routes([("GET", "/", show), ("GET", "/other", show), ("POST", "/on", switch)], extra)
    return Http(Starlette(routes=routes))


def form_token(http):
    return re.search(r'name="csrf" value="([0-9a-f]{64})"', http.get("/").text)[1]


def test_a_page_has_the_shared_look_and_the_texts_of_its_site(folder):
    http = client(folder)
    page = http.get("/", headers={"Accept-Language": "zh"})
    assert 'lang="zh-CN"' in page.text
    assert "<p>zh</p>" in page.text
    assert "跳到正文" in page.text, "of the shared texts"
    assert page.text.index("web.css") < page.text.index("lamp.css")
    assert http.get("/static/lamp.css").headers["content-type"].startswith("text/css")
    assert http.get("/static/web.js").status_code == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]


@pytest.mark.parametrize(
    "name", ["secret.txt", "..%2fsecret.txt", "%2e%2e/texts/en.toml", "nothing.css", "x%00.css"]
)
def test_only_static_files_are_given_out(folder, name):
    answer = client(folder).get(f"/static/{name}")
    assert answer.status_code == 404
    assert "hidden words" not in answer.text


def test_a_form_changes_something_once_and_its_page_says_so(folder):
    http = client(folder)
    sent = http.post("/on", data={"csrf": form_token(http), "name": "<b>\u202e"}, follow_redirects=False)
    assert (sent.status_code, sent.headers["location"]) == (303, "/other?x=1")
    assert "is on." not in http.get("/").text, "another page of the same browser does not take it"
    assert "is on." not in http.get("/other", headers={"X-Live": "1"}).text, "nor does what a script asks for"
    live = http.get("/other?lang=zh", headers={"X-Live": "en"})
    assert 'lang="en"' in live.text, "a part of an English page stays English"
    assert "set-cookie" not in live.headers
    told = http.get("/other?x=1").text
    assert "&lt;b&gt;\\u202e is on." in told
    assert "is on." not in http.get("/other?x=1").text


def test_a_form_without_its_token_changes_nothing(folder):
    http = client(folder)
    http.get("/")
    assert http.post("/on", data={"name": "x"}).status_code == 403
    assert http.post("/on", data={"csrf": form_token(client(folder)), "name": "x"}).status_code == 403
    assert 'id="said"></p>' in http.get("/").text


@pytest.mark.parametrize(
    ("asked", "status", "said"),
    [
        ("/?break=usage", 404, "no such &lt;lamp&gt;"),
        ("/?break=busy", 503, "Try again"),
        ("/?break=1", 500, "the log has the details"),
        ("/nothing", 404, "no such page"),
    ],
)
def test_errors_are_pages(folder, asked, status, said):
    answer = client(folder).get(asked)
    assert answer.status_code == status
    assert said in answer.text
    assert "secret detail" not in answer.text
    assert "x-frame-options" in answer.headers


def test_a_form_is_bounded(folder):
    http = client(folder, body_max=1 << 20)
    token = form_token(http)
    answer = http.post("/on", data={"csrf": token, "name": "x" * (1 << 20)})
    assert (answer.status_code, "larger than 1 MB" in answer.text) == (413, True)
    declared = http.post("/on", content=b"", headers={"Content-Length": "99999999999"})
    assert (declared.status_code, "larger than 1 MB" in declared.text) == (413, True)
    fields = {f"f{number}": "" for number in range(100)}
    assert http.post("/on", data={"csrf": token, **fields}).status_code == 400
    assert http.post("/on", content=b"{}", headers={"Content-Type": "application/json"}).status_code == 415
    assert 'id="said"></p>' in http.get("/").text


def test_a_browser_that_leaves_in_the_middle_of_a_form_is_no_error_of_the_server():
    async def gone():
        return {"type": "http.disconnect"}

    scope = {"type": "http", "headers": [(b"content-length", b"9")]}
    with pytest.raises(BadForm):
        asyncio.run(read_form(Request(scope, gone), 100, 10))


def test_beyond_this_computer_everything_but_the_login_asks_for_the_token(folder):
    guard = Guard(AccessRules(), root="", loopback=False, token=Secret(TOKEN), secure=True)
    http = client(
        folder, guard, [EventStreams(guard, lifetime_s=0).route("/events", lambda _request, _last: ())]
    )
    for path in ("/", "/other", "/events", "/nothing"):
        answer = http.get(path, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/login"), path
    login = http.get("/login")
    assert login.status_code == 200
    assert "Secure" in login.headers["set-cookie"], "not to be read on the way"
    assert http.get("/", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200


def told(answer):
    return re.findall(r"id: (.*)\nevent: (.*)\ndata: (.*)\n\n", answer.text)


def numbered(_request, last):
    return [Event(str(number), {"n": number}) for number in range(int(last or 0) + 1, 4)]


def test_events_go_on_where_the_browser_was(folder):
    guard = Guard(AccessRules(), root="", loopback=True)
    http = client(folder, guard, [EventStreams(guard, poll_s=0, lifetime_s=0.05).route("/events", numbered)])
    answer = http.get("/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    assert told(answer) == [(str(n), "message", f'{{"n": {n}}}') for n in (1, 2, 3)], "each of them once"
    assert told(http.get("/events", headers={"Last-Event-ID": "2"})) == [("3", "message", '{"n": 3}')]
    assert told(http.get("/events?after=3")) == []


def test_a_stream_ends_with_its_server(folder):
    guard = Guard(AccessRules(), root="", loopback=True)
    stopping = []

    def source(_request, _last):
        stopping.append(True)
        return ()

    site = Starlette(routes=[EventStreams(guard, poll_s=0).route("/events", source)])

    async def served(scope, receive, send):
        await site({**scope, "state": {STOPPING: lambda: bool(stopping)}}, receive, send)

    assert Http(served).get("/events").status_code == 200
    assert stopping == [True]


def test_no_text_ends_an_event_early():
    event = Event("1\nid: 2", "a\r\n\ndata: b\u2028", "x\ny").encoded()
    assert event == b'id: 1id: 2\nevent: xy\ndata: "a\\r\\n\\ndata: b\\u2028"\n\n'


@pytest.mark.parametrize("given", ["x" * 1000, "a\tb", "\x7f"])
def test_an_id_that_is_none_begins_from_the_start(folder, given):
    guard = Guard(AccessRules(), root="", loopback=True)
    http = client(folder, guard, [EventStreams(guard, poll_s=0, lifetime_s=0.05).route("/events", numbered)])
    assert len(told(http.get("/events", headers={"Last-Event-ID": given}))) == 3


def test_streams_are_bounded_and_counted_down(folder):
    guard = Guard(AccessRules(), root="", loopback=True)
    full = EventStreams(guard, most=0)
    assert client(folder, guard, [full.route("/events", numbered)]).get("/events").status_code == 503
    one = client(
        folder, guard, [EventStreams(guard, most=1, poll_s=0, lifetime_s=0.01).route("/events", numbered)]
    )
    assert [one.get("/events").status_code for _ in range(3)] == [200] * 3


def test_a_quiet_stream_shows_that_it_lives_and_ends_with_the_session(folder):
    guard = Guard(AccessRules(), root="", loopback=True)
    streams = EventStreams(guard, poll_s=0, quiet_s=0, lifetime_s=0.02)
    http = client(folder, guard, [streams.route("/events", lambda _request, _last: ())])
    assert ": here\n\n" in http.get("/events").text
    asked = []

    def source(_request, _last):
        asked.append(1)
        guard.logged_in = lambda _scope: False
        return ()

    http = client(folder, guard, [EventStreams(guard, poll_s=0, lifetime_s=60).route("/events", source)])
    http.get("/events")
    assert asked == [1]


@pytest.mark.parametrize("other", ["foo[bar]=1", 'a={"x": [1, 2]}', "x=a,b c", "no equals", "=x", 'q="'])
def test_a_cookie_of_another_program_on_this_host_spoils_no_form(folder, other):
    http = client(folder)
    token = form_token(http)
    ours = "; ".join(f"{name}={value}" for name, value in http.cookies.items())
    for cookies in (f"{other}; {ours}", f"{ours}; {other}"):
        answer = http.post("/on", data={"csrf": token, "name": "x"}, headers={"Cookie": cookies})
        assert answer.status_code == 200, cookies


def test_a_refusal_is_a_page_for_people_and_words_for_programs(folder):
    http = client(folder)
    wrong = {"Host": "evil.example", "Accept": "text/html,*/*;q=0.8", "Accept-Language": "zh-CN"}
    page = http.get("/", headers=wrong)
    assert (page.status_code, 'lang="zh-CN"' in page.text, "主机名不符" in page.text) == (421, True, True)
    assert "web.css" in page.text
    assert "<nav" not in page.text, "no link leads anywhere from here"
    assert "x-frame-options" in page.headers
    assert http.get("/static/web.css", headers=wrong).status_code == 200, "or the page has no look"
    foreign = {"Origin": "http://evil.example", "Accept": "text/html"}
    page = http.post("/on", data={}, headers=foreign)
    assert (page.status_code, "another origin" in page.text, "<html" in page.text) == (403, True, True)
    words = http.get("/", headers={"Host": "evil.example", "Accept": "*/*"})
    assert words.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize("asked", [("POST", "/nothing", 403), ("DELETE", "/", 405), ("PUT", "/x", 405)])
def test_a_method_that_there_is_not_is_a_page_with_the_headers_of_pages(folder, asked):
    method, path, status = asked
    answer = client(folder).request(method, path)
    assert (answer.status_code, "<html" in answer.text) == (status, True)
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert client(folder).request(method, path, headers={"Host": "evil.example"}).status_code == 421


def locked(folder, **rules):
    guard = Guard(AccessRules(**rules), root="", loopback=False, token=Secret(TOKEN), plain=True)
    return client(folder, guard)


def log_in(http, asked="/"):
    page = http.get(asked)
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    given = {name: html.unescape(value) for name, value in hidden.items()}
    return http.post("/login", data={**given, "token": TOKEN}, follow_redirects=False)


def test_the_login_leads_to_the_page_that_was_asked_for(folder):
    answer = log_in(locked(folder), "/other?x=1&y=%2F")
    assert (answer.status_code, answer.headers["location"]) == (303, "/other?x=1&y=%2F")
    assert "SameSite=lax" in answer.headers["set-cookie"], "a link out of a chat or a report comes with it"


@pytest.mark.parametrize(
    "elsewhere",
    ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:x", "x", "/a\tb", "["],
)
def test_the_login_leads_to_no_other_site(folder, elsewhere):
    http = locked(folder)
    token = re.search(r'name="csrf" value="([0-9a-f]{64})"', http.get("/login").text)[1]
    fields = {"csrf": token, "token": TOKEN, "next": elsewhere}
    answer = http.post("/login", data=fields, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert 'name="next"' not in http.get("/login", params={"next": elsewhere}).text


def test_before_the_login_no_menu_is_shown(folder):
    http = locked(folder)
    assert "<nav" not in http.get("/login").text
    assert "/logout" not in http.get("/login").text
    log_in(http)
    assert "<nav" in http.get("/").text
    assert "/logout" in http.get("/").text


def test_who_is_logged_in_is_not_slowed_by_others_of_the_same_address(folder):
    http = locked(folder, requests_per_minute=6)
    log_in(http)
    kept, http.cookies = http.cookies, httpx.Cookies()
    codes = [http.get("/login").status_code for _ in range(8)]
    assert codes[-1] == 429
    http.cookies = kept
    assert [http.get("/").status_code for _ in range(7)] == [200] * 6 + [429]
    assert http.get("/static/web.css").status_code == 200, "or the refusal has no look"
