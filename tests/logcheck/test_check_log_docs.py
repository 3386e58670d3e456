"""docs/check-log.md says what is true."""

import re
from pathlib import Path

from harness.cli.main import invoke
from harness.console.program import Topic
from harness.id2 import defects
from harness.logcheck import KeyRing, judge
from harness.logcheck.codes import _BASES
from harness.logcheck.render import to_document
from tests.logcheck.conftest import SAMPLES

PAGE = (Path(__file__).parents[2] / "docs" / "check-log.md").read_text("utf-8")
LOGCHECK = Path(judge.__code__.co_filename).parent


def test_fields_of_the_document():
    document = to_document(judge([]), "x", 2)
    for name in document:
        assert f"`{name}`" in PAGE or f"`{name}[]`" in PAGE, name
    report = judge([path.read_bytes() for path in SAMPLES.glob("*se-3des168.log")])
    shown = to_document(report, "x", 0)
    for table in ("boots", "items", "findings", "codes", "exchanges"):
        (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| `{table}[]`")]
        assert set(re.findall(r"`(\w+)`", row)) >= set(shown[table][0]), table
    assert ", ".join(f"`{topic.value}`" for topic in Topic) in PAGE


def test_findings_are_those_of_the_code():
    source = "".join(path.read_text("utf-8") for path in LOGCHECK.glob("*.py"))
    used = set(re.findall(r'find_defect\(\s*"([kie]\.\d+)"', source)) | set(
        re.findall(r'\.find\(\s*"([a-z-]+)"', source)
    )
    section = PAGE.partition("## Findings")[2].partition("##")[0]
    assert set(re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE)) == used
    for number in used:
        if "." in number:
            assert f"| `{number}` | {defects.get(number).severity.value} |" in section


def test_bases_are_those_of_the_code():
    section = PAGE.partition("What a verdict on a code rests on")[2].partition("##")[0]
    for basis in _BASES:
        assert f"`{basis}`" in section


def test_options_are_those_of_the_command(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    assert invoke(["check-log", "--help"]) == 0
    options = set(re.findall(r"--[a-z][a-z-]+", capsys.readouterr().out)) - {"--help"}
    assert options == set(re.findall(r"--[a-z][a-z-]+", PAGE.partition("## What it reads")[0]))


def test_python_example_runs(tmp_path, monkeypatch, capsys):
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "console.log").write_bytes(next(SAMPLES.glob("*aes128.log")).read_bytes())
    monkeypatch.chdir(tmp_path)
    exec(compile(example, "docs/check-log.md", "exec"), {})
    assert capsys.readouterr().out == "passed []\n"
    assert KeyRing.debug().published
