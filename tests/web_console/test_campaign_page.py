"""The pages of a campaign and of a comparison in headless Chromium: for everyone, on every screen, and on paper."""

import subprocess

import pytest
from axe_playwright_python.sync_playwright import Axe

from harness.history.campaign import forms
from harness.history.campaign.collecting import folders, loaded
from harness.history.comparison import compare
from harness.history.comparison_page import page as compared
from harness.report.model import load
from harness.report.words import language
from harness.run.header import Header
from harness.run.verdict import Verdict
from tests.history.small_run import ONE, write
from tests.report import hostile_run, sample_run
from tests.report.hostile import EVERYTHING

pytestmark = pytest.mark.browser

LOOKS = {
    "light": {},
    "dark": {"color_scheme": "dark"},
    "forced": {"forced_colors": "active"},
    "phone": {"viewport": {"width": 360, "height": 740}},
}
LANGUAGES = ("en", "zh")
PAGES = ("campaign", "hostile campaign", "compare", "hostile compare")
VIRTUAL = Header(
    board_file={"transports": {"chip": {"kind": "simulated-i2c"}}},
    options={"service": "mock", "stand_ins": {"chip": "simulated"}},
    known_failures=[{"scenario": ONE.id, "reason": "x", "reference": "BUG-7", "expires": "2999-01-01"}],
)


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Return the file of each page by its kind and language."""
    root = tmp_path_factory.mktemp("pages")
    sound, hostile = root / "sound", root / "hostile"
    sound.mkdir(), hostile.mkdir()
    first = sample_run.write(sound)
    (sound / "board.yaml").unlink(missing_ok=True)
    for number in range(9):
        write(sound, f"board-{number}", header=VIRTUAL)
    failed = write(sound, "board-of-a-line-of-products-with-a-long-name", one=Verdict.FAILED, header=VIRTUAL)
    write(sound, "blocked", other=Verdict.BLOCKED, header=VIRTUAL)
    evil = hostile_run.write(hostile, EVERYTHING)
    (hostile / "empty").mkdir()
    files = {}
    for code in LANGUAGES:
        say = language(code)

        def campaign(runs, code=code, say=say):
            made = forms.forms(loaded(folders([str(runs)], runs)), say)
            return made["campaign.html" if code == "en" else f"campaign-{code}.html"]

        for kind, data in (
            ("campaign", campaign(sound)),
            ("hostile campaign", campaign(hostile)),
            ("compare", compared(compare(load(first), load(failed)), say)),
            ("hostile compare", compared(compare(load(first), load(evil)), say)),
        ):
            file = root / f"{kind.replace(' ', '-')}-{code}.html"
            file.write_bytes(data)
            files[kind, code] = file
    return files


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", PAGES)
@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing(chromium, pages, look, kind, language):
    # The page's own policy would keep axe out.
    context = chromium.new_context(bypass_csp=True, **LOOKS[look])
    page = context.new_page()
    page.goto(pages[kind, language].as_uri())
    found = [
        (each["id"], [node["html"][:200] for node in each["nodes"]])
        for each in Axe().run(page).response["violations"]
    ]
    context.close()
    assert found == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", PAGES)
def test_nothing_is_wider_than_the_page(chromium, pages, kind, language):
    page = chromium.new_page()
    page.goto(pages[kind, language].as_uri())
    for width in (1280, 360, 320):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, width
        wide = page.evaluate(
            "width => [...document.querySelectorAll('main *:not(svg *, thead, thead *, col, colgroup)')].filter(each => {"
            " const box = each.getBoundingClientRect(); return box.width && (box.right > width + 1 || box.left < -1)"
            " }).map(each => each.tagName + '.' + each.className + each.textContent.slice(0, 40))",
            width,
        )
        assert wide == [], width
    page.close()


@pytest.mark.parametrize("kind", ["campaign", "compare"])
def test_no_verdict_breaks_inside_of_a_word(chromium, pages, kind):
    page = chromium.new_page(viewport={"width": 1280, "height": 800})
    page.goto(pages[kind, "en"].as_uri())
    # A word that breaks is higher than a line.
    broken = page.evaluate(
        "[...document.querySelectorAll('td .verdict, thead th')].flatMap(each => {"
        " const text = [...each.childNodes].find(node => node.nodeType === 3); if (!text) return [];"
        " return [...text.data.matchAll(/[^ ]+/g)].filter(word => { const range = document.createRange();"
        " range.setStart(text, word.index); range.setEnd(text, word.index + word[0].length);"
        " return range.getClientRects().length > 1 }).map(word => word[0]) })"
    )
    page.close()
    assert broken == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_twelve_boards_are_one_sheet_of_paper_with_every_run_on_it(chromium, pages, tmp_path, language):
    page = chromium.new_page()
    page.goto(pages["campaign", language].as_uri())
    page.pdf(path=tmp_path / "campaign.pdf", prefer_css_page_size=True)
    page.close()

    def told(program, *words):
        return subprocess.run([program, *words], capture_output=True, check=True, timeout=60).stdout.decode()

    assert "Pages:           1\n" in told("pdfinfo", tmp_path / "campaign.pdf")
    text = "".join(told("pdftotext", "-raw", tmp_path / "campaign.pdf", "-").split())
    for board in (*(f"board-{number}" for number in range(9)), "virtual-se-i2c", "long-name", "blocked"):
        assert board in text
