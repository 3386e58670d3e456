"""A comparison as lines for a terminal, and as a document for programs."""

import textwrap
from collections.abc import Iterator
from dataclasses import asdict

from harness.history.comparison import Change, Comparison, MeasurementChange, ScenarioChange
from harness.history.summary import MeasurementSummary
from harness.report.records import RunReport
from harness.report.stand_ins import stand_ins
from harness.report.text import one_line
from harness.report.words import ENGLISH, Language
from harness.run.verdict import Verdict

HEADINGS = {
    Change.NEW_FAILURE: "new failures",
    Change.STILL_FAILING: "still failing",
    Change.KNOWN_FAILURE: "still failing, and known",
    Change.FIXED: "fixed",
    Change.COVERAGE_LOST: "no longer judged",
    Change.COVERAGE_GAINED: "judged now",
}
_MOST = 40
_REASON = 400
_VALUE = 120
_UNLIMITED = 1_000_000


def lines(found: Comparison, columns: int | None) -> Iterator[str]:
    """Give the comparison as lines that are at most `columns` wide where words can be broken; None for no limit."""
    limit = columns or _UNLIMITED
    yield from _run("A", found.before, limit)
    yield from _run("B", found.after, limit)
    yield ""
    if not found.same_board:
        told = f"different boards: {one_line(found.before.board)} and {one_line(found.after.board)}"
        yield from _wrapped(f"{told}: what differs may be the boards'", "", limit)
        yield ""
    if found.unreliable:
        yield from _wrapped("not to be relied on", "", limit)
        for each in found.unreliable[:_MOST]:
            yield from _wrapped(one_line(each, _REASON), "  ", limit)
        yield ""
    for change, heading in HEADINGS.items():
        yield from _scenarios(heading, found.of(change), limit)
    yield from _measurements(found, limit)
    yield from _unmeasured(found, limit)
    yield from _differences(found, limit)
    yield from _wrapped(conclusion(found), "", limit)


def conclusion(found: Comparison, say: Language = ENGLISH) -> str:
    """Return in one sentence whether the later run is worse."""
    new, lost = found.of(Change.NEW_FAILURE), len(found.of(Change.COVERAGE_LOST))
    if new:
        known = sum(each.known is not None for each in new)
        told = say("worse: new failures: {n}", n=len(new))
        told += say(", known ones among them: {n}", n=known) if known else ""
        return told + (say("; no longer judged: {n}", n=lost) if lost else "")
    if lost:
        return say("no new failure, but no longer judged: {n}", n=lost)
    if found.unmeasured:
        return say("no new failure, but no longer measured: {n}", n=len(found.unmeasured))
    if found.unreliable:
        return say("no new failure, but what a run says is not to be relied on")
    return say("nothing is worse")


def document(found: Comparison) -> dict[str, object]:
    """Return the comparison as plain values; docs/history.md describes them."""
    return {
        "schema_version": 1,
        "exit_code": found.exit_code,
        "conclusion": conclusion(found),
        "same_board": found.same_board,
        "before": _head(found.before),
        "after": _head(found.after),
        "unreliable": list(found.unreliable),
        "scenarios": [_scenario_document(each) for each in found.scenarios],
        "measurements": [
            {
                "scenario": each.after.scenario,
                "name": each.after.name,
                "unit": each.after.unit,
                "value_changed": each.value_changed,
                "limits_changed": each.limits_changed,
                "before": asdict(each.before),
                "after": asdict(each.after),
                "earlier": None if each.around is None else asdict(each.around),
            }
            for each in found.measurements
        ],
        "unmeasured": [asdict(each) for each in found.unmeasured],
        "differences": [asdict(each) for each in found.differences],
    }


def _head(report: RunReport) -> dict[str, object]:
    unreal = stand_ins(report)
    return {
        "run": report.run,
        "board": report.board,
        "verdict": report.verdict,
        "mode": report.mode,
        "started": report.started,
        "stand_ins": "" if unreal is None else unreal.line,
    }


def _scenario_document(each: ScenarioChange) -> dict[str, object]:
    known = None if each.known is None else each.known.model_dump(mode="json")
    fields = ("change", "id", "was", "title", "before", "after", "attempts", "reason")
    return {name: getattr(each, name) for name in fields} | {"known": known}


def _run(letter: str, report: RunReport, limit: int) -> Iterator[str]:
    unreal = stand_ins(report)
    marks = (["official"] if report.mode == "official" else []) + (
        [unreal.title] if unreal is not None else []
    )
    began = (report.started or "no time")[:16].replace("T", " ")
    yield from _wrapped(f"{letter}  {one_line(report.run)}", "", limit)
    told = f"{report.verdict.words}, {began} UTC" + (f" ({'; '.join(marks)})" if marks else "")
    yield from _wrapped(told, "   ", limit)


def _scenarios(heading: str, changes: list[ScenarioChange], limit: int) -> Iterator[str]:
    if not changes:
        return
    yield f"{heading} ({len(changes)})"
    for each in changes[:_MOST]:
        yield from _wrapped(one_line(each.title), "  ", limit)
        place = one_line(each.id) + (f", earlier {one_line(each.was)}" if each.was else "")
        yield from _wrapped(f"{place}: {_went(each)}", "    ", limit)
        if each.known is not None:
            known = each.known
            told = f"known: {known.reason} ({known.reference}, counts until {known.expires})"
            yield from _wrapped(one_line(told, _REASON), "    ", limit)
        if each.reason and each.after is not Verdict.PASSED:
            yield from _wrapped(one_line(each.reason, _REASON), "    ", limit)
    if len(changes) > _MOST:
        yield f"  … and {len(changes) - _MOST} more: --json has all"
    yield ""


def _went(each: ScenarioChange) -> str:
    before = "not there" if each.before is None else each.before.words
    after = "not there" if each.after is None else each.after.words
    return f"{before} → {after}" + (f" ({each.attempts} attempts)" if each.attempts > 1 else "")


def _measurements(found: Comparison, limit: int) -> Iterator[str]:
    if not found.measurements:
        return
    yield f"measurements that changed ({len(found.measurements)})"
    for each in found.measurements[:_MOST]:
        yield from _wrapped(f"{one_line(each.after.name)} of {one_line(each.after.scenario)}", "  ", limit)
        yield from _wrapped(_value_change(each), "    ", limit)
    if len(found.measurements) > _MOST:
        yield f"  … and {len(found.measurements) - _MOST} more: --json has all"
    yield ""


def _unmeasured(found: Comparison, limit: int) -> Iterator[str]:
    if not found.unmeasured:
        return
    yield f"no longer measured, in scenarios that passed ({len(found.unmeasured)})"
    for each in found.unmeasured[:_MOST]:
        told = f"{one_line(each.name)} of {one_line(each.scenario)}"
        was = f"{number(each.median)} {one_line(each.unit, 20)}".rstrip()
        yield from _wrapped(f"{told}: was {was}", "  ", limit)
    if len(found.unmeasured) > _MOST:
        yield f"  … and {len(found.unmeasured) - _MOST} more: --json has all"
    yield ""


def _value_change(each: MeasurementChange) -> str:
    unit = one_line(each.after.unit, 20)
    told = [f"{number(each.before.median)} → {number(each.after.median)} {unit}".rstrip()]
    before, after = each.before.median, each.after.median
    if before and after is not None:
        told[0] += f" ({(after - before) / abs(before):+.0%})"
    if each.value_changed and each.around is not None:
        around = each.around
        told.append(
            f"outside {number(around.low)} … {number(around.high)}, the band of {around.runs} earlier runs"
        )
    if each.limits_changed:
        told.append(f"limits {limits(each.before)} → {limits(each.after)}")
    elif each.after.low is not None or each.after.high is not None:
        told.append(f"limits {limits(each.after)}")
    return "; ".join(told)


def limits(each: MeasurementSummary) -> str:
    """Return the limits of a measurement; a side without one is left empty."""
    low, high = ("" if limit is None else number(limit) for limit in (each.low, each.high))
    return f"{low} … {high}".strip()


def number(value: float | None) -> str:
    """Return a value with as many digits as a comparison needs; a dash for none."""
    return "-" if value is None else f"{value:.4g}"


def _differences(found: Comparison, limit: int) -> Iterator[str]:
    if not found.differences:
        return
    yield f"different circumstances ({len(found.differences)})"
    for each in found.differences[:_MOST]:
        told = f"{one_line(each.name)}: {one_line(each.before, _VALUE)} → {one_line(each.after, _VALUE)}"
        yield from _wrapped(told, "  ", limit)
    if len(found.differences) > _MOST:
        yield f"  … and {len(found.differences) - _MOST} more: --json has all"
    yield ""


def _wrapped(text: str, indent: str, limit: int) -> list[str]:
    return textwrap.wrap(
        text,
        max(limit, len(indent) + 20),
        initial_indent=indent,
        subsequent_indent=indent + "  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
