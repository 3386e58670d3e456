"""The SDK's log grammar: a line in, typed events out. Pure. Source: device-protocol.md i.1 to i.3, j.1.

What stands in front of a line (time stamps of a terminal program, colours, a shell prompt, another thread's
unfinished line) is set aside as `Origin.prefix`; a tag in the middle of a line starts a new event, because
consoles lose line ends. The tag `<LS_LOG>` itself may be missing: platforms print through their own log, and
beginnings are cut. Line numbers in the text are never looked at.

A captured log becomes events like this; `harness.console.events` has their types:

    for line in read_lines(chunks):
        for event in parse_all(line.text):
            ...
"""

import re

from harness.console.events import Event, Origin
from harness.console.grammar import classify, says_something
from harness.console.lines import Line, LineReader, read_lines

__all__ = ["Line", "LineReader", "parse_all", "parse_line", "plain", "read_lines", "says_something"]

_TAG = "<LS_LOG>"
_PROMPT = "# "

_ESCAPE_SEQUENCE = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[]P_^X][^\x07\x1b]{0,256}(?:\x07|\x1b\\)|[@-Z\\^_])"
)
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")
_CLOCK = r"(?:\d{4}[-/.]\d\d[-/.]\d\d[T ])?\d{1,2}:\d\d:\d\d(?:[.,:]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?"
_PREFIX = re.compile(
    rf"\s*(?:\[ *(?:{_CLOCK}|\d{{1,12}}\.\d{{1,9}}) *\] ?(?:->|[|>])?"  # [12:00:01.123]   [   1.234567] ->
    rf"|{_CLOCK}\s{{0,4}}(?:->|[|>])?"  # 12:00:01 ->   2026-11-22T18:00:01.123Z
    r"|(?:# )+"  # a shell's prompt
    r"|[\[<][A-Z]{1,7}[\]>]\s"  # [INFO]   <I>
    r"|(?:LS_LOG|S_LOG|_LOG|LOG|OG|G)?>\s)"  # a tag whose beginning was cut off
)
_CUT_TAG = re.compile(r"\s*(?:LS_LOG|S_LOG|_LOG|LOG)>\s")
_HEAD = re.compile(
    r"(?:(?P<severity>INF|ERR|DBG|WRN|[EIDW]) )?(?P<function>[A-Za-z_]\w{0,127})[ :](?P<line>\d{1,6}): ?"
)
_TRACE = re.compile(r"\[(?P<function>[A-Za-z_]\w{0,127})\] (?=enter\.|exit\.)")
_ERROR = re.compile(r"ERROR: ?(?:\[(?P<function>[A-Za-z_]\w{0,127})\] )?")


def plain(text: str) -> str:
    """Take out escape sequences and control characters, except the tab."""
    if text.isprintable():
        return text
    return _CONTROL.sub("", _ESCAPE_SEQUENCE.sub("", text))


def parse_all(text: str, *, named: bool = False) -> tuple[Event, ...]:
    """Return all events of one line, in order: at least one. Never raises.

    A line has several when a line end was lost: each tag starts an event, and what stands before the first
    tag is one when it says something.

    Args:
        text: The line.
        named: Its prefix, which was taken off, named the SDK in place of the tag.
    """
    before, *segments = plain(text).split(_TAG)
    if not segments:
        return (_parse(before, tagged=named),)
    events: list[Event] = []
    if before and says_something(leading := _parse(before)):
        events.append(leading)
        before = ""
    for segment in segments:
        events.append(_parse(segment, prefix=before, tagged=True))
        before = ""
    return tuple(events)


def parse_line(text: str) -> Event:
    """Return the event of one line; of several, the last one. Use `parse_all` to miss none."""
    return parse_all(text)[-1]


def _parse(text: str, *, prefix: str = "", tagged: bool = False) -> Event:
    event = classify(_dissect(text, prefix, tagged=tagged))
    if _PROMPT not in text or says_something(event):
        return event
    without_prompt = text.replace(_PROMPT, "")
    repaired = classify(_dissect(without_prompt, prefix, tagged=tagged, repaired=True))
    return repaired if says_something(repaired) else event


def _dissect(text: str, prefix: str, *, tagged: bool, repaired: bool = False) -> Origin:
    """Move what stands in front of the text into the fields it belongs to."""
    while found := _PREFIX.match(text):
        prefix += found.group()
        tagged = tagged or _CUT_TAG.fullmatch(found.group()) is not None
        text = text[found.end() :]
    text = text.strip()
    error = False
    function = ""
    source_line: int | None = None
    # The head of a line that another one swallowed, `case 3: INF f 83: …`, is the one that counts.
    while (head := _HEAD.match(text)) and (not function or head["severity"]):
        function = head["function"]
        source_line = int(head["line"])
        error = head["severity"] in ("ERR", "E")
        text = text[head.end() :]
    if not function and (trace := _TRACE.match(text)):
        function = trace["function"]
        text = text[trace.end() :]
    if marked := _ERROR.match(text):
        error = True
        function = marked["function"] or function
        text = text[marked.end() :]
    return Origin(text.strip(), prefix, tagged, error, function, source_line, repaired)
