"""The JSON of a validation report inside a console: its lines, and the codes in it; judged elsewhere."""

import json
import re
from collections.abc import Iterator

from harness.logcheck.facts import ReportText, Sighting

MAX_REPORT = 64 * 1024
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"?')
_CODE_VALUE = re.compile(r'"result":\s*"(?P<code>[^"]*~[^"]*)"?')
_KINDS = {
    "id2_client_get_challenge_auth_code": "challenge",
    "id2_client_get_timestamp_auth_code": "timestamp",
}


def add_row(report: ReportText, line: int, row: str) -> None:
    """Add a line of JSON; the report closes itself with its outermost brace."""
    if report.closed or report.size + len(row) > MAX_REPORT:
        return
    if not report.rows:
        row = row[row.find("{") :] if "{" in row else ""
        if not row:
            return
    report.rows.append((line, row))
    report.size += len(row)
    for at, char in _outside_strings(row):
        report.depth += {"{": 1, "}": -1}.get(char, 0)
        if report.depth <= 0:
            report.rows[-1] = (line, row[: at + 1])
            report.closed = True
            return


def _outside_strings(row: str) -> Iterator[tuple[int, str]]:
    """Give the characters of a line outside of strings; no string of a report goes over a line end."""
    at = 0
    for found in _STRING.finditer(row):
        yield from ((index, row[index]) for index in range(at, found.start()))
        at = found.end()
    yield from ((index, row[index]) for index in range(at, len(row)))


def report_sightings(report: ReportText) -> Iterator[Sighting]:
    """Give the device codes in a report, also in one that is cut or broken."""
    results = report.lines_of('"result"')
    tests = _tests(report)
    if tests is None:
        for line, row in report.rows:
            if found := _CODE_VALUE.search(row):
                yield Sighting(line, found["code"], "report")
        return
    for index, test in enumerate(tests):
        kind = _KINDS.get(str(test.get("api")), "")
        code = test.get("result")
        if not kind or not isinstance(code, str):
            continue
        args = test.get("args")
        known = args if isinstance(args, dict) else {}
        extra, random = known.get("extra"), known.get(kind)
        yield Sighting(
            results[index] if index < len(results) else report.banner,
            code,
            "report",
            kind=kind,
            extra=extra if isinstance(extra, str) else None,
            extra_known=True,
            random=random if isinstance(random, str) else None,
        )


def _tests(report: ReportText) -> list[dict[str, object]] | None:
    if "\\u" in report.text:  # half a character could come of it; the report is refused elsewhere
        return None
    try:
        loaded = json.loads(report.text)
    except (ValueError, RecursionError):
        return None
    tests = loaded.get("testContent") if isinstance(loaded, dict) else None
    if not isinstance(tests, list):
        return None
    return [test for test in tests if isinstance(test, dict)]


def report_id(report: ReportText) -> Iterator[tuple[int, str]]:
    """Give the ID that a report shows, with its line."""
    results = report.lines_of('"result"')
    for index, test in enumerate(_tests(report) or []):
        value = test.get("result")
        if test.get("api") == "id2_client_get_id" and isinstance(value, str):
            yield (results[index] if index < len(results) else report.banner), value
