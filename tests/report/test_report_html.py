import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.report import html
from harness.report.model import load
from harness.report.page.scenarios import gauge
from harness.report.records import MeasurementResult
from harness.report.words import language
from harness.run.events import ScenarioInfo
from harness.run.measure import Measurement
from harness.run.run import Run
from harness.run.verdict import Verdict
from tests.report import hostile_run, sample_run
from tests.report.hostile import EVERYTHING, HOSTILE


def words(text):
    return set(text.split())


VOID = words("meta path circle rect use col br input wbr")
TAGS = VOID | words(
    """html head title style script body svg symbol main header article p span div h1 h2 h3 h4 dl dt dd nav a section ul
    ol li table caption colgroup thead tbody tr th td details summary small pre code strong footer figure figcaption
    mark fieldset legend label select option datalist button kbd"""
)
ATTRIBUTES = words(
    """lang charset http-equiv content name class id href role aria-label aria-hidden open scope tabindex
    data-label data-verdict data-step data-requirements data-filtered data-filtered-beside data-filtered-whole
    data-all data-some type value checked autocomplete spellcheck list for
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


def page_of(folder, code="en"):
    return Page(html.render(load(folder), folder, language(code)).decode())


def assert_inert(page):
    assert {tag for tag, _ in page.tags} <= TAGS
    for _, attributes in page.tags:
        assert set(attributes) <= ATTRIBUTES, set(attributes) - ATTRIBUTES
    for attributes in page.all("a"):
        assert re.fullmatch(
            r"#[A-Za-z0-9._-]+|(?:(?:evidence|transport)/)?[A-Za-z0-9_][A-Za-z0-9._-]*", attributes["href"]
        )
    for attributes in page.all("use"):
        assert re.fullmatch(r"#i-[a-z_]+", attributes["href"])
    assert len(page.all("style")) == len(page.all("script")) == 1


def without_own(text):
    """Return a page without its style and its script, and how often it had them."""
    return re.sub(r"<(style|script)>.*?</\1>", "", text, flags=re.DOTALL)


def test_the_page_needs_nothing_from_elsewhere(sample):
    page = page_of(sample)
    assert_inert(page)
    text = html.render(load(sample), sample).decode()
    assert "url(" not in text
    assert "@import" not in text
    assert "//" not in without_own(text)
    assert not re.search(r"fetch|XMLHttp|import\(|innerHTML|eval|document\.write", text)


def test_the_policy_allows_only_the_pages_own_style_and_script(sample):
    text = html.render(load(sample), sample).decode()
    policy = next(each["content"] for each in Page(text).all("meta") if "http-equiv" in each)
    hashes = []
    for tag in ("style", "script"):
        (held,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        hashes.append(base64.b64encode(hashlib.sha256(held.encode()).digest()).decode())
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'; "
        "base-uri 'none'; form-action 'none'"
    )


@pytest.mark.parametrize("code", ["en", "zh"])
def test_every_link_inside_the_page_has_its_place(sample, code):
    page = page_of(sample, code)
    places = [attributes["id"] for _, attributes in page.tags if attributes.get("id")]
    assert len(places) == len(set(places))
    for attributes in [*page.all("a"), *page.all("use")]:
        if attributes["href"].startswith("#"):
            assert attributes["href"][1:] in places
        else:
            assert (sample / attributes["href"]).is_file()
    for attributes in page.all("label"):
        assert "for" not in attributes or attributes["for"] in places


def test_every_scenario_and_requirement_has_its_place(sample):
    report = load(sample)
    places = {attributes["id"] for _, attributes in page_of(sample).tags if attributes.get("id")}
    assert {f"scenario-{number}" for number in range(1, len(report.scenarios) + 1)} <= places
    assert {f"req-{each.id}" for each in report.requirements} <= places


def test_failures_are_open_and_the_rest_is_folded(sample):
    page = page_of(sample)
    report = load(sample)
    bad = [each for each in report.scenarios if each.verdict in {"failed", "blocked", "error"}]
    failures = [each for each in page.all("article") if each.get("class") == "failure"]
    assert [each["data-verdict"] for each in failures].count("failed") == 2
    assert len(failures) == len(bad) == 3
    folded = [each for each in page.all("details") if each.get("class") in {"scenario", "apart"}]
    assert len(folded) == 5
    assert not any("open" in each for each in folded)
    told = [each for each in page.all("div") if each.get("class") == "scenario elsewhere"]
    assert [each["data-verdict"] for each in told] == [str(each.verdict) for each in bad]


def test_what_a_reader_needs_is_on_the_page(sample):
    report = load(sample)
    text = " ".join(page_of(sample).text)
    for needed in (
        "virtual-se-i2c",
        "2122****************2B2C",
        "aes-128",
        "Scenarios judged: 6; passed: 3, failed: 2, blocked by the bench: 1.",
        "Not applicable to this board: 1. Not run: 1.",
        "GET ID answers the vendor, the length 0C and an ID of 12 bytes.",
        "SDK 3.1.0 modules/id2/lib/src/id2_otp.c",
        "uncovered",
        "61.5 ms",
        "at most 20 ms",
        "the maker of the device",
        "look at the default branch",
        "> 80 55 00 00 00",
        "An extra with a NUL byte",
        "8184 0C 2122****************2B2C 9000",
        report.scenarios[2].evidence[0].sha256,
        report.run,
        "End of report",
    ):
        assert needed in text, needed


def test_limits_are_told_in_chinese(sample):
    text = " ".join(page_of(sample, "zh").text)
    assert "不大于 20 ms" in text
    assert "at most" not in text


def test_the_id_is_masked_wherever_it_occurs(sample):
    assert "2122232425262728292A2B2C" not in " ".join(page_of(sample).text)


def test_rendering_again_gives_the_same_bytes(sample):
    assert html.render(load(sample), sample) == html.render(load(sample), sample)


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
    assert "This is the report of a part of a run: its journal has no end." in text
    assert "PARTIAL RUN" in text
    assert "journal line 1: is no JSON" in text


def test_an_interruption_is_said(tmp_path):
    run = Run.create(tmp_path, "b")
    run.finish("stopped by the keyboard")
    assert "The run was interrupted: stopped by the keyboard." in " ".join(page_of(run.path).text)


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
    drawn = gauge(measured(value, low, high))
    if drawn is None:
        assert low == high
        return
    assert 4 <= drawn.at <= 106
    if low <= value <= high:
        assert drawn.low - 0.1 <= drawn.at <= drawn.low + drawn.span + 0.1
    else:
        assert not drawn.low + 0.1 < drawn.at < drawn.low + drawn.span - 0.1


def test_a_gauge_needs_two_ends():
    assert gauge(measured(1, None, None)) is None
    assert gauge(measured(1, 0, None)) is None
    assert gauge(measured(1, None, -5)) is None
    assert gauge(measured(1, None, 5)) is not None


def test_the_sample_shows_every_verdict_word(tmp_path):
    page = page_of(sample_run.write(tmp_path))
    classes = {each.get("class") for each in page.all("span")}
    assert {
        f"verdict v-{name}" for name in ("passed", "failed", "blocked", "not_applicable", "not_run")
    } <= classes
