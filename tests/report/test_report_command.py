import json

import pytest
import typer
from typer.testing import CliRunner

from harness.cli import report as command
from harness.errors import UsageError
from harness.report import close


@pytest.fixture
def run(sample, monkeypatch):
    """Return a function that runs `harness report` where `runs/latest` is the sample run."""
    app = typer.Typer()
    command.register(app)
    monkeypatch.chdir(sample.parent.parent)

    def invoke(*arguments):
        return CliRunner().invoke(app, list(arguments))

    return invoke


def test_without_arguments_the_latest_run_is_rendered(run, sample):
    result = run()
    assert result.exit_code == 0
    assert [line.rsplit("/")[-1] for line in result.stdout.splitlines()] == [
        "report.json",
        "report.html",
        "junit.xml",
        "ctrf.json",
        "allure-results",
        "report-measurements.csv",
    ]
    assert (sample / "report.html").is_file()


@pytest.mark.parametrize("name", ["json", "html", "junit", "allure"])
def test_one_format(run, sample, name):
    result = run(str(sample), "--format", name)
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 1


def test_the_terminal_format_prints_and_writes_nothing(run, sample):
    before = sorted(path.name for path in sample.iterdir())
    result = run("--format", "terminal")
    assert result.exit_code == 0
    assert "virtual-se-i2c: failed" in result.stdout
    assert sorted(path.name for path in sample.iterdir()) == before


def test_a_run_may_be_named_without_its_path(run, sample):
    assert run(sample.name, "--format", "json").exit_code == 0


def test_check_says_whether_anything_changed(run, sample):
    close(sample)
    good = run("--check")
    assert good.exit_code == 0
    assert "files are as manifest.json says" in good.stdout
    (sample / "junit.xml").unlink()
    (sample / "run.json").write_text("{}")
    (sample / "evil\x1b[2J").write_text("")
    bad = run("--check")
    assert bad.exit_code == 1
    assert bad.stdout.splitlines() == ["truncated run.json", "missing  junit.xml", "added    evil␛[2J"]


@pytest.mark.parametrize(("name", "word"), [("more", "added"), ("junit.xml", "missing")])
def test_a_file_too_many_or_too_few_is_a_change(run, sample, name, word):
    close(sample)
    path = sample / name
    path.unlink() if path.exists() else path.write_text("")
    result = run("--check")
    assert result.exit_code == 1
    assert result.stdout == f"{word:8} {name}\n"


def test_reports_in_another_language_are_no_change_unless_somebody_edits_them(run, sample):
    close(sample)
    assert run("--format", "all", "--lang", "zh").exit_code == 0
    assert (sample / "report-zh.html").exists()
    assert run("--check").exit_code == 0
    with (sample / "report-zh.html").open("a") as page:
        page.write("<p>all well</p>")
    edited = run("--check")
    assert (edited.exit_code, edited.stdout) == (1, "added    report-zh.html\n")


def test_check_of_a_broken_manifest_is_a_change(run, sample):
    close(sample)
    (sample / "manifest.json").write_text("{}")
    result = run("--check")
    assert result.exit_code == 1
    assert result.stdout.startswith("changed  manifest.json")


def test_check_of_a_run_whose_manifest_was_removed_is_a_change(run, sample):
    (sample / "inputs.jsonl").write_text("")
    result = run("--check")
    assert result.exit_code == 1
    assert result.stdout.startswith(
        "missing  manifest.json: manifest.json is missing, though the run came to its end"
    )


def test_a_part_of_a_run_never_had_a_manifest(run, sample):
    journal = sample / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:-1]))
    checked = run("--check")
    assert isinstance(checked.exception, UsageError)
    assert "a part of a run: it was killed" in str(checked.exception)
    shown = run()
    assert shown.exit_code == 0
    assert "warning: this is a part of a run" in shown.stderr
    assert not (sample / "manifest.json").exists(), "a manifest made now would bless whatever happened since"
    assert isinstance(run("--check").exception, UsageError)


def test_a_manifest_that_is_gone_is_said(run, sample):
    close(sample)
    assert run().stderr == ""
    (sample / "manifest.json").unlink()
    assert "warning: manifest.json is missing" in run().stderr
    assert not (sample / "manifest.json").exists()


@pytest.mark.parametrize(
    ("name", "change", "word"),
    [
        ("journal.jsonl", lambda path: path.write_bytes(path.read_bytes() + b"\n"), "appended to"),
        ("run.json", lambda path: path.write_bytes(path.read_bytes() + b" "), "appended to"),
        ("transport/se.rec", lambda path: path.write_bytes(path.read_bytes()[:-1]), "truncated"),
        ("transport/se.rec", lambda path: path.write_bytes(b"x" + path.read_bytes()), "changed"),
        ("transport/se.rec", lambda path: path.unlink(), "missing"),
        ("transport/other.jsonl", lambda path: path.write_text(""), "added"),
    ],
)
def test_what_became_of_a_file_is_named_and_stays_named_after_rendering(run, sample, name, change, word):
    close(sample)
    change(sample / name)
    for _ in range(2):
        result = run("--check")
        assert (result.exit_code, result.stdout.splitlines()) == (1, [f"{word:8} {name}"])
        assert f"warning: not as manifest.json says: {name} ({word})" in run().stderr.replace(
            "extended", word
        )


def test_a_changed_run_is_rendered_with_a_warning(run, sample):
    close(sample)
    record = json.loads((sample / "run.json").read_bytes())
    (sample / "run.json").write_text(json.dumps({**record, "board": "another"}))
    result = run()
    assert result.exit_code == 0
    assert "warning: not as manifest.json says: run.json" in result.stderr
    assert run("--check").exit_code == 1


def test_what_is_no_run_is_a_usage_error(run, tmp_path):
    for name in ("nowhere", str(tmp_path), "runs"):
        assert isinstance(run(name).exception, UsageError)


def test_an_unknown_format_is_a_usage_error(run):
    assert run("--format", "docx").exit_code == 2
