"""The excerpt of wire and console around what failed: what the recordings hold, or what the error itself kept."""

from harness.report.document.blocks import Code
from harness.report.document.context import Context
from harness.report.records import Step
from harness.report.text import one_line
from harness.run.failure import ErrorRecord
from harness.traffic.entry import Entry
from harness.traffic.timelines import Timelines

_ENTRIES = 24
_BEFORE = 2_000_000_000  # nanoseconds before the end of a step that may have led to its verdict
_TEXT = 400
_KEPT = 4_000
_ARROWS = {"out": ">", "in": "<", "": " "}


def excerpt(context: Context, recordings: Timelines, step: Step, error: ErrorRecord | None) -> list[Code]:
    """Return what went over the wires in a step before its verdict, decoded; else the last that the error knows."""
    say = context.say
    if step.began is not None and step.ended is not None:
        since = max(step.began, step.ended - _BEFORE)
        found = recordings.between(since, step.ended, _ENTRIES)
        if found.entries:
            lines = [_line(context, each, step.ended) for each in found.entries]
            if found.left_out:
                lines.insert(found.gap, say("… {n} more …", n=found.left_out))
            title = say("On the wires before the verdict, in milliseconds from it")
            return [Code(tuple(lines), title)]
    return kept(context, error)


def kept(context: Context, error: ErrorRecord | None) -> list[Code]:
    """Return the traffic that an error carries."""
    if error is None or not error.traffic:
        return []
    lines = context.lines("\n".join(error.traffic), _KEPT).split("\n")
    return [Code(tuple(lines), context.say("The last traffic before it"))]


def _line(context: Context, entry: Entry, ended: int) -> str:
    at = f"{(entry.t - ended) / 1e6:+10.1f}"
    source = context.text(entry.source, 40)
    return f"{at} {source} {_ARROWS[entry.direction]} {one_line(context.mask(entry.text), _TEXT)}"
