"""The decoded traffic of every step that the page shows: bounded a step and for the whole page, the same every time."""

import shlex
from dataclasses import dataclass

from harness.report.document.context import Context
from harness.report.records import Step
from harness.report.text import one_line, visible
from harness.run.verdict import Verdict
from harness.traffic.entry import Entry
from harness.traffic.timelines import Timelines

_BAD = (Verdict.FAILED, Verdict.ERROR, Verdict.BLOCKED)
_OF_BAD, _OF_OTHERS, _LEAST = 60, 16, 6
_ENTRIES = 4_000
_TEXT, _DETAIL = 400, 1_000
_MARGIN = 200


@dataclass(frozen=True, slots=True)
class Spoken:
    """One entry as it is shown.

    Attributes:
        at: Milliseconds since the beginning of the step, with its sign.
        source: The transport, or what else spoke.
        kind: What it is: bus, console, service, link.
        direction: `out`, `in`, or empty.
        text: It in words.
        detail: Its bytes, folded; empty when the words say everything.
    """

    at: str
    source: str
    kind: str
    direction: str
    text: str
    detail: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """What went over the wires in a step.

    Attributes:
        before: Its first entries; all of them when nothing is left out.
        after: Those behind what is left out.
        left_out: How many records are not shown.
        command: The command that shows them all.
    """

    before: tuple[Spoken, ...]
    after: tuple[Spoken, ...]
    left_out: int
    command: str

    @property
    def count(self) -> int:
        """How many entries there are, those not shown included."""
        return len(self.before) + len(self.after) + self.left_out


def timelines(context: Context) -> dict[tuple[str, int], Timeline]:
    """Return the timelines of the steps by the key of their scenario and their index.

    Steps that did not pass have theirs first; what is then left of the page's room is shared among the others.
    """
    report = context.report
    timed = [(scenario, step) for scenario in report.scenarios for step in scenario.steps if step.began]
    bad = [each for each in timed if each[1].verdict in _BAD]
    others = [each for each in timed if each[1].verdict not in _BAD]
    made: dict[tuple[str, int], Timeline] = {}
    left = _ENTRIES
    with Timelines(context.folder, report.transports, report.board_file) as recordings:
        for steps, most in ((bad, _OF_BAD), (others, _OF_OTHERS)):
            for number, (scenario, step) in enumerate(steps):
                share = min(most, max(left // (len(steps) - number), 0))
                if share < _LEAST and left < _LEAST:
                    break
                found = _timeline(context, recordings, step, max(share, _LEAST))
                if found is not None:
                    made[scenario.key, step.index] = found
                    left -= len(found.before) + len(found.after)
    return made


def _timeline(context: Context, recordings: Timelines, step: Step, most: int) -> Timeline | None:
    began, ended = step.began or 0, step.ended if step.ended is not None else (step.began or 0)
    excerpt = recordings.between(began, max(began, ended), most)
    if not excerpt.entries:
        return None
    spoken = tuple(_spoken(context, each, began) for each in excerpt.entries)
    gap = excerpt.gap if excerpt.left_out else len(spoken)
    return Timeline(spoken[:gap], spoken[gap:], excerpt.left_out, _command(context, began))


def _spoken(context: Context, entry: Entry, began: int) -> Spoken:
    return Spoken(
        at=f"{(entry.t - began) / 1e6:+.1f}",
        source=context.text(entry.source, 40),
        kind=entry.kind,
        direction=entry.direction,
        text=one_line(context.mask(entry.text), _TEXT),
        detail=visible(context.mask(entry.detail), _DETAIL),
    )


def _command(context: Context, began: int) -> str:
    report = context.report
    since = max(0.0, (began - (report.began or began)) / 1e9)
    return (
        f"harness trace {shlex.quote(f'runs/{one_line(report.run)}')} --since {since:.3f} --limit {_MARGIN}"
    )
