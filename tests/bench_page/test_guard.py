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
        for path in ("/", f"/campaigns/{made.id}", "/events", "/runs/x/files/y", "/runs/x/zip"):
            answer = http.get(path)
            assert (answer.status_code, answer.headers["location"]) == (303, "/login"), path
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
