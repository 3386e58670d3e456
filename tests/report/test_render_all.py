import os
import shutil
import subprocess
import sys
import time

import pytest

from harness.errors import BenchError, ToolError, UsageError
from harness.report import close
from harness.report.render import render, render_all, rendered
from harness.run import manifest
from harness.run.events import ScenarioInfo
from harness.run.folder import RunFolder
from harness.run.run import Run
from harness.run.verdict import Verdict


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_report_is_made_and_the_manifest_covers_it(sample):
    paths = close(sample)
    assert [path.name for path in paths] == [
        "report.json",
        "report.html",
        "junit.xml",
        "ctrf.json",
        "allure-results",
        "report-measurements.csv",
        "manifest.json",
    ]
    assert all(path.exists() for path in paths)
    assert not manifest.verify(RunFolder.open(sample))


def test_rendering_again_gives_the_same_bytes(sample):
    close(sample)
    before = contents(sample)
    (sample / "allure-results" / "stale-result.json").write_text("{}")
    render_all(sample)
    assert contents(sample) == before


def test_another_place_time_zone_language_and_process_give_the_same_bytes(with_pdf, sample, tmp_path):
    render_all(sample)
    elsewhere = tmp_path / "archive" / "renamed"
    shutil.copytree(sample, elsewhere)
    made_again = ("report.json", "report.html", "report.pdf", "report-short.pdf", "junit.xml", "ctrf.json")
    for name in (*made_again, "report-measurements.csv"):
        (elsewhere / name).unlink()
    program = "import sys, pathlib, harness.report.render as r; r.render_all(pathlib.Path(sys.argv[1]))"
    environment = {
        **os.environ,
        "TZ": "Asia/Shanghai",
        "LC_ALL": "C",
        "PYTHONHASHSEED": "7",
        "ALLURE_INDENT_OUTPUT": "1",
        "HARNESS_STATION": "another",
    }
    subprocess.run([sys.executable, "-c", program, elsewhere], check=True, env=environment)
    assert contents(elsewhere) == contents(sample)


def test_one_format_alone_leaves_the_manifest_alone(sample):
    close(sample)
    before = (sample / "manifest.json").read_bytes()
    (sample / "report.html").unlink()
    assert [path.name for path in render(sample, ("html",))] == ["report.html"]
    assert (sample / "manifest.json").read_bytes() == before
    assert not manifest.verify(RunFolder.open(sample))


def test_a_manifest_is_made_once(sample):
    close(sample)
    with pytest.raises(ToolError, match="made once"):
        close(sample)


def test_rendering_makes_no_manifest(sample):
    render_all(sample)
    assert not (sample / "manifest.json").exists()


def test_a_run_rendered_while_it_goes_on_may_be_rendered_at_its_end(tmp_path):
    run = Run.create(tmp_path, "b")
    log = run.begin(ScenarioInfo("s"))
    render_all(run.path)
    log.evidence("a.txt", b"a")
    log.finish(Verdict.PASSED)
    run.finish()
    assert close(run.path)[-1].name == "manifest.json"
    assert not manifest.verify(RunFolder.open(run.path))


@pytest.mark.parametrize(
    "name", ["run.json", "journal.jsonl", "inputs.jsonl", "transport/se.jsonl", "new.txt"]
)
def test_rendering_does_not_bless_a_line_that_was_appended(sample, name):
    (sample / "inputs.jsonl").write_text("")
    close(sample)
    path = sample / name
    word = "extended" if path.exists() else "added"
    with path.open("a") as file:
        file.write('{"for":"device random","x":"00"}\n')
    for _ in range(2):
        assert name in getattr(manifest.verify(RunFolder.open(sample)), word)
        render_all(sample)
        assert f"not as manifest.json says: {name}" in (sample / "report.html").read_text()
        assert b'"incomplete": true' in (sample / "report.json").read_bytes()


def test_rendering_does_not_hide_that_the_journal_was_changed(sample):
    close(sample)
    journal = sample / "journal.jsonl"
    journal.write_bytes(journal.read_bytes().replace(b'"failed"', b'"passed"'))
    render_all(sample)
    assert "journal.jsonl" in manifest.verify(RunFolder.open(sample)).changed
    assert b"not as manifest.json says: journal.jsonl (changed)" in (sample / "report.html").read_bytes()
    before = contents(sample)
    render_all(sample)
    assert contents(sample) == before


def test_a_report_that_another_version_rendered_is_no_change(sample):
    """What rendering gives now is right, whatever the version that ended the run made of it."""
    for name in ("report.html", "junit.xml"):
        (sample / name).write_text("of another version")
    manifest.write(RunFolder.open(sample))
    render_all(sample)
    folder = RunFolder.open(sample)
    assert set(manifest.verify(folder).changed) == {"report.html", "junit.xml"}
    assert not manifest.verify(folder, lambda: rendered(sample))
    (sample / "junit.xml").write_text("of another version, forged")
    assert manifest.verify(folder, lambda: rendered(sample)).extended == ("junit.xml",)


def test_what_a_killed_process_left_unfinished_is_no_part_of_the_run(sample):
    close(sample)
    gone = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True
    )
    draft = sample / f".report.html.{int(gone.stdout)}.tmp"
    ours = sample / f".junit.xml.{os.getppid()}.tmp"
    draft.write_text("<half")
    ours.write_text("<half")
    assert not manifest.verify(RunFolder.open(sample))
    render_all(sample)
    assert not draft.exists()
    assert ours.exists(), "a living process is still at it"


def test_links_in_the_place_of_reports_are_replaced_not_followed(sample, tmp_path):
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("mine")
    (sample / "report.html").symlink_to(precious / "file")
    (sample / "allure-results").symlink_to(precious)
    render_all(sample)
    assert (precious / "file").read_text() == "mine"
    assert [path.name for path in precious.iterdir()] == ["file"]
    assert not (sample / "report.html").is_symlink()
    assert not (sample / "allure-results").is_symlink()


def test_a_folder_that_cannot_be_written_is_a_bench_error_and_keeps_the_old_report(sample):
    render_all(sample)
    before = (sample / "report.html").read_bytes()
    (sample / "report.json").unlink()
    (sample / "report.json").mkdir()
    with pytest.raises(BenchError, match=r"report\.json"):
        render_all(sample)
    assert (sample / "report.html").read_bytes() == before
    assert not [path for path in sample.iterdir() if path.name.endswith(".tmp")]


def test_no_run_folder_is_a_usage_error_and_stays_as_it_is(tmp_path):
    with pytest.raises(UsageError):
        render_all(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_reports_hold_nothing_of_this_machine(sample):
    close(sample)
    names = (
        "report.json",
        "report.html",
        "junit.xml",
        "ctrf.json",
        "report-measurements.csv",
        "manifest.json",
    )
    for name in names:
        text = (sample / name).read_text()
        assert str(sample.parent) not in text
        assert time.tzname[0] == "UTC" or time.tzname[0] not in text
