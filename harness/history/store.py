"""The tables of the index: runs, what they were made with, and what became of each scenario in them."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

from harness import __version__
from harness.run.events import SCHEMA as JOURNAL
from harness.run.verdict import Verdict

if TYPE_CHECKING:
    from harness.history.summary import Summary

FORMAT = 3
"""Version of the tables and of what is written into them; an index of another one is made anew."""

CODES = {verdict: number for number, verdict in enumerate(Verdict)}
"""Verdicts as the tables hold them."""

VERDICTS = tuple(Verdict)
"""Verdicts by the number that the tables hold."""

_APPLICATION = 0x49443248  # "ID2H"

_TABLES = """
CREATE TABLE maker(words TEXT NOT NULL);
CREATE TABLE configuration(
    id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, board TEXT NOT NULL, firmware TEXT NOT NULL,
    harness TEXT NOT NULL, facts TEXT NOT NULL);
CREATE INDEX configuration_board ON configuration(board);
CREATE TABLE run(
    id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE, stamp TEXT NOT NULL, problem TEXT NOT NULL,
    board TEXT NOT NULL, verdict TEXT NOT NULL, started TEXT NOT NULL, seconds REAL, mode_official INTEGER NOT NULL,
    altered INTEGER NOT NULL, apart INTEGER NOT NULL, number TEXT NOT NULL, marks TEXT NOT NULL, counts TEXT NOT NULL,
    configuration INTEGER REFERENCES configuration(id));
CREATE TABLE words(run INTEGER PRIMARY KEY, words TEXT NOT NULL);
CREATE INDEX run_verdict ON run(board, verdict) WHERE problem = '';
CREATE INDEX run_board ON run(board, started, name);
CREATE INDEX run_started ON run(started, name);
CREATE TABLE scenario(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, title TEXT NOT NULL);
CREATE TABLE result(
    run INTEGER NOT NULL, scenario INTEGER NOT NULL, verdict INTEGER NOT NULL, attempts INTEGER NOT NULL,
    mixed INTEGER NOT NULL, microseconds INTEGER NOT NULL, PRIMARY KEY(run, scenario)) WITHOUT ROWID;
CREATE TABLE tally(
    configuration INTEGER NOT NULL, scenario INTEGER NOT NULL, passed INTEGER NOT NULL, failed INTEGER NOT NULL,
    unclear INTEGER NOT NULL, mixed INTEGER NOT NULL, microseconds INTEGER NOT NULL,
    PRIMARY KEY(configuration, scenario)) WITHOUT ROWID;
CREATE TABLE requirement(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE judged(
    run INTEGER NOT NULL, requirement INTEGER NOT NULL, verdict INTEGER NOT NULL,
    PRIMARY KEY(run, requirement)) WITHOUT ROWID;
CREATE INDEX judged_requirement ON judged(requirement, run);
CREATE TABLE judged_tally(
    configuration INTEGER NOT NULL, requirement INTEGER NOT NULL, passed INTEGER NOT NULL, failed INTEGER NOT NULL,
    unclear INTEGER NOT NULL, PRIMARY KEY(configuration, requirement)) WITHOUT ROWID;
CREATE TABLE measurement(
    run INTEGER NOT NULL, number INTEGER NOT NULL, scenario TEXT NOT NULL, name TEXT NOT NULL, unit TEXT NOT NULL,
    low REAL, high REAL, count INTEGER NOT NULL, lowest REAL, median REAL, highest REAL, verdict TEXT NOT NULL,
    PRIMARY KEY(run, number)) WITHOUT ROWID;
"""

# A run whose files were altered proves nothing; one with faults on purpose, or over recordings, nothing of the board as
# it is. Neither counts anywhere.
_TALLY = f"""
INSERT INTO tally SELECT run.configuration, result.scenario,
    :sign * (verdict_number = {CODES[Verdict.PASSED]}), :sign * (verdict_number = {CODES[Verdict.FAILED]}),
    :sign * (verdict_number IN ({CODES[Verdict.BLOCKED]}, {CODES[Verdict.ERROR]})), :sign * result.mixed,
    :sign * result.microseconds
FROM (SELECT *, verdict AS verdict_number FROM result WHERE run = :run) AS result
JOIN run ON run.id = result.run WHERE NOT run.altered AND NOT run.apart
ON CONFLICT(configuration, scenario) DO UPDATE SET
    passed = passed + excluded.passed, failed = failed + excluded.failed, unclear = unclear + excluded.unclear,
    mixed = mixed + excluded.mixed, microseconds = microseconds + excluded.microseconds
"""  # noqa: S608 - made of our own numbers
_JUDGED_TALLY = f"""
INSERT INTO judged_tally SELECT run.configuration, judged.requirement,
    :sign * (verdict_number = {CODES[Verdict.PASSED]}), :sign * (verdict_number = {CODES[Verdict.FAILED]}),
    :sign * (verdict_number IN ({CODES[Verdict.BLOCKED]}, {CODES[Verdict.ERROR]}))
FROM (SELECT *, verdict AS verdict_number FROM judged WHERE run = :run) AS judged
JOIN run ON run.id = judged.run WHERE NOT run.altered AND NOT run.apart
ON CONFLICT(configuration, requirement) DO UPDATE SET
    passed = passed + excluded.passed, failed = failed + excluded.failed, unclear = unclear + excluded.unclear
"""  # noqa: S608 - made of our own numbers


class Store:
    """The index in an open database.

    Attributes:
        connection: The database.
        remark: What a user should know of where the index is kept; empty for nothing.
    """

    def __init__(self, connection: sqlite3.Connection, *, remark: str = "") -> None:
        """Use a database; `make` makes the tables in an empty one."""
        self.connection = connection
        self.remark = remark
        self._ids: dict[tuple[str, str], int] = {}

    def _has_tables(self) -> bool:
        return bool(self.connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0])

    @property
    def usable(self) -> bool:
        """Whether this harness made the tables, with the rules that it has now."""
        (version,) = self.connection.execute("PRAGMA user_version").fetchone()
        if version != FORMAT:
            return False
        made = self.connection.execute("SELECT words FROM maker").fetchall()
        return bool(made == [(maker(),)])

    def make(self) -> None:
        """Make the tables where there are none."""
        if self._has_tables():
            return
        with self.writing():
            if self._has_tables():  # another process was faster
                return
            for statement in _TABLES.split(";"):
                self.connection.execute(statement)
            self.connection.execute("INSERT INTO maker VALUES (?)", (maker(),))
            self.connection.execute(f"PRAGMA application_id = {_APPLICATION}")
            self.connection.execute(f"PRAGMA user_version = {FORMAT}")

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Write all of a block or nothing of it; other processes wait."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK")
            self._ids.clear()
            raise
        self.connection.execute("COMMIT")

    def stamps(self) -> dict[bytes, str]:
        """Return the stamp of each folder as it was when it was read, by its name."""
        return dict(self.connection.execute("SELECT name, stamp FROM run"))

    def remove(self, name: bytes) -> None:
        """Forget a run; inside `writing`."""
        row = self.connection.execute("SELECT id FROM run WHERE name = ?", (name,)).fetchone()
        if row is None:
            return
        (run,) = row
        for tally in (_TALLY, _JUDGED_TALLY):
            self.connection.execute(tally, {"sign": -1, "run": run})
        for table in ("result", "judged", "measurement", "words"):
            self.connection.execute(f"DELETE FROM {table} WHERE run = ?", (run,))  # noqa: S608 - our own names
        self.connection.execute("DELETE FROM run WHERE id = ?", (run,))

    def put_unreadable(self, name: bytes, stamp: str, problem: str, *, again: bool) -> None:
        """Keep that a folder cannot be read; inside `writing`.

        Args:
            name: Name of the folder.
            stamp: Its stamp before it was read.
            problem: Why it cannot be read.
            again: Whether it may be readable next time though nothing in it changed.
        """
        self.remove(name)
        self.connection.execute(
            "INSERT INTO run VALUES (NULL, ?, ?, ?, '', '', '', NULL, 0, 0, 0, '', '[]', '{}', NULL)",
            (name, "" if again else stamp, problem),
        )

    def put(self, name: bytes, stamp: str, summary: "Summary") -> None:
        """Keep what a folder holds, in the place of what was kept of it before; inside `writing`.

        Args:
            name: Name of the folder.
            stamp: Its stamp before it was read.
            summary: What was read.
        """
        self.remove(name)
        cursor = self.connection.execute(
            "INSERT INTO run VALUES (NULL, ?, ?, '', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                name,
                stamp,
                summary.board,
                summary.verdict.value,
                summary.started,
                summary.seconds,
                "official" in summary.marks,
                summary.altered,
                summary.apart,
                summary.number,
                json.dumps(summary.marks),
                json.dumps(summary.counts),
                self._configuration(summary),
            ),
        )
        run = cursor.lastrowid
        self.connection.execute("INSERT INTO words VALUES (?, ?)", (run, summary.words))
        self.connection.executemany(
            "INSERT INTO result VALUES (?, ?, ?, ?, ?, ?)",
            [
                (
                    run,
                    self._scenario(each.id, each.title),
                    CODES[each.verdict],
                    each.attempts,
                    each.mixed,
                    each.microseconds,
                )
                for each in summary.scenarios
            ],
        )
        self.connection.executemany(
            "INSERT INTO judged VALUES (?, ?, ?)",
            [
                (run, self._requirement(name), CODES[verdict])
                for name, verdict in summary.requirements.items()
            ],
        )
        self.connection.executemany(
            "INSERT INTO measurement VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(run, number, *asdict(each).values()) for number, each in enumerate(summary.measurements)],
        )
        for tally in (_TALLY, _JUDGED_TALLY):
            self.connection.execute(tally, {"sign": 1, "run": run})

    def _configuration(self, summary: "Summary") -> int:
        made = summary.configuration
        return self._id(
            ("configuration", made.digest),
            "SELECT id FROM configuration WHERE digest = ?",
            "INSERT INTO configuration VALUES (NULL, ?, ?, ?, ?, ?)",
            (made.digest, made.board, made.firmware, made.harness, json.dumps(asdict(made))),
        )

    def _scenario(self, name: str, title: str) -> int:
        return self._id(
            ("scenario", name),
            "SELECT id FROM scenario WHERE name = ?",
            "INSERT INTO scenario VALUES (NULL, ?, ?)",
            (name, title),
        )

    def _requirement(self, name: str) -> int:
        return self._id(
            ("requirement", name),
            "SELECT id FROM requirement WHERE name = ?",
            "INSERT INTO requirement VALUES (NULL, ?)",
            (name,),
        )

    def _id(self, key: tuple[str, str], ask: str, add: str, values: tuple[object, ...]) -> int:
        if key not in self._ids:
            row = self.connection.execute(ask, (key[1],)).fetchone()
            self._ids[key] = row[0] if row else int(self.connection.execute(add, values).lastrowid or 0)
        return self._ids[key]


def maker() -> str:
    """Return whose rules the summaries follow: another harness may judge the same folder otherwise."""
    return f"harness {__version__}, journal {JOURNAL}, sqlite tables {FORMAT}"
