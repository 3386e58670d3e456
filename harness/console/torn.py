"""Rejoin lines of the SDK's log into which another program printed: the kernel, another thread, a terminal's burst.

A line is rejoined only where its own words then say that it is whole (`wholeness`), or where nothing depends on
it. A line that is torn and cannot be rejoined is said to be torn: nobody can be blamed for what it does not say.
"""

import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from harness.console import apdu_lines, landmarks, splices
from harness.console.events import AuthCodeLine, DumpRow, Event, Other
from harness.console.lines import Line
from harness.console.sdklog import parse_all
from harness.console.wholeness import is_row, is_whole

_AHEAD = 8
"""Lines in which the rest of a torn line is looked for."""
_TRIES = 100_000
"""Ways to put a line together that are tried in one log; what is torn after that stays torn."""
_LONGEST = 1024  # characters of a line that is put together
_REPORT_ROWS = 60
_DUMP_ROWS = 12
_CODE_WITHIN = 3  # lines after the heading of an auth code
_SHORTEST_FOREIGN = 3
_SPLICED = 4  # lines behind a torn one in which its rest is looked for, when they look like nothing known
_PLACES = 4
_HEADING = "====="
_BANNER = "ID2 Validation Json Message"

_CLOCK = r"\d{1,2}:\d\d:\d\d(?:[.,]\d{1,9})?"
_FOREIGN = re.compile(
    r"\[ {0,6}\d{1,7}\.\d{3,9}\](?: |\[)"  # the kernel's
    rf"|\[(?:\d{{4}}-\d\d-\d\d[T ])?{_CLOCK}(?:[.,:]\d{{1,9}})?Z?(?:,\d{{3}})?\]"
    rf"|\d{{4}}-\d\d-\d\d[T ]{_CLOCK}"
    r"|[VDIWEF] \(\d{1,10}\) [\w.-]{1,32}:"  # ESP-IDF
    r"|\[[VDIWEF]/[\w.-]{1,32}\] ?"  # RT-Thread
    r"|[VDIWEF]/[\w.-]{1,32} ?\( ?\d{1,6}\): "  # logcat
    r"|\[\d{4,9}\]<[VDIWEFA]>"  # AliOS
    r"|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d\d:\d\d:\d\d "
)
_LEVEL = re.compile(  # may also stand in the SDK's own text
    r"<\d{1,3}>(?=[\[A-Z])|<(?:inf|err|wrn|dbg)> "
    r"|\[ ?(?:INFO|WARN|WARNING|ERROR|DEBUG|INF|ERR|WRN|DBG|inf|err|wrn|dbg)\] ?"
)
_HEAD = re.compile(
    r"\s*(?:<LS_LOG> ?)?(?:(?:INF|ERR) )?(?:\w{1,80} (?:\d{1,6}: ?)?)?(?:ERROR: ?)?(?:ID2=> ?)?"
)
# A line of the SDK's that was torn right after its beginning.
_OPENING = re.compile(r"<(?!LS_LOG>)(?:LS_LO|LS_L|LS_|LS|L)|\[_{0,2}(?:id2|irot|km|hal|sym|asym)_")
_BEFORE_CODE = re.compile(r"\s*\[\d{1,4}\] \d{1,2}~")
_FULL_ROW = re.compile(r"(?:<LS_LOG> ?)?(?:ID2=> ?)?(?:[0-9A-F]{2} ){8}  (?:[0-9A-F]{2} ){7}[0-9A-F]{2} ?")
_PAIRS = re.compile(r"(?:[0-9A-F]{2} +){3}")
_HEX_ROW = re.compile(r"(?:ID2=> ?)?(?:[0-9A-F]{2} {1,4}){1,16}")


@dataclass(frozen=True, slots=True)
class Captured:
    """A line of a captured console.

    Attributes:
        line: Where it stood, and its bytes.
        text: What was printed, without prefix and trailer; put together, when it was torn.
        prefix: What was taken off before it.
        named: The prefix names the SDK as the one who prints, in place of its tag.
        strange: A known text stands in it, behind something that could not be understood as a prefix.
        torn: Another program printed into it, and it could not be put together for certain.
        guessed: It was put together, and the place where it was torn is only likely; or what it is.
        foreign: Another program printed it.
    """

    line: Line
    text: str
    prefix: str = ""
    named: bool = False
    strange: bool = False
    torn: bool = False
    guessed: bool = False
    foreign: bool = False


Inside = Callable[[str, int], Iterator[tuple[int, int]]]
"""Gives the places where a learned prefix stands in the middle of a line."""


class Mender:
    """Takes the lines of a log in order and gives them back, torn ones put together."""

    def __init__(self, inside: Inside) -> None:
        self._inside = inside
        self._waiting: deque[Captured] = deque()
        self._tries = _TRIES
        self._rows = 0  # of a validation report that may still come
        self._code = 0  # lines in which an announced auth code may still come
        self._dump = 0  # lines in which rows of a dump may still come
        self._bare = False  # known lines without a prefix were seen: a prefix is that of a burst

    def feed(self, captured: Captured) -> Iterator[Captured]:
        """Take a line; give those that are done."""
        self._waiting.append(captured)
        if len(self._waiting) > _AHEAD:
            yield from self._take()

    def finish(self) -> Iterator[Captured]:
        """Give the rest."""
        while self._waiting:
            yield from self._take()

    def _take(self) -> list[Captured]:
        first = self._waiting.popleft()
        whole = first.line.piece == 0 and not first.line.cut
        out = self._mended(first) if whole and first.text and self._is_ours(first) else [first]
        if self._rows and len(out) == 1 and _FOREIGN.match(first.text) and landmarks.find(first.text) is None:
            out = [replace(out[0], foreign=True)]
        for each in out:
            self._follow(each)
        return out

    def _is_ours(self, captured: Captured) -> bool:
        text = captured.text
        return (
            landmarks.TAG in text
            or captured.named
            or self._rows > 0
            or self._code > 0
            or self._dump > 0
            or _OPENING.match(text) is not None
            or _HEADING in text
            or _HEX_ROW.match(text) is not None
            or landmarks.find(text) is not None
            or apdu_lines.is_rest(text)
        )

    def _follow(self, captured: Captured) -> None:
        text = captured.text
        self._rows, self._code = max(0, self._rows - 1), max(0, self._code - 1)
        self._dump = _DUMP_ROWS if "[length =" in text else max(0, self._dump - 1)
        if _BANNER in text:
            self._rows = _REPORT_ROWS
        elif "authcode[" in text:
            self._code = _CODE_WITHIN
        if not captured.prefix and not self._bare:
            found = landmarks.find(text)
            self._bare = text.startswith(landmarks.TAG) or (
                found is not None and not text[: found.start].strip()
            )

    def _mended(self, first: Captured) -> list[Captured]:
        text = first.text
        if parts := self._adapter_line(first):
            return parts
        if self._rows and is_row(text):
            return self._with_comma(first)
        if self._rows and splices.is_object_of_another(text):
            return [replace(first, text="", foreign=True)]
        if self._rows and not self._bare and (bracket := splices.structure_behind_prefix(text)) is not None:
            return [replace(first, text=bracket, prefix=text.removesuffix(bracket), guessed=True)]
        if (self._code or self._rows) and (found := landmarks.find(text)) and _FOREIGN.match(text.lstrip()):
            rest = text[found.start :]  # the other's line end was lost, and not the SDK's
            if self._whole(rest):
                return [replace(first, text=text[: found.start], named=False), replace(first, text=rest)]
        for start, end in self._inside(text, 1):
            if parts := self._at_prefix(first, start, end):
                return parts
        starts = [at for at in self._places(_FOREIGN, text) if self._tears(text, at)]
        for start in (*starts, *self._places(_LEVEL, text)):
            if parts := self._at_foreign(first, start):
                return parts
        if any(_more_than_tag(text[:at]) or landmarks.speaks_of_sdk(text[at:]) for at in starts):
            return [replace(first, torn=True)]
        if self._rows and _FOREIGN.match(text.lstrip()) and text.rstrip()[-1] in "{}[],":
            return [replace(first, guessed=True)]  # a row of the report may stand at its end
        row = isinstance(parse_all(text)[-1], DumpRow)
        if row and not _FULL_ROW.fullmatch(text):
            return self._before_foreign(first) or self._spliced_row(first) or [first]
        if row or self._sound(first):
            return [first]
        return self._before_foreign(first) or self._at_unknown(first) or self._spliced(first) or [first]

    def _adapter_line(self, first: Captured) -> list[Captured] | None:
        """The heading of an APDU dump, or the first characters of an adapter's line, stand apart from their rest."""
        text = first.text
        if apdu_lines.is_heading(text):
            return [first]
        if end := apdu_lines.heading_before_others(text):
            return [replace(first, text=text[:end]), self._foreign(first, end)]
        for rest in list(self._waiting)[:_SPLICED]:
            if landmarks.TAG in rest.text:
                break
            found = apdu_lines.joined(text, rest.text)
            if len(found) == 1:
                self._use(rest)
                end = len(found[0]) - len(rest.text)
                whole = replace(first, text=found[0])
                return [whole, self._foreign(first, end)] if end < len(text) else [whole]
        if apdu_lines.is_begun(text) or apdu_lines.is_rest(text):
            return [replace(first, torn=True)]
        return None

    def _foreign(self, first: Captured, at: int) -> Captured:
        return replace(first, text=first.text[at:], prefix="", named=False, foreign=True)

    def _places(self, pattern: re.Pattern[str], text: str) -> list[int]:
        """Return the first places where another program's line may begin, behind something of the SDK's."""
        places = [found.start() for found in pattern.finditer(text, 1)]
        return [at for at in places if text[:at].strip()][:_PLACES]

    def _with_comma(self, first: Captured) -> list[Captured]:
        """A row of the report is whole; its comma may stand behind another program's line."""
        if first.text.rstrip().endswith((",", "{", "[")):
            return [first]
        behind = list(self._waiting)[:_SPLICED]
        rest = next((each for each in behind if each.text.strip() == ","), None)
        if rest is None or any(self._is_of_report(each.text) for each in behind[: behind.index(rest)]):
            return [first]
        self._use(rest)
        return [replace(first, text=first.text + ",")]

    def _is_of_report(self, text: str) -> bool:
        return is_row(text) or landmarks.find(text) is not None

    def _tears(self, text: str, start: int) -> bool:
        """Tell whether what looks foreign may tear: a value may hold a date of its own."""
        return not (self._whole(text) and not text[start:].startswith("["))

    def _sound(self, captured: Captured) -> bool:
        return self._whole(captured.text, named=captured.named) is True

    def _whole(self, text: str, *, named: bool = False) -> bool | None:
        if len(text) > _LONGEST:
            return None
        if self._rows and is_row(text):
            return True
        return is_whole(text, named=named)

    def _tried(self, text: str, *, named: bool) -> bool:
        """Try one of many ways to put a line together; in one log only so many are tried."""
        self._tries -= 1
        return self._tries >= 0 and self._whole(text, named=named) is True

    def _at_prefix(self, first: Captured, start: int, end: int) -> list[Captured] | None:
        """A learned prefix stands in the middle: a burst of the terminal began there, or a line end was lost."""
        before, after = first.text[:start], first.text[end:]
        blanks = first.text[len(first.text[:end].rstrip()) : end]
        for joined in dict.fromkeys((before + blanks + after, before + after)):
            if self._whole(joined, named=first.named):
                return [replace(first, text=joined)]
        found = landmarks.find(after)
        if found is not None and found.start == 0:
            return [replace(first, text=before), replace(first, text=after)]
        return None

    def _at_foreign(self, first: Captured, start: int) -> list[Captured] | None:
        """Another program's line begins at `start`."""
        before, foreign = (
            first.text[:start],
            replace(first, text=first.text[start:], prefix="", named=False, foreign=True),
        )
        rest = self._rest()
        if rest is not None and not self._own_line(rest, before):
            for joined in self._joints(before, rest):
                whole = self._whole(joined, named=first.named)
                if whole or (whole is None and self._unspecific(first, before)):
                    self._use(rest)
                    return [replace(first, text=joined), foreign]
        ends = [
            at
            for at in range(start + _SHORTEST_FOREIGN, min(len(first.text), start + _LONGEST))
            if first.text[at:].strip() and self._tried(before + first.text[at:], named=first.named)
        ]
        if ends:
            ends = [at for at in ends if _FULL_ROW.fullmatch(before + first.text[at:])] or ends
            if len({_said(before + first.text[at:]) for at in ends}) > 1:
                return None
            foreign = replace(foreign, text=first.text[start : ends[0]])
            return [replace(first, text=before + first.text[ends[0] :]), foreign]
        if self._rows and foreign.text.rstrip().endswith((",", "{", "[")):
            return None  # what closes the row may be its own
        if rest is None and self._whole(before, named=first.named) and landmarks.find(foreign.text) is None:
            return [replace(first, text=before), foreign]
        return None

    def _unspecific(self, first: Captured, before: str) -> bool:
        """Tell whether nothing depends on the exact text of a line: it is a message of the SDK and no value."""
        ours = landmarks.TAG in before or first.named or landmarks.find(before) is not None
        return ours and not self._rows and _BEFORE_CODE.match(before) is None

    def _before_foreign(self, first: Captured) -> list[Captured] | None:
        """The line stops where the next one is another program's, or where a burst of the terminal began."""
        if not self._waiting:
            return None
        follower = self._waiting[0]
        burst = bool(follower.prefix) and self._bare
        if not burst and _FOREIGN.match(follower.prefix + follower.text) is None:
            return None
        rest = follower if burst else self._rest()
        if rest is None or not rest.text.strip() or self._starts_ours(rest):
            return None
        if self._own_line(rest, first.text):
            return None
        for joined in self._joints(first.text, rest):
            if self._whole(joined, named=first.named):
                self._use(rest)
                return [replace(first, text=joined)]
        return None

    def _at_unknown(self, first: Captured) -> list[Captured] | None:
        """Something that does not look like a log line may stand where this one was torn."""
        rest = self._waiting[0] if self._waiting else None
        text = first.text
        if rest is None or not self._is_orphan(rest.text, text):
            return None
        if len(text) > _LONGEST or self._tries <= 0 or _FOREIGN.match(rest.text):
            return None
        found = {
            joined: at
            for at in range(len(text) - _SHORTEST_FOREIGN, 0, -1)
            for joined in self._joints(text[:at], rest)
            if self._tried(joined, named=first.named)
        }
        if not found:
            return None
        full = {joined: at for joined, at in found.items() if _FULL_ROW.fullmatch(joined)} or found
        if len({_said(joined) for joined in full}) > 1:
            return [replace(first, torn=True)]
        self._use(rest)
        joined, at = next(iter(full.items()))
        foreign = replace(first, text=text[at:], prefix="", named=False, foreign=True)
        return [replace(first, text=joined, guessed=True), foreign]

    def _spliced(self, first: Captured) -> list[Captured] | None:
        """Another program's text, known by nothing, stands behind the first part of a line, or inside of it."""
        text = first.text
        following = self._following(first)
        whole = partial(self._tried, named=first.named)
        joints = [joint for rest in following for joint in self._rests(text, rest)]
        found = splices.behind_others(text, joints, whole)
        if len(found) == 1:
            rest = found[0][len(text) :]
            at = next(at for at, captured in enumerate(following) if rest in self._rests(text, captured))
            for captured in following[: at + 1]:
                self._use(captured)
            return [replace(first, text=found[0])]
        blank = not self._waiting or not self._waiting[0].text.strip()
        row = _PAIRS.search(text) is not None
        inside = splices.without_inside(
            text, lambda joined: whole(joined) and (row or not _is_dump_row(joined)), to_the_end=blank
        )
        if self._rows:  # the blanks around a row say nothing
            inside = tuple({joined.strip(): joined for joined in inside}.values())
        if len(inside) == 1:
            return [replace(first, text=inside[0])]
        broken = self._code > 0 or self._whole(text, named=first.named) is False
        inside = inside or tuple(text[:at] for at in self._places(_LEVEL, text) if splices.may_hold(text))
        if found or inside or (broken and following and not splices.is_value(following[0].text)):
            return [replace(first, torn=True)]
        return None

    def _spliced_row(self, first: Captured) -> list[Captured] | None:
        """The rest of a row of a dump stands behind lines that say nothing."""
        tagged = landmarks.TAG in first.text or "ID2=>" in first.text
        for at, rest in enumerate(following := self._following(first)):
            if tagged or _is_dump_row(rest.text):
                for joint in self._rests(first.text, rest):
                    if _FULL_ROW.fullmatch(first.text + joint) or (
                        tagged and self._whole(first.text + joint)
                    ):
                        for captured in following[: at + 1]:
                            self._use(captured)
                        return [replace(first, text=first.text + joint)]
        return None

    def _following(self, first: Captured) -> list[Captured]:
        """Return the next lines that say nothing of their own."""
        found: list[Captured] = []
        for rest in list(self._waiting)[:_SPLICED]:
            if not rest.text.strip() or self._starts_ours(rest) or self._own_line(rest, first.text):
                break
            if landmarks.TAG in rest.text or (self._rows and is_row(rest.text)):
                break
            found.append(rest)
        return found

    def _rests(self, before: str, rest: Captured) -> list[str]:
        """Return what may follow in a line that is torn: the text, with a blank or without a burst's time."""
        joints = [joined[len(before) :] for joined in self._joints(before, rest)]
        if burst := _FOREIGN.match(rest.text):
            joints += [rest.text[burst.end() :], rest.text[burst.end() :].lstrip()]
        return joints

    def _is_orphan(self, rest: str, text: str) -> bool:
        """Tell whether a line says nothing of its own, and may be the rest of `text`."""
        dump = _HEX_ROW.match(text.replace(landmarks.TAG, "").lstrip()) is not None
        dump = dump or (self._dump > 0 and ("ID2=>" in text or _OPENING.match(text) is not None))
        if not rest.strip():
            return self._rows > 0 or dump
        if self._rows and is_row(rest):
            return rest.strip() == "{" and text.lstrip().startswith('"args"')
        event = parse_all(rest)[-1]
        if landmarks.TAG in text and rest.startswith("ID2=>"):
            return True
        if isinstance(event, DumpRow):
            return dump or _BEFORE_CODE.match(text) is not None
        if isinstance(event, AuthCodeLine) and "~" not in event.code:
            return True  # what stands behind "device secret:"
        return type(event) is Other and landmarks.TAG not in rest and landmarks.find(rest) is None

    def _rest(self) -> Captured | None:
        """Return the first of the next lines that is no other program's and may be the rest of a torn one."""
        for captured in self._waiting:
            if _FOREIGN.match(captured.text):
                continue
            return None if not captured.text.strip() or self._starts_ours(captured) else captured
        return None

    def _own_line(self, rest: Captured, before: str) -> bool:
        """Tell whether a line says something whole without what was torn off."""
        start = before.strip()
        if start and landmarks.TAG.startswith(start) and rest.text.startswith(landmarks.TAG[len(start) :]):
            return False
        if _HEAD.fullmatch(before) or (self._rows and is_row(rest.text)):
            return False
        if rest.text[:1] in (" ", "\t") or (rest.text[:1] == before[-1:] == "="):
            return False
        event = parse_all(rest.text)[-1]
        return not isinstance(event, DumpRow) and not event.origin.function and self._whole(rest.text) is True

    def _starts_ours(self, captured: Captured) -> bool:
        found = landmarks.find(captured.text)
        if found is None:
            return captured.text.lstrip().startswith(landmarks.TAG)
        return not captured.text[: found.start].strip() and self._whole(captured.text) is not False

    def _joints(self, before: str, rest: Captured) -> tuple[str, ...]:
        """Return what the two pieces may have been: a blank between them may have gone with a prefix."""
        if rest.prefix.endswith((" ", "\t")) and not before.endswith(" "):
            return before + rest.text, f"{before} {rest.text}"
        return (before + rest.text,)

    def _use(self, rest: Captured) -> None:
        self._waiting[self._waiting.index(rest)] = replace(rest, text="", prefix="", named=False)


def _said(text: str) -> tuple[type[Event], str, str]:
    """Return what a line says, whatever stands before it."""
    event = parse_all(text)[-1]
    return type(event), event.origin.function, event.text


def _is_dump_row(text: str) -> bool:
    return isinstance(parse_all(text)[-1], DumpRow)


def _more_than_tag(text: str) -> bool:
    return bool(text.replace(landmarks.TAG, "").strip())
