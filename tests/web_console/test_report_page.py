"""The page of a report in headless Chromium: filters, links, keyboard, without a script, and for everyone."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from harness.report.render import render
from tests.report import hostile_run, sample_run
from tests.report.hostile import EVERYTHING

pytestmark = pytest.mark.browser

LOOKS = {
    "light": {},
    "dark": {"color_scheme": "dark"},
    "forced": {"forced_colors": "active"},
    "phone": {"viewport": {"width": 360, "height": 740}},
}
OPEN_ALL = "document.querySelectorAll('details').forEach(each => each.open = true)"
SHOWN = "[data-filtered]:visible"


@pytest.fixture(scope="module")
def sample_page(tmp_path_factory):
    """Return the pages of the sample run, by language."""
    folder = sample_run.write(tmp_path_factory.mktemp("sample"))
    render(folder, ("html",))
    render(folder, ("html",), "zh")
    return {"en": (folder / "report.html").as_uri(), "zh": (folder / "report-zh.html").as_uri()}


@pytest.fixture
def opened(chromium, sample_page):
    """Return a function that opens the sample's page in a context of its own."""
    contexts = []

    def opened(fragment="", language="en", **options):
        contexts.append(chromium.new_context(**options))
        page = contexts[-1].new_page()
        page.goto(sample_page[language] + fragment)
        return page

    yield opened
    for context in contexts:
        context.close()


def violations(page):
    page.evaluate(OPEN_ALL)
    return [
        (each["id"], [node["html"][:200] for node in each["nodes"]])
        for each in Axe().run(page).response["violations"]
    ]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing(opened, look, language):
    # The page's own policy would keep axe out.
    assert violations(opened("", language, bypass_csp=True, **LOOKS[look])) == []


def test_axe_would_find_something(opened):
    page = opened(bypass_csp=True)
    page.evaluate("document.querySelector('.lead').style.color = '#ddd'")
    assert [name for name, _ in violations(page)] == ["color-contrast"]


def test_axe_finds_nothing_where_a_device_says_everything(chromium, tmp_path):
    folder = hostile_run.write(tmp_path, EVERYTHING)
    render(folder, ("html",))
    page = chromium.new_page(bypass_csp=True)
    page.goto((folder / "report.html").as_uri())
    assert violations(page) == []
    page.close()


def titles(page):
    return [each.inner_text().splitlines()[0] for each in page.locator(f"{SHOWN} .name").all()]


def shown(page):
    return page.locator("#shown").inner_text()


def test_two_filters_leave_what_fits_both(opened):
    page = opened()
    assert shown(page) == "All scenarios are shown: 8"
    page.locator("#by-step").select_option(label="Step 4 · Adapt")
    page.locator("#show-passed").uncheck()
    assert shown(page) == "Scenarios shown: 2 of 8"
    assert titles(page) == [
        "A wrong instruction gets the right status word",
        "The chip keeps its time limits",
    ]
    assert page.locator(".failure:visible").count() == 2
    assert page.locator(".is-filtered").is_visible()
    assert page.locator("#req-PLAN-01").is_hidden()
    assert page.locator("#req-SE-SW-01").is_visible()
    page.keyboard.press("Escape")
    assert shown(page) == "All scenarios are shown: 8"
    assert page.locator(".is-filtered").is_hidden()
    assert page.locator("#req-PLAN-01").is_visible()


def test_requirement_and_text_are_looked_for_in_folded_scenarios_too(opened):
    page = opened()
    page.locator("#by-requirement").fill("code-0")
    expect(page.locator("#shown")).to_have_text("Scenarios shown: 1 of 8")
    assert titles(page) == ["A challenge code verifies"]
    page.locator("#by-text").fill("no such words")
    expect(page.locator("#shown")).to_have_text("Scenarios shown: 0 of 8")
    page.locator("#by-text").fill("512 BYTES extra")
    expect(page.locator("#shown")).to_have_text("Scenarios shown: 1 of 8")


def test_a_filter_is_in_the_address_and_comes_back_from_it(opened):
    page = opened()
    page.locator("#show-passed").uncheck()
    page.locator("#by-text").fill("status & word")
    page.wait_for_url(lambda url: "text=" in url)
    fragment = page.evaluate("location.hash")
    assert fragment == "#verdict=failed,blocked,not_applicable,not_run&text=status%20%26%20word"
    again = opened(fragment)
    assert again.locator("#by-text").input_value() == "status & word"
    assert not again.locator("#show-passed").is_checked()
    assert shown(again) == shown(page) == "Scenarios shown: 0 of 8"


@pytest.mark.parametrize(
    "fragment",
    ["#verdict=&step=999&requirement=%00&text=%3Cimg%20src%3Dx%3E", "#=", "#%E0%A4%A=1", "#nowhere"],
)
def test_an_address_of_a_stranger_does_no_harm(opened, fragment):
    page = opened()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.evaluate("fragment => { location.hash = fragment }", fragment)
    page.wait_for_timeout(100)
    assert errors == []
    assert page.locator("img").count() == 0
    page.keyboard.press("Escape")
    assert shown(page) == "All scenarios are shown: 8"


def test_a_link_opens_what_it_leads_to(opened):
    for number in (1, 7, 8):  # passed; not applicable and not run, which are folded together
        assert opened(f"#scenario-{number}").locator(f"#scenario-{number}").is_visible()


@pytest.mark.parametrize("scripted", [True, False])
def test_print_holds_what_a_filter_hides(opened, scripted):
    page = opened(java_script_enabled=scripted)
    page.locator("#filter").evaluate("each => { each.open = true }")
    for name in ("passed", "failed", "not_applicable"):
        page.locator(f"#show-{name}").uncheck()
    assert page.locator(SHOWN).count() == 1  # blocked; the one that was not run is folded
    page.emulate_media(media="print")
    assert page.locator(SHOWN).count() == 8
    assert page.locator(".failure:visible").count() == 3


def test_without_a_script_the_page_folds_leads_and_filters(opened):
    page = opened(java_script_enabled=False)
    assert page.locator("#by-text").is_hidden()
    assert page.locator(".failure:visible").count() == 3
    first = page.locator("details.scenario").first
    assert first.locator(".body").is_hidden()
    first.locator("summary").click()
    assert first.locator(".body").is_visible()
    page.locator("#show-failed").uncheck()
    assert page.locator(".failure:visible").count() == 1
    assert page.locator(".is-filtered").is_visible()
    page.locator("nav a[href='#files']").click()
    assert page.locator("#files").bounding_box()["y"] < 200


def test_folded_places_open_without_a_script(opened):
    page = opened("#scenario-1", java_script_enabled=False)
    assert page.locator("#scenario-1").is_visible()


def test_keyboard_alone_reaches_everything(opened):
    page = opened()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.locator(".skip").bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "cover"
    wanted = page.evaluate(
        "[...document.querySelectorAll('a[href], summary, button, input, select')]"
        ".filter(each => each.checkVisibility({visibilityProperty: true})).length"
    )
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    seen = []
    for _ in range(wanted + 3):
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate(
                "(() => { const each = document.activeElement; each.dataset.seen = 1;"
                " const s = getComputedStyle(each);"
                " return [each.tagName, s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0] })()"
            )
        )
    assert page.locator("[data-seen]:not(body)").count() >= wanted
    assert {name for name, _ in seen} >= {"A", "SUMMARY", "INPUT", "SELECT", "BUTTON"}
    assert [name for name, outlined in seen if not outlined and name != "BODY"] == []
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "by-text"


def test_the_verdict_stays_in_sight_with_what_was_not_real(opened):
    page = opened("#files")
    top = page.locator(".top")
    assert top.bounding_box()["y"] == 0
    assert top.inner_text().startswith("failedMock service")


def test_nothing_that_a_device_says_runs(chromium, tmp_path):
    folder = hostile_run.write(tmp_path, EVERYTHING + "<svg onload=alert(2)><script>window.ran=1</script>")
    render(folder, ("html",))
    context = chromium.new_context()
    page = context.new_page()
    heard = []
    page.on("dialog", lambda dialog: (heard.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: heard.append(request.url))
    page.goto((folder / "report.html").as_uri())
    page.evaluate(OPEN_ALL)
    assert heard == [(folder / "report.html").as_uri()]
    # Even markup that slipped through would not run.
    refused = page.evaluate(
        "(() => { document.querySelector('main').insertAdjacentHTML('beforeend',"
        ' \'<img src=x onerror="window.ran=1"><a id=j href="javascript:window.ran=1">x</a>\');'
        " const made = document.createElement('script'); made.textContent = 'window.ran = 1'; document.body.append(made);"
        " document.getElementById('j').click(); return window.ran })()"
    )
    page.wait_for_timeout(200)
    assert refused is None
    assert page.evaluate("window.ran") is None
    context.close()
