"""What must stand beside a verdict wherever it is told: that no device was asked, or that the run is a part of one.

Every form says it in these words, so that whoever reads a verdict alone, in a list of CI, is not misled.
"""

from harness.report.records import RunReport, Scenario
from harness.report.stand_ins import stand_ins
from harness.report.text import one_line
from harness.run.verdict import Verdict


def reservations(report: RunReport) -> tuple[str, ...]:
    """Return what must be said beside the verdict of a run and of its scenarios; empty for a whole run on a device."""
    found = []
    if unreal := stand_ins(report):
        found.append(f"{unreal.title[:1].lower()}{unreal.title[1:]}")
    replay = report.options.get("replay")
    if isinstance(replay, dict):
        found.append("replayed, no device was asked")
    if _faults(report.options.get("faults")) or (isinstance(replay, dict) and _faults(replay.get("faults"))):
        found.append("faults on purpose")
    if report.incomplete:
        found.append("partial run")
    return tuple(found)


def told(verdict: Verdict, said: tuple[str, ...]) -> str:
    """Return a verdict with what must stand beside it, such as "passed (virtual board, mock service)"."""
    return f"{verdict.words} ({'; '.join(said)})" if said else verdict.words


def known_as(scenario: Scenario) -> str:
    """Return where a failure that was known before is tracked; empty for any other scenario. It stays a failure."""
    known = scenario.known
    if known is None:
        return ""
    return f"known failure, {one_line(known.reference)}, until {one_line(known.expires)}: {one_line(known.reason)}"


def attempts(report: RunReport) -> dict[str, list[Scenario]]:
    """Return the attempts at each scenario in order, by its id: one, unless it ran again."""
    found: dict[str, list[Scenario]] = {}
    for scenario in report.scenarios:
        found.setdefault(scenario.id, []).append(scenario)
    return found


def _faults(faults: object) -> bool:
    return isinstance(faults, dict) and bool(faults)
