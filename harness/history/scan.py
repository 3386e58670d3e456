"""Which run folders there are, and whether one changed since it was read, by what the file system says."""

import os
from pathlib import Path

from harness.errors import BenchError, UsageError

_JOURNAL, _HEADER = b"/journal.jsonl", b"/run.json"


def found(runs: Path) -> dict[bytes, str]:
    """Return the stamp of every folder of `runs` by its name, as bytes: a name need not be text.

    A stamp is what the file system says of a folder and of the files that a run appends to or replaces in place. With
    another one the run may have changed; a file of evidence that is written over leaves it as it is. Hidden folders are
    drafts, and links into `runs` itself other names of the same run.

    Raises:
        UsageError: there is no such folder.
        BenchError: it cannot be read.
    """
    root = os.fsencode(runs)
    try:
        with os.scandir(root) as entries:
            names = [
                each.name for each in entries if not each.name.startswith(b".") and _is_folder(each, root)
            ]
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UsageError(
            f"{runs}: there is no such folder with runs",
            hint="run the suites on a board first, or say with --runs where the run folders are",
        ) from error
    except OSError as error:
        raise BenchError(f"{runs}: cannot be read: {error.strerror}") from error
    return {name: _stamp(root + b"/" + name) for name in names}


def _is_folder(entry: "os.DirEntry[bytes]", root: bytes) -> bool:
    if not entry.is_symlink():
        return entry.is_dir(follow_symlinks=False)
    target = os.path.realpath(entry.path)
    return os.path.isdir(target) and os.path.dirname(target) != os.path.realpath(root)  # noqa: PTH112, PTH120 - bytes


def _stamp(folder: bytes) -> str:
    # The change time cannot be set back by a program, the modification time can. There are thousands of folders: a Path
    # for each file would take longer than the question to the file system.
    try:
        own, journal, header = (
            os.stat(folder),  # noqa: PTH116
            os.stat(folder + _JOURNAL),  # noqa: PTH116
            os.stat(folder + _HEADER),  # noqa: PTH116
        )
    except OSError:
        return _stamp_of_a_part(folder)
    return (
        f"{own.st_ctime_ns} {own.st_ino} {journal.st_ctime_ns} {journal.st_size} "
        f"{header.st_ctime_ns} {header.st_size}"
    )


def _stamp_of_a_part(folder: bytes) -> str:
    seen = []
    for path in (folder, folder + _JOURNAL, folder + _HEADER):
        try:
            told = os.stat(path)  # noqa: PTH116
        except OSError as error:
            seen.append(f"-{error.errno}")
        else:
            seen.append(f"{told.st_ctime_ns} {told.st_size}")
    return ", ".join(seen)
