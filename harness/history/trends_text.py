"""The history of boards as lines for a terminal, and as documents for programs."""

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from harness.history.trends import BoardHistory, BoardLine, Counted, Flaky, Trend, Version
from harness.report.text import one_line, seconds
from harness.run.verdict import Verdict

_LETTERS = {
    Verdict.PASSED: "p",
    Verdict.FAILED: "F",
    Verdict.BLOCKED: "b",
    Verdict.ERROR: "e",
    Verdict.NOT_APPLICABLE: "-",
    Verdict.NOT_RUN: "n",
    Verdict.INCOMPLETE: "i",
}
_MOST = 30
_UNLIMITED = 1_000_000
RULE = (
    "flaky is what both passed and failed with the same board, device, firmware, harness, suites, declaration, plan "
    "and options; blocked, error and not run count on neither side"
)


def overview_lines(boards: Sequence[BoardLine], columns: int | None) -> Iterator[str]:
    """Give one line a board, and below it what is flaky; `columns` is None for no limit."""
    limit = columns or _UNLIMITED
    for each in boards:
        marks = f" ({', '.join(each.marks)})" if each.marks else ""
        told = f"{one_line(each.board)}{marks}: {_runs(each.runs)}, {_verdicts(each.verdicts)}"
        yield from _wrapped(told, "", limit)
        yield from _wrapped(
            f"last {_day(each.last)} UTC: {each.verdict.words}{_flaky_count(each)}", "  ", limit
        )
    if any(each.flaky or each.maybe_flaky for each in boards):
        yield from _wrapped(RULE, "", limit)


def lines(found: BoardHistory, columns: int | None) -> Iterator[str]:
    """Give the history of a board; `columns` is None for no limit."""
    limit = columns or _UNLIMITED
    yield from overview_lines([found.line], None if columns is None else limit)
    letters = "".join(_LETTERS[each.verdict] for each in found.latest)
    used = {each.verdict for each in found.latest}
    legend = ", ".join(f"{letter} {verdict.words}" for verdict, letter in _LETTERS.items() if verdict in used)
    yield from _wrapped(f"latest, the newest last: {letters} ({legend})", "  ", limit)
    if found.altered:
        told = f"{_runs(found.altered)} with a file that was altered: nothing but the verdict is taken from there"
        yield from _wrapped(told, "  ", limit)
    if found.apart:
        told = f"{_runs(found.apart)} with faults on purpose, or over recordings: nothing but the verdict is taken"
        told += " from there"
        yield from _wrapped(told, "  ", limit)
    yield from _blocked(found.line, limit)
    yield ""
    yield "versions, the newest first"
    for version in found.versions[:_MOST]:
        took = f", {seconds(version.seconds)} on average" if version.seconds is not None else ""
        told = f"{_version(version)}: {_runs(version.runs)}, {_verdicts(version.verdicts)}{took}"
        yield from _wrapped(told, "  ", limit)
    yield from _counts("requirements that did not always pass", found.requirements, limit)
    yield from _counts("scenarios that did not always pass", found.scenarios, limit)
    yield from _flaky(found, limit)
    yield from _trends(found.trends, limit)


def overview_document(boards: Sequence[BoardLine]) -> dict[str, object]:
    """Return all boards as plain values; docs/history.md describes them."""
    return {"schema_version": 1, "rule": RULE, "boards": [asdict(each) for each in boards]}


def document(found: BoardHistory) -> dict[str, object]:
    """Return the history of a board as plain values; docs/history.md describes them."""
    values = asdict(found)
    line = values.pop("line")
    for name in ("requirements", "scenarios"):
        counted = getattr(found, name)
        values[name] = {each: [one._asdict() for one in counts] for each, counts in counted.items()}
    for each, flaky in zip(values["flaky"], found.flaky, strict=True):
        each["certain"] = flaky.certain
    for each, trend in zip(values["trends"], found.trends, strict=True):
        each["outside"] = trend.outside
    return {"schema_version": 1, "rule": RULE, **line, **values}


def _runs(count: int) -> str:
    return f"{count} run{'' if count == 1 else 's'}"


def _verdicts(counts: dict[str, int]) -> str:
    return ", ".join(f"{counts[each]} {each.words}" for each in Verdict if counts.get(each))


def _day(moment: str) -> str:
    return moment[:16].replace("T", " ") or "-"


def _flaky_count(each: BoardLine) -> str:
    told = f"; flaky scenarios: {each.flaky}" if each.flaky else ""
    return told + (f"; possibly flaky: {each.maybe_flaky} (firmware not known)" if each.maybe_flaky else "")


def _blocked(line: BoardLine, limit: int) -> Iterator[str]:
    blocked = line.verdicts.get(Verdict.BLOCKED, 0)
    if blocked:
        told = f"the bench was the reason in {blocked} of {_runs(line.runs)} (blocked): that says nothing of the board"
        yield from _wrapped(told, "  ", limit)


def _version(each: Version | Counted | Flaky) -> str:
    firmware, harness = one_line(each.firmware), one_line(each.harness)
    return f"firmware {firmware or 'not known'}, harness {harness or 'not known'}"


def _counts(heading: str, found: dict[str, tuple[Counted, ...]], limit: int) -> Iterator[str]:
    shown = {
        name: counts for name, counts in found.items() if any(each.failed or each.unclear for each in counts)
    }
    if not shown:
        return
    yield ""
    yield f"{heading} ({len(shown)})"
    for name, counts in list(shown.items())[:_MOST]:
        yield from _wrapped(one_line(name), "  ", limit)
        for each in counts:
            told = f"{_version(each)}: {each.passed} passed, {each.failed} failed"
            told += f", {each.unclear} blocked or error" if each.unclear else ""
            yield from _wrapped(told, "    ", limit)
    if len(shown) > _MOST:
        yield f"  … and {len(shown) - _MOST} more: --json has all"


def _flaky(found: BoardHistory, limit: int) -> Iterator[str]:
    for heading, certain in (
        ("flaky", True),
        ("possibly flaky, as no run says which firmware it was", False),
    ):
        shown = [each for each in found.flaky if each.certain is certain]
        if not shown:
            continue
        yield ""
        yield from _wrapped(f"{heading} ({len(shown)})", "", limit)
        for each in shown[:_MOST]:
            yield from _wrapped(f"{one_line(each.title)} ({one_line(each.id)})", "  ", limit)
            again = f", {each.mixed} with attempts that differ" if each.mixed else ""
            told = f"{_version(each)}: {each.passed} passed, {each.failed} failed{again}"
            yield from _wrapped(told, "    ", limit)


def _trends(trends: Sequence[Trend], limit: int) -> Iterator[str]:
    if not trends:
        return
    yield ""
    yield f"measurements ({len(trends)})"
    ordered = sorted(trends, key=lambda each: not each.outside)
    for each in ordered[:_MOST]:
        unit = one_line(each.unit, 20)
        yield from _wrapped(f"{one_line(each.name)} of {one_line(each.scenario)}", "  ", limit)
        told = f"{each.medians[-1]:.4g} {unit}".rstrip()
        before = each.medians[:-1]
        if before:
            told += f", before {min(before):.4g} … {max(before):.4g} in {_runs(len(before))}"
        if each.low is not None or each.high is not None:
            low, high = ("" if value is None else f"{value:.4g}" for value in (each.low, each.high))
            told += f", limits {f'{low} … {high}'.strip()}"
        if each.outside:
            told += "; the newest value is outside of the band of the runs before"
        yield from _wrapped(told, "    ", limit)
    if len(trends) > _MOST:
        yield f"  … and {len(trends) - _MOST} more: --json has all"


def _wrapped(text: str, indent: str, limit: int) -> list[str]:
    return textwrap.wrap(
        text,
        max(limit, len(indent) + 20),
        initial_indent=indent,
        subsequent_indent=indent + "  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
