"""What many rounds come to: counted as they end, from the report of each, and kept small however many there are."""

from __future__ import annotations

import json
import math
import statistics
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from harness.history.noise import ENOUGH, band
from harness.run.folder import RunFolder
from harness.run.statistics import statistics_of
from harness.run.verdict import Verdict

SCHEMA_VERSION = 1
_LARGEST = 64 << 20
_ENDS = 10
_NOT_CLOSED = "not_closed"
"""What stands in the place of the verdict of a run that has not failed and whose folder could not be completed."""
_PASSED, _FAILED = Verdict.PASSED.value, frozenset({Verdict.FAILED.value, Verdict.ERROR.value})
_NEED_A_MANIFEST = frozenset({Verdict.PASSED.value, Verdict.INCOMPLETE.value})
_UNPLANNED = frozenset({Verdict.NOT_APPLICABLE.value, Verdict.NOT_RUN.value})
_MOST_RUNS = 10_000
_MOST_MEASUREMENTS = 20_000


@dataclass(slots=True)
class _Scenario:
    title: str
    verdicts: Counter[str] = field(default_factory=Counter)
    seconds: array[float] = field(default_factory=lambda: array("d"))
    first_not_passed: tuple[int, str, str] | None = None


@dataclass(slots=True)
class _Measurement:
    unit: str
    low: float | None
    high: float | None
    medians: array[float] = field(default_factory=lambda: array("d"))
    lowest: float = math.inf
    highest: float = -math.inf
    verdicts: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class _Board:
    verdicts: Counter[str] = field(default_factory=Counter)
    seconds: array[float] = field(default_factory=lambda: array("d"))
    memory: array[float] = field(default_factory=lambda: array("d"))
    runs: list[dict[str, object]] = field(default_factory=list)
    more: int = 0
    first_not_passed: tuple[int, str, str] | None = None
    unreadable: int = 0
    scenarios: dict[tuple[str, str], _Scenario] = field(default_factory=dict)
    measurements: dict[tuple[str, str, str], _Measurement] = field(default_factory=dict)


class Tally:
    """Counts the rounds of a campaign. Rounds are taken in the order in which they end."""

    def __init__(self) -> None:
        self._boards: dict[str, _Board] = {}

    @property
    def boards(self) -> dict[str, int]:
        """How many rounds of each board were taken."""
        return {name: sum(board.verdicts.values()) for name, board in self._boards.items()}

    def take(
        self, board: str, round_: int, *, folder: Path | None, lost: bool, memory_mib: float | None = None
    ) -> str:
        """Take one round; return its verdict, `lost`, `none` or `not_closed`.

        Args:
            board: Name of the board.
            round_: Which round, from 1.
            folder: The run folder; None when there is none.
            lost: Whether its process was lost: it has no verdict then.
            memory_mib: The most memory that its process had.
        """
        mine = self._boards.setdefault(board, _Board())
        report = {} if folder is None else _report(folder)
        verdict = "lost" if lost else str(report.get("verdict", "none"))
        if folder is not None and verdict in _NEED_A_MANIFEST and not RunFolder(folder).closed:
            verdict = _NOT_CLOSED
        seconds = _number(report.get("seconds"))
        mine.verdicts[verdict] += 1
        name = "" if folder is None else folder.name
        if verdict != _PASSED and mine.first_not_passed is None:
            mine.first_not_passed = (round_, name, verdict)
        if len(mine.runs) < _MOST_RUNS:
            mine.runs.append(
                {
                    "round": round_,
                    "run": name,
                    "verdict": verdict,
                    "seconds": seconds,
                    "memory_mib": memory_mib,
                }
            )
        else:
            mine.more += 1
        if seconds is not None:
            mine.seconds.append(seconds)
        if memory_mib is not None:
            mine.memory.append(memory_mib)
        if folder is not None:
            self._read(mine, round_, folder.name, report)
        return verdict

    def _read(self, mine: _Board, round_: int, run: str, report: Mapping[str, Any]) -> None:
        """Count what the report of a run says; one that cannot be read is counted as such."""
        try:
            for scenario in report["scenarios"]:
                if scenario["verdict"] not in _UNPLANNED:
                    _take_scenario(mine, round_, run, scenario)
        except (ValueError, KeyError, TypeError, AttributeError):
            mine.unreadable += 1

    def document(self) -> dict[str, object]:
        """Return what the rounds come to, as plain JSON values."""
        return {
            "schema_version": SCHEMA_VERSION,
            "boards": [_board(name, board) for name, board in self._boards.items()],
            "scenarios": [one for name, board in self._boards.items() for one in _scenarios(name, board)],
            "measurements": [
                one for name, board in self._boards.items() for one in _measurements(name, board)
            ],
        }


def _report(folder: Path) -> Mapping[str, Any]:
    try:
        with (folder / "report.json").open("rb") as opened:
            report = json.loads(opened.read(_LARGEST))
    except (OSError, ValueError, RecursionError):
        return {}
    return report if isinstance(report, dict) else {}


def _take_scenario(mine: _Board, round_: int, run: str, scenario: Mapping[str, Any]) -> None:
    id_, verdict = str(scenario["id"]), str(scenario["verdict"])
    known = mine.scenarios.setdefault((str(scenario["step_folder"]), id_), _Scenario(str(scenario["title"])))
    known.verdicts[verdict] += 1
    if verdict != _PASSED and known.first_not_passed is None:
        known.first_not_passed = (round_, run, str(scenario.get("reason", ""))[:500])
    if _is_number(scenario.get("seconds")):
        known.seconds.append(float(scenario["seconds"]))
    by_name: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for each in scenario["measurements"]:
        by_name.setdefault((str(each["name"]), str(each["unit"])), []).append(each)
    for (name, unit), taken in by_name.items():
        key = (id_, name, unit)
        if key not in mine.measurements and len(mine.measurements) >= _MOST_MEASUREMENTS:
            continue
        first = taken[0]
        measured = mine.measurements.setdefault(
            key, _Measurement(unit, _number(first.get("low")), _number(first.get("high")))
        )
        middle = _median(taken)
        if middle is None:
            continue
        measured.medians.append(middle[1])
        measured.lowest, measured.highest = min(measured.lowest, middle[0]), max(measured.highest, middle[2])
        measured.verdicts.update(str(each.get("verdict")) for each in taken)


def _median(taken: Sequence[Mapping[str, Any]]) -> tuple[float, float, float] | None:
    """Return lowest, median and highest of a measurement in one run; None when nothing of it is a number."""
    if len(taken) == 1 and isinstance(known := taken[0].get("statistics"), dict):
        found = [_number(known.get(name)) for name in ("min", "median", "max")]
        if None not in found:
            low, middle, high = (one for one in found if one is not None)
            return low, middle, high
    values = [
        float(value)
        for each in taken
        for value in (each.get("samples") or [each.get("value")])
        if _is_number(value)
    ]
    return (min(values), statistics.median(values), max(values)) if values else None


def _board(name: str, board: _Board) -> dict[str, object]:
    return {
        "board": name,
        "rounds": sum(board.verdicts.values()),
        "verdicts": dict(board.verdicts),
        "first_not_passed": _first(board.first_not_passed, "verdict"),
        "seconds": _spread(board.seconds),
        "memory_mib": _spread(board.memory),
        "reports_not_read": board.unreadable,
        "runs": board.runs,
        "more_runs": board.more,
    }


def _scenarios(name: str, board: _Board) -> Iterator[dict[str, object]]:
    for (step, id_), known in board.scenarios.items():
        yield {
            "board": name,
            "id": id_,
            "step": step,
            "title": known.title,
            "verdicts": dict(known.verdicts),
            "flaky": _PASSED in known.verdicts and bool(_FAILED & set(known.verdicts)),
            "first_not_passed": _first(known.first_not_passed, "reason"),
            "seconds": _spread(known.seconds),
        }


def _measurements(name: str, board: _Board) -> Iterator[dict[str, object]]:
    for (scenario, measured, unit), known in board.measurements.items():
        if not known.medians:
            continue
        yield {
            "board": name,
            "scenario": scenario,
            "name": measured,
            "unit": unit,
            "low": known.low,
            "high": known.high,
            "lowest": known.lowest,
            "highest": known.highest,
            "verdicts": dict(known.verdicts),
            **(_spread(known.medians) or {}),
        }


def _first(found: tuple[int, str, str] | None, of: str) -> dict[str, object] | None:
    return None if found is None else {"round": found[0], "run": found[1], of: found[2]}


def _spread(values: Sequence[float]) -> dict[str, object] | None:
    """Return the statistics of a value over rounds, and how it drifted; None when there is no value.

    `first` and `last` are the medians of the first and the last tenth of the rounds, of ten rounds at most. It drifted
    when `last` is outside of what the first half of the rounds spans, widened as `harness history` does; fewer than ten
    rounds cannot show it.
    """
    found = statistics_of(values)
    if found is None:
        return None
    count = len(values)
    ends = max(1, min(_ENDS, count // 10))
    first, last = statistics.median(values[:ends]), statistics.median(values[-ends:])
    around = band(values[: count // 2]) if count >= 2 * ENOUGH else None
    return {
        "statistics": asdict(found),
        "first": first,
        "last": last,
        "change": last - first,
        "drifted": None if around is None else not around.low <= last <= around.high,
    }


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and _is_number(value) else None
