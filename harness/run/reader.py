"""Reading a journal: every line that can be understood, and a sentence for each that cannot."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Annotated, BinaryIO

from pydantic import Field, TypeAdapter, ValidationError

from harness.errors import BenchError, UsageError
from harness.plain_words import plain
from harness.run.events import SCHEMA, Event, RunStarted
from harness.run.journal import LINE_LIMIT

_PROBLEM_LIMIT = 50
_LATEST = 2**63


@dataclass(frozen=True, slots=True)
class JournalText:
    """What a journal file says.

    Attributes:
        events: The events that could be read, in file order.
        problems: One sentence a line that could not be read, naming the line.
        cut: True when the last line has no end: the writer was stopped inside it, or the file was cut.
    """

    events: tuple[Event, ...] = ()
    problems: tuple[str, ...] = ()
    cut: bool = False


@dataclass(slots=True)
class _Problems:
    """The first problems, and how many more there are."""

    shown: list[str] = field(default_factory=list)
    more: int = 0

    def add(self, line: int, problem: str) -> None:
        if len(self.shown) < _PROBLEM_LIMIT:
            self.shown.append(f"journal line {line}: {problem}")
        else:
            self.more += 1

    def all(self) -> tuple[str, ...]:
        more = (f"{self.more} more journal lines could not be read",) if self.more else ()
        return (*self.shown, *more)


def read(path: Path) -> JournalText:
    """Read a journal, whatever state it is in. A file that is not there reads as empty.

    Raises:
        BenchError: the file is there and cannot be read.
        UsageError: a newer harness wrote it.
    """
    events: list[Event] = []
    problems = _Problems()
    cut = False
    try:
        with path.open("rb") as file:
            for number, line in enumerate(_lines(file), start=1):
                cut = not line.endswith(b"\n")
                event = _understand(line, number, problems)
                if isinstance(event, RunStarted) and event.schema > SCHEMA:
                    raise UsageError(
                        f"{path}: was written by a newer harness (schema {event.schema}, ours is {SCHEMA})",
                        hint="read this run with that version of the harness",
                    )
                if event is not None:
                    events.append(event)
    except FileNotFoundError:
        return JournalText(problems=("there is no journal.jsonl",))
    except OSError as error:
        raise BenchError(f"{path}: cannot be read: {error.strerror}") from error
    return JournalText(tuple(events), problems.all(), cut)


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Yield the lines; of one that is too long, the first `LINE_LIMIT` + 1 bytes."""
    while line := file.readline(LINE_LIMIT + 1):
        piece = line
        while len(piece) == LINE_LIMIT + 1 and not piece.endswith(b"\n"):
            piece = file.readline(LINE_LIMIT + 1)
            if piece.endswith(b"\n"):
                line = line[:LINE_LIMIT] + b"?\n"
        yield line


def _understand(line: bytes, number: int, problems: _Problems) -> Event | None:
    if len(line) > LINE_LIMIT:
        problems.add(number, f"is longer than {LINE_LIMIT} bytes")
        return None
    try:
        event = _adapter().validate_json(line, strict=True)
    except ValidationError as error:
        ended = line.endswith(b"\n")
        problems.add(number, _why(error) if ended else "is cut: the writer was stopped inside it")
        return None
    if not 0 <= event.t < _LATEST:
        problems.add(number, "has a time stamp that no clock gives")
        return None
    return event


def _why(error: ValidationError) -> str:
    """Return why a line is no event, without repeating what stands in it."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    if first["type"] == "json_invalid":
        return "is no JSON"
    if first["type"] in {"union_tag_invalid", "union_tag_not_found", "dict_type"}:
        return "is no event of this version"
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {plain(first['msg']).lower()}"


@cache
def _adapter() -> TypeAdapter[Event]:
    return TypeAdapter(Annotated[Event, Field(discriminator="event")])
