import json
from pathlib import Path

import pytest

from harness.id2.errors import Id2Error

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def vector():
    return lambda name: json.loads((ROOT / "vectors" / f"{name}.json").read_text("utf-8"))


@pytest.fixture(scope="session")
def sample():
    return lambda name: (ROOT / "samples" / f"{name}.log").read_text("utf-8")


@pytest.fixture(scope="session")
def error_of():
    """Call something that may raise the documented error, and give the error or None."""

    def call(function, *arguments):
        try:
            function(*arguments)
        except Id2Error as error:
            return error
        return None

    return call
