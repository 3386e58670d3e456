import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.report import html
from harness.report.model import load
from harness.report.records import MeasurementResult
from harness.run.events import ScenarioInfo
from harness.run.measure import Measurement
from harness.run.run import Run
from harness.run.verdict import Verdict
from tests.report import hostile_run, sample_run
from tests.report.hostile import EVERYTHING, HOSTILE


def words(text):
    return set(text.split())


VOID = words("meta path circle rect use col br")
TAGS = VOID | words(
    """html head title style body svg symbol main header p span div h1 h2 h3 h4 dl dt dd nav a section ul li
    table colgroup thead tbody tfoot tr th td details summary small pre code strong footer"""
)
ATTRIBUTES = words(
    """lang charset http-equiv content name class id href role aria-label aria-hidden open data-label
    viewbox preserveaspectratio width height x y cx cy r d fill stroke stroke-width stroke-linecap
    stroke-linejoin stroke-dasharray"""
)


class Page(HTMLParser):
    """Collects what a page is made of, and checks that every element is closed where it should be."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self._stack: list[str] = []
        self.feed(text)
        self.close()
        assert self._stack == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        assert len(dict(attrs)) == len(attrs)
        if tag not in VOID:
            self._stack.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._stack.pop() == tag

    def handle_data(self, data):
        self.text.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


def page_of(folder):
    return Page(html.render(load(folder), folder).decode())


def assert_inert(page):
    assert {tag for tag, _ in page.tags} <= TAGS
    for _, attributes in page.tags:
        assert set(attributes) <= ATTRIBUTES
    for attributes in page.all("a"):
        assert re.fullmatch(r"#[A-Za-z0-9._-]+|evidence/[A-Za-z0-9._-]+", attributes["href"])
    for attributes in page.all("use"):
        assert re.fullmatch(r"#i-[a-z_]+", attributes["href"])
    assert len(page.all("style")) == 1


def test_the_page_needs_nothing_from_elsewhere(sample):
    page = page_of(sample)
    assert_inert(page)
    text = html.render(load(sample), sample).decode()
    assert "url(" not in text
    assert "@import" not in text
    assert "//" not in re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL)


def test_the_policy_allows_only_the_pages_own_style(sample):
    text = html.render(load(sample), sample).decode()
    policy = next(each["content"] for each in Page(text).all("meta") if "http-equiv" in each)
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL).group(1)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def test_every_link_inside_the_page_has_its_place(sample):
    page = page_of(sample)
    places = [attributes["id"] for _, attributes in page.tags if attributes.get("id")]
    assert len(places) == len(set(places))
    for attributes in [*page.all("a"), *page.all("use")]:
        if attributes["href"].startswith("#"):
            assert attributes["href"][1:] in places
        else:
            assert (sample / attributes["href"]).is_file()


def test_what_did_not_pass_is_open(sample):
    page = page_of(sample)
    scenarios = [each for each in page.all("details") if each.get("class") == "scenario"]
    verdicts = [scenario.verdict for scenario in load(sample).scenarios]
    assert ["open" not in each for each in scenarios] == [verdict is Verdict.PASSED for verdict in verdicts]


def test_what_a_reader_needs_is_on_the_page(sample):
    report = load(sample)
    text = " ".join(page_of(sample).text)
    for needed in (
        "virtual-se-i2c",
        "2122232425262728292A2B2C",
        "aes-128",
        "Of 6 scenarios that were judged: 2 failed, 1 blocked by the bench.",
        "1 not applicable to this board. 1 not run.",
        "GET ID answers the vendor, the length 0C and an ID of 12 bytes.",
        "SDK 3.1.0 modules/id2/lib/src/id2_otp.c",
        "uncovered",
        "61.5 ms",
        "at most 20 ms",
        "the maker of the device",
        "look at the default branch",
        "> 80 55 00 00 00",
        "An extra with a NUL byte",
        "8184 0C 2122232425262728292A2B2C 9000",
        report.scenarios[2].evidence[0].sha256,
        report.journal_sha256,
        report.run,
        "manifest.json",
        "--check",
    ):
        assert needed in text, needed


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_inert_in_every_field(tmp_path, text):
    page = page_of(hostile_run.write(tmp_path, text))
    assert_inert(page)


def test_hostile_text_is_shown_and_not_hidden(tmp_path):
    page = page_of(hostile_run.write(tmp_path, "<b>\x1b[1m\u202e{{ 7*7 }}"))
    shown = " ".join(page.text)
    assert "<b>␛[1m<U+202E>{{ 7*7 }}" in shown
    assert "<b>␛[1m<U+202E>49" not in shown


def test_a_flood_is_bounded(tmp_path):
    folder = hostile_run.write(tmp_path, EVERYTHING)
    assert len(html.render(load(folder), folder)) < 1_500_000


@settings(deadline=None, max_examples=8)
@given(st.text(st.characters(codec=None), max_size=60))
def test_any_text_is_inert(tmp_path_factory, text):
    assert_inert(page_of(hostile_run.write(tmp_path_factory.mktemp("h"), text)))


def test_an_empty_and_a_damaged_run_have_a_page(tmp_path):
    run = Run.create(tmp_path, "b")
    run.finish()
    assert_inert(page_of(run.path))
    (run.path / "run.json").unlink()
    (run.path / "journal.jsonl").write_bytes(b"<script>\n" * 100)
    page = page_of(run.path)
    assert_inert(page)
    text = " ".join(page.text)
    assert "This run is incomplete." in text
    assert "journal line 1: is no JSON" in text


def test_an_interruption_is_said(tmp_path):
    run = Run.create(tmp_path, "b")
    run.finish("stopped by the keyboard")
    assert "This run is incomplete: stopped by the keyboard." in " ".join(page_of(run.path).text)


def test_evidence_that_is_not_there_is_no_link(sample):
    for path in (sample / "evidence").iterdir():
        path.unlink()
    page = page_of(sample)
    assert not [each for each in page.all("a") if each["href"].startswith("evidence/")]
    assert "missing" in " ".join(page.text)


def test_previews_are_bounded_for_the_whole_page(tmp_path):
    run = Run.create(tmp_path, "b")
    log = run.begin(ScenarioInfo("s"))
    for number in range(200):
        log.evidence(f"{number}.txt", b"Q" * 1_600, media_type="text/plain")
    log.finish(Verdict.PASSED)
    run.finish()
    shown = html.render(load(run.path), run.path).count(b"Q")
    assert 250 * 1024 < shown <= 256 * 1024 + 1_500


def measured(value, low, high):
    verdict = Measurement("m", "", low, high).judge(float(value))
    return MeasurementResult(step=None, name="m", value=value, unit="", low=low, high=high, verdict=verdict)


@given(st.floats(-1e6, 1e6), st.floats(-1e3, 1e3), st.floats(-1e3, 1e3))
@settings(deadline=None)
def test_a_gauge_shows_inside_and_outside(value, one, other):
    low, high = sorted((one, other))
    gauge = html._gauge(measured(value, low, high))
    if gauge is None:
        assert low == high
        return
    assert 4 <= gauge.at <= 106
    if low <= value <= high:
        assert gauge.low - 0.1 <= gauge.at <= gauge.low + gauge.span + 0.1
    else:
        assert not gauge.low + 0.1 < gauge.at < gauge.low + gauge.span - 0.1


def test_a_gauge_needs_two_ends():
    assert html._gauge(measured(1, None, None)) is None
    assert html._gauge(measured(1, 0, None)) is None
    assert html._gauge(measured(1, None, -5)) is None
    assert html._gauge(measured(1, None, 5)) is not None


def test_the_sample_shows_every_verdict_word(tmp_path):
    page = page_of(sample_run.write(tmp_path))
    classes = {each.get("class") for each in page.all("span")}
    assert {
        f"verdict v-{name}" for name in ("passed", "failed", "blocked", "not_applicable", "not_run")
    } <= classes
