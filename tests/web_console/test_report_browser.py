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


def written(tmp_path, text):
    folder = hostile_run.write(tmp_path, text)
    render(folder, ("html",))
    return folder / "report.html"


@pytest.mark.parametrize("width", [1280, 390, 320])
@pytest.mark.parametrize("kind", TEXTS)
def test_nothing_is_wider_than_the_page(chromium, tmp_path, kind, width):
    page = chromium.new_page(viewport={"width": width, "height": 800})
    page.goto(written(tmp_path, TEXTS[kind]).as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    wide = page.evaluate(
        "width => [...document.querySelectorAll('main *:not(svg *)')].filter(each => {"
        " const box = each.getBoundingClientRect(); return box.width && (box.right > width + 1 || box.left < -1)"
        " }).map(each => each.tagName + '.' + each.className)",
        width,
    )
    page.close()
    assert wide == []


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


def test_sample_run_fits_too(chromium, tmp_path):
    folder = sample_run.write(tmp_path)
    render(folder, ("html",))
    for width in (1280, 390, 320):
        page = chromium.new_page(viewport={"width": width, "height": 800})
        page.goto((folder / "report.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.close()
