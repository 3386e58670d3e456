"""Judge the validation report: that it is there, whole, and right in every value.

Source: device-protocol.md i.3.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from harness.id2 import authcode, reportcheck
from harness.id2 import report as id2report
from harness.id2.codetext import Problem
from harness.id2.errors import Id2Error, quoted
from harness.id2.report import (
    API_CHALLENGE,
    API_ID,
    API_KPM,
    API_TIMESTAMP,
    ReportItem,
    ValidationReport,
)
from harness.logcheck.builddate import build_date, impossible
from harness.logcheck.codes import TIMESTAMPS
from harness.logcheck.context import Context, without_length_head
from harness.logcheck.facts import ReportText
from harness.logcheck.judgement import Judgement
from harness.logcheck.model import Program

MAX_APART = timedelta(days=1)
_SURROGATE = re.compile(r"\\u[dD][89A-Fa-f]")
_PATH = re.compile(r"testContent\[(?P<index>\d+)\]\.?(?P<rest>.*)")
_KEYS = {
    "reportVersion": '"reportVersion"',
    "sdkVersion": '"sdkVersion"',
    "date": '"date"',
    "testContent": '"testContent"',
}


def judge_reports(context: Context, judgement: Judgement) -> None:
    """Judge every validation report, or say why there is none."""
    facts = context.facts
    if facts.program is not Program.ID2_APP:
        return
    for report in facts.reports:
        _judge_report(context, report, judgement)
    failed = [line for line, mark in facts.report_marks if mark == "fail"]
    if failed:
        judgement.failed("validation report", "the program reports that it could not make it", failed)
    elif not facts.reports:
        _judge_absence(context, judgement)


def _judge_absence(context: Context, judgement: Judgement) -> None:
    facts = context.facts
    started = [line for line, mark in facts.report_marks if mark == "start"]
    if started:
        judgement.missing(
            "validation report",
            "its making starts, and the report does not follow: the log is cut there",
            started,
        )
    elif any(mark == "end" for _, mark in facts.report_marks):
        judgement.not_run("validation report", "only its end is in the log: the beginning is cut")
    elif facts.interrupted:
        judgement.missing(
            "validation report",
            "another start follows before it: the program was interrupted or crashed",
            [facts.last_line],
        )
    else:
        other = ", or it is not id2_app" if not facts.tests else ""
        judgement.missing(
            "validation report",
            f"not in the log: it ends before the report, or the program stopped{other}",
            [facts.last_line],
        )


def _judge_report(context: Context, text: ReportText, judgement: Judgement) -> None:
    every = [text.banner, *(line for line, _ in text.rows)]
    if not text.rows:
        judgement.missing("validation report", "its banner is there, and no JSON follows", [text.banner])
        return
    if not text.closed:
        last = text.rows[-1][0]
        judgement.missing(
            "validation report", f"its JSON is cut: it is not closed by line {last}", [text.banner, last]
        )
        return
    if _SURROGATE.search(text.text):
        judgement.failed(
            "validation report", "it holds an escape for half a character, which no program prints", every
        )
        return
    try:
        parsed = id2report.parse(text.text)
    except Id2Error as error:
        judgement.missing("validation report", str(error), [_line_of_error(text, error), text.banner])
        return
    parsed = _without_length_heads(parsed)
    problems = list(_problems(context, text, parsed))
    _write_parts(context, text, parsed, problems, judgement)
    head = [(line, detail) for line, part, detail in problems if not part]
    good = f"{len(parsed.items)} items, SDK {parsed.sdk_version}, built {parsed.date}"
    judgement.judged(
        "validation report", [detail for _, detail in head], good, [line for line, _ in head] or every[:1]
    )
    if reportcheck.kpm_is_mislabelled(parsed):
        judgement.find_defect("i.3", "the report has a KPM item over a challenge", text.lines_of(API_KPM))


_ITEM_NAMES = {
    API_ID: "report: get ID",
    API_CHALLENGE: "report: challenge code",
    API_TIMESTAMP: "report: timestamp code",
    API_KPM: "report: KPM code",
}


def _write_parts(
    context: Context,
    text: ReportText,
    parsed: ValidationReport,
    problems: list[tuple[int, str, str]],
    judgement: Judgement,
) -> None:
    for index, item in enumerate(parsed.items):
        mine = [(line, detail) for line, part, detail in problems if part == str(index)]
        good = "arguments and result are right"
        if item.api in (API_CHALLENGE, API_TIMESTAMP, API_KPM):
            good += (
                ", SIGN recomputed with the key" if context.key is not None else ", SIGN not recomputed here"
            )
        results = text.lines_of('"result"')
        lines = [line for line, _ in mine] or results[index : index + 1]
        name = _ITEM_NAMES.get(item.api, f"report: item {index + 1}")
        judgement.judged(name, [detail for _, detail in mine], good, lines)


def _problems(context: Context, text: ReportText, parsed: ValidationReport) -> Iterator[tuple[int, str, str]]:
    """Give line, index of the item (empty for the head) and text of everything that is wrong."""
    versions = {event.dotted: line for line, event in context.facts.versions}
    timestamp = next((item.argument("timestamp") for item in parsed.items if item.api == API_TIMESTAMP), None)
    inputs = reportcheck.Inputs(timestamps=(timestamp,) if timestamp in TIMESTAMPS else (TIMESTAMPS[0],))
    key = context.key
    exact = context.exact_type or (context.key_type is not None and context.key_type.symmetric)
    found = reportcheck.check(
        parsed,
        key_type=context.key_type if key is None and exact else None,
        key=key,
        id2=context.id2 or None,
        inputs=inputs,
    )
    for problem in found:
        if problem.field == "sdkVersion" and parsed.sdk_version in versions:
            continue  # a release that came after this page was written
        if _is_about_hardened(parsed, problem):
            continue  # opened and judged with the codes
        yield _placed(text, problem)
    if versions and parsed.sdk_version not in versions:
        line = (text.lines_of('"sdkVersion"') or [text.banner])[0]
        yield line, "", f"sdkVersion is {quoted(parsed.sdk_version)}, the banner says {', '.join(versions)}"
    yield from _date_problems(context, text, parsed)


def _without_length_heads(parsed: ValidationReport) -> ValidationReport:
    """Return the report with codes as they are judged: without the length that a chip puts before SIGN."""
    items = tuple(replace(item, result=_bare_code(item)) for item in parsed.items)
    return replace(parsed, items=items)


def _bare_code(item: ReportItem) -> str:
    if item.api not in (API_CHALLENGE, API_TIMESTAMP):
        return item.result
    try:
        code = without_length_head(authcode.parse(item.result))
    except Id2Error:
        return item.result
    return item.result if code is None else code.text


def _is_about_hardened(parsed: ValidationReport, problem: Problem) -> bool:
    path = _PATH.match(problem.field)
    if path is None or not path["rest"].startswith("result") or int(path["index"]) >= len(parsed.items):
        return False
    return authcode.is_hardened(parsed.items[int(path["index"])].result)


def _placed(text: ReportText, problem: Problem) -> tuple[int, str, str]:
    path = _PATH.match(problem.field)
    if path is None:
        lines = text.lines_of(_KEYS.get(problem.field.partition(".")[0], '"testContent"'))
        return (lines or [text.banner])[0], "", str(problem)
    index, rest = int(path["index"]), path["rest"]
    part = next(
        (name for name in ("challenge", "timestamp", "extra", "api", "result") if f".{name}" in f".{rest}"),
        "args",
    )
    if rest.startswith("result"):
        part = "result"
    key = f'"{part}"'
    nth = index
    if part in ("challenge", "timestamp", "extra"):
        starts = text.lines_of('"api"')
        first = starts[index] if index < len(starts) else text.banner
        return next((line for line in text.lines_of(key) if line >= first), first), str(index), str(problem)
    lines = text.lines_of(key)
    return (lines[nth] if nth < len(lines) else text.banner), str(index), str(problem)


def _date_problems(
    context: Context, text: ReportText, parsed: ValidationReport
) -> Iterator[tuple[int, str, str]]:
    line = (text.lines_of('"date"') or [text.banner])[0]
    made = build_date(parsed.date)
    if made is None:
        yield line, "", f"date {quoted(parsed.date)} is no date and time that exists"
        return
    if why := impossible(made, context.now):
        yield line, "", f"date {quoted(parsed.date)} cannot be: {why}"
    for at, event in context.facts.builds:
        built = build_date(event.time)
        if built is not None and abs(made - built) > MAX_APART:
            yield (
                line,
                "",
                (
                    f"date is {parsed.date}, more than a day from the build time {event.time} in line {at}: "
                    "it is altered, or parts were built on different days (build the whole program again)"
                ),
            )
            return


def _line_of_error(text: ReportText, error: Id2Error) -> int:
    try:
        json.loads(text.text)
    except json.JSONDecodeError as broken:
        return text.rows[min(broken.lineno - 1, len(text.rows) - 1)][0]
    except (ValueError, RecursionError):
        return text.banner
    named = next(
        (line for line, row in text.rows if error.field and error.field.rpartition(".")[2] in row), None
    )
    return text.banner if named is None else named
