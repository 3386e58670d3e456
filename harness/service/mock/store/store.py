"""The SQLite store behind the mock: opening, migrating, and one transaction at a time."""

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

from harness.errors import UsageError
from harness.service.mock.store.schema import APPLICATION_ID, MIGRATIONS

_BUSY_MS = 5000
_CHECKPOINT_PAGES = 8000
_CACHE_KIB = 16 * 1024


class Store:
    """A store in memory or in one file.

    One connection, one lock: within a process transactions follow each other; between processes on one file
    SQLite's own lock does the same, because every transaction takes the write lock when it begins.
    """

    def __init__(self, path: Path | None = None, *, synchronous: str = "NORMAL") -> None:
        """Open or create the store.

        Args:
            path: The file; None keeps everything in memory.
            synchronous: SQLite's setting for a file, `NORMAL` or `FULL`.

        Raises:
            UsageError: The file is not ours, was written by a newer version, or cannot be opened or written.
        """
        self.path = path
        self._lock = threading.RLock()
        if path is not None:
            _create_private(path)
        try:
            self._db = sqlite3.connect(
                str(path or ":memory:"),
                timeout=_BUSY_MS / 1000,
                isolation_level=None,
                check_same_thread=False,
            )
        except sqlite3.Error as error:
            raise _unusable(path, str(error)) from None
        self._db.row_factory = sqlite3.Row
        try:
            self._prepare(synchronous)
        except sqlite3.Error as error:
            self._db.close()
            raise _unusable(path, str(error)) from None
        except BaseException:
            self._db.close()
            raise

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Give the connection inside one transaction: committed at the end, undone when the block raises.

        Raises:
            sqlite3.OperationalError: Another process holds the write lock for more than 5 seconds, or the
            disk is full.
        """
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                # A failed COMMIT may have ended the transaction itself.
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give the connection for reading: one consistent picture, and no other process has to wait for it."""
        with self._lock:
            if self._db.in_transaction:
                yield self._db
                return
            self._db.execute("BEGIN")
            try:
                yield self._db
            finally:
                self._db.execute("ROLLBACK")

    def change_mark(self) -> str:
        """Return a text that is another one after every change of the store, by this process or another one."""
        with self._lock:
            others = self._db.execute("PRAGMA data_version").fetchone()[0]
            return f"{others}.{self._db.total_changes}"

    def close(self) -> None:
        """Close the store; closing twice is fine."""
        with self._lock:
            self._db.close()

    def _prepare(self, synchronous: str) -> None:
        if self.path is not None:
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute(f"PRAGMA synchronous = {synchronous}")
            # Fewer, larger checkpoints: each costs two flushes of the disk, and many pages are written once
            # instead of every time.
            self._db.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
            self._db.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        # Two processes may open a new file at once: whoever gets the write lock first migrates, the other
        # sees it done.
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._migrate()
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
        # Only now: a migration that makes a table anew drops one that others refer to.
        self._db.execute("PRAGMA foreign_keys = ON")

    def _migrate(self) -> None:
        version: int = self._db.execute("PRAGMA user_version").fetchone()[0]
        owner: int = self._db.execute("PRAGMA application_id").fetchone()[0]
        empty = self._db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0
        if not empty and owner != APPLICATION_ID:
            raise _unusable(self.path, "it is another program's database")
        if version > len(MIGRATIONS):
            raise _unusable(
                self.path,
                f"a newer version wrote it (format {version}, this version knows {len(MIGRATIONS)})",
            )
        for script in MIGRATIONS[version:]:
            for statement in script.split(";"):
                self._db.execute(statement)
        self._db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        self._db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")


def _create_private(path: Path) -> None:
    """Create a new file so that only its owner reads it: device keys and AccessKey secrets are in it."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise _unusable(path, error.strerror or str(error)) from None


def _unusable(path: Path | None, why: str) -> UsageError:
    return UsageError(
        f"the service's store {path or 'in memory'} cannot be used: {why}",
        hint="name another file with --db, or leave it out for a store in memory",
    )
