"""The ledger on disk: how often each device was authenticated at the real service, counted before it is sent.

One SQLite file for all runs and all machines that share it. Every entry is committed to disk before the call goes
out, so a harness that is killed in between has counted one too many and never one too few. Write-ahead logging is
off, since it does not work across machines; what is assumed of a shared file system is that its locks work (NFS
version 4 does; folders that are synchronised between machines do not).

Source: service.md 3 (rate limit).
"""

import os
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Self

from harness.errors import BenchError
from harness.service.errors import RationSpent

DAILY = 10
"""Authentications of one device in one day, basic edition. Source: service.md 3."""

CLOUD_DAY = timezone(timedelta(hours=8), "UTC+8")
"""Where the cloud's day begins. The documentation does not say; its consoles and bills count days in China's time."""

_WAIT_S = 30.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS spent (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    service TEXT NOT NULL,
    id2 TEXT NOT NULL,
    day TEXT NOT NULL,
    at TEXT NOT NULL,
    operation TEXT NOT NULL,
    station TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS spent_by_device ON spent (service, id2, day);
CREATE TABLE IF NOT EXISTS activated (
    service TEXT NOT NULL,
    id2 TEXT NOT NULL,
    product_key TEXT NOT NULL,
    PRIMARY KEY (service, id2, product_key)
) STRICT;
"""


@dataclass(frozen=True, slots=True)
class Spending:
    """What one device has used of today's ration.

    Attributes:
        service: Address of the service.
        id2: The device.
        used: Authentications that were counted today.
        last: When the last one was, ISO 8601, UTC.
    """

    service: str
    id2: str
    used: int
    last: str


def default_path(environment: Mapping[str, str] | None = None) -> Path:
    """Return the ledger of this user on this machine, below `XDG_STATE_HOME`."""
    found = os.environ if environment is None else environment
    state = found.get("XDG_STATE_HOME") or str(Path(found.get("HOME") or Path.home()) / ".local" / "state")
    return Path(state) / "id2-harness" / "ledger.sqlite"


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Ledger:
    """The ledger of one service; safe to share between threads, processes and machines."""

    def __init__(
        self, path: Path, service: str, *, daily: int = DAILY, now: Callable[[], datetime] = _utc_now
    ) -> None:
        """Open the file, which is made when it is not there.

        Args:
            path: The file.
            service: Address of the service whose devices are counted.
            daily: Authentications a device and day.
            now: The time.

        Raises:
            BenchError: The file cannot be used.
        """
        self.path = path
        self.service = service
        self.daily = daily
        self._now = now
        self._guard = threading.Lock()
        with self._usable():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._db = sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False)
            try:
                # Not WAL, which needs memory shared by all readers; and on disk before a call goes out.
                self._db.execute("PRAGMA journal_mode = DELETE")
                self._db.execute("PRAGMA synchronous = EXTRA")
                self._db.executescript(_SCHEMA)
            except BaseException:
                self._db.close()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; closing twice is fine."""
        self._db.close()

    def left(self, id2: str) -> int:
        """Return how many authentications the device has left today.

        Raises:
            BenchError: The file cannot be used.
        """
        with self._transaction() as db:
            return max(0, self.daily - self._used(db, id2))

    def take(self, id2: str, operation: str) -> int:
        """Count one authentication that is about to be sent.

        Returns:
            The number of the entry, for `give_back`.

        Raises:
            RationSpent: The device has had its authentications of today; nothing may be sent.
            BenchError: The file cannot be used; nothing may be sent.
        """
        now = self._now()
        with self._transaction() as db:
            used = self._used(db, id2)
            if used >= self.daily:
                raise RationSpent(
                    f"{id2} has had its {self.daily} authentications of today at {self.service}",
                    hint=f"more from {self.next_day()}; `harness ledger` shows what was spent",
                )
            made = db.execute(
                "INSERT INTO spent (service, id2, day, at, operation, station) VALUES (?, ?, ?, ?, ?, ?)",
                (
                    self.service,
                    id2,
                    self._today(),
                    now.astimezone(UTC).isoformat(timespec="seconds"),
                    operation,
                    socket.gethostname(),
                ),
            )
            assert made.lastrowid is not None
            return made.lastrowid

    def give_back(self, entry: int) -> None:
        """Take an entry back: its call is known never to have left this machine.

        Raises:
            BenchError: The file cannot be used; the entry stays counted.
        """
        with self._transaction() as db:
            db.execute("DELETE FROM spent WHERE id = ?", (entry,))

    def next_day(self) -> str:
        """Return when the cloud's next day begins, in this machine's own time."""
        midnight = self._now().astimezone(CLOUD_DAY).replace(hour=0, minute=0, second=0, microsecond=0)
        return f"{(midnight + timedelta(days=1)).astimezone():%Y-%m-%d %H:%M %Z}"

    def activated(self, id2: str, product_key: str) -> bool:
        """Tell whether a success of this device under this product was seen: another one spends no licence.

        Raises:
            BenchError: The file cannot be used.
        """
        with self._transaction() as db:
            found = db.execute(
                "SELECT 1 FROM activated WHERE service = ? AND id2 = ? AND product_key = ?",
                (self.service, id2, product_key),
            ).fetchone()
            return found is not None

    def remember_activated(self, id2: str, product_key: str) -> None:
        """Note a success of this device under this product.

        Raises:
            BenchError: The file cannot be used.
        """
        with self._transaction() as db:
            db.execute(
                "INSERT INTO activated (service, id2, product_key) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (self.service, id2, product_key),
            )

    def today(self) -> list[Spending]:
        """Return what was spent today, at any service, by device.

        Raises:
            BenchError: The file cannot be used.
        """
        with self._transaction() as db:
            rows = db.execute(
                "SELECT service, id2, count(*), max(at) FROM spent WHERE day >= ? GROUP BY service, id2"
                " ORDER BY service, id2",
                (self._today(),),
            ).fetchall()
        return [Spending(*row) for row in rows]

    def _today(self) -> str:
        return f"{self._now().astimezone(CLOUD_DAY):%Y-%m-%d}"

    def _used(self, db: sqlite3.Connection, id2: str) -> int:
        # Entries of a later day count too: they are there when this machine's clock was set back.
        row = db.execute(
            "SELECT count(*) FROM spent WHERE service = ? AND id2 = ? AND day >= ?",
            (self.service, id2, self._today()),
        ).fetchone()
        return int(row[0])

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._guard, self._usable():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    @contextmanager
    def _usable(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise BenchError(
                f"the ledger {self.path} cannot be used: {error}",
                hint="name another file with --ledger; nothing is sent to the real service without one",
            ) from None
