"""Who may ask: Host, origin, tokens of forms, the token beyond this computer, rates, headers."""

import ssl

import httpx
import pytest

from harness.bench_page.server import BenchPage
from harness.errors import UsageError
from harness.secret import Secret
from harness.web.tls import Tls
from tests.bench_page.made import Made

TOKEN = "a-token-of-this-test"


def test_a_name_of_somebody_else_is_refused(visitor):
    for path in ("/", "/events", "/runs/x/files/report.html"):
        answer = visitor.get(path, headers={"Host": "evil.example"})
        assert answer.status_code == 421, path


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Referer": "https://evil.example/"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_a_form_of_somebody_elses_page_is_refused(visitor, runs, headers):
    made = Made(runs, "alpha")
    token = visitor.hidden("/start")
    answer = visitor.http.post(f"/campaigns/{made.id}/stop", data={"csrf": token}, headers=headers)
    assert answer.status_code == 403
    assert not (made.folder.path / "stop").exists()
    made.die()


def test_no_form_does_anything_without_its_token(visitor, runs):
    made = Made(runs, "alpha")
    made.begin("alpha", run="r")
    made.ask("alpha", "a1", "flash")
    visitor.get("/start")
    fields = {
        "board-1": "yes",
        "person": "Eve",
        "answer.result": "done",
        "key": "0" * 32,
        "rounds": "1",
        "jobs": "0",
    }
    one = f"/campaigns/{made.id}"
    for where in ("/start", f"{one}/stop", f"{one}/again", f"{one}/asks/a1", "/runs/r/again"):
        for token in ("", "0" * 64, "é"):
            assert visitor.http.post(where, data={**fields, "csrf": token}).status_code == 403
    assert not (made.folder.path / "stop").exists()
    assert not list(made.folder.answers.iterdir())
    assert not (runs / ".bench-page").exists()
    made.die()


def test_nothing_is_changed_by_a_get(visitor, runs):
    made = Made(runs, "alpha")
    for path in (f"/campaigns/{made.id}/stop", f"/campaigns/{made.id}/again", f"/campaigns/{made.id}/asks/a"):
        assert visitor.get(path).status_code == 404
    assert not (made.folder.path / "stop").exists()
    made.die()


def test_pages_carry_the_headers_that_keep_browsers_safe(visitor):
    headers = visitor.get("/").headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-frame-options"] == "DENY"
    assert headers["cache-control"] == "no-store"


def test_beyond_this_computer_it_takes_a_token_and_tls(bench):
    tls = Tls.made("0.0.0.0")
    for options in ({}, {"token": Secret(TOKEN)}, {"tls": tls}):
        with pytest.raises(UsageError):
            BenchPage(bench, host="0.0.0.0", **options)
    BenchPage(bench, host="0.0.0.0", token=Secret(TOKEN), tls=tls)


def test_with_a_token_nothing_is_shown_before_the_login(bench, runs):
    tls = Tls.made("127.0.0.1")
    made = Made(runs, "alpha")
    with BenchPage(bench, token=Secret(TOKEN), tls=tls) as page:
        trusting = ssl.create_default_context(cadata=tls.ca_pem.decode())
        http = httpx.Client(base_url=page.address, verify=trusting, trust_env=False, timeout=30)
        for path in ("/", "/start", f"/campaigns/{made.id}", "/events", "/runs/x/files/y", "/runs/x/zip"):
            answer = http.get(path)
            assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/login"), path
        assert http.get("/", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
        form = http.get("/login").text.partition('name="csrf" value="')[2].partition('"')[0]
        wrong = http.post("/login", data={"csrf": form, "token": "no"})
        assert wrong.status_code == 403
        good = http.post("/login", data={"csrf": form, "token": TOKEN})
        assert good.status_code == 303
        assert "Secure" in good.headers["set-cookie"]
        assert "HttpOnly" in good.headers["set-cookie"]
        assert http.get("/").status_code == 200
        for _ in range(12):
            http.post("/login", data={"csrf": form, "token": "no"})
        assert http.post("/login", data={"csrf": form, "token": TOKEN}).status_code == 429
        http.close()
    made.die()
