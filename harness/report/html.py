"""`report.html`: the run as one self-contained page, for a screen, a phone and paper.

The page needs no network and no script. What devices printed is made visible, bounded and escaped, and the
page's own policy lets nothing run or load even if something slipped through.
"""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from harness.report.circumstances import circumstances
from harness.report.difference import difference
from harness.report.records import Evidence, MeasurementResult, RunReport, Scenario
from harness.report.renderer import Renderer
from harness.report.scenario_fold import evidence_path
from harness.report.stand_ins import stand_ins
from harness.report.text import capital, folder_title, one_line, seconds, size, visible
from harness.report.without_probe import without_probe
from harness.report.words import Language
from harness.run.failure import ErrorRecord
from harness.run.measure import Measurement
from harness.run.verdict import OF_SCENARIOS, Verdict

_TEMPLATES = Path(__file__).parent / "templates"
_STATES = (*(verdict.value for verdict in OF_SCENARIOS), "uncovered")
_ROWS = 300
_MESSAGE_LIMIT = 8_000
_PREVIEW_LIMIT = 1_500
_PREVIEWS_LIMIT = 256 * 1024
_GAUGE_WIDTH = 110
_SIMPLE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
_CODE = re.compile(r"(?=.*\d)[A-Za-z0-9+/=~._:-]{12,}")


@dataclass(frozen=True, slots=True)
class _Group:
    """The scenarios of one suite folder."""

    title: str
    scenarios: tuple[Scenario, ...]

    def count(self, state: str) -> int:
        return sum(scenario.verdict == state for scenario in self.scenarios)

    @property
    def seconds(self) -> float:
        return sum(scenario.seconds or 0 for scenario in self.scenarios)


@dataclass(frozen=True, slots=True)
class _Share:
    """One piece of a bar that is 1000 wide."""

    state: str
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class _Gauge:
    """Where a value lies beside its limits, on a line of `_GAUGE_WIDTH`."""

    low: float
    span: float
    at: float


class HtmlReport(Renderer):
    """`report.html`: the whole run for people."""

    writes = "report.html"

    def lacks(self) -> str:
        """Return an empty text: nothing is missing."""
        return ""

    def render(self, report: RunReport, folder: Path, language: Language) -> dict[str, bytes | Path]:
        """Return its files."""
        del language
        return {self.writes: render(report, folder)}


def render(report: RunReport, folder: Path) -> bytes:
    """Return `report.html`.

    Args:
        report: The run.
        folder: Its run folder, where the evidence lies.
    """
    style = (_TEMPLATES / "report.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    anchors = _anchors(report)
    places = {scenario.key: f"scenario-{number}" for number, scenario in enumerate(report.scenarios, start=1)}
    totals = [(state, _total(report, state)) for state in _STATES]
    states = [(state, sum(each.state == state for each in report.requirements)) for state in _STATES]
    text = _page().render(
        report=report,
        style=Markup(style),  # noqa: S704 - our own file, hashed into the page's policy
        style_hash=f"sha256-{digest}",
        sentence=_sentence(report),
        unreal=stand_ins(report),
        circumstances=[capital(each.words) for each in circumstances(report)],
        facts=_facts(report),
        groups=_groups(report),
        counts=totals,
        states=states,
        columns=[state for state, number in totals if number or state in {"passed", "failed"}],
        total=lambda state: _total(report, state),
        places=places,
        titles={scenario.key: scenario.title for scenario in report.scenarios},
        anchor=lambda name: anchors.get(name, "requirements"),
        shares=_shares,
        gauge=_gauge,
        same_error=_same_error,
        never_entered=lambda scenario: all(step.seconds is None for step in scenario.steps),
        linked=lambda evidence: evidence_path(folder, evidence.file) is not None,
        preview=_Previews(folder),
        bases=_bases(report),
        board_file=_rows(report.board_file),
        folder_argument=f"runs/{one_line(report.run)}",
    )
    return text.encode()


@cache
def _page() -> Template:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "show": visible,
        "line": one_line,
        "words": lambda state: str(state).replace("_", " "),
        "duration": seconds,
        "bytes": size,
        "value": _value,
        "limits": _limits,
        "compared": _compared,
        "capitalize_first": lambda text: text[:1].upper() + text[1:],
        "looks_like_code": lambda text: _CODE.fullmatch(text) is not None,
    }
    return environment.get_template("report.html.j2")


def _compared(text: str) -> Markup:
    """Return a message with a mark where the values that it compares differ, and a sentence that says where."""
    found = difference(visible(text, _MESSAGE_LIMIT))
    pieces = (
        Markup("<mark>{}</mark>").format(piece.text) if piece.differs else escape(piece.text)
        for piece in found.pieces
    )
    told = Markup('<span class="differs">{}</span>').format(found.words) if found.words else Markup("")
    return Markup("").join(pieces) + told


def _total(report: RunReport, state: str) -> int:
    return sum(scenario.verdict == state for scenario in report.scenarios)


def _sentence(report: RunReport) -> str:
    judged = [scenario.verdict for scenario in report.scenarios if scenario.verdict.judged]
    rest = "".join(
        f" {number} {words}."
        for number, words in (
            (report.totals.not_applicable, "not applicable to this board"),
            (report.totals.not_run, "not run"),
        )
        if number
    )
    if unjudged := without_probe(report):
        rest += f" {unjudged}."
    if not judged:
        return f"No scenario was judged.{rest}"
    bad = [
        f"{judged.count(verdict)} {words}"
        for verdict, words in (
            (Verdict.FAILED, "failed"),
            (Verdict.BLOCKED, "blocked by the bench"),
            (Verdict.ERROR, "ended by an error of the harness"),
        )
        if verdict in judged
    ]
    if not bad:
        return f"All {len(judged)} scenarios that were judged passed.{rest}"
    return f"Of {len(judged)} scenarios that were judged: {', '.join(bad)}.{rest}"


def _facts(report: RunReport) -> list[tuple[str, str]]:
    station = report.station
    where = ", ".join(part for part in (station.name, station.id and f"station {station.id}") if part)
    asked, found = _rows(report.plan)[:8], list(report.identity.items())[:8]
    facts = [(capital(name.replace("_", " ")), value) for name, value in asked + found]
    facts += [
        ("Started", _readable(report.started)),
        ("Duration", seconds(report.seconds)),
        ("Where", where),
        ("Harness", f"{report.harness} on {report.python}" if report.python else report.harness),
    ]
    return [(name, value) for name, value in facts if value]


def _readable(moment: str | None) -> str:
    return "" if moment is None else f"{moment[:10]} {moment[11:19]} UTC"


def _groups(report: RunReport) -> list[_Group]:
    by_folder: dict[str, list[Scenario]] = {}
    for scenario in report.scenarios:
        by_folder.setdefault(scenario.step_folder, []).append(scenario)
    return [_Group(folder_title(folder), tuple(scenarios)) for folder, scenarios in by_folder.items()]


def _anchors(report: RunReport) -> dict[str, str]:
    return {
        each.id: f"req-{each.id}" if _SIMPLE_NAME.fullmatch(each.id) else f"req-number-{number}"
        for number, each in enumerate(report.requirements, start=1)
    }


def _shares(counts: Sequence[tuple[str, int]]) -> list[_Share]:
    whole = sum(number for _, number in counts) or 1
    shares: list[_Share] = []
    before = 0
    for state, number in counts:
        if number:
            shares.append(_Share(state, round(1000 * before / whole, 2), round(1000 * number / whole, 2)))
            before += number
    return shares


def _value(each: MeasurementResult) -> str:
    number = f"{each.value:g}" if isinstance(each.value, float) else str(each.value)
    return one_line(f"{number} {each.unit}")


def _limits(each: MeasurementResult) -> str:
    low, high = (None if limit is None else float(limit) for limit in (each.low, each.high))
    if low is not None and high is not None and low > high:
        return "limits that no value meets"
    limits = Measurement(each.name, each.unit, low, high).limits
    return one_line(f"{limits} {each.unit}") if limits else "any value"


def _gauge(each: MeasurementResult) -> _Gauge | None:
    """Draw the allowed span over the middle of the line; the value is held inside the line's ends."""
    low, high = each.low, each.high
    if isinstance(each.value, str) or high is None:
        return None
    low = 0.0 if low is None and high > 0 else low
    if low is None or high <= low:
        return None
    left, right = 0.15 * _GAUGE_WIDTH, 0.85 * _GAUGE_WIDTH
    at = left + (each.value - low) / (high - low) * (right - left)
    return _Gauge(round(left, 1), round(right - left, 1), round(min(max(at, 4.0), _GAUGE_WIDTH - 4.0), 1))


def _same_error(one: ErrorRecord, other: ErrorRecord | None) -> bool:
    return other is not None and (one.kind, one.message) == (other.kind, other.message)


def _bases(report: RunReport) -> list[tuple[str, list[tuple[str, str]]]]:
    station = {name: value for name, value in asdict(report.station).items() if value}
    versions = {"harness": report.harness, "python": report.python, **report.packages}
    return [
        ("Plan", _rows(report.plan)),
        ("Declaration", _rows(report.declaration)),
        ("Identity found", _rows(dict(report.identity))),
        ("How it was run", _rows(report.options)),
        ("Station", _rows(station)),
        ("Versions", _rows(dict(versions))),
    ]


def _rows(mapping: Mapping[str, object], prefix: str = "") -> list[tuple[str, str]]:
    """Flatten nested mappings into rows of (dotted name, text)."""
    rows: list[tuple[str, str]] = []
    for name, value in mapping.items():
        if isinstance(value, Mapping):
            rows += _rows(value, f"{prefix}{name}.")
        elif isinstance(value, list) and any(isinstance(each, Mapping | list) for each in value):
            rows += _rows(
                {str(number): each for number, each in enumerate(value, start=1)}, f"{prefix}{name}."
            )
        else:
            rows.append((f"{prefix}{name}", _plain(value)))
    return rows[:_ROWS]


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_plain(each) for each in value)
    return "" if value is None else str(value)


class _Previews:
    """The beginnings of small text evidence, up to a limit for the whole page."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._left = _PREVIEWS_LIMIT

    def __call__(self, evidence: Evidence) -> str:
        readable = evidence.media_type.startswith("text/") or evidence.media_type == "application/json"
        path = evidence_path(self._folder, evidence.file)
        if not readable or path is None or self._left <= 0:
            return ""
        with path.open("rb") as file:
            data = file.read(_PREVIEW_LIMIT + 1)
        text = visible(data[:_PREVIEW_LIMIT].decode("utf-8", "replace"), _PREVIEW_LIMIT)
        self._left -= len(text)
        return text + ("…" if len(data) > _PREVIEW_LIMIT else "")
