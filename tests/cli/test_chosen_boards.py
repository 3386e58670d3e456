"""Boards that commands choose by pattern, by tag and by lab file."""

import json
from pathlib import Path

import pytest

from harness.cli.main import invoke

ROOT = Path(__file__).resolve().parents[2]
MISSING = """version: 1
name: {name}
tags: [{tags}]
plan: {{pattern: own-platform, carrier: km, platform: third-party-os, key_type: aes-128}}
transports: {{console: {{kind: serial, port: /dev/serial/by-id/not-there}}}}
console: {{transport: console}}
"""


@pytest.fixture
def bench(tmp_path, monkeypatch):
    (tmp_path / "boards").mkdir()
    for name, tags in (("one", "desk-1"), ("two", "desk-1, slow")):
        (tmp_path / "boards" / f"{name}.yaml").write_text(MISSING.format(name=name, tags=tags))
    (tmp_path / "lab.yaml").write_text("version: 1\nboards: ['boards/*.yaml', virtual-demo]\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_doctor_looks_at_what_is_named_alone(bench, capsys):
    assert invoke(["doctor", "virtual-demo"]) == 0
    assert capsys.readouterr().out == "virtual-demo: nothing is in the way\n"
    assert invoke(["doctor", "o*"]) == 3
    said = capsys.readouterr().out
    assert "blocks: one:console: /dev/serial/by-id/not-there, 115200 baud: not there now" in said
    assert "two" not in said


def test_doctor_of_a_lab_as_json(bench, capsys):
    assert invoke(["doctor", "--lab", "lab.yaml", "--json"]) == 3
    found = json.loads(capsys.readouterr().out)
    assert found["blocked"]
    assert [(each["board"], each["blocked"]) for each in found["boards"]] == [
        ("one", True),
        ("two", True),
        ("virtual-demo", False),
    ]
    assert [each["where"] for each in found["findings"]] == ["one:console", "two:console"]


def test_plans_of_several_boards_are_one_document(bench, capsys):
    assert invoke(["plan", "--tag", "desk-1,slow", "--json"]) == 0
    assert [each["board"]["name"] for each in json.loads(capsys.readouterr().out)["boards"]] == ["two"]
    assert invoke(["plan", "two", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["board"]["name"] == "two"


@pytest.mark.parametrize("command", [["run"], ["explore"], ["run", "--official", "--dry-run"]])
def test_a_run_of_nothing_says_what_to_name(bench, capsys, command):
    assert invoke([*command, f"--runs={bench / 'runs'}"]) == 2
    assert "no BOARD is named" in capsys.readouterr().err
    assert not (bench / "runs").exists()


def test_a_run_of_what_a_pattern_and_a_tag_mean(bench, capsys):
    assert invoke(["run", "*", "--tag", "slow", f"--runs={bench / 'runs'}", "--without-pdf", "-q"]) == 3
    assert [path.name.partition("Z-")[2] for path in (bench / "runs").glob("2*")] == ["two"]


def test_boards_check_looks_at_the_boards_of_the_lab(bench, capsys):
    (bench / "lab.yaml").write_text("version: 1\nboards: [boards/three.yaml]\n")
    assert invoke(["boards", "check", "one"]) == 2
    assert "lab.yaml:2: boards[0]: no such board file: boards/three.yaml" in capsys.readouterr().err


def test_boards_list_shows_tags(bench, capsys):
    assert invoke(["boards", "list"]) == 0
    assert "desk-1 slow" in capsys.readouterr().out
    assert invoke(["boards", "list", "--json"]) == 0
    assert [each["tags"] for each in json.loads(capsys.readouterr().out)["boards"]] == [
        ["desk-1"],
        ["desk-1", "slow"],
    ]


def test_verify_leaves_pdfs_out_as_run_does(bench, capsys):
    """What is refused is the board; the option is known."""
    assert invoke(["verify", "--without-pdf", "boards/none.yaml", f"--runs={bench / 'runs'}"]) == 2
    assert "none.yaml: no such board file" in capsys.readouterr().err
