"""How many scenarios of a run were not judged for want of a probe in the firmware, and what to do about it."""

from harness.probe.linking import LINK_THE_PROBE
from harness.report.records import RunReport
from harness.run.verdict import Verdict


def without_probe(report: RunReport) -> str:
    """Return a sentence for people; empty when none waits for a probe."""
    waiting = sum(
        each.verdict is Verdict.NOT_APPLICABLE and LINK_THE_PROBE in each.reason for each in report.scenarios
    )
    if not waiting:
        return ""
    them = "scenario that does not apply needs" if waiting == 1 else "scenarios that do not apply need"
    return f"{waiting} {them} a probe in the firmware; {LINK_THE_PROBE}"
