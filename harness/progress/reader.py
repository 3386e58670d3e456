"""Reads the progress of a campaign while it is written, from any byte on."""

import json
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import BenchError, UsageError

_PART = 1 << 20
_LONGEST_LINE = 8 << 20  # no writer of ours makes one; a longer one is passed over


@dataclass(frozen=True, slots=True)
class Told:
    """One event of a campaign.

    Attributes:
        event: Its fields, with `seq`, `time`, `event` and `board`. Texts in it are as hostile as a device.
        offset: Where in the file its line ends: a reader resumes there.
    """

    event: Mapping[str, Any]
    offset: int


def follow(path: Path, offset: int = 0) -> Iterator[Told]:
    """Give the events that stand in the file now, from a byte offset on; call it again from the last offset for more.

    A line that is not whole yet is left for the next call, and what is no event is passed over.

    Raises:
        UsageError: There is no such file.
        BenchError: It cannot be read, or is no regular file.
    """
    try:
        with os.fdopen(_opened(path), "rb") as file:
            file.seek(offset)
            rest = b""
            while part := file.read(_PART):
                *lines, rest = (rest + part).split(b"\n")
                for line in lines:
                    offset += len(line) + 1
                    event = _event(line)
                    if event is not None:
                        yield Told(event, offset)
                if len(rest) > _LONGEST_LINE:
                    passed = _end_of_line(file)
                    if passed is None:
                        return
                    offset += len(rest) + passed
                    rest = b""
    except FileNotFoundError:
        raise UsageError(
            f"{path}: there is no such progress", hint="harness campaigns lists those that there are"
        ) from None
    except OSError as error:
        raise BenchError(f"{path}: cannot be read: {error.strerror}") from error


def _opened(path: Path) -> int:
    """Open a regular file; a pipe or a device in its place would never end.

    Raises:
        BenchError: It is something else.
        OSError: It cannot be opened.
    """
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise BenchError(f"{path}: is not a regular file")
    return file


def _end_of_line(file: Any) -> int | None:
    """Return how many bytes of the file are passed until a line has ended; None when it does not end yet."""
    passed = 0
    while part := file.readline(_PART):
        passed += len(part)
        if part.endswith(b"\n"):
            return passed
    return None


def _event(line: bytes) -> Mapping[str, Any] | None:
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) and isinstance(event.get("event"), str) else None
