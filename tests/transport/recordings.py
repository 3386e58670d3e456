"""Recordings as tests look at them: a header and records, each as an object of JSON."""

import json
from pathlib import Path
from typing import Any

from harness.transport.recording.json_lines import object_of
from harness.transport.recording.recording import read


def lines(path: Path) -> list[dict[str, Any]]:
    """Return the header of a recording and its records."""
    with read(path) as reading:
        header = json.loads(reading.stored.read(0, reading.end))
        return [header, *map(object_of, reading)]


def write_lines(path: Path, found: list[dict[str, Any]]) -> None:
    """Write a recording of version 1."""
    header = {key: value for key, value in found[0].items() if key != "operations"} | {"version": 1}
    path.write_text("".join(json.dumps(each) + "\n" for each in (header, *found[1:])))
