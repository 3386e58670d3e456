"""The boards that a command line means."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from harness.board.reading.lab import lab_of
from harness.board.reading.selection import select


def chosen(words: Iterable[str | Path] | None, tags: Sequence[str] | None, lab: Path | None) -> list[Path]:
    """Return the board files that are meant; what is doubtful about the choice is said on stderr.

    Args:
        words: What stands for BOARD on the command line.
        tags: What stands after --tag.
        lab: What stands after --lab.

    Raises:
        UsageError: As for `harness.board.reading.selection.select`; or the lab file is wrong.
    """
    found = select([str(word) for word in words or ()], lab_of(lab), tags=tags or ())
    for doubt in found.doubts:
        print(f"warning: {doubt}", file=sys.stderr)
    return list(found.paths)
