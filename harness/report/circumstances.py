"""What a reader must know before any verdict: what was left out, faults on purpose, that no device was there."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from harness.report.records import RunReport
from harness.report.text import one_line
from harness.run.verdict import Verdict

_MOST = 50  # of each kind; a header may hold anything
_WORDS = 400
_KINDS = 5


@dataclass(frozen=True, slots=True)
class Circumstance:
    """One thing that was not as at the bench.

    Attributes:
        name: Its name among properties: `no-verdict`, `left-out`, `replay`, `fault.chip`, `replay.fault.chip`.
        value: What was left out and why, the recorded run, or the fault plan.
        words: Both as a sentence for people.
    """

    name: str
    value: str
    words: str


def circumstances(report: RunReport) -> list[Circumstance]:
    """Return what was left out and what was not as at the bench; empty for a plain run. All is safe on one line."""
    return [
        *_left_out(report),
        *_faults(report.options.get("faults"), "fault", "on purpose"),
        *_replay(report),
    ]


def properties(report: RunReport) -> dict[str, str]:
    """Return the circumstances and what the run was made on, as names and values for programs."""
    return {
        **{each.name: each.value for each in circumstances(report)},
        **{f"plan.{name}": str(value) for name, value in report.plan.items()},
        **{f"identity.{name}": value for name, value in report.identity.items()},
        **{f"transport.{used.name}": used.identity for used in report.transports},
    }


def _left_out(report: RunReport) -> Iterator[Circumstance]:
    without = [each for each in report.scenarios if each.verdict is Verdict.NOT_RUN]
    missing = [each.reason for each in without if not each.outside_plan]
    # Beside a failure or a block the rest of the run is no news, and it stands in every table.
    if missing and report.verdict is Verdict.INCOMPLETE:
        why = _counted(missing)
        yield Circumstance(
            "no-verdict",
            why,
            f"incomplete, though all that was judged passed: planned without a verdict: {why}",
        )
    smaller = [each.reason for each in without if each.outside_plan]
    if smaller:
        why = _counted(smaller)
        yield Circumstance("left-out", why, f"a smaller plan was asked for, without: {why}")


def _counted(reasons: list[str]) -> str:
    several = Counter(one_line(reason, 120) or "no reason given" for reason in reasons)
    parts = [f"{reason} ({count})" for reason, count in several.most_common(_KINDS)]
    if len(several) > _KINDS:
        parts.append(f"{len(several) - _KINDS} other reasons")
    return "; ".join(parts)


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
