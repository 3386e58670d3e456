"""Reports of failing runs in headless Chromium: nothing runs off the page, on any screen or on paper."""

import subprocess

import pytest

from harness.errors import DeviceError
from harness.report.render import render
from harness.run.events import ScenarioInfo
from harness.run.run import Run
from harness.run.verdict import Verdict
from tests.report import hostile_run, sample_run
from tests.report.hostile import EVERYTHING

pytestmark = pytest.mark.browser

GOT = "3~2~" + "A1B2C3D4E5F60718" * 10 + "~" + "90" * 120
EXPECTED = GOT[:-9] + "1" + GOT[-8:]
HEX = "0123456789ABCDEF" * 60
TEXTS = {
    "codes": f"the auth code of the device is {GOT}, expected {EXPECTED}",
    "hex": HEX,
    "name": "W" * 190,
    "everything": EVERYTHING,
    "rtl": "התקן فشل التحقق " + "א" * 300,
    "cjk": "设备身份认证失败" * 60,
}


WIDTHS = (1280, 768, 360, 320)


def too_wide(chromium, file):
    """Return what leaves the page, by the width of the window, with everything open."""
    found = {}
    page = chromium.new_page()
    page.goto(file.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        wide = page.evaluate(
            "width => [...document.querySelectorAll('body *:not(svg *)')].filter(each => {"
            " const box = each.getBoundingClientRect(); return box.width && (box.right > width + 1 || box.left < -1)"
            " }).map(each => each.tagName + '.' + each.className)",
            width,
        )
        if wide or page.evaluate("document.documentElement.scrollWidth") > width:
            found[width] = wide
    page.close()
    return found


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("kind", TEXTS)
def test_nothing_is_wider_than_the_page(chromium, tmp_path, kind, language):
    folder = hostile_run.write(tmp_path, TEXTS[kind])
    (written,) = render(folder, ("html",), language)
    assert too_wide(chromium, written) == {}


def failing(tmp_path):
    run = Run.create(tmp_path, "board")
    info = ScenarioInfo("step4_adapt/test_code", step_folder="step4_adapt", title="The code is right")
    log = run.begin(info)
    log.finish(Verdict.FAILED, error=DeviceError(TEXTS["codes"], traffic=[HEX, HEX]))
    run.finish()
    render(run.path, ("html",))
    return run.path / "report.html"


def test_paper_shows_both_codes_whole(chromium, tmp_path):
    page = chromium.new_page()
    page.goto(failing(tmp_path).as_uri())
    page.pdf(path=tmp_path / "report.pdf", format="A4", prefer_css_page_size=True)
    page.close()
    told = subprocess.run(
        ["pdftotext", "-raw", tmp_path / "report.pdf", "-"], capture_output=True, check=True, timeout=60
    ).stdout.decode()
    whole = "".join(told.split())
    assert whole.count(GOT) == 1
    assert whole.count(EXPECTED) == 1
    # What is wider than the paper, Chromium shrinks with everything else; it must not come to that.
    boxes = subprocess.run(
        ["pdftotext", "-bbox", tmp_path / "report.pdf", "-"], capture_output=True, check=True, timeout=60
    ).stdout.decode()
    right = max(float(part.split('"')[0]) for part in boxes.split('xMax="')[1:])
    assert right <= 595 - 15 * 72 / 25.4 + 2


def test_difference_is_marked_and_not_by_colour_alone(chromium, tmp_path):
    page = chromium.new_page()
    page.goto(failing(tmp_path).as_uri())
    marks = page.locator("mark")
    assert marks.all_inner_texts() == ["0", "1"]
    for mark in marks.all():
        looks = mark.evaluate(
            "each => { const s = getComputedStyle(each); return [s.textDecorationLine, s.fontWeight] }"
        )
        assert looks == ["underline", "800"]
    assert f"characters {len(GOT) - 8} of {len(GOT)}" in page.locator(".differs").inner_text()
    page.close()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_sample_run_and_a_failing_one_fit_too(chromium, tmp_path, language):
    (sample,) = render(sample_run.write(tmp_path / "sample"), ("html",), language)
    assert too_wide(chromium, sample) == {}
    (tmp_path / "failing").mkdir()
    assert too_wide(chromium, failing(tmp_path / "failing")) == {}


def test_printed_pages_say_number_verdict_and_page(chromium, tmp_path):
    folder = sample_run.write(tmp_path)
    (written,) = render(folder, ("html",))
    page = chromium.new_page()
    page.goto(written.as_uri())
    page.pdf(path=tmp_path / "report.pdf", format="A4", prefer_css_page_size=True)
    page.close()
    told = subprocess.run(
        ["pdftotext", "-layout", tmp_path / "report.pdf", "-"], capture_output=True, check=True, timeout=60
    ).stdout.decode()
    pages = told.split("\f")[:-1]
    assert len(pages) > 3
    for number, text in enumerate(pages, start=1):
        assert "without a report number" in text
        assert "Failed (mock service)" in text
        assert f"Page {number} of {len(pages)}" in text
    assert told.count("End of report") == 1
