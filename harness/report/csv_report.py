"""`report-measurements.csv`: every measurement of a run with its statistics, then each of its repetitions.

RFC 4180. Numbers are bare; a text that a spreadsheet would take for a formula gets an apostrophe in front.
"""

import csv
import io
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.report.measurements import requirement_of, values_of
from harness.report.once import once
from harness.report.records import MeasurementResult, RunReport
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


@once
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
            about: list[Cell] = [
                *run,
                _text(scenario.key),
                scenario.attempt,
                _text(requirement_of(scenario, measurement)),
                _text(measurement.name),
            ]
            lines.writerow([*about, *_judged(measurement)])
            table.writelines(_repetitions(about, measurement))
    return table.getvalue().encode()


def _judged(taken: MeasurementResult) -> list[Cell]:
    came = taken.statistics or statistics_of(values_of(taken))
    return [
        "",
        _value(taken.value),
        _text(taken.unit),
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


def _repetitions(about: Sequence[Cell], taken: MeasurementResult) -> Iterator[str]:
    """Yield the lines of the repetitions; all that they have in common is written once, as they may be thousands."""
    if not taken.samples:
        return
    before = _line(about)
    behind = _line([_text(taken.unit), *[""] * (len(COLUMNS) - len(about) - 3)])
    for number, value in enumerate(taken.samples, 1):
        # The csv module writes a float by its repr, too.
        shown = repr(value) if type(value) is float and math.isfinite(value) else _line([_value(value)])
        yield f"{before},{number},{shown},{behind}\r\n"


def _line(cells: Sequence[Cell]) -> str:
    table = io.StringIO(newline="")
    csv.writer(table, quoting=csv.QUOTE_NONNUMERIC, lineterminator="").writerow(cells)
    return table.getvalue()


def _value(value: float | str) -> Cell:
    """Return a number as it is, and what is none as the text that the journal has for it."""
    return value if numbers([value]) else _text(str(value))


def _number(value: float | None) -> Cell:
    return "" if value is None else value


def _text(value: str) -> str:
    shown = one_line(value, _LONGEST)
    return f"'{shown}" if shown[:1] in _FORMULA else shown
