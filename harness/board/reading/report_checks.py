"""Checks that look across the fields of a `report:` section, of a board file or of a lab file."""

from datetime import UTC, datetime

from harness.settings.particulars import Particulars
from harness.settings.problems import Loc, Problem

REPORT: Loc = ("report",)
"""Where the section stands in both files."""


def errors(report: Particulars) -> list[Problem]:
    """Return what cannot be true although each field is right by itself."""
    return [
        Problem((*REPORT, "instruments", place, "due"), f"is before the calibration itself, {one.calibrated}")
        for place, one in enumerate(report.instruments)
        if one.due is not None and one.calibrated is not None and one.due < one.calibrated
    ]


def advice(report: Particulars) -> list[Problem]:
    """Return what is doubtful today."""
    today = datetime.now(UTC).date()
    found = [
        Problem(
            (*REPORT, "instruments", place, "due"), f"the calibration of {one.name!r} was due on that day"
        )
        for place, one in enumerate(report.instruments)
        if one.due is not None and one.due < today
    ]
    found += [
        Problem((*REPORT, "instruments", place, "calibrated"), "the day is still to come")
        for place, one in enumerate(report.instruments)
        if one.calibrated is not None and one.calibrated > today
    ]
    if report.item.received is not None and report.item.received > today:
        found.append(Problem((*REPORT, "item", "received"), "the day is still to come"))
    if report.approver and report.approver == report.tester:
        found.append(Problem((*REPORT, "approver"), "is the tester too: two people sign a report"))
    return found
