"""The page: the document of a run, and what only a page can add: details to open, traffic, filters.

It needs no network, and works without its one script. What devices printed is made visible, bounded and escaped, and
the page's own policy lets nothing else run or load even if something slipped through.
"""

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from harness.report.document.blocks import Document, Heading, Row, Section, Table
from harness.report.document.context import Context
from harness.report.page import running_head, scenarios, traffic
from harness.report.page.chart import drawing
from harness.report.page.compared import compared
from harness.report.page.evidence import Previews
from harness.report.page.inline import STATES, Inline, icon, verdict
from harness.report.page.measured import measurements
from harness.report.page.spoken import spoken
from harness.report.records import RunReport, Scenario
from harness.report.text import capital, seconds, size
from harness.report.words import Language
from harness.run.verdict import OF_SCENARIOS, Verdict

_TEMPLATES = Path(__file__).parents[1] / "templates"
_FAILURES = "failures"
_MESSAGE, _TOLD = 4_000, 600
_ID = 80
_ROOM = 80
_LETTER, _MARK, _GAP = 1.12, 3.0, 1.8
"""Per cent of a table's least width that a letter of a heading, the mark of a verdict and the gap of a column take."""
_LATIN = re.compile(r"[^\W\u3000-\u9fff]+")


def page(document: Document, report: RunReport, folder: Path, language: Language) -> bytes:
    """Return the page of a document.

    Args:
        document: What the report says.
        report: The run, for the details of its scenarios.
        folder: Its run folder, where recordings and evidence lie.
        language: The language of the document.
    """
    context = Context.of(report, folder, language)
    style = _text("page.css") + _widths() + running_head.rules(document)
    script = _text("page.js")
    inline = Inline(set(_anchors(document, context)), folder, language)
    groups = scenarios.groups(context)
    failures = next((each for each in document.sections if each.anchor == _FAILURES), None)
    verdicts = {each: verdict(each, language(each.words)) for each in Verdict}

    @cache
    def told_once(text: str, limit: int = _TOLD) -> Markup:
        return inline.line((context.told(text, limit),))

    before, failing = scenarios.failures(failures, context) if failures else ((), [])
    say = language
    word = capital(say(report.verdict.words))
    measured = measurements(context)
    text = _page().render(
        document=document,
        report=report,
        context=context,
        say=say,
        style=Markup(style),  # noqa: S704 - our own file and quoted strings, hashed into the page's policy
        style_hash=_hash(style),
        script=Markup(script),  # noqa: S704 - our own file, hashed into the page's policy
        script_hash=_hash(script),
        stamp=inline.line((context.verdict(report.verdict),)),
        verdict_word=word,
        verdict_rest=_rest(document.cover.verdict_words, word),
        line=inline.line,
        message=inline.message,
        target=inline.target,
        icon=icon,
        groups=groups,
        numbers={each.key: _place(each, report) for each in report.scenarios},
        totals=[
            (verdict, sum(each.verdict is verdict for each in report.scenarios)) for verdict in OF_SCENARIOS
        ],
        failures_section=_FAILURES,
        failures_number=failures.number if failures else "",
        failures_before=before,
        failures=failing,
        failed={each.scenario.key for each in failing},
        annexes=[
            ("scenarios", say("Scenarios in detail")),
            *([("measurements", say("Measurements"))] if measured.rows else []),
        ],
        measured=measured,
        timelines=traffic.timelines(context),
        preview=Previews(context),
        gauge=scenarios.gauge,
        value=lambda each: scenarios.value(context, each),
        limits=lambda each: scenarios.limits(context, each),
        compared=lambda told: compared(context.lines(say(told), _MESSAGE), say),
        required=lambda scenario: _ids(context, [*scenario.requirements, *_of_steps(scenario)]),
        ids=lambda names: _ids(context, names),
        drawing=lambda chart: drawing(chart, say),
        verdict=lambda state: verdicts[state],
        told=told_once,
        spoken=spoken,
        kind_of=lambda block: type(block).__name__,
        shares=_shares,
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
        "duration": seconds,
        "bytes": size,
        "marks": _marks,
        "numeric": lambda table: sum(column.right for column in table.columns) > 2,
    }
    return environment.get_template("page.html.j2")


def _text(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _widths() -> str:
    """Return a class a per cent of width, as the page's policy allows no style beside its stylesheet."""
    return "".join(f".w{share} {{ width: {share}% }}\n" for share in range(1, 101))


def _shares(table: Table) -> list[int]:
    """Return the widths of the columns in per cent: none so narrow that a word of its title or a verdict breaks."""
    whole = sum(column.share for column in table.columns) or 1.0
    wanted = [column.share / whole * 100 for column in table.columns]
    least = [_least(table, at) for at in range(len(wanted))]
    if sum(least) > _ROOM:
        return [min(max(round(each), 1), 100) for each in wanted]
    # What narrow columns need more than their share is taken from the others, by what they have to spare.
    missing = sum(max(need - share, 0) for share, need in zip(wanted, least, strict=True))
    spare = sum(max(share - need, 0) for share, need in zip(wanted, least, strict=True)) or 1.0
    kept = 1 - missing / spare
    return [
        round(max(need, need + (share - need) * kept) if share > need else need)
        for share, need in zip(wanted, least, strict=True)
    ]


def _least(table: Table, at: int) -> float:
    """Return the per cent that the longest word in the head of a column, or of a verdict in it, takes."""
    words = _LATIN.findall(table.columns[at].title)
    longest = max(map(len, words), default=0) * _LETTER
    states = {
        words.text
        for row in table.rows
        for line in (row.cells[at] if at < len(row.cells) else ())
        for words in line
        if words.verdict
    }
    for state in states:
        longest = max(longest, max(map(len, _LATIN.findall(state)), default=4) * _LETTER + _MARK)
    return longest + _GAP


def _anchors(document: Document, context: Context) -> Iterator[str]:
    """Give every place of the page that a link may lead to."""
    for section in document.sections:
        yield section.anchor
        yield from _inner(section)
    yield from context.scenarios.values()
    yield "cover"
    yield from ("scenarios", "measurements")


def _inner(section: Section) -> Iterator[str]:
    for block in section.blocks:
        if isinstance(block, Heading) and block.anchor:
            yield block.anchor
        elif isinstance(block, Table):
            yield from (row.anchor for row in block.rows if row.anchor)


def _place(scenario: Scenario, report: RunReport) -> int:
    folders = list(dict.fromkeys(each.step_folder for each in report.scenarios))
    return folders.index(scenario.step_folder) + 1


def _rest(words: str, verdict: str) -> str:
    """Return what the cover says beside the verdict, without its brackets; empty when it says more than that."""
    rest = words.removeprefix(verdict).strip()
    return rest.strip("()\uff08\uff09") if rest and words.startswith(verdict) else ""


def _of_steps(scenario: Scenario) -> list[str]:
    return [step.requirement for step in scenario.steps]


def _ids(context: Context, names: Iterable[str]) -> str:
    """Return the ids of requirements, each once, with blanks between them."""
    return " ".join(context.text(name, _ID).replace(" ", "_") for name in dict.fromkeys(names) if name)


def _state(row: Row) -> str:
    """Return the verdict that a row is about; empty when its first cell is none."""
    first = row.cells[0][0] if row.cells and row.cells[0] else ()
    found = str(first[0].verdict) if first else ""
    return found if found in STATES else ""


def _marks(row: Row) -> Markup:
    state = _state(row)
    return Markup(' data-verdict="{}"').format(state) if state else Markup("")
