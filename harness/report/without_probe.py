"""How many scenarios of a run were not judged for want of a probe in the firmware, and what to do about it."""

from harness.probe.linking import LINK_THE_PROBE
from harness.report.records import RunReport
from harness.report.words import ENGLISH, Language
from harness.run.verdict import Verdict


def without_probe(report: RunReport, say: Language = ENGLISH) -> str:
    """Return a sentence for people; empty when none waits for a probe."""
    waiting = sum(
        each.verdict is Verdict.NOT_APPLICABLE and LINK_THE_PROBE in each.reason for each in report.scenarios
    )
    if not waiting:
        return ""
    todo = say(LINK_THE_PROBE)
    if waiting == 1:
        return say("{n} scenario that does not apply needs a probe in the firmware; {todo}", n=1, todo=todo)
    return say("{n} scenarios that do not apply need a probe in the firmware; {todo}", n=waiting, todo=todo)
