"""The index over run folders: brought up to date before each question, and made anew whenever it is not usable.

It is kept in this user's cache and not among the runs: run folders may be read-only, shared, or from somebody else,
and nobody's index but one's own is to be believed. The run folders are the truth.
"""

import hashlib
import os
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from harness.errors import BenchError, HarnessError
from harness.history import scan
from harness.history.store import Store, maker
from harness.report.text import one_line

if TYPE_CHECKING:
    from harness.history.summary import Summary

Progress = Callable[[int, int], None]
"""Is told how many of how many new run folders are read."""

_Answer = TypeVar("_Answer")

_OF_THE_DISK = frozenset(
    {
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
    }
)
_IN_ONE_WRITE = 16
_PATIENCE_S = 60.0
_REASON = 400


def default_path(runs: Path, environment: Mapping[str, str] | None = None) -> Path:
    """Return the index of a folder of runs, below `XDG_CACHE_HOME`: one for each folder, user and harness."""
    told = os.environ if environment is None else environment
    cache = told.get("XDG_CACHE_HOME") or str(Path(told.get("HOME") or Path.home()) / ".cache")
    which = os.fsencode(os.path.realpath(runs)) + b"\0" + maker().encode()
    return Path(cache) / "id2-harness" / "runs" / f"{hashlib.sha256(which).hexdigest()[:24]}.sqlite"


def ask(
    runs: Path,
    question: Callable[[Store], _Answer],
    *,
    path: Path | None = None,
    anew: bool = False,
    progress: Progress | None = None,
) -> _Answer:
    """Bring the index of `runs` up to date, and return what `question` finds in it.

    An index that is broken, or that another format or harness made, is made anew. One that cannot be kept is held in
    memory.

    Args:
        runs: The folder with the run folders.
        question: Asks the index.
        path: The file of the index; this user's by default.
        anew: Whether all run folders are to be read again.
        progress: Is told how far the reading of new run folders is.

    Raises:
        UsageError: there is no such folder.
        BenchError: it cannot be read.
    """
    there = scan.found(runs)
    file = path or default_path(runs)
    if anew:
        _discard(file)
    for _ in range(2):
        try:
            with closing(_connected(file)) as connection:
                return _answer(Store(connection), runs, there, question, progress)
        except sqlite3.Error as error:
            why = str(error)
            if _of_the_disk(error):
                break
            _discard(file)
        except OSError as error:
            why = error.strerror or str(error)
            break
    with closing(_in_memory()) as connection:
        remark = f"{file}: the index cannot be kept there ({why}): all runs were read anew"
        return _answer(Store(connection, remark=remark), runs, there, question, progress)


def _of_the_disk(error: sqlite3.Error) -> bool:
    """Whether the file cannot be used where it is, or not now; all else is mended by an index made anew."""
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF in _OF_THE_DISK


def _answer(
    store: Store,
    runs: Path,
    there: Mapping[bytes, str],
    question: Callable[[Store], _Answer],
    progress: Progress | None,
) -> _Answer:
    store.make()
    if not store.usable:
        raise sqlite3.DatabaseError("another harness made it")
    _bring_up_to_date(store, runs, there, progress)
    return question(store)


def _bring_up_to_date(
    store: Store, runs: Path, there: Mapping[bytes, str], progress: Progress | None
) -> None:
    known = store.stamps()
    new = sorted(name for name, stamp in there.items() if known.get(name) != stamp)
    gone = known.keys() - there.keys()
    if gone:
        with store.writing():
            for name in gone:
                store.remove(name)
    done = 0
    for start in range(0, len(new), _IN_ONE_WRITE):
        batch = new[start : start + _IN_ONE_WRITE]
        # Read first: while runs are read nobody has to wait for the database.
        read = [(name, _read(runs, name)) for name in batch]
        with store.writing():
            for name, result in read:
                if isinstance(result, tuple):
                    store.put_unreadable(name, there[name], result[0], again=result[1])
                else:
                    store.put(name, there[name], result)
        done += len(batch)
        if progress is not None:
            progress(done, len(new))


def _read(runs: Path, name: bytes) -> "Summary | tuple[str, bool]":
    """Return the summary of a folder, or why it has none and whether that may change by itself."""
    from harness.history import summary  # noqa: PLC0415 - slow, and most questions find nothing new to read

    try:
        return summary.read(runs / os.fsdecode(name))
    except HarnessError as error:
        return one_line(error.message, _REASON), isinstance(error, BenchError)
    except Exception as error:  # noqa: BLE001 - one folder that nobody can explain must not hide all others
        return one_line(f"cannot be read: {type(error).__name__}: {error}", _REASON), True


def _connected(file: Path) -> sqlite3.Connection:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    connection = sqlite3.connect(file, timeout=_PATIENCE_S, isolation_level=None)
    try:
        file.chmod(0o600)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
    except BaseException:
        connection.close()
        raise
    return connection


def _in_memory() -> sqlite3.Connection:
    return sqlite3.connect(":memory:", isolation_level=None)


def _discard(file: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        with suppress(OSError):
            file.with_name(file.name + suffix).unlink()
