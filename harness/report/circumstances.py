"""What a reader must know before any verdict of a run: faults on purpose, and that no device was there."""

from collections.abc import Iterator
from dataclasses import dataclass

from harness.report.records import RunReport
from harness.report.text import one_line

_MOST = 50  # of each kind; a header may hold anything
_WORDS = 400


@dataclass(frozen=True, slots=True)
class Circumstance:
    """One thing that was not as at the bench.

    Attributes:
        name: Its name among properties: `replay`, `fault.chip`, `replay.fault.chip`.
        value: The recorded run, or the fault plan.
        words: Both as a sentence for people.
    """

    name: str
    value: str
    words: str


def circumstances(report: RunReport) -> list[Circumstance]:
    """Return what was not as at the bench; empty for a plain run. All of it is safe to print on one line."""
    return [*_faults(report.options.get("faults"), "fault", "on purpose"), *_replay(report)]


def _replay(report: RunReport) -> Iterator[Circumstance]:
    replay = report.options.get("replay")
    if not isinstance(replay, dict):
        return
    run = one_line(str(replay.get("run", "")), _WORDS)
    yield Circumstance("replay", run, f"replayed from {run}: no device was asked")
    yield from _faults(replay.get("faults"), "replay.fault", f"on purpose when {run} was recorded")


def _faults(faults: object, name: str, when: str) -> Iterator[Circumstance]:
    if not isinstance(faults, dict):
        return
    for transport, plan in list(faults.items())[:_MOST]:
        where, what = one_line(str(transport), 60), one_line(str(plan), _WORDS)
        yield Circumstance(f"{name}.{where}", what, f"faults {when} on {where}: {what}")
