"""The journal: one append-only JSON Lines file, the truth of a run.

Each event is one `os.write`, so a process that is killed leaves every event before that moment, whole.
"""

import dataclasses
import json
import os
import threading
from pathlib import Path

from harness.disk import refused, writing
from harness.errors import BenchError, ToolError
from harness.run.events import Event
from harness.run.safe import Mask, json_value

LINE_LIMIT = 1024 * 1024
"""Longest line of a journal, in bytes with its line end; writers keep to it and readers count on it."""

_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


class Journal:
    """Appends events to one journal file. Threads may share it.

    Invariants:
        * What was written is never changed; a line that the disk cut short is closed off, and stays.
        * `write` returns only when the operating system has the whole line.
    """

    def __init__(self, path: Path, mask: Mask) -> None:
        """Create the journal file at `path`.

        Raises:
            BenchError: the disk refuses, or the file exists.
        """
        self.path = path
        self.mask = mask
        self._lock = threading.Lock()
        self._cut = False
        with writing(path):
            self._file = os.open(
                path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o644
            )
        self._open = True

    def write(self, event: Event) -> None:
        """Append one event.

        Raises:
            BenchError: the disk is full or refuses; events before this one are safe, and later ones may be
                tried.
            ToolError: the event cannot be written as one bounded JSON line, or the journal is closed.
        """
        line = encode(event, self.mask)
        with self._lock:
            if not self._open:
                raise ToolError(f"{self.path}: a {event.event} event came after the run had finished")
            self._append(line)

    def _append(self, line: bytes) -> None:
        if self._cut:
            line = b"\n" + line
        rest = memoryview(line)
        try:
            while rest:
                written = os.write(self._file, rest)
                # Between these two a signal may come: a line that went out as a whole must not count as cut then.
                self._cut = written < len(rest)
                rest = rest[written:]
        except OSError as error:
            raise _lost(self.path, error) from error

    def close(self) -> None:
        """Bring the journal to the disk itself and close it; more than once does nothing.

        Raises:
            BenchError: the disk refuses.
        """
        with self._lock:
            if not self._open:
                return
            self._open = False
            try:
                with writing(self.path):
                    os.fsync(self._file)
            finally:
                os.close(self._file)


def encode(event: Event, mask: Mask) -> bytes:
    """Return one event as its line. Fields that have their default value are left out.

    Raises:
        ToolError: the event holds something that has no plain JSON form, or is longer than `LINE_LIMIT`.
    """
    record: dict[str, object] = {"event": event.event, "t": event.t}
    for field in dataclasses.fields(event):
        if field.name in record:
            continue
        value = getattr(event, field.name)
        if field.default is dataclasses.MISSING or value != field.default:
            record[field.name] = json_value(value, mask)
    line = _JSON.encode(record).encode() + b"\n"
    if len(line) > LINE_LIMIT:
        raise ToolError(f"a {event.event} event of {len(line)} bytes is longer than a journal line may be")
    return line


def _lost(path: Path, error: OSError) -> BenchError:
    cause = refused(path, error)
    return BenchError(f"{cause.message}; what was written before is safe", hint=cause.hint)
