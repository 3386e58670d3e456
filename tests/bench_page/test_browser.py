"""The bench page in headless Chromium, as people use it: live, operator steps in two browsers, keyboard, phone, Chinese."""

import json

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from harness.bench_page.server import BenchPage
from harness.secret import Secret
from tests.bench_page.made import HOSTILE, Made, Recorded, make_run

pytestmark = pytest.mark.browser

PATIENCE_MS = 30_000


class Watch:
    """What must never happen on any page, collected while a test runs."""

    def __init__(self, page: Page, origin: str) -> None:
        self.seen: list[str] = []
        self.may_be_away = False
        page.on("dialog", lambda dialog: (self.seen.append(f"dialog {dialog.message}"), dialog.dismiss()))
        page.on("pageerror", lambda error: self.seen.append(f"error {error}"))
        page.on("console", self._console)
        page.on("request", lambda request: self._request(request.url, origin))

    def _console(self, message) -> None:
        away = self.may_be_away and "ERR_" in message.text
        if message.type in {"error", "warning"} and "status of 4" not in message.text and not away:
            self.seen.append(f"console {message.text}")

    def _request(self, url: str, origin: str) -> None:
        if not url.startswith(origin):
            self.seen.append(f"request to {url}")


@pytest.fixture
def opens(chromium, page):
    """Open a browser of its own, with its own cookies."""
    contexts, watches = [], []

    def opened(**options) -> Page:
        context = chromium.new_context(base_url=page.address, **{"locale": "en-GB", **options})
        contexts.append(context)
        tab = context.new_page()
        tab.set_default_timeout(PATIENCE_MS)
        tab.watch = Watch(tab, page.address)
        watches.append(tab.watch)
        return tab

    yield opened
    for context in contexts:
        context.close()
    assert [seen for watch in watches for seen in watch.seen] == []


@pytest.fixture
def made(runs):
    campaign = Made(runs, "alpha", "beta")
    yield campaign
    campaign.die()


def soon(locator):
    return expect(locator, "in time")


expect.set_options(timeout=PATIENCE_MS)


def test_the_current_step_moves_without_a_reload(opens, made):
    tab = opens()
    folder = made.begin("alpha")
    made.scenario("alpha", 0)
    tab.goto(f"/campaigns/{made.id}")
    panel = tab.locator("#panels article").first
    expect(panel).to_contain_text("The chip gives its ID")
    tab.evaluate("window.same = true")
    made.scenario("alpha", 0, "passed")
    made.scenario("alpha", 1, "failed", "twice the same")
    made.scenario("alpha", 2)
    Recorded(folder, "console").add("<", b"hello from the board\r\n")
    expect(panel).to_contain_text("An auth code is verified by the service")
    expect(panel).to_contain_text("1 failed")
    expect(panel.locator("pre")).to_contain_text("hello from the board")
    expect(tab.locator("#recent")).to_contain_text("twice the same")
    made.end("alpha", verdict="failed", code=1)
    expect(tab.locator("#result")).to_contain_text("failed")
    assert tab.evaluate("window.same") is True


def test_the_first_page_follows_campaigns_that_begin_and_end(opens, runs):
    tab = opens()
    tab.goto("/")
    expect(tab.locator("#running")).to_contain_text("Nothing runs.")
    made = Made(runs, "alpha")
    made.begin("alpha")
    made.scenario("alpha", 0)
    expect(tab.locator("#running")).to_contain_text("The chip gives its ID")
    expect(tab.locator("#boards tr", has_text="alpha").get_by_role("link", name="running")).to_be_visible()
    made.end("alpha")
    expect(tab.locator("#running")).to_contain_text("Nothing runs.")
    expect(tab.locator("#ended")).to_contain_text("passed")


def test_an_operator_step_is_answered_in_one_of_two_browsers(opens, made):
    one, other = opens(), opens()
    made.begin("alpha")
    for tab in (one, other):
        tab.goto(f"/campaigns/{made.id}")
    made.ask("alpha", "a1")
    for tab in (one, other):
        expect(tab.get_by_label("Ciphertext")).to_be_visible()
    other.get_by_label("Ciphertext").fill("00")
    other.get_by_label("Your name").fill("Bob")
    one.get_by_label("passed", exact=True).check()
    one.get_by_label("Ciphertext").fill("00112233445566778899AABBCCDDEEFF")
    one.get_by_label("Your name").fill("Ann")
    one.get_by_role("button", name="Give the answer").click()
    expect(one.locator("#asks")).to_contain_text("Ann answered")
    expect(other.locator("#asks")).to_contain_text("Ann answered")
    expect(other.get_by_label("Ciphertext")).to_have_count(0)
    given = json.loads((made.folder.answers / "a1.json").read_text())
    assert given["by"] == "Ann"
    made.write("operator_answered", "alpha", ask="a1", by="Ann", via="bench page")
    for tab in (one, other):
        expect(tab.locator("#answered")).to_contain_text("Ann (on this page)")
        expect(tab.locator("#asks section")).to_have_count(0)


def test_what_is_typed_stays_while_everything_else_moves(opens, made):
    tab = opens()
    made.begin("alpha")
    made.ask("alpha", "a1", "create-product")
    tab.goto(f"/campaigns/{made.id}")
    tab.get_by_label("ProductKey").fill("a1AbCd")
    tab.get_by_label("Your name").fill("Ann")
    tab.locator("h1").click()
    made.begin("beta")
    made.scenario("beta", 0, "passed")
    made.ask("beta", "b1", "flash")
    expect(tab.locator("#asks section")).to_have_count(2)
    expect(tab.locator("#recent")).to_contain_text("The chip gives its ID")
    assert tab.get_by_label("ProductKey").input_value() == "a1AbCd"
    secret = tab.get_by_label("ProductSecret")
    assert secret.get_attribute("type") == "password"


def test_wrong_values_are_told_at_their_field(opens, made):
    tab = opens()
    made.begin("alpha")
    made.ask("alpha", "a1", "create-product")
    tab.goto(f"/campaigns/{made.id}")
    tab.get_by_label("ProductKey").fill("not a key")
    tab.get_by_label("ProductSecret").fill("x2" + "s" * 40)
    tab.get_by_label("Your name").fill("Ann")
    tab.get_by_role("button", name="Give the answer").click()
    expect(tab.locator("#a1-product_key-error")).to_contain_text("must be a ProductKey")
    expect(tab.get_by_label("ProductKey")).to_have_attribute("aria-invalid", "true")
    assert tab.get_by_label("ProductKey").input_value() == "not a key"
    assert tab.get_by_label("ProductSecret").input_value() == ""
    made.scenario("alpha", 0)
    expect(tab.locator("#panels")).to_contain_text("The chip gives its ID")
    expect(tab.locator("#a1-product_key-error")).to_be_visible()


def test_a_killed_page_server_loses_nothing(chromium, runs, bench):
    made = Made(runs, "alpha")
    made.begin("alpha")
    made.ask("alpha", "a1", "create-product")
    context = chromium.new_context(locale="en-GB")
    tab = context.new_page()
    tab.set_default_timeout(PATIENCE_MS)
    with BenchPage(bench) as first:
        port = int(first.address.rpartition(":")[2])
        tab.goto(f"{first.address}/campaigns/{made.id}")
        expect(tab.locator("#link")).to_have_text("Follows what happens")
        tab.get_by_label("ProductKey").fill("a1AbCdEfGhI")
    expect(tab.locator("#link")).to_contain_text("No connection")
    made.scenario("alpha", 0, "passed")
    with BenchPage(bench, port):
        expect(tab.locator("#recent")).to_contain_text("The chip gives its ID")
        expect(tab.locator("#link")).to_have_text("Follows what happens")
        assert tab.get_by_label("ProductKey").input_value() == "a1AbCdEfGhI"
        tab.get_by_label("ProductSecret").fill("x2" + "s" * 40)
        tab.get_by_label("Your name").fill("Ann")
        tab.get_by_role("button", name="Give the answer").click()
        expect(tab.locator("#asks")).to_contain_text("Ann answered")
    context.close()
    made.die()


def test_a_campaign_is_stopped_with_the_keyboard_alone(opens, made):
    tab = opens()
    made.begin("alpha")
    tab.goto(f"/campaigns/{made.id}")
    for _ in range(40):
        tab.keyboard.press("Tab")
        if tab.evaluate("document.activeElement.matches('#stop-all > summary')"):
            break
    else:
        pytest.fail("Tab never reaches it")
    tab.keyboard.press("Enter")
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    expect(tab.locator("#actions")).to_contain_text("Asked to stop")
    assert (made.folder.path / "stop").exists()


@pytest.mark.parametrize("where", ["summary", ".confirm button", "a", "pre"])
def test_the_keyboard_stays_where_it_was_when_its_part_changes(opens, made, where):
    tab = opens()
    folder = made.begin("alpha")
    Recorded(folder, "console").add("<", b"the first line\r\n")
    made.scenario("alpha", 0)
    tab.goto(f"/campaigns/{made.id}")
    panel = tab.locator("#panels article").first
    expect(panel).to_contain_text("the first line")
    if where == ".confirm button":
        panel.locator("summary").press("Enter")
    panel.locator(where).first.focus()
    focused = tab.evaluate("document.activeElement.outerHTML.slice(0, 9)")
    made.scenario("alpha", 0, "passed")
    made.scenario("alpha", 2)
    expect(panel).to_contain_text("An auth code is verified by the service")
    assert tab.evaluate("document.activeElement.outerHTML.slice(0, 9)") == focused


def test_one_board_is_stopped_and_the_other_goes_on(opens, made):
    tab = opens()
    made.begin("alpha")
    made.begin("beta")
    tab.goto(f"/campaigns/{made.id}")
    panel = tab.locator("#panels article").nth(1)
    panel.locator("summary").click()
    panel.get_by_role("button", name="Stop this board").click()
    expect(tab.locator("#panels article").nth(1)).to_contain_text("Asked to stop")
    assert (made.folder.path / "stop-beta").exists()
    assert not (made.folder.path / "stop").exists()


def every_page(runs) -> list[str]:
    made = Made(runs, "alpha", "beta", HOSTILE)
    folder = made.begin("alpha", run="20261129T220001.000Z-alpha")
    made.scenario("alpha", 0, "passed")
    made.scenario("alpha", 1, "failed", HOSTILE)
    made.scenario("alpha", 2)
    made.ask("alpha", "a1")
    made.ask("alpha", "a2", "create-product")
    made.ask("alpha", "a3", "flash")
    console = Recorded(folder, "console")
    console.add("<", HOSTILE.encode() + b"\r\n" + b"w" * 3000 + b"\r\n")
    made.write("board_waits", "beta", **{"for": ["usb port 1-4", "x" * 300]})
    old = Made(runs, "alpha", user="x" * 200)
    old.begin("alpha", run="20261129T220002.000Z-alpha")
    old.folder.output.write_text("error: " + "y" * 3000 + HOSTILE)
    old.die()
    make_run(runs, "20261129T220003.000Z-" + "z" * 150, "z" * 150)
    return [
        "/",
        "/start",
        "/start?board=alpha",
        "/campaigns",
        f"/campaigns/{made.id}",
        f"/campaigns/{old.id}",
        "/runs",
        "/runs/20261129T220001.000Z-alpha",
        "/history",
        "/history/alpha",
        "/login",
        "/nothing",
    ]


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_no_page_is_wider_than_a_phone_or_unfit_for_anybody(opens, runs, locale):
    tab = opens(viewport={"width": 360, "height": 740}, locale=locale, has_touch=True, is_mobile=True)
    paths = every_page(runs)
    for path in paths:
        tab.goto(path)
        assert tab.evaluate("document.documentElement.scrollWidth") <= 360, path
        assert tab.locator("html").get_attribute("lang") == ("zh-CN" if locale == "zh-CN" else "en")
        found = Axe().run(tab)
        assert found.violations_count == 0, f"{path}: {found.generate_report()}"
        assert tab.title() != "pwned"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_is_unfit_on_a_desk(opens, runs, scheme):
    tab = opens(viewport={"width": 1280, "height": 900}, color_scheme=scheme)
    for path in every_page(runs):
        tab.goto(path)
        found = Axe().run(tab)
        assert found.violations_count == 0, f"{path}: {found.generate_report()}"


def test_without_scripts_pages_say_the_same(opens, made):
    tab = opens(java_script_enabled=False)
    made.begin("alpha")
    made.scenario("alpha", 0)
    made.ask("alpha", "a1", "flash")
    tab.goto(f"/campaigns/{made.id}")
    expect(tab.locator("#link")).to_contain_text("Load the page again")
    tab.get_by_label("Your name").fill("Ann")
    tab.get_by_role("button", name="It is done").click()
    expect(tab.locator("#asks")).to_contain_text("Ann answered")
    made.scenario("alpha", 1)
    tab.reload()
    expect(tab.locator("#panels")).to_contain_text("A random number is not the last one")


def test_a_report_of_somebody_cannot_use_this_page(opens, runs, page):
    folder = make_run(runs, "r1", "alpha")
    (folder / "report.html").write_text(
        "<!doctype html><title>r</title><p id=x>report</p><script>"
        "document.title='ran';"
        "try { document.cookie; document.title += ' cookie'; } catch { document.title += ' no-cookie'; }"
        "fetch('/campaigns').then(() => { document.title += ' fetched'; }, () => { document.title += ' no-fetch'; });"
        "</script>"
    )
    tab = opens()
    tab.goto("/")
    tab.watch.seen.clear()
    tab.goto("/runs/r1/files/report.html")
    tab.wait_for_function("document.title.includes('fetch')")
    assert tab.title() == "ran no-cookie no-fetch"
    tab.watch.seen.clear()  # the browser says what the policy refused


def test_a_tab_keeps_its_language_when_another_one_changes_it(opens, made):
    tab = opens()
    made.begin("alpha")
    tab.goto(f"/campaigns/{made.id}")
    other = tab.context.new_page()
    other.goto("/?lang=zh")
    made.scenario("alpha", 0, "passed")
    tab.bring_to_front()
    expect(tab.locator("#recent")).to_contain_text("The chip gives its ID")
    expect(tab.locator("#recent")).to_contain_text("passed")


def test_a_link_of_a_report_leads_on_without_another_login(chromium, runs, bench):
    folder = make_run(runs, "r1", "alpha")
    (folder / "evidence").mkdir()
    (folder / "evidence" / "codes.txt").write_text("the codes")
    (folder / "report.html").write_text(
        "<!doctype html><title>r</title><a href='evidence/codes.txt'>codes</a>"
    )
    with BenchPage(bench, token=Secret("a-token-of-this-test")) as page:
        context = chromium.new_context(base_url=page.address, locale="en-GB")
        tab = context.new_page()
        tab.set_default_timeout(PATIENCE_MS)
        tab.goto("/runs/r1/files/report.html")
        tab.get_by_label("Token").fill("a-token-of-this-test")
        tab.keyboard.press("Enter")
        tab.get_by_role("link", name="codes").click()
        expect(tab.locator("body")).to_have_text("the codes")
        context.close()


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_a_refusal_is_fit_for_everybody(chromium, page, locale):
    context = chromium.new_context(viewport={"width": 360, "height": 740}, locale=locale)
    tab = context.new_page()
    # Browsers look every name below localhost up here, as they would one that somebody has pointed here.
    assert tab.goto(page.address.replace("127.0.0.1", "evil.localhost")).status == 421
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360
    assert tab.evaluate("getComputedStyle(document.body).margin") == "0px", "it has the look of the site"
    assert Axe().run(tab).violations_count == 0
    context.close()
