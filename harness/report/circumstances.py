"""What a reader must know before any verdict: what was left out, faults on purpose, that no device was there."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from harness.report.records import RunReport
from harness.report.text import one_line
from harness.report.words import ENGLISH, Language
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


def circumstances(report: RunReport, say: Language = ENGLISH) -> list[Circumstance]:
    """Return what was left out and what was not as at the bench; empty for a plain run. All is safe on one line."""
    return [*_left_out(report, say), *_faults(report, say), *_replay(report, say)]


def properties(report: RunReport) -> dict[str, str]:
    """Return the circumstances and what the run was made on, as names and values for programs."""
    return {
        **{each.name: each.value for each in circumstances(report)},
        **{f"plan.{name}": str(value) for name, value in report.plan.items()},
        **{f"identity.{name}": value for name, value in report.identity.items()},
        **{f"transport.{used.name}": used.identity for used in report.transports},
    }


def _left_out(report: RunReport, say: Language) -> Iterator[Circumstance]:
    without = [each for each in report.scenarios if each.verdict is Verdict.NOT_RUN]
    missing = [each.reason for each in without if not each.outside_plan]
    # Beside a failure or a block the rest of the run is no news, and it stands in every table.
    if missing and report.verdict is Verdict.INCOMPLETE:
        yield Circumstance(
            "no-verdict",
            _counted(missing, ENGLISH),
            say(
                "incomplete, though all that was judged passed: planned without a verdict: {why}",
                why=_counted(missing, say),
            ),
        )
    smaller = [each.reason for each in without if each.outside_plan]
    if smaller:
        yield Circumstance(
            "left-out",
            _counted(smaller, ENGLISH),
            say("a smaller plan was asked for, without: {why}", why=_counted(smaller, say)),
        )


def _counted(reasons: list[str], say: Language) -> str:
    several = Counter(one_line(say(reason), 120) or say("no reason given") for reason in reasons)
    parts = [say("{reason} ({n})", reason=reason, n=count) for reason, count in several.most_common(_KINDS)]
    if len(several) > _KINDS:
        parts.append(say("other reasons: {n}", n=len(several) - _KINDS))
    return say("; ").join(parts)


def _replay(report: RunReport, say: Language) -> Iterator[Circumstance]:
    replay = report.options.get("replay")
    if not isinstance(replay, dict):
        return
    run = one_line(str(replay.get("run", "")), _WORDS)
    yield Circumstance("replay", run, say("replayed from {run}: no device was asked", run=run))
    for where, what in _plans(replay.get("faults")):
        words = say(
            "faults on purpose when {run} was recorded on {where}: {what}", run=run, where=where, what=what
        )
        yield Circumstance(f"replay.fault.{where}", what, words)


def _faults(report: RunReport, say: Language) -> Iterator[Circumstance]:
    for where, what in _plans(report.options.get("faults")):
        words = say("faults on purpose on {where}: {what}", where=where, what=what)
        yield Circumstance(f"fault.{where}", what, words)


def _plans(faults: object) -> Iterator[tuple[str, str]]:
    """Return the transports that faults were put on, each with its plan."""
    if isinstance(faults, dict):
        for transport, plan in list(faults.items())[:_MOST]:
            yield one_line(str(transport), 60), one_line(str(plan), _WORDS)
