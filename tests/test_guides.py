"""The guides name scenarios, requirements, board files and pages that are there; each board file has its guide."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from harness.board.plan.guides import PAGES
from harness.board.plan.table import cells
from harness.board.reading.file import load as load_board
from harness.fixtures.requirements import load

ROOT = Path(__file__).resolve().parents[1]
GUIDES = ROOT / "docs" / "guides"
SUITES = ROOT / "suites"
PAGES_OF = sorted(path for path in GUIDES.glob("*.md"))
CARRIERS = ("se-third-party", "se-alios", "km-link-sdk", "tee", "module", "puf", "demo")
REQUIREMENTS = load(SUITES / "requirements.yaml").by_id
_ID = re.compile(r"\b[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)*-\d{2}\b")
_RANGE = re.compile(rf"({_ID.pattern}) to ({_ID.pattern})")
_SCENARIOS = re.compile(r"`([a-z0-9_/]+/test_[a-z0-9_]+\.py)`(?::([^`|]*))?")


@cache
def steps(file):
    """Return the requirements that a file of scenarios has steps for."""
    found = set()
    for node in ast.walk(ast.parse((SUITES / file).read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _ID.fullmatch(node.value):
            found.add(node.value)
    return found


def in_range(first, last):
    area, begin = first.rsplit("-", 1)
    return [f"{area}-{number:02}" for number in range(int(begin), int(last.rsplit("-", 1)[1]) + 1)]


def named(text):
    """Return every requirement that a text names, ranges written out."""
    found = set(_ID.findall(text))
    for first, last in _RANGE.findall(text):
        found |= set(in_range(first, last))
    return found


@pytest.mark.parametrize("path", PAGES_OF, ids=lambda path: path.stem)
def test_scenarios_and_requirements_of_a_guide_are_there(path):
    text = path.read_text()
    assert named(text)
    assert [name for name in sorted(named(text)) if name not in REQUIREMENTS] == []
    files = _SCENARIOS.findall(text)
    assert files
    for file, told in files:
        assert (SUITES / file).is_file(), f"{path.name}: {file}"
        assert named(told) <= steps(file), f"{path.name}: {file} has no step for {named(told) - steps(file)}"


@pytest.mark.parametrize("path", PAGES_OF, ids=lambda path: path.stem)
def test_board_files_and_pages_of_a_guide_are_there(path):
    text = path.read_text()
    for board in re.findall(r"\bboards/[a-z0-9-]+\.yaml", text):
        assert (ROOT / board).is_file(), f"{path.name}: {board}"
    for link in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        assert (GUIDES / link).resolve().is_file(), f"{path.name}: {link}"


@pytest.mark.parametrize("name", CARRIERS)
def test_each_board_file_of_the_table_has_its_guide(name):
    guide = (GUIDES / f"{name}.md").read_text()
    assert f"boards/virtual-{name}.yaml" in guide
    assert "## What the harness cannot see" in guide
    assert f"[{name}]({name}.md)" in (GUIDES / "README.md").read_text()


@pytest.mark.parametrize("name", CARRIERS)
def test_each_board_file_of_the_table_loads(name):
    assert load_board(ROOT / "boards" / f"virtual-{name}.yaml").name == f"virtual-{name}"


def test_there_is_no_guide_without_a_board_file():
    assert {path.stem for path in PAGES_OF} == {"README", *CARRIERS}


def test_pages_that_plans_name_are_there():
    pages = {each.guide.page for each in cells()} | set(PAGES.values())
    assert [page for page in sorted(pages) if not (ROOT / page).is_file()] == []


def test_what_is_not_there_is_found():
    assert named("LINK-01 to LINK-03, API-ID-01") == {"LINK-01", "LINK-02", "LINK-03", "API-ID-01"}
    assert "LINK-01" in steps("step5_verify/link/test_first_contact.py")
    assert "LINK-01" not in steps("step5_verify/test_console.py")
