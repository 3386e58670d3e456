"""What a client takes of a bench at most, and what it leaves free of its own disk, whatever a bench sends."""

import shutil
from pathlib import Path

from harness.disk import writing
from harness.errors import BenchError

MOST_ENTRIES = 50_000
MOST_BYTES = 8 << 30
"""Files with empty folders, and bytes, of one run folder at most."""

MOST_DEEP = 16
"""Folders within each other in a run folder at most."""

MOST_PROGRESS = 1 << 30
"""Bytes of progress of one bench at most: more than weeks of rounds write."""

KEPT_FREE = 64 << 20
"""Bytes of the client's disk that nothing of a bench takes: it has its own notes to write."""


def check_room(folder: Path, host: str, what: str, size: int) -> None:
    """Refuse what would leave too little of this computer's disk free.

    Args:
        folder: Where it would lie; it exists.
        host: The bench that it comes from.
        what: What it is.
        size: How many bytes it takes.

    Raises:
        BenchError: There is no room for it, or the disk cannot be asked.
    """
    with writing(folder):
        free = shutil.disk_usage(folder).free
    if size > free - KEPT_FREE:
        raise BenchError(
            f"{host}: {what} takes {size} more bytes, and of the {free} bytes that are free in {folder} here, "
            f"{KEPT_FREE} are kept free",
            hint="look at what the bench sends; else make room here and attach again: harness lab attach",
        )
