"""Who may use the console: hosts, origins, form tokens, login, rates; and headers of every page."""

import httpx
import pytest

from harness.errors import UsageError
from harness.secret import Secret
from harness.service.mock.server import MockService
from harness.service.mock.settings import Settings
from harness.web.guard import AccessRules, Guard
from tests.web_console.web_bench import Browser

TOKEN = "a-token-of-the-lab"
MOVE = {"direction": "forward", "amount": "1", "unit": "days"}


def raw(mock: MockService, path: str, method: str = "GET", **headers: str) -> httpx.Response:
    with httpx.Client(base_url=mock.endpoint, trust_env=False, verify=False) as http:
        return http.request(method, path, headers=headers)


def test_every_answer_carries_the_headers(visitor):
    for path in (
        "/console/",
        "/console/static/web.css",
        "/console/static/web.js",
        "/console/nothing",
    ):
        headers = visitor.http.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cache-control"] == "no-store"
    for line in visitor.http.get("/console/?lang=zh").headers.get_list("set-cookie"):
        assert "HttpOnly" in line
        assert "SameSite=lax" in line


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "10.0.0.1", "[2001:db8::1]", "", "a@b", "["]
)
def test_other_hosts_are_refused(shared_mock, host):
    assert raw(shared_mock, "/console/", Host=host).status_code in {400, 421}


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:1", "LOCALHOST:99", "[::1]:80"])
def test_own_hosts_are_taken_also_through_a_forwarded_port(shared_mock, host):
    assert raw(shared_mock, "/console/", Host=host).status_code == 200


def test_further_names_are_a_setting():
    with MockService(web=True, settings=Settings(web_hosts=frozenset({"lab.example"}))) as mock:
        assert raw(mock, "/console/", Host="lab.example").status_code == 200
        assert raw(mock, "/console/", Host="other.example").status_code == 421


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Referer": "http://evil.example/console/"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://{host}"},
        {"Referer": "http://{host}.evil.example/"},
    ],
)
def test_forms_of_other_origins_are_refused(visitor, headers):
    before = visitor.mock.admin.now()
    host = visitor.mock.endpoint.removeprefix("http://")
    given = {name: value.format(host=host) for name, value in headers.items()}
    answer = visitor.http.post("/console/clock", data={"csrf": visitor.token(), **MOVE}, headers=given)
    assert answer.status_code == 403
    assert (visitor.mock.admin.now() - before).total_seconds() < 3_600


def test_own_origin_is_taken(browser):
    answer = browser.http.post(
        "/console/clock", data={"csrf": browser.token(), **MOVE}, headers={"Origin": browser.mock.endpoint}
    )
    assert answer.status_code == 200


def test_a_form_needs_the_token_of_its_visitor(visitor):
    before = visitor.mock.admin.now()
    other = Browser(visitor.mock)
    for token in ("", "0" * 64, other.token(), "\udcff"):
        answer = visitor.http.post("/console/clock", data={"csrf": token.encode("utf-8", "replace"), **MOVE})
        assert answer.status_code == 403
    other.close()
    assert (visitor.mock.admin.now() - before).total_seconds() < 3_600


def test_listening_beyond_this_computer_needs_a_token_and_tls():
    token = Secret(TOKEN)
    with pytest.raises(UsageError, match="a token"):
        Guard(AccessRules(), root="/console", loopback=False, secure=True)
    with pytest.raises(UsageError, match="TLS"):
        Guard(AccessRules(), root="/console", loopback=False, token=token)
    assert Guard(AccessRules(), root="/console", loopback=False, token=token, secure=True).needs_login
    assert Guard(AccessRules(), root="/console", loopback=False, token=token, plain=True).needs_login


@pytest.fixture
def locked():
    with MockService(web=True, token=Secret(TOKEN)) as mock:
        yield mock


def test_without_the_token_only_the_login_is_there(locked):
    assert raw(locked, "/console/login").status_code == 200
    assert raw(locked, "/console/static/web.css").status_code == 200
    for path in ("/console/", "/console/keys", "/console/loginx", "/console/nothing"):
        answer = raw(locked, path)
        assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (
            303,
            "/console/login",
        ), path
    assert raw(locked, "/console/keys", Authorization=f"Bearer {TOKEN}").status_code == 200
    assert raw(locked, "/console/keys", Authorization="Bearer wrong").status_code == 303


def test_login_and_logout(locked):
    browser = Browser(locked)
    wrong = browser.http.post(
        "/console/login", data={"csrf": browser.token("/console/login"), "token": "wrong"}
    )
    assert wrong.status_code == 403
    assert "wrong" not in wrong.text
    browser.http.post("/console/login", data={"csrf": browser.token("/console/login"), "token": TOKEN})
    assert browser.get("/console/keys").url.endswith("/console/keys")
    assert TOKEN not in str(browser.http.cookies), "the cookie is a session, not the token"
    session = dict(browser.http.cookies)
    browser.post("/console/logout")
    for name, value in session.items():
        browser.http.cookies.set(name, value, path="/console")
    assert "/console/login?" in browser.get("/console/keys").url, "an old session is gone"
    browser.close()


def test_guessing_the_token_is_slowed_down():
    with MockService(web=True, token=Secret(TOKEN), settings=Settings(login_attempts_per_minute=3)) as mock:
        for _ in range(3):
            assert raw(mock, "/console/keys", Authorization="Bearer guess").status_code == 303
        assert raw(mock, "/console/keys", Authorization=f"Bearer {TOKEN}").status_code == 429
        browser = Browser(mock)
        data = {"csrf": browser.token("/console/login"), "token": TOKEN}
        waiting = browser.http.post("/console/login", data=data)
        assert waiting.status_code == 429
        assert "Wait a minute" in waiting.text
        browser.close()


def test_requests_of_one_peer_are_rationed():
    with MockService(web=True, token=Secret(TOKEN), settings=Settings(web_requests_per_minute=5)) as mock:
        seen = [raw(mock, "/console/login").status_code for _ in range(7)]
        assert seen == [200] * 5 + [429] * 2
        assert mock.client().get_server_random, "the runtime API is not behind this guard"


def test_a_minute_later_the_peer_may_come_again():
    now = [0.0]
    guard = Guard(
        AccessRules(login_attempts_per_minute=1),
        root="/console",
        loopback=True,
        token=Secret(TOKEN),
        now=lambda: now[0],
    )
    scope = {"type": "http", "client": ("127.0.0.1", 1), "headers": [], "server": ("127.0.0.1", 80)}
    assert guard.login(scope, "wrong") is None
    assert guard.login(scope, TOKEN) is None
    now[0] += 60.0
    session = guard.login(scope, TOKEN)
    assert session is not None
    cookie = [(b"cookie", f"{guard.session_cookie(scope)}={session}".encode())]
    assert guard.logged_in({**scope, "headers": cookie})
    now[0] += 13 * 3_600
    assert not guard.logged_in({**scope, "headers": cookie}), "a session ends"


PAGE = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize(
    ("path", "headers", "leads"),
    [
        ("/", {"Accept": PAGE}, True),
        ("/", {"Accept": "TEXT/HTML"}, True),
        ("/", {"Accept": "text/html;q=0.9, application/json;q=0.9"}, True),
        ("/", {"Accept": "*/*"}, False),
        ("/", {"Accept": ""}, False),
        ("/", {"Accept": "application/json"}, False),
        ("/", {"Accept": "application/json, text/html;q=0.5"}, False),
        ("/", {"Accept": "text/html;q=0"}, False),
        ("/", {"Accept": "text/html;q=x"}, False),
        ("/", {"Accept": "text/html" + ",a" * 10_000}, True),
        ("/", {"Accept": PAGE, "x-acs-action": "Verify"}, False),
        ("/", {"Accept": PAGE, "Authorization": "ACS3-HMAC-SHA256 x"}, False),
        ("/?Action=Verify", {"Accept": PAGE}, False),
    ],
)
def test_a_browser_is_led_to_the_console_and_a_client_gets_its_answer(shared_mock, path, headers, leads):
    answer = raw(shared_mock, path, **headers)
    assert (answer.status_code == 307) is leads
    if leads:
        assert answer.headers["location"] == "/console/"
    else:
        assert "xml" in answer.headers["content-type"] or "json" in answer.headers["content-type"]


def test_a_post_and_a_mock_without_a_console_lead_nowhere(shared_mock):
    assert raw(shared_mock, "/", "POST", Accept=PAGE).status_code >= 400
    with MockService() as bare:
        assert raw(bare, "/", Accept=PAGE).status_code >= 400
