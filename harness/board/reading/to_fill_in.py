"""What a starting board file leaves to whoever has the board: values that hold a mark, and what to write there."""

from collections.abc import Iterator

from harness.settings.problems import Loc, Problem
from harness.settings.yaml_file import Data, Document

MARK = "FILL-IN"
"""Stands in a starting board file for what nobody but the board's owner knows."""


def left(document: Document) -> list[Problem]:
    """Return each value of a board file that still holds the mark."""
    return [
        Problem(loc, f"is still to be filled in: it says {MARK}") for loc in _marked(document.to_data(), ())
    ]


def _marked(data: Data, loc: Loc) -> Iterator[Loc]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _marked(value, (*loc, key))
    elif isinstance(data, list):
        for place, value in enumerate(data):
            yield from _marked(value, (*loc, place))
    elif data is not None and MARK in data:
        yield loc
