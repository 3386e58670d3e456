import json

import pytest
import typer
from typer.testing import CliRunner

from harness.cli import report as command
from harness.errors import UsageError
from harness.report import render_all


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
        "allure-results",
        "manifest.json",
    ]
    assert (sample / "report.html").is_file()
    assert result.stderr == ""


@pytest.mark.parametrize("name", ["json", "html", "junit", "allure"])
def test_one_format(run, sample, name):
    result = run(str(sample), "--format", name)
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 2


def test_the_terminal_format_prints_and_writes_nothing(run, sample):
    before = sorted(path.name for path in sample.iterdir())
    result = run("--format", "terminal")
    assert result.exit_code == 0
    assert "virtual-se-i2c: failed" in result.stdout
    assert sorted(path.name for path in sample.iterdir()) == before


def test_a_run_may_be_named_without_its_path(run, sample):
    assert run(sample.name, "--format", "json").exit_code == 0


def test_check_says_whether_anything_changed(run, sample):
    render_all(sample)
    good = run("--check")
    assert good.exit_code == 0
    assert "files are as manifest.json says" in good.stdout
    (sample / "junit.xml").unlink()
    (sample / "run.json").write_text("{}")
    (sample / "evil\x1b[2J").write_text("")
    bad = run("--check")
    assert bad.exit_code == 1
    assert bad.stdout.splitlines() == ["changed  run.json", "missing  junit.xml", "added    evil␛[2J"]


@pytest.mark.parametrize(("name", "word"), [("more", "added"), ("junit.xml", "missing")])
def test_a_file_too_many_or_too_few_is_a_change(run, sample, name, word):
    render_all(sample)
    path = sample / name
    path.unlink() if path.exists() else path.write_text("")
    result = run("--check")
    assert result.exit_code == 1
    assert result.stdout == f"{word:8} {name}\n"


def test_check_of_a_broken_manifest_is_a_change(run, sample):
    render_all(sample)
    (sample / "manifest.json").write_text("{}")
    result = run("--check")
    assert result.exit_code == 1
    assert result.stdout.startswith("changed  manifest.json")


def test_check_without_a_manifest_is_a_usage_error(run):
    result = run("--check")
    assert isinstance(result.exception, UsageError)


def test_a_changed_run_is_rendered_with_a_warning(run, sample):
    render_all(sample)
    record = json.loads((sample / "run.json").read_bytes())
    (sample / "run.json").write_text(json.dumps({**record, "board": "another"}))
    result = run()
    assert result.exit_code == 0
    assert "warning: run.json was changed after the run" in result.stderr
    assert run("--check").exit_code == 1


def test_what_is_no_run_is_a_usage_error(run, tmp_path):
    for name in ("nowhere", str(tmp_path), "runs"):
        assert isinstance(run(name).exception, UsageError)


def test_an_unknown_format_is_a_usage_error(run):
    assert run("--format", "pdf").exit_code == 2
