"""The lock files: what the project needs stands in each of them, so that no target lacks it."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-bench.lock"])
def test_every_dependency_is_locked(lock):
    locked = set(re.findall(r"^([\w.-]+)==", (ROOT / lock).read_text(), re.MULTILINE))
    needed = {re.split(r"[><=\[]", dependency)[0] for dependency in PROJECT["dependencies"]}
    assert needed - locked == set()
