"""Runs: found, looked at, and handed out as reports, files and zips."""

import os
import re
import secrets
import tempfile
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from starlette.responses import HTMLResponse, Response, StreamingResponse

from harness.bench_page.not_passed import not_passed
from harness.bench_page.run_files import OpenFile, opened
from harness.bench_page.view import BenchView
from harness.errors import UsageError
from harness.history.listing import Filters, ListedRun, moment
from harness.report.words import NAMES, language
from harness.run.verdict import Verdict

_LISTED = 50
_EVIDENCE = 200
_CHUNK = 1 << 18
_REPORTS = (
    "report.html",
    "report.pdf",
    "report-short.pdf",
    "report-zh.html",
    "report-zh.pdf",
    "report-short-zh.pdf",
    "report.json",
    "junit.xml",
    "ctrf.json",
    "report-measurements.csv",
    "journal.jsonl",
    "run.json",
    "manifest.json",
)
_SHOWN_TEXT = {".txt", ".log", ".jsonl", ".json", ".csv", ".xml", ".yaml", ".hex"}

# A report is a page of its own, of a folder that anybody may have made: it may use its own style and script, and has
# no origin, so that it can neither ask this server for anything nor use what the browser keeps for it.
_REPORT_POLICY = (
    "sandbox allow-scripts allow-popups allow-downloads; default-src 'none'; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline'; img-src data:; font-src data:; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_FILE_POLICY = "sandbox; default-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
_PAGE = re.compile(r"report(?:-(?P<language>[a-z]{2}))?\.html")
_MADE_AT_ONCE = threading.BoundedSemaphore(2)
"""Zips and reports that are made at a time: each costs a second of a processor that runs need."""


def show_all(view: BenchView) -> Response:
    """List runs."""
    errors: dict[str, str] = {}
    board, verdict, text, since = (view.query(name) for name in ("board", "verdict", "text", "since"))
    known = verdict if verdict in list(Verdict) else ""
    earliest = ""
    if since:
        try:
            earliest = moment(since, datetime.now(UTC))
        except UsageError as error:
            errors["since"] = view.said(error.message)
    page = view.query("page")
    limit = _LISTED * (int(page) if page.isascii() and page.isdigit() and 0 < int(page) < 1000 else 1)
    filters = Filters(
        boards=[board] if board else [],
        verdicts=[Verdict(known)] if known else [],
        since=earliest,
        text=text,
        limit=limit,
    )
    return view.page(
        "runs.html.j2",
        422 if errors else 200,
        found=view.behind.archive.listed(filters),
        verdicts=[each.value for each in Verdict if each is not Verdict.NOT_APPLICABLE],
        asked={"board": board, "verdict": known, "text": text, "since": since},
        page=limit // _LISTED,
        errors=errors,
    )


def show(view: BenchView) -> Response:
    """Show one run: what came of it, and what can be taken from it."""
    name = view.path("run")
    folder = view.behind.files.run(name)
    run = _listed(view, name)
    others = [] if run is None else _others(view, run)
    wrong, more_wrong = not_passed(view.behind.files, name)
    return view.page(
        "run.html.j2",
        name=name,
        run=run,
        wrong=wrong,
        more_wrong=more_wrong,
        reports=[each for each in _REPORTS if (folder / each).is_file()],
        evidence=_evidence(folder),
        others=others,
        board=None if run is None else view.behind.boards.of(run.board),
        key=secrets.token_hex(16),
    )


def file(view: BenchView) -> Response:
    """Hand out a file of a run, with nothing that it may do here."""
    run, name = view.path("run"), view.path("file")
    page = _PAGE.fullmatch(name)
    try:
        found = view.behind.files.open(run, name)
    except UsageError:
        if page is None or page["language"] not in NAMES:
            raise
        return _made(view, run, page["language"])
    suffix = Path(found.name).suffix.lower()
    headers = {"Content-Security-Policy": _FILE_POLICY, "Content-Length": str(found.size)}
    if page is not None:
        kind = "text/html; charset=utf-8"
        headers["Content-Security-Policy"] = _REPORT_POLICY
    elif suffix in _SHOWN_TEXT:
        kind = "text/plain; charset=utf-8"
    else:
        kind = "application/pdf" if suffix == ".pdf" else "application/octet-stream"
        headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(found.name, safe='')}"
    return StreamingResponse(parts(found), headers=headers, media_type=kind)


def _made(view: BenchView, run: str, code: str) -> Response:
    """Hand out a report in a language, made now: nothing is written into the folder, which may be sealed."""
    from harness.report.html import render  # noqa: PLC0415 - few ask for it
    from harness.report.model import load  # noqa: PLC0415 - as above

    folder = view.behind.files.run(run)
    if not (folder / "report.html").is_file():
        raise UsageError("this run has no report")
    if not _MADE_AT_ONCE.acquire(blocking=False):
        return _busy(view)
    try:
        made = render(load(folder), folder, language(code))
    finally:
        _MADE_AT_ONCE.release()
    return HTMLResponse(made, headers={"Content-Security-Policy": _REPORT_POLICY})


def _busy(view: BenchView) -> Response:
    return view.page("message.html.j2", 503, title=view.text("error.busy"), message=view.text("runs.packing"))


def zipped(view: BenchView) -> Response:
    """Hand out a run as `harness pack` packs it."""
    from harness.seal.pack import pack  # noqa: PLC0415 - few ask for it

    name = view.path("run")
    folder = view.behind.files.run(name)
    if not _MADE_AT_ONCE.acquire(blocking=False):
        return _busy(view)
    try:
        # Beside the runs, as there is room for them, and as a hidden folder that nobody takes for one.
        with tempfile.TemporaryDirectory(prefix=".bench-page-", dir=view.behind.runs) as place:
            # Removed while it is open: whatever becomes of the browser or of this server, nothing is left.
            packed = opened(pack(folder, Path(place) / "run.zip").parent, "run.zip")
    finally:
        _MADE_AT_ONCE.release()
    headers = {
        "Content-Security-Policy": _FILE_POLICY,
        "Content-Length": str(packed.size),
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}.zip",
    }
    return StreamingResponse(parts(packed), headers=headers, media_type="application/zip")


def _listed(view: BenchView, name: str) -> ListedRun | None:
    """Return what the index says of a run; None for one that it cannot read."""
    found = view.behind.archive.listed(Filters(text=name, limit=200))
    return next((run for run in found.runs if run.name == name), None)


def _others(view: BenchView, run: ListedRun) -> list[ListedRun]:
    """Return other runs of the same board, the newest first."""
    found = view.behind.archive.listed(Filters(text=run.board, limit=200))
    return [each for each in found.runs if each.board == run.board and each.name != run.name][:20]


def _evidence(folder: Path) -> list[str]:
    try:
        names = sorted(each.name for each in (folder / "evidence").iterdir() if not each.name.startswith("."))
    except OSError:
        return []
    return [f"evidence/{name}" for name in names[:_EVIDENCE]]


def parts(file: OpenFile) -> Iterator[bytes]:
    """Give the bytes of a file, no more than it had when it was opened, and close it."""
    left = file.size
    try:
        while left > 0 and (data := os.read(file.descriptor, min(_CHUNK, left))):
            left -= len(data)
            yield data
    finally:
        os.close(file.descriptor)
