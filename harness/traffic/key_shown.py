"""Whether a run says that the device showed what is secret, so that nothing of what it said may be shown again."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

KEY_SHOWN, SECRET_ON_CONSOLE = "key-shown", "secret-on-console"
"""The ids of the findings that say so."""

_JOURNAL = "journal.jsonl"
_SIGNS = (KEY_SHOWN.encode(), SECRET_ON_CONSOLE.encode())
# In a text the quotes are escaped, so that nothing which a device or a person says reads like this.
_CUT_FINDING = re.compile(
    rb'\s*\{ ?"event" ?: ?"finding".*(?<!\\)"defect" ?: ?"(?:key-shown|secret-on-console)"'
)
_CHUNK = 1 << 20
_ENDED, _LAST = b'{"event":"run-finished"', 8
_LONGEST = 4 << 20  # bytes of a line that is read as one


def run_of(path: Path) -> Path:
    """Return the run folder of a path: itself, or the one in which a recording stands."""
    if not path.is_file():
        return path
    above = path.resolve().parent.parent
    return above if (above / _JOURNAL).is_file() else path


def shows_its_key(path: Path) -> bool:
    """Tell whether a finding in the journal of a run says that the device showed its key, or printed a secret.

    Args:
        path: The run folder, or a recording in it.
    """
    try:
        with (run_of(path) / _JOURNAL).open("rb") as journal:
            return _named(journal) and any(map(_says_so, _lines(journal)))
    except (OSError, ValueError):
        return False


def came_to_its_end(path: Path) -> bool:
    """Tell whether all of a run was looked at for the key of its device; a recording of no run counts as if.

    Args:
        path: The run folder, or a recording in it.
    """
    try:
        with (run_of(path) / _JOURNAL).open("rb") as journal:
            journal.seek(max(0, journal.seek(0, 2) - _CHUNK))
            return any(line.startswith(_ENDED) for line in journal.read().splitlines()[-_LAST:])
    except (OSError, ValueError):
        return True


def _named(journal: BinaryIO) -> bool:
    """Tell whether a journal has the words at all, which is quickly known, and go back to its beginning."""
    tail = b""
    while chunk := journal.read(_CHUNK):
        if any(sign in tail + chunk for sign in _SIGNS):
            journal.seek(0)
            return True
        tail = chunk[-max(map(len, _SIGNS)) :]
    return False


def _lines(journal: BinaryIO) -> Iterator[bytes]:
    while line := journal.readline(_LONGEST):
        if any(sign in line for sign in _SIGNS):
            yield line


def _says_so(line: bytes) -> bool:
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        # A line that a killed process or a full disk has cut: what it still says counts.
        return _CUT_FINDING.match(line) is not None
    return (
        isinstance(event, dict)
        and event.get("event") == "finding"
        and event.get("defect") in (KEY_SHOWN, SECRET_ON_CONSOLE)
    )
