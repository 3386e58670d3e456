"""`report-measurements.csv`: every measurement of a run with its statistics, then each of its repetitions.

RFC 4180. Numbers are bare; a text that a spreadsheet would take for a formula gets an apostrophe in front.
"""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from harness.report.measurements import requirement_of, values_of
from harness.report.records import MeasurementResult, RunReport, Scenario
from harness.report.renderer import Renderer
from harness.report.reservations import reservations
from harness.report.text import one_line
from harness.report.words import Language
from harness.run.statistics import numbers, statistics_of

COLUMNS = (
    "run",
    "board",
    "mode",
    "reservations",
    "scenario",
    "attempt",
    "requirement",
    "name",
    "repetition",
    "value",
    "unit",
    "low",
    "high",
    "uncertainty",
    "verdict",
    "n",
    "min",
    "median",
    "p95",
    "p99",
    "max",
    "mean",
    "deviation",
)
"""The columns, in order; later versions add some at the end alone."""

_FORMULA = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""First characters of a formula to a spreadsheet, their full-width forms included. Source: OWASP, CSV injection."""

_LONGEST = 500

Cell = str | int | float | None


class CsvReport(Renderer):
    """`report-measurements.csv`, for spreadsheets and statistics."""

    writes = "report-measurements.csv"

    def lacks(self) -> str:
        """Return an empty text: nothing is missing."""
        return ""

    def render(self, report: RunReport, folder: Path, language: Language) -> dict[str, bytes | Path]:
        """Return its files."""
        del folder, language
        return {self.writes: render(report)}


def render(report: RunReport) -> bytes:
    """Return `report-measurements.csv`.

    A measurement is one row with the judged value, its limits, verdict and statistics, and an empty `repetition`; each
    repetition follows in a row of its own, numbered from 1, with nothing but its value.
    """
    table = io.StringIO(newline="")
    lines = csv.writer(table, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    lines.writerow(COLUMNS)
    run = [_text(report.run), _text(report.board), report.mode, "; ".join(reservations(report))]
    for scenario in report.scenarios:
        for measurement in scenario.measurements:
            for row in _rows(scenario, measurement):
                lines.writerow([*run, *row])
    return table.getvalue().encode()


def _rows(scenario: Scenario, taken: MeasurementResult) -> Iterator[list[Cell]]:
    about: list[Cell] = [
        _text(scenario.key),
        scenario.attempt,
        _text(requirement_of(scenario, taken)),
        _text(taken.name),
    ]
    unit = _text(taken.unit)
    came = taken.statistics or statistics_of(values_of(taken))
    yield [
        *about,
        "",
        _value(taken.value),
        unit,
        *map(_number, (taken.low, taken.high, taken.uncertainty)),
        taken.verdict.value,
        came.n if came else 0,
        *map(
            _number,
            (came.min, came.median, came.p95, came.p99, came.max, came.mean, came.deviation)
            if came
            else [None] * 7,
        ),
    ]
    for number, value in enumerate(taken.samples, 1):
        yield [*about, number, _value(value), unit, *[""] * (len(COLUMNS) - 4 - 7)]


def _value(value: float | str) -> Cell:
    """Return a number as it is, and what is none as the text that the journal has for it."""
    return value if numbers([value]) else _text(str(value))


def _number(value: float | None) -> Cell:
    return "" if value is None else value


def _text(value: str) -> str:
    shown = one_line(value, _LONGEST)
    return f"'{shown}" if shown[:1] in _FORMULA else shown
