"""Kinds of tests are named where the tests stand: tests/conftest.py imports no other file for a kind."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.conftest import has_none_of

TESTS = Path(__file__).parent


def test_a_kind_is_named_in_files_of_tests_alone():
    settings = tomllib.loads((TESTS.parent / "pyproject.toml").read_text())
    kinds = [text.partition(":")[0] for text in settings["tool"]["pytest"]["ini_options"]["markers"]]
    named = re.compile(rf"mark\.({'|'.join(kinds)})\b")
    others = [path for path in TESTS.rglob("*.py") if not path.name.startswith("test_")]
    assert len(kinds) > 5
    assert [path for path in others if named.search(path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize(
    ("expression", "text", "is_left_out"),
    [
        ("not slow and not lab", "pytestmark = pytest.mark.lab  # takes hosts", True),
        ("not slow and not lab", "pytestmark = pytest.mark.skipif(True)", False),
        ("not slow and not lab", "@pytest.mark.lab\ndef test_one(): ...", False),
        ("not slow and not lab", "    pytestmark = pytest.mark.lab", False),
        ("not slow", "pytestmark = pytest.mark.slower", False),
        ("slow and not lab", "@pytest.mark.slow", False),
        ("slow and not lab", "@pytest.mark.lab", True),
        ("slow and not lab", "pytestmark = pytest.mark.lab\n@pytest.mark.slow", True),
        ("slow or lab", "def test_one(): ...", False),
        ("slow and lab", "def test_one(): ...", False),
        ("not (slow and lab)", "pytestmark = pytest.mark.slow", False),
        ("", "pytestmark = pytest.mark.slow", False),
    ],
)
def test_only_a_file_without_a_test_that_is_asked_for_is_left_out(expression, text, is_left_out):
    assert has_none_of(expression, text) is is_left_out
