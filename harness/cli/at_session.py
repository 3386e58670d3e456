"""The lines of a session with a module: out of the recording of a run, or out of a log of a terminal program."""

import re
from collections.abc import Iterator
from pathlib import Path

from harness.errors import UsageError
from harness.settings import regular_file
from harness.transport.recording import recording
from harness.transport.recording.format import SUFFIXES

_MOST = 4 << 20  # bytes


def lines_of(path: Path) -> Iterator[str]:
    """Give what was sent and what came, line by line, in order.

    Raises:
        UsageError: The file cannot be read, or is no recording although its name says so.
    """
    if path.suffix not in SUFFIXES:
        try:
            data = regular_file.read(path, _MOST)
        except FileNotFoundError:
            raise UsageError(f"{path}: no such file with a session") from None
        yield from _lines(data)
        return
    came, direction = b"", ""
    with recording.read(path) as reading:
        for record in reading:
            if record.direction not in {"<", ">"}:
                continue
            if record.direction != direction:
                yield from _lines(came)
                came, direction = b"", record.direction
            came += record.data
    yield from _lines(came)


def _lines(data: bytes) -> Iterator[str]:
    for line in re.split(rb"[\r\n]+", data):
        if line.strip():
            yield line.decode("ascii", errors="backslashreplace")
