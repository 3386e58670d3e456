"""`report.pdf`: what other programs read in it, on every page; nothing leaves a page whatever a device said."""

import json
import re
import tarfile
from pathlib import Path

import pytest

from harness.cli.main import invoke
from harness.errors import ToolError
from harness.report.document.blocks import Words
from harness.report.json_report import JsonReport
from harness.report.junit import JunitReport
from harness.report.model import load
from harness.report.pdf import flow as flows
from harness.report.pdf import renderer
from harness.report.pdf.glyphs import shown
from harness.report.pdf.renderer import PdfReport, ShortPdfReport
from harness.report.render import close, rendered
from harness.report.words import ENGLISH, language
from harness.run import manifest
from harness.run.folder import RunFolder
from harness.run.verdict import Verdict, exit_code
from harness.settings.particulars import Item, Particulars
from tests.report import hostile, hostile_run, pdf_pages, sample_run
from tests.report.pdf_pages import needs, outside, pages
from tests.report.test_document import many_failures

ID = "2122232425262728292A2B2C"
MARKUP = '#eval("1+1") $x^2$ ] [ #pagebreak() \\ // <scenario-1> @req *b* _i_ ``` #read("/etc/passwd")'


def write(folder, report, where, code="en", kind=PdfReport):
    (content,) = kind().render(report, folder, language(code)).values()
    path = where / f"{kind.__name__}-{code}.pdf"
    path.write_bytes(content)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return sample_run.write(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def report(folder):
    said = Particulars(number="L-2026-7", revision="B", item=Item(name="智能门锁"), place="上海")
    return load(folder).model_copy(update={"particulars": said})


@pytest.fixture(scope="module")
def pdf(folder, report, tmp_path_factory):
    return write(folder, report, tmp_path_factory.mktemp("pdf"))


@needs("pdftotext")
def test_every_page_has_number_revision_page_of_pages_and_what_stood_in(pdf):
    every = pages(pdf)
    assert len(every) > 3
    for number, page in enumerate(every, start=1):
        assert "Report L-2026-7, revision B" in page.text
        assert f"Page {number} of {len(every)}" in page.text
        assert "Mock service" in page.text
    assert "End of report" in every[-1].text


@needs("pdftotext")
def test_the_cover_says_what_stood_in_beside_the_verdict(pdf):
    cover = pages(pdf)[0].text
    assert "Failed (mock service)" in cover
    assert "智能门锁" in cover
    assert "Approver: name, date, signature" in cover


@needs("pdftotext")
def test_every_verdict_of_the_results_is_in_it(pdf, report):
    text = pdf_pages.raw(pdf)
    for each in report.scenarios:
        if each.verdict is Verdict.NOT_RUN:  # by its reason, in section 9
            assert each.key in text
        elif each.verdict is not Verdict.NOT_APPLICABLE:
            row = f"{each.verdict.words}{each.title}{each.key}".replace(" ", "")
            assert row in text
    for each in report.requirements:
        state = str(each.state).replace("_", "")
        assert re.search(rf"{state}(mandatory,withoutaverdict)?({each.level})?{each.id}", text), each.id


@needs("pdffonts")
def test_every_font_is_embedded_as_a_subset(pdf):
    lines = pdf_pages.run("pdffonts", pdf).decode().splitlines()[2:]
    assert lines
    for line in lines:
        assert re.search(r"\s+yes\s+yes\s+yes\s+\d+\s+\d+$", line), line
        assert re.match(r"[A-Z]{6}\+(NotoSansSC|DejaVuSansMono)", line), line


@needs("pdfinfo")
def test_it_claims_the_two_standards_and_its_language(pdf):
    metadata = pdf_pages.run("pdfinfo", "-meta", pdf).decode()
    assert "<pdfaid:part>3</pdfaid:part>" in metadata
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in metadata
    assert "<pdfuaid:part>1</pdfuaid:part>" in metadata
    assert "Tagged:          yes" in pdf_pages.run("pdfinfo", pdf).decode()


@needs("qpdf")
def test_its_structure_is_sound(pdf):
    assert b"No syntax or stream encoding errors found" in pdf_pages.run("qpdf", "--check", pdf)


@needs("pdfdetach")
def test_the_results_for_programs_are_attached_byte_for_byte(folder, report, tmp_path):
    shown = report.model_copy(
        update={"particulars": report.particulars.model_copy(update={"show_id": "whole"})}
    )
    pdf_pages.run("pdfdetach", "-saveall", "-o", tmp_path, write(folder, shown, tmp_path))
    for kind in (JsonReport, JunitReport):
        for name, content in kind().render(shown, folder, ENGLISH).items():
            assert (tmp_path / name).read_bytes() == content


@needs("pdfdetach")
def test_what_is_attached_is_masked_as_the_pages_are(pdf, folder, report, tmp_path):
    pdf_pages.run("pdfdetach", "-saveall", "-o", tmp_path, pdf)
    assert ID in JsonReport().render(report, folder, ENGLISH)["report.json"].decode()
    attached = (tmp_path / "report.json").read_text()
    assert ID.lower() not in attached.lower()
    assert "2122****************2B2C" in attached
    assert json.loads(attached)["verdict"] == report.verdict
    assert "attachedtothePDF,too" in pdf_pages.raw(pdf)


def test_rendering_again_gives_the_same_bytes(pdf, folder, report, tmp_path):
    assert write(folder, report, tmp_path).read_bytes() == pdf.read_bytes()


@needs("pdftotext")
def test_the_short_form_has_no_more_than_its_sections(folder, report, tmp_path):
    path = write(folder, report, tmp_path, kind=ShortPdfReport)
    text = pdf_pages.raw(path)
    assert "1Summary" in text
    assert "3Requirements" in text
    assert "Bench,instruments" not in text
    assert len(pages(path)) <= 3


@pytest.mark.parametrize("code", ["en", "zh"])
@needs("pdftotext")
def test_nothing_leaves_the_page_of_a_hostile_run(code, tmp_path):
    text = f"{hostile.EVERYTHING[:3000]} {MARKUP} {'W' * 400} {'固' * 300} a\u00a0b" + "\u00a0x" * 300
    folder = hostile_run.write(tmp_path, text)
    path = write(folder, load(folder), tmp_path, code)
    assert outside(path) == []
    said = pdf_pages.squeezed(path)
    assert "#read(" in said
    assert "root:" not in said


@needs("pdftotext")
def test_a_line_of_a_megabyte_is_bounded_and_says_how_much_is_missing(tmp_path):
    folder = hostile_run.write(tmp_path, "x" * 1_000_000)
    path = write(folder, load(folder), tmp_path)
    assert outside(path) == []
    assert "morecharacters)" in pdf_pages.squeezed(path)


def test_markup_of_typst_stays_text(folder, report, tmp_path):
    changed = report.model_copy(update={"board": MARKUP, "identity": {MARKUP: MARKUP}, "notes": [MARKUP]})
    path = write(folder, changed, tmp_path)
    data = flows.flow(renderer.document(changed, folder, ENGLISH))
    assert MARKUP in json.dumps(data, ensure_ascii=False).replace('\\"', '"').replace("\\\\", "\\")
    if pdf_pages.shutil.which("pdftotext"):
        assert '#eval("1+1")$x^2$][' in pdf_pages.raw(path)


def letters(words):
    """Yield the pieces of words, which nest as a line may break between them."""
    for each in words:
        yield from [each] if isinstance(each, str) else letters(each)


def test_the_head_of_a_page_is_bounded_though_each_character_of_a_number_becomes_many(folder, report):
    said = Particulars(number="\u0627" * 60, revision="\u0627" * 40)
    made = renderer.document(report.model_copy(update={"particulars": said}), folder, ENGLISH)
    assert len(shown(made.number)) > 700
    number, _ = flows.flow(made)["head"]
    told = "".join(letters(number))
    assert len(told) == 161
    assert told.endswith("…")


def test_characters_without_a_glyph_are_named():
    assert shown("a\u0627b") == "a<U+0627>b"
    assert shown("\U0001f600") == "<U+1F600>"
    assert shown("␛[31m␡") == "<U+001B>[31m<U+007F>"
    assert shown("ID² 固定密钥 ± ≤ ℃ é\n") == "ID² 固定密钥 ± ≤ ℃ é\n"


def test_no_link_leads_to_a_place_that_is_not_there():
    table = flows._Flow(frozenset({"here"}))
    assert table.line((Words("a", link="#here"),), 8, 100) == [{"t": ["a"], "l": "here"}]
    assert table.line((Words("a", link="#gone"),), 8, 100) == ["a"]
    assert flows._Flow(frozenset()).line((Words("a", link="#here"),), 8, 100) == ["a"]
    assert table.line((Words("a", link="https://evil.example/"),), 8, 100) == ["a"]


def test_what_typst_refuses_is_said_with_what_to_do(folder, report, monkeypatch):
    monkeypatch.setattr(renderer, "_TEMPLATE", Path(__file__))
    with pytest.raises(ToolError, match="the PDF could not be made") as refused:
        PdfReport().render(report, folder, ENGLISH)
    assert "--format pdf" in refused.value.hint


@needs("pdftotext")
def test_a_value_is_copied_whole_out_of_a_narrow_column(pdf, report):
    assert report.inputs[0].sha256 in pdf_pages.raw(pdf)


def test_every_run_folder_has_both_forms_and_they_hold_against_the_manifest(with_pdf, tmp_path):
    run = sample_run.write(tmp_path)
    close(run)
    listed = manifest.read(RunFolder.open(run))
    assert {"report.pdf", "report-short.pdf"} <= set(listed)
    again = rendered(run)
    for name in ("report.pdf", "report-short.pdf"):
        assert (run / name).read_bytes() == again[name]


def test_a_run_without_pdf_has_the_other_reports_and_gets_its_pdf_later(with_pdf, tmp_path):
    arguments = [
        "run",
        "--without-pdf",
        "--quiet",
        f"--runs={tmp_path}",
        "-k",
        "test_plan",
        "boards/virtual-demo.yaml",
    ]
    assert invoke(arguments) == exit_code([Verdict.INCOMPLETE])
    folder = RunFolder.open(tmp_path / "latest")
    assert (folder.path / "report.html").is_file()
    assert not list(folder.path.glob("*.pdf"))
    assert not manifest.verify(folder)
    assert invoke(["report", str(folder.path), "--format", "pdf"]) == 0
    assert (folder.path / "report.pdf").read_bytes().startswith(b"%PDF-")


def test_a_pdf_that_cannot_be_made_costs_the_run_no_other_report(with_pdf, tmp_path, monkeypatch):
    monkeypatch.setattr(renderer, "_TEMPLATE", Path(__file__))
    run = sample_run.write(tmp_path)
    with pytest.raises(ToolError, match="the PDF could not be made"):
        close(run)
    assert not (run / "report.pdf").exists()
    assert {"report.html", "report.json", "junit.xml", "manifest.json"} <= {
        each.name for each in run.iterdir()
    }


def test_the_command_renders_the_short_form_and_another_language(with_pdf, folder, capsys):
    assert invoke(["report", str(folder), "--short"]) == 0
    assert invoke(["report", str(folder), "--format", "pdf", "--lang", "zh"]) == 0
    assert (folder / "report-short.pdf").is_file()
    assert (folder / "report-zh.pdf").is_file()
    assert not (folder / "report.pdf").exists()
    assert invoke(["report", str(folder), "--short", "--format", "junit"]) == 2
    assert "there is no short form of junit" in capsys.readouterr().err
    assert invoke(["report", str(folder), "--lang", "xx"]) == 2
    assert "choose one of en, zh" in capsys.readouterr().err


OLD = sorted((Path(__file__).parents[1] / "samples/run-folders").glob("*/*.tar.xz"))


@pytest.mark.slow
@needs("pdftotext")
@pytest.mark.parametrize("old", OLD, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_run_folders_of_every_earlier_version_have_a_pdf(old, tmp_path):
    with tarfile.open(old) as archive:
        archive.extractall(tmp_path, filter="data")
    (journal,) = tmp_path.rglob("journal.jsonl")
    report = load(journal.parent)
    path = write(journal.parent, report, tmp_path)
    assert outside(path) == []
    assert report.run in pages(path)[0].text


@pytest.mark.slow
@needs("pdftotext")
def test_the_demo_on_a_secure_element_has_a_short_report_of_six_pages_at_most(with_pdf, tmp_path):
    board = Path(__file__).parents[2] / "boards/virtual-se-i2c.yaml"
    assert invoke(["run", str(board), f"--runs={tmp_path}", "--quick", "--quiet"]) == 0
    run = (tmp_path / "latest").resolve()
    short = pages(run / "report-short.pdf")
    assert 2 <= len(short) <= 6
    assert all("Virtual board, mock service" in page.text for page in [*short, *pages(run / "report.pdf")])
    assert outside(run / "report.pdf") == []
    assert outside(run / "report-short.pdf") == []


@pytest.mark.slow  # two PDFs of many rows
@needs("pdfinfo")
@pytest.mark.parametrize("code", ["en", "zh"])
def test_the_short_form_of_a_run_with_many_failures_has_six_pages_at_most(folder, report, tmp_path, code):
    path = write(folder, many_failures(report, 400), tmp_path, code, ShortPdfReport)
    assert len(pages(path)) <= 6
