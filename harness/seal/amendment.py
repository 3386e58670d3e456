"""Amendments: a report that replaces an earlier one is a new report with a new number, which names the old one.

Source: report.md 4.14; ISO/IEC 17025:2017, 7.8.8.
"""

from pathlib import Path

from harness.errors import UsageError
from harness.report.records import RunReport
from harness.seal import tree
from harness.seal.check import Checked, check
from harness.seal.names import SUMS
from harness.seal.problems import Findings
from harness.seal.record import Record
from harness.settings.particulars import Replaced


def replaced(report: RunReport, old: Path | None, reason: str) -> Replaced | None:
    """Return what a new report says of the one that it amends; None when it amends none.

    Args:
        report: The new report, which may say it itself (`report.replaces`).
        old: The sealed run folder of the earlier one, or None.
        reason: What changed, and why; the report's word when empty.

    Raises:
        UsageError: the two do not go together: the same number, another seal, no reason; or `old` is not valid.
    """
    said = report.particulars.replaces
    number = report.particulars.number
    if old is None:
        if reason:
            raise UsageError(
                "a reason is given, and no report that is replaced", hint="name it with --replaces OLD_RUN"
            )
        if said is not None and said.number == number:
            raise UsageError(_same(number), hint="give the new report a number of its own in the board file")
        return said
    checked = check(old, awaits_approval=True)
    if not checked.valid or checked.record is None:
        raise UsageError(
            f"{old}: is no valid sealed report to replace", hint=f"see why: harness verify {old}"
        )
    record = checked.record
    if not record.number or not number:
        which = "the new report" if record.number else f"the report in {old}"
        raise UsageError(
            f"{which} has no number, by which an amendment is told from what it replaces",
            hint="give each report a number: report.number in the board file",
        )
    if record.number == number:
        raise UsageError(_same(number), hint="give the new report a number of its own in the board file")
    words = reason or (said.reason if said else "")
    if not words:
        raise UsageError("an amendment says what changed, and why", hint="give --reason TEXT")
    if said is not None and (said.number, said.sha256) != (record.number, checked.sums):
        raise UsageError(
            f"the report says that it replaces {said.number}, sealed as {said.sha256}; {old} is {record.number}, "
            f"sealed as {checked.sums}",
            hint="correct report.replaces in the board file, and test again; or name the right folder",
        )
    return Replaced(number=record.number, revision=record.revision, sha256=checked.sums, reason=words)


def check_old(new: Checked, old: Path, findings: Findings) -> None:
    """Check that the folder `old` is the report that a sealed report says it replaces.

    Raises:
        HarnessError: it cannot be checked.
    """
    record: Record | None = new.record
    if record is None or record.replaces is None:
        findings.wrong("contradicts", str(old), "the report does not say that it replaces another one")
        return
    before = check(old)
    if tree.sha256(old / SUMS) != record.replaces.sha256:
        findings.wrong("contradicts", str(old), f"is not the report whose {SUMS} is {record.replaces.sha256}")
    elif not before.valid:
        told = "; ".join(str(problem).strip() for problem in before.problems[:4])
        findings.wrong("contradicts", str(old), f"the report that is replaced is not valid: {told}")
    else:
        findings.remark(f"it replaces {record.replaces.number}, and {old} is that report as it was sealed")


def _same(number: str) -> str:
    return f"the new report has the number of the one that it replaces, {number}"
