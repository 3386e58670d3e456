"""What is wrong in a file that a person wrote, and where: collected first, then reported all at once."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from harness.errors import UsageError

MAX_TOLD = 25  # a file with more problems than this is not a board file; the first ones say enough
MAX_ECHO = 60  # characters of the reader's own text that a message repeats

_KEY_LIKE = re.compile(r"[0-9A-Fa-f]{16,}")  # somebody wrote a key where a name belongs

Loc = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong (or, as advice, doubtful) with one field.

    Attributes:
        loc: The field, as keys and list positions from the top of the file; empty for the file as a whole.
        text: What is wrong with it and what would be right.
    """

    loc: Loc
    text: str


@dataclass(frozen=True, slots=True)
class PlacedProblem:
    """A problem with its place: `file:line: field: text`. Line 0 stands for the file as a whole."""

    file: str
    line: int
    field: str
    text: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.field}: {self.text}" if self.field else f"{place}: {self.text}"


def field_name(loc: Loc) -> str:
    """Return `loc` as a reader writes it, e.g. `transports.chip.bus` or `declaration.algorithms[2]`.

    Long hex digits are left out: they may be a key that somebody wrote in the wrong place.
    """
    name = ""
    for part in loc:
        if isinstance(part, int):
            name += f"[{part}]"
        else:
            shown = printable(_KEY_LIKE.sub("…", part))
            name += f".{shown}" if name else shown
    return name


def printable(text: str) -> str:
    """Return `text` on one line, without control characters, at most `MAX_ECHO` characters long."""
    shown = text if len(text) <= MAX_ECHO else f"{text[:MAX_ECHO]}…"
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in shown)


def as_error(file: str, problems: Sequence[PlacedProblem], hint: str = "") -> UsageError:
    """Return one `UsageError`: a single line for one problem, a list in the order of lines for several."""
    ordered = sorted(problems, key=lambda problem: problem.line)
    if len(ordered) == 1:
        return UsageError(str(ordered[0]), hint=hint)
    told = [f"  {problem}" for problem in ordered[:MAX_TOLD]]
    if len(ordered) > MAX_TOLD:
        told.append(f"  … and {len(ordered) - MAX_TOLD} more")
    return UsageError("\n".join([f"{file}: {len(ordered)} problems", *told]), hint=hint)
