"""Kinds of tests are named where the tests stand: tests/conftest.py imports no other file for a kind."""

import re
import tomllib
from pathlib import Path

TESTS = Path(__file__).parent


def test_a_kind_is_named_in_files_of_tests_alone():
    settings = tomllib.loads((TESTS.parent / "pyproject.toml").read_text())
    kinds = [text.partition(":")[0] for text in settings["tool"]["pytest"]["ini_options"]["markers"]]
    named = re.compile(rf"mark\.({'|'.join(kinds)})\b")
    others = [path for path in TESTS.rglob("*.py") if not path.name.startswith("test_")]
    assert len(kinds) > 5
    assert [path for path in others if named.search(path.read_text(encoding="utf-8"))] == []
