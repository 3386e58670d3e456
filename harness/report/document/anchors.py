"""Where links inside a document lead: the same names in every form, none of them made of device text."""

import re

from harness.report.records import RunReport

_SIMPLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")


def requirement_anchors(report: RunReport) -> dict[str, str]:
    """Return the anchor of every requirement by its id."""
    return {
        each.id: f"req-{each.id}" if _SIMPLE.fullmatch(each.id) else f"req-number-{number}"
        for number, each in enumerate(report.requirements, start=1)
    }


def scenario_anchors(report: RunReport) -> dict[str, str]:
    """Return the anchor of every scenario by its key."""
    return {scenario.key: f"scenario-{number}" for number, scenario in enumerate(report.scenarios, start=1)}


def listed(anchor: str) -> str:
    """Return the anchor of the row that lists a scenario; its own is that of its details, in forms that have them."""
    return f"listed-{anchor}"
