"""Which run folders there are, and whether one changed since it was read, by what the file system says."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.errors import BenchError, UsageError

_WATCHED = ("journal.jsonl", "run.json")


@dataclass(frozen=True, slots=True)
class Found:
    """A folder that may be a run.

    Attributes:
        name: Its name, as bytes: a name need not be text.
        stamp: What the file system says of it and of the files that a run appends to or replaces in place. Another
            stamp means that it may have changed; a file of evidence that is written over leaves the stamp as it is.
    """

    name: bytes
    stamp: str


def found(runs: Path) -> Iterator[Found]:
    """Give every folder of `runs`, in no order; hidden ones are drafts, and links into `runs` itself other names.

    Raises:
        UsageError: there is no such folder.
        BenchError: it cannot be read.
    """
    root = os.fsencode(runs)
    try:
        with os.scandir(root) as entries:
            for entry in entries:
                if entry.name.startswith(b".") or not _is_folder(entry, root):
                    continue
                yield Found(entry.name, _stamp(entry.path))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UsageError(
            f"{runs}: there is no such folder with runs",
            hint="run the suites on a board first, or say with --runs where the run folders are",
        ) from error
    except OSError as error:
        raise BenchError(f"{runs}: cannot be read: {error.strerror}") from error


def _is_folder(entry: "os.DirEntry[bytes]", root: bytes) -> bool:
    if not entry.is_symlink():
        return entry.is_dir(follow_symlinks=False)
    target = os.path.realpath(entry.path)
    return os.path.isdir(target) and os.path.dirname(target) != os.path.realpath(root)  # noqa: PTH112, PTH120 - bytes


def _stamp(folder: bytes) -> str:
    # The change time cannot be set back by a program, the modification time can.
    seen = []
    for path in (folder, *(folder + b"/" + name.encode() for name in _WATCHED)):
        try:
            told = os.stat(path)  # noqa: PTH116 - thousands of them: a Path for each would take longer than the stat
        except OSError as error:
            seen.append(f"-{error.errno}")
        else:
            seen.append(f"{told.st_ctime_ns}.{told.st_size}.{told.st_ino}")
    return " ".join(seen)
