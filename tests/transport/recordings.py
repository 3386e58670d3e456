"""Recordings as tests look at them: a header and records, each as an object of JSON."""

import json
from pathlib import Path
from typing import Any, cast

from harness.transport.recording.binary import with_text
from harness.transport.recording.format import HEAD, NOWHERE, OPERATIONS, Direction, code_of
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


def make_binary(path: Path) -> Path:
    """Put a recording of version 2 in the place of one of version 1."""
    with read(path) as reading:
        header = json.loads(reading.stored.read(0, reading.end)) | {"version": 2, "operations": OPERATIONS}
        data = json.dumps(header).encode() + b"\n"
        for each in reading:
            address = NOWHERE if each.address is None else each.address
            way = cast("Direction", each.direction)
            if each.text or each.direction in "!#":
                data += with_text(each.op, way, each.text, each.t, each.data, address)
            else:
                data += HEAD.pack(each.t, len(each.data), address, code_of(each.op, way)) + each.data
    path.unlink()
    made = path.with_suffix(".rec")
    made.write_bytes(data)
    return made
