"""What many runs of a board say together: versions, requirements, durations, measurements, and what is flaky.

A scenario is flaky when it both passed and failed with the same board, device, firmware, harness, suites, declaration,
plan and options, in two runs or in two attempts of one. What was blocked, ended by an error or did not run says nothing
of the board and counts on neither side, nor does a run with a file that was altered, with faults on purpose, or over
recordings. Where no run says which firmware the device had, it may have been another: the scenario is then told as
possibly flaky.
"""

import json
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from harness.history.listing import unreadable
from harness.history.noise import MOST, Band, band
from harness.history.store import Store
from harness.run.verdict import Verdict

LATEST = 40
"""Runs of which a history shows each verdict."""

_VERSION = "configuration.firmware, configuration.harness"


@dataclass(frozen=True, slots=True)
class BoardLine:
    """A board among others.

    Attributes:
        board: Its name.
        runs: How many runs of it there are.
        verdicts: How many runs have which verdict.
        last: When the last one began, UTC, ISO 8601.
        verdict: The verdict of the last one.
        marks: What must be read beside it.
        flaky: How many scenarios are flaky.
        maybe_flaky: How many may be, as no run says which firmware the device had.
    """

    board: str
    runs: int
    verdicts: dict[str, int]
    last: str
    verdict: Verdict
    marks: tuple[str, ...]
    flaky: int
    maybe_flaky: int


class Counted(NamedTuple):
    """How often something passed and failed with one firmware and harness.

    Attributes:
        firmware: The firmware; empty when no run says which it was.
        harness: Version of the harness.
        passed: In how many runs it passed.
        failed: In how many it failed.
        unclear: In how many it was blocked or ended by an error.
        seconds: How long it took on average; None for what has no duration.
    """

    firmware: str
    harness: str
    passed: int
    failed: int
    unclear: int
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """The runs with one firmware and harness.

    Attributes:
        firmware: The firmware; empty when no run says which it was.
        harness: Version of the harness.
        runs: How many there are.
        verdicts: How many have which verdict.
        first: When the first one began.
        last: When the last one began.
        seconds: How long those took on average that passed or failed; None when there is none.
    """

    firmware: str
    harness: str
    runs: int
    verdicts: dict[str, int]
    first: str
    last: str
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Flaky:
    """A scenario that passed and failed though nothing differed.

    Attributes:
        id: Its id.
        title: What it checks.
        firmware: The firmware; empty when no run says which it was, so that it may have differed.
        harness: Version of the harness.
        passed: In how many runs it passed.
        failed: In how many it failed.
        mixed: In how many runs one attempt passed and another failed.
    """

    id: str
    title: str
    firmware: str
    harness: str
    passed: int
    failed: int
    mixed: int

    @property
    def certain(self) -> bool:
        """Whether the runs say that the firmware was the same."""
        return bool(self.firmware)


@dataclass(frozen=True, slots=True)
class Trend:
    """A measurement over the newest runs.

    Attributes:
        scenario: Id of the scenario.
        name: Its name.
        unit: Unit of the values.
        low: The lower limit in the newest run; None for none.
        high: The upper limit.
        medians: The median of each run, the oldest first.
        band: What the runs before the newest span; None when they are too few.
    """

    scenario: str
    name: str
    unit: str
    low: float | None
    high: float | None
    medians: tuple[float, ...]
    band: Band | None

    @property
    def outside(self) -> bool:
        """Whether the newest value is outside of what the runs before it span."""
        return self.band is not None and not self.band.low <= self.medians[-1] <= self.band.high


@dataclass(frozen=True, slots=True)
class LatestRun:
    """One of the newest runs: the name of its folder, its beginning, its verdict."""

    name: str
    started: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class BoardHistory:
    """All runs of one board.

    Attributes:
        line: The board among others.
        latest: The newest runs, the oldest of them first.
        versions: The runs by firmware and harness, the newest first.
        requirements: How often each requirement was kept, by its id.
        scenarios: How often each scenario passed, by its id.
        flaky: What is flaky, or may be.
        trends: Each measurement of the newest runs.
        altered: How many runs have a file that was altered, and count for nothing else than their verdict.
        apart: How many others were made with faults on purpose or of recordings, and count for as little.
    """

    line: BoardLine
    latest: tuple[LatestRun, ...]
    versions: tuple[Version, ...]
    requirements: dict[str, tuple[Counted, ...]]
    scenarios: dict[str, tuple[Counted, ...]]
    flaky: tuple[Flaky, ...]
    trends: tuple[Trend, ...]
    altered: int
    apart: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What the index says of boards.

    Attributes:
        history: The history of the board that was asked for; None when it has no run, or none was asked for.
        boards: Every board that has runs, by name.
        unreadable: Every folder that could not be read, and why.
        remark: What a user should know of where the index is kept; empty for nothing.
    """

    history: BoardHistory | None
    boards: tuple[BoardLine, ...]
    unreadable: tuple[tuple[str, str], ...]
    remark: str


def answer(store: Store, board: str = "") -> Answer:
    """Return the history of a board, or without one that of all boards in short."""
    boards = overview(store)
    line = next((each for each in boards if each.board == board), None)
    return Answer(
        history=None if line is None else _history(store, line),
        boards=boards,
        unreadable=unreadable(store),
        remark=store.remark,
    )


def overview(store: Store) -> tuple[BoardLine, ...]:
    """Return every board that has runs, by name."""
    verdicts: dict[str, dict[str, int]] = {}
    for board, verdict, count in store.connection.execute(
        "SELECT board, verdict, COUNT(*) FROM run WHERE problem = '' GROUP BY board, verdict"
    ):
        verdicts.setdefault(board, {})[verdict] = count
    flaky, maybe = Counter[str](), Counter[str]()
    for board, firmware, count in store.connection.execute(
        "SELECT configuration.board, configuration.firmware, COUNT(DISTINCT tally.scenario) FROM tally "
        "JOIN configuration ON configuration.id = tally.configuration "
        "WHERE (tally.passed > 0 AND tally.failed > 0) OR tally.mixed > 0 GROUP BY 1, 2"
    ):
        (flaky if firmware else maybe)[board] += count
    lines = []
    for board, counts in sorted(verdicts.items()):
        last, verdict, marks = store.connection.execute(
            "SELECT started, verdict, marks FROM run WHERE board = ? AND problem = '' "
            "ORDER BY started DESC, name DESC LIMIT 1",
            (board,),
        ).fetchone()
        lines.append(
            BoardLine(
                board=board,
                runs=sum(counts.values()),
                verdicts=counts,
                last=last,
                verdict=Verdict(verdict),
                marks=tuple(json.loads(marks)),
                flaky=flaky[board],
                maybe_flaky=maybe[board],
            )
        )
    return tuple(lines)


def _history(store: Store, line: BoardLine) -> BoardHistory:
    board = line.board
    latest = store.connection.execute(
        "SELECT name, started, verdict FROM run WHERE board = ? AND problem = '' "
        "ORDER BY started DESC, name DESC LIMIT ?",
        (board, LATEST),
    ).fetchall()
    altered, apart = store.connection.execute(
        "SELECT TOTAL(altered), TOTAL(apart AND NOT altered) FROM run WHERE board = ?", (board,)
    ).fetchone()
    return BoardHistory(
        line=line,
        latest=tuple(
            LatestRun(os.fsdecode(name), started, Verdict(verdict))
            for name, started, verdict in reversed(latest)
        ),
        versions=_versions(store, board),
        requirements=_requirements(store, board),
        scenarios=_scenarios(store, board),
        flaky=_flaky(store, board),
        trends=_trends(store, board),
        altered=int(altered),
        apart=int(apart),
    )


def _versions(store: Store, board: str) -> tuple[Version, ...]:
    rows = store.connection.execute(
        f"SELECT {_VERSION}, run.verdict, COUNT(*), MIN(run.started), MAX(run.started), TOTAL(run.seconds), "  # noqa: S608 - our own names
        "COUNT(run.seconds) FROM run JOIN configuration ON configuration.id = run.configuration "
        "WHERE run.board = ? AND run.problem = '' GROUP BY 1, 2, 3",
        (board,),
    )
    found: dict[tuple[str, str], list[tuple[str, int, str, str, float, int]]] = {}
    for firmware, harness, *rest in rows:
        found.setdefault((firmware, harness), []).append(tuple(rest))
    versions = []
    for (firmware, harness), groups in found.items():
        ended = [group for group in groups if group[0] in {Verdict.PASSED, Verdict.FAILED}]
        timed = sum(group[5] for group in ended)
        versions.append(
            Version(
                firmware=firmware,
                harness=harness,
                runs=sum(group[1] for group in groups),
                verdicts={group[0]: group[1] for group in groups},
                first=min(group[2] for group in groups),
                last=max(group[3] for group in groups),
                seconds=round(sum(group[4] for group in ended) / timed, 6) if timed else None,
            )
        )
    return tuple(sorted(versions, key=lambda each: each.last, reverse=True))


def _requirements(store: Store, board: str) -> dict[str, tuple[Counted, ...]]:
    return _grouped(
        (name, Counted(*counted))
        for name, *counted in store.connection.execute(
            f"SELECT requirement.name, {_VERSION}, SUM(passed), SUM(failed), SUM(unclear) "  # noqa: S608 - our own names
            "FROM judged_tally JOIN configuration ON configuration.id = judged_tally.configuration "
            "JOIN requirement ON requirement.id = judged_tally.requirement WHERE configuration.board = ? "
            "GROUP BY 1, 2, 3 HAVING SUM(passed) + SUM(failed) + SUM(unclear) > 0 ORDER BY 1, 2, 3",
            (board,),
        )
    )


def _scenarios(store: Store, board: str) -> dict[str, tuple[Counted, ...]]:
    return _grouped(
        (
            name,
            Counted(firmware, harness, passed, failed, unclear, _average(micro, passed + failed + unclear)),
        )
        for name, firmware, harness, passed, failed, unclear, micro in store.connection.execute(
            f"SELECT scenario.name, {_VERSION}, SUM(passed), SUM(failed), SUM(unclear), "  # noqa: S608 - our own names
            "SUM(microseconds) FROM tally JOIN configuration ON configuration.id = tally.configuration "
            "JOIN scenario ON scenario.id = tally.scenario WHERE configuration.board = ? "
            "GROUP BY 1, 2, 3 HAVING SUM(passed) + SUM(failed) + SUM(unclear) > 0 ORDER BY 1, 2, 3",
            (board,),
        )
    )


def _average(microseconds: int, runs: int) -> float:
    return round(microseconds / runs / 1e6, 6)


def _grouped(rows: Iterable[tuple[str, Counted]]) -> dict[str, tuple[Counted, ...]]:
    found: dict[str, tuple[Counted, ...]] = {}
    for name, counted in rows:
        found[name] = (*found.get(name, ()), counted)
    return found


def _flaky(store: Store, board: str) -> tuple[Flaky, ...]:
    rows = store.connection.execute(
        f"SELECT scenario.name, scenario.title, {_VERSION}, passed, failed, mixed FROM tally "  # noqa: S608 - our own names
        "JOIN configuration ON configuration.id = tally.configuration "
        "JOIN scenario ON scenario.id = tally.scenario "
        "WHERE configuration.board = ? AND ((passed > 0 AND failed > 0) OR mixed > 0) "
        "ORDER BY failed + passed DESC, 1, configuration.digest",
        (board,),
    )
    return tuple(Flaky(*row) for row in rows)


def _trends(store: Store, board: str) -> tuple[Trend, ...]:
    rows = store.connection.execute(
        "SELECT scenario, measurement.name, unit, low, high, median FROM measurement JOIN run ON run.id = run "
        "WHERE median IS NOT NULL AND run IN (SELECT id FROM run WHERE board = ? AND problem = '' AND NOT altered "
        "AND NOT apart ORDER BY started DESC, name DESC LIMIT ?) ORDER BY run.started, run.name, measurement.number",
        (board, MOST + 1),
    )
    found: dict[tuple[str, str, str], list[Sequence[float | None]]] = {}
    for scenario, name, unit, *values in rows:
        found.setdefault((scenario, name, unit), []).append(values)
    trends = []
    for (scenario, name, unit), values in found.items():
        low, high, _ = values[-1]
        medians = [median for _, _, median in values if median is not None]
        trends.append(Trend(scenario, name, unit, low, high, tuple(medians), band(medians[:-1])))
    return tuple(trends)
