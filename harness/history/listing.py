"""The runs that a person looks for, the newest first."""

import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from harness.errors import UsageError
from harness.history.store import CODES, VERDICTS, Store
from harness.run.verdict import Verdict

_AGO = re.compile(r"([0-9]{1,5})\s*([hdw])")
_HOURS = {"h": 1, "d": 24, "w": 168}
_PATTERN = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class Filters:
    """Which runs are wanted; what is empty does not matter.

    Attributes:
        boards: Names of boards, or patterns with * and ?.
        verdicts: Verdicts of the run.
        since: The earliest beginning, UTC, ISO 8601.
        until: The moment before which a run began, UTC, ISO 8601.
        mode: "official" or "development".
        requirement: Id of a requirement that the run judged.
        text: Words that all stand somewhere in the run, in any order: names, number, firmware, reasons, findings.
        limit: How many runs at most; None for all.
    """

    boards: Sequence[str] = ()
    verdicts: Sequence[Verdict] = ()
    since: str = ""
    until: str = ""
    mode: str = ""
    requirement: str = ""
    text: str = ""
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class ListedRun:
    """One run of a list.

    Attributes:
        name: Name of its folder.
        board: Name of the board.
        verdict: Verdict of the run.
        started: When it began, UTC, ISO 8601; empty when the run does not say.
        seconds: How long it took, None when the run does not say.
        marks: What must be read beside the verdict: simulated, official, sealed …
        number: Number of its report.
        firmware: Which firmware the device had; empty when nothing says so.
        harness: Version of the harness.
        counts: How many scenarios have which verdict.
        requirement: The state of the requirement that was asked for; None when none was.
    """

    name: str
    board: str
    verdict: Verdict
    started: str
    seconds: float | None
    marks: tuple[str, ...]
    number: str
    firmware: str
    harness: str
    counts: dict[str, int]
    requirement: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """What a question found.

    Attributes:
        runs: The runs, the newest first.
        more: How many more there are beyond the limit.
        total: How many runs the index holds, the unreadable ones not counted.
        unreadable: Every folder that could not be read, and why.
        boards: All boards that have runs.
        remark: What a user should know of where the index is kept; empty for nothing.
    """

    runs: tuple[ListedRun, ...]
    more: int
    total: int
    unreadable: tuple[tuple[str, str], ...]
    boards: tuple[str, ...]
    remark: str


@dataclass(slots=True)
class _Where:
    """The conditions of a question."""

    parts: list[str] = field(default_factory=lambda: ["run.problem = ''"])
    values: list[object] = field(default_factory=list)

    def add(self, part: str, *values: object) -> None:
        self.parts.append(part)
        self.values += values


def listed(store: Store, filters: Filters) -> Listing:
    """Return the runs that `filters` let through."""
    where = _where(filters)
    joined = ""
    if filters.requirement:
        joined = (
            " JOIN judged ON judged.run = run.id AND judged.requirement = "
            "(SELECT id FROM requirement WHERE name = ? COLLATE NOCASE)"
        )
        where.values.insert(0, filters.requirement)
    source = f"FROM run{joined}"
    condition = " AND ".join(where.parts)
    state = "judged.verdict" if filters.requirement else "NULL"
    rows = store.connection.execute(
        "SELECT run.name, run.board, run.verdict, run.started, run.seconds, run.marks, run.number, "
        f"configuration.firmware, configuration.harness, run.counts, {state} {source} "
        f"JOIN configuration ON configuration.id = run.configuration WHERE {condition} "
        "ORDER BY run.started DESC, run.name DESC LIMIT ?",
        [*where.values, -1 if filters.limit is None else filters.limit],
    )
    runs = tuple(_run(row) for row in rows)
    (found,) = store.connection.execute(
        f"SELECT COUNT(*) {source} WHERE {condition}",
        where.values,
    ).fetchone()
    (total,) = store.connection.execute("SELECT COUNT(*) FROM run WHERE problem = ''").fetchone()
    return Listing(runs, found - len(runs), total, unreadable(store), boards(store), store.remark)


def unreadable(store: Store) -> tuple[tuple[str, str], ...]:
    """Return every folder that could not be read, and why, by name."""
    rows = store.connection.execute("SELECT name, problem FROM run WHERE problem != '' ORDER BY name")
    return tuple((os.fsdecode(name), problem) for name, problem in rows)


def boards(store: Store) -> tuple[str, ...]:
    """Return the names of all boards that have runs."""
    rows = store.connection.execute("SELECT DISTINCT board FROM run WHERE problem = '' ORDER BY board")
    return tuple(name for (name,) in rows)


def moment(text: str, now: datetime, *, end: bool = False) -> str:
    """Return a moment as a person writes it: 2026-11-29, 2026-11-29T18:00, or 7d, 12h, 2w ago. UTC without a zone.

    Args:
        text: What was written.
        now: The time.
        end: Whether a day stands for its end.

    Raises:
        UsageError: it is none of these.
    """
    written = text.strip()
    try:
        if ago := _AGO.fullmatch(written):
            found = now - timedelta(hours=int(ago[1]) * _HOURS[ago[2]])
        else:
            found = datetime.fromisoformat(written)
            found = found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
            if end and len(written) <= len("2026-11-29"):
                found += timedelta(days=1)
    except (ValueError, OverflowError):
        raise UsageError(
            f"{text[:60]!r} is no moment",
            hint="write 2026-11-29, 2026-11-29T18:00, or how long ago: 12h, 7d, 2w",
        ) from None
    return found.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _where(filters: Filters) -> _Where:
    where = _Where()
    if filters.boards:
        kinds = ["run.board GLOB ?" if _PATTERN.search(name) else "run.board = ?" for name in filters.boards]
        where.add(f"({' OR '.join(kinds)})", *filters.boards)
    if filters.verdicts:
        places = ", ".join("?" * len(filters.verdicts))
        where.add(f"run.verdict IN ({places})", *(each.value for each in filters.verdicts))
    if filters.since:
        where.add("run.started >= ?", filters.since)
    if filters.until:
        where.add("run.started < ? AND run.started != ''", filters.until)
    if filters.mode:
        where.add("run.mode_official = ?", filters.mode == "official")
    for word in filters.text.casefold().split():
        where.add("instr((SELECT words FROM words WHERE words.run = run.id), ?) > 0", word)
    if filters.requirement:
        judged = (CODES[each] for each in (Verdict.PASSED, Verdict.FAILED, Verdict.BLOCKED, Verdict.ERROR))
        where.add(f"judged.verdict IN ({', '.join(map(str, judged))})")
    return where


def _run(row: Sequence[object]) -> ListedRun:
    name, board, verdict, started, seconds, marks, number, firmware, harness, counts, state = row
    assert isinstance(name, bytes)
    assert isinstance(marks, str)
    assert isinstance(counts, str)
    assert seconds is None or isinstance(seconds, float)
    return ListedRun(
        name=os.fsdecode(name),
        board=str(board),
        verdict=Verdict(str(verdict)),
        started=str(started),
        seconds=seconds,
        marks=tuple(json.loads(marks)),
        number=str(number),
        firmware=str(firmware),
        harness=str(harness),
        counts=json.loads(counts),
        requirement=VERDICTS[state] if isinstance(state, int) else None,
    )
