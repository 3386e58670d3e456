"""docs/add-a-renderer.md, step by step, in a package outside the tree; and packages that got it wrong."""

import csv
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from harness.report import close

pytestmark = pytest.mark.slow  # each step of the page is a command of its own

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "add-a-renderer.md").read_text()
SOURCE, REGISTRATION = (re.search(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)[1] for kind in ("python", "toml"))
COMMANDS = re.findall(r"^harness (.*)$", PAGE, re.MULTILINE)


@pytest.fixture
def package(tmp_path):
    """Return a function that installs the page's package, its source changed as told, and returns its folder."""

    def install(**changes):
        source = SOURCE
        for old, new in changes.items():
            assert old in source
            source = source.replace(old, new)
        site = tmp_path / "site"
        info = site / "id2_csv_report-1.0.dist-info"
        info.mkdir(parents=True)
        (site / "id2_csv_report.py").write_text(source)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: id2-csv-report\nVersion: 1.0\n")
        group, entry = REGISTRATION.strip().splitlines()
        group = re.search(r'entry-points\."(.*)"', group)[1]
        (info / "entry_points.txt").write_text(f"[{group}]\n{entry.replace(chr(34), '')}\n")
        return site

    return install


@pytest.fixture
def harness(tmp_path, sample):
    """Return a function that runs `harness` where `runs/latest` is the sample run, with a package installed."""

    def run(site, *arguments):
        done = subprocess.run(
            [sys.executable, "-m", "harness", *arguments],
            cwd=sample.parent.parent,
            env={**os.environ, "PYTHONPATH": f"{ROOT}:{site}", "COLUMNS": "300"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert "Traceback" not in done.stdout + done.stderr
        return done

    return run


def table(folder):
    with (folder / "report-verdicts.csv").open() as file:
        return list(csv.reader(file))


def test_the_page_as_it_stands(package, harness, sample):
    site = package()
    close(sample)
    assert len(COMMANDS) == 2
    for command in COMMANDS:
        (sample / "report-verdicts.csv").unlink(missing_ok=True)
        done = harness(site, *command.split())
        assert done.returncode == 0, done.stderr
        assert "report-verdicts.csv" in done.stdout
        head, *lines = table(sample)
        assert head == ["scenario", "verdict", "seconds"]
        assert {line[1] for line in lines} >= {"passed", "failed", "blocked"}
    done = harness(site, "report", "--check")
    assert "report-verdicts.csv" not in done.stdout, "rendered again, it is no change"
    (sample / "report-verdicts.csv").write_text("forged")
    assert "added    report-verdicts.csv" in harness(site, "report", "--check").stdout


def test_a_run_writes_it_at_its_end_and_the_shell_offers_it(package, harness, tmp_path):
    site = package()
    board = ROOT / "boards" / "recorded-console.yaml"
    done = harness(site, "run", str(board), f"--runs={tmp_path / 'own'}", "--quick")
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(table(tmp_path / "own" / "latest")) > 200
    assert '"report-verdicts.csv"' in (tmp_path / "own" / "latest" / "manifest.json").read_text()
    assert harness(site, "report", str(tmp_path / "own" / "latest"), "--check").returncode == 0
    program = "from harness.cli.complete import report_formats as f; print(f('c'), f('a'))"
    offered = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{site}", "COLUMNS": "300"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert offered.stdout == "['ctrf', 'csv'] ['all', 'allure']\n"


def test_what_a_machine_lacks_is_left_out_of_all_and_said_when_asked_for(package, harness, sample):
    site = package(**{'return ""': 'return "the program typst is not installed"'})
    done = harness(site, "report", "--format", "all")
    assert (done.returncode, "report-verdicts.csv" in done.stdout) == (0, False)
    done = harness(site, "report", "--format", "csv")
    assert done.returncode == 2
    assert "csv cannot be rendered here: the program typst is not installed" in done.stderr
    assert not (sample / "report-verdicts.csv").exists()


@pytest.mark.parametrize(
    ("old", "new", "code", "words"),
    [
        ("def lacks", "def lack", 2, "leaves unanswered: lacks"),
        ("table = io.StringIO()", "raise KeyError(report.board)", 4, "csv cannot be rendered: KeyError"),
        ('writes = "report-verdicts.csv"', 'writes = "journal.jsonl"', 4, "to journal.jsonl"),
        (
            "{self.writes: table",
            '{"../report-x.csv": table',
            4,
            "writes ../report-x.csv, which is not its own place report-v",
        ),
        ("{self.writes: table", '{self.writes: b"", "../report-x.csv": table', 4, "writes ../report-x.csv"),
        ("return {self.writes: table.getvalue().encode()}", "return {}", 4, "writes nothing"),
        ("class CsvReport", "class Other", 2, "cannot be loaded"),
    ],
)
def test_a_package_that_got_it_wrong_is_told_so(package, harness, sample, old, new, code, words):
    site = package(**{old: new})
    journal = (sample / "journal.jsonl").read_bytes()
    done = harness(site, "report", "--format", "csv")
    assert (done.returncode, words in done.stderr) == (code, True), done.stderr
    assert (sample / "journal.jsonl").read_bytes() == journal
    assert not (sample.parent / "report-x.csv").exists()


def test_a_renderer_that_breaks_leaves_a_run_its_verdicts_other_reports_and_manifest(
    package, harness, tmp_path
):
    site = package(**{"table = io.StringIO()": "raise KeyError(report.board)"})
    board = ROOT / "boards" / "recorded-console.yaml"
    done = harness(site, "run", str(board), f"--runs={tmp_path / 'own'}", "--quick")
    assert done.returncode == 4
    assert "csv cannot be rendered: KeyError" in done.stdout + done.stderr
    assert "recorded-console: passed" in done.stdout, "the verdicts are told all the same"
    assert "nothing was judged" not in done.stderr
    run = tmp_path / "own" / "latest"
    assert {"report.json", "report.html", "junit.xml", "manifest.json"} <= {one.name for one in run.iterdir()}
    assert '"verdict":"passed"' in (run / "journal.jsonl").read_text().splitlines()[-1]


def test_a_device_that_failed_stays_failed_when_a_renderer_breaks(package, harness, tmp_path):
    site = package(**{"table = io.StringIO()": "raise KeyError(report.board)"})
    text = (ROOT / "boards" / "virtual-se-i2c.yaml").read_text().replace("name: virtual-se-i2c", "name: bad")
    (tmp_path / "bad.yaml").write_text(text.replace("\n  vendor: 0x8180", "\n  vendor: 0x1111"))
    done = harness(site, "run", str(tmp_path / "bad.yaml"), f"--runs={tmp_path / 'own'}", "-k", "vendor")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "csv cannot be rendered: KeyError" in done.stderr
    assert "bad: failed" in done.stdout
    assert "nothing was judged" not in done.stderr


def test_a_renderer_that_is_none_is_refused_before_the_run_begins(package, harness, tmp_path):
    site = package(**{"def lacks": "def lack"})
    board = ROOT / "boards" / "recorded-console.yaml"
    done = harness(site, "run", str(board), f"--runs={tmp_path / 'own'}", "--quick")
    assert done.returncode == 2
    assert (
        "report format 'csv' of id2_csv_report:CsvReport (id2-csv-report) leaves unanswered: lacks"
        in done.stderr
    )
    assert "nothing was judged" not in done.stderr
    assert [each.name for each in (tmp_path / "own").iterdir()] == [".campaigns"], "no run has begun"


@pytest.mark.parametrize("answer", ["raise OSError(5, 'disk')", "return 1 / 0"])
def test_a_renderer_that_cannot_say_what_it_lacks_breaks_alone(package, harness, sample, answer):
    site = package(**{'return ""': answer})
    (sample / "report.html").unlink(missing_ok=True)
    done = harness(site, "report", "--format", "all")
    assert done.returncode == 4
    assert "csv cannot be rendered" in done.stderr
    assert "raised by id2_csv_report.CsvReport" in done.stderr
    assert (sample / "report.html").exists()
