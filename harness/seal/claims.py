"""Whether what a seal says of itself, `seal.json` and `VERIFY.txt`, is what the run says."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from harness.errors import UsageError
from harness.report.records import RunReport
from harness.seal import guide, people, results, tree
from harness.seal.names import GUIDE, RECORD
from harness.seal.problems import Findings
from harness.seal.record import Record

_LARGEST = 1 << 20
_CLOCKS = timedelta(days=1)
"""How far the clocks of two machines may be apart."""


def check(report: RunReport, sealed: Record, findings: Findings) -> None:
    """Compare the record of a seal with what the journal of its run comes to."""
    said = report.particulars
    for name, mine, its in (
        ("verdict", report.verdict, sealed.verdict),
        ("run", report.run, sealed.run),
        ("board", report.board, sealed.board),
        ("mode", report.mode, sealed.mode),
        ("number", said.number, sealed.number),
        ("revision", said.revision, sealed.revision),
        ("partial", report.finished is None, sealed.partial),
    ):
        if mine != its:
            findings.wrong("contradicts", RECORD, f"{name} is {its}, and {mine} by the journal")
    approver = sealed.approver.name if sealed.approver else ""
    for name, mine, its in (
        ("tester", said.tester, sealed.tester.name),
        ("approver", said.approver, approver),
    ):
        if mine and not people.same_person(mine, its):
            findings.wrong("contradicts", RECORD, f"{name} is {its or 'nobody'}, and {mine} by the report")
    mine, its = (f"{old.number} {old.sha256}" if old else "" for old in (said.replaces, sealed.replaces))
    if mine and mine != its:
        findings.wrong("contradicts", RECORD, f"replaces {its or 'nothing'}, and {mine} by the report")
    _check_moment(report, sealed, findings)


def _check_moment(report: RunReport, sealed: Record, findings: Findings) -> None:
    moment = _moment(sealed.sealed)
    if moment is None:
        findings.wrong("contradicts", RECORD, "gives no moment at which it was sealed")
        return
    ended = _moment(report.finished or report.started or "")
    if ended is not None and moment + _CLOCKS < ended:
        findings.wrong("clock", RECORD, f"was sealed at {sealed.sealed}, before the run was")
    if moment > datetime.now(UTC) + _CLOCKS:
        findings.wrong("clock", RECORD, f"was sealed at {sealed.sealed}, which is to come by the clock here")


def check_guide(folder: Path, sealed: Record, findings: Findings) -> None:
    """Compare VERIFY.txt with what the code that is here writes, where that is the code that sealed.

    Raises:
        BenchError: it cannot be read.
    """
    if not (folder / GUIDE).is_file():
        findings.wrong("removed", GUIDE)
    elif sealed.rendering != results.rendering():
        findings.remark(f"{GUIDE} is by other code than is here: read its commands before you run them")
    else:
        try:
            is_ours = tree.content(folder / GUIDE, _LARGEST) == guide.text(sealed)
        except UsageError:
            is_ours = False
        if not is_ours:
            findings.wrong("contradicts", GUIDE, "is not the text that belongs to this seal")


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
