"""From the bytes of a log to the few events that are judged, in bounded memory."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from harness.console import events as e
from harness.console.capture import Captured, CaptureReader
from harness.console.crash import Alarm, find_alarm, rules_of
from harness.console.dialect import Dialect
from harness.console.sdklog import parse_all
from harness.logcheck.doubles import Doubles, Part
from harness.logcheck.itlslines import is_about_itls
from harness.logcheck.losses import is_damaged

LINE_LIMIT = 8192
REPORT_LINES = 400
REPORT_BANNER = "ID2 Validation Json Message"

TORN = "torn by another program's line"
MIXED = "another program's text stands in the line"
STRANGE = "prefix not understood"
MAX_UNREAD = 20
MAX_EXAMPLE = 200
MAX_DAMAGED = 1000

_SPEAKS = ("ID2 Client", "id2_client_", "LS_LOG", "CONFIG_ID2", "ID2 Validation")
_TAG = "<LS_LOG>"
# Texts without a type of their own that somebody in this package reads. Everything else is let go: a log may
# hold hundreds of megabytes of other programs' output. Plain substrings, because each line is asked.
_STARTS = (
    "Get ID2:",
    "ID2:",
    "ID:",
    "signature input data:",
    "test: ",
    "dec_out",
    "out_data: ",
    "set id2",
    "set key",
    "ID2 - ",
)
_WORDS = (
    "fail",
    "Fail",
    "error",
    "Error",
    "ERROR",
    "not support",
    "auth code",
    "auth_code",
    "authcode",
    "short buffer",
    "init count",
    "exceed",
    "no id2",
    "base64 output: ",
    "Verify Server",
    "ID2 Validation",
)
_CODE_LIKE = re.compile(r"\d~\d~")
# A shell's prompt, of the forms that the grammar does not take for one.
_PROMPT = re.compile(r"(?:\([\w:/~.-]{1,30}\)[#$>]?|[\w@:~/.\[\]-]{1,40}[#$>])\s+|msh [\w/.-]{0,40}>\s*")
_JSON_LINE = re.compile(r"[{}\]\"].*|\[", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Entry:
    """One event that may matter.

    Attributes:
        line: Its line number.
        event: What the line says.
        open_end: The log stops inside this line.
        json: The line of a validation report that the text is, None when it is none.
        open_start: The log begins inside this line.
        alarm: The crash or restart that the line is a sign of.
        doubt: Why the line is not, or not for certain, what the program printed; empty when it is.
        unread: Its text is not to be used.
    """

    line: int
    event: e.Event
    open_end: bool = False
    json: str | None = None
    open_start: bool = False
    alarm: Alarm | None = None
    doubt: str = ""
    unread: bool = False

    @property
    def text(self) -> str:
        """The printed text."""
        return self.event.text


class EntryReader:
    """Reads chunks and gives the entries; knows how much it has read."""

    def __init__(self, dialect: type[Dialect] | None = None) -> None:
        """Prepare.

        Args:
            dialect: How the console speaks, with crash texts of its own; None when it is not known.
        """
        self._rules = rules_of(dialect)
        self.lines = 0
        self.size = 0
        self._reader = CaptureReader(limit=LINE_LIMIT)
        self._doubles = Doubles()
        self._report_left = 0
        self._after_heading = 0
        self._tagged = False
        self._carry = ""
        self._looked_at = -1
        self.unread: list[tuple[int, str]] = []
        self.damaged: dict[int, str] = {}

    def read(self, chunks: Iterable[bytes]) -> Iterator[Entry]:
        """Give all entries of a log."""
        for chunk in chunks:
            self.size += len(chunk)
            for captured in self._reader.feed(chunk):
                for once in self._doubles.feed(captured):
                    yield from self._entries(once)
        for captured in self._reader.finish():
            for once in self._doubles.feed(captured):
                yield from self._entries(once)
        for once in self._doubles.finish():
            yield from self._entries(once)
        self.lines = self._reader.lines

    @property
    def doubled(self) -> list[Part]:
        """Where each line comes twice."""
        return self._doubles.parts

    @property
    def probe_lines(self) -> tuple[int, ...]:
        """Numbers of the first lines that only a firmware with a probe prints."""
        return tuple(self._reader.probe_lines)

    def _entries(self, captured: Captured) -> Iterator[Entry]:
        line, text = captured.line, captured.text
        self.lines = line.number
        if len(self.damaged) < MAX_DAMAGED and is_damaged(line.text):
            self.damaged[line.number] = line.text[:MAX_EXAMPLE]
        if self._carry or line.cut:
            text = self._joined(text, cut=line.cut)
        if not text:
            return
        alarm = None if line.offset == self._looked_at else find_alarm(line.text, self._rules)
        self._looked_at = line.offset  # a line that was torn comes in parts
        events = _events(text, named=captured.named)
        if captured.torn or (captured.strange and all(isinstance(event, e.Other) for event in events)):
            self._note_unread(line.number, text)
            doubt = TORN if captured.torn else STRANGE
            yield Entry(line.number, events[0], alarm=alarm, doubt=doubt, unread=True)
            return
        if captured.guessed and not any(map(self._keep, events)) and not _json_of(events[-1]):
            yield Entry(line.number, events[0], alarm=alarm, doubt=MIXED, unread=True)
            return
        if not captured.named and type(events[-1]) is e.Other and any(word in text for word in _SPEAKS):
            self._note_unread(line.number, text)
        for event in events:
            json = _json_of(event) if self._report_left > 0 else None
            if json is not None or self._keep(event) or alarm is not None:
                yield Entry(
                    line.number,
                    event,
                    open_end=not line.ended and not line.cut,
                    json=json,
                    open_start=line.offset == 0 and not event.origin.tagged,
                    alarm=alarm,
                    doubt=TORN if captured.guessed else "",
                )
                alarm = None
            self._follow(event)

    def _note_unread(self, line: int, text: str) -> None:
        if len(self.unread) < MAX_UNREAD:
            self.unread.append((line, text[:MAX_EXAMPLE]))

    def _joined(self, text: str, *, cut: bool) -> str:
        """Keep back the statement that a piece of an overlong line cuts, for the next piece."""
        text = self._carry + text
        self._carry = ""
        if cut and (at := text.rfind(_TAG)) > 0 and len(text) - at < LINE_LIMIT:
            self._carry = text[at:]
            return text[:at]
        return text

    def _keep(self, event: e.Event) -> bool:
        if isinstance(event, e.Blank):
            return False
        origin = event.origin
        if isinstance(event, (e.Other, e.Message)):
            text = origin.text
            return (
                self._after_heading > 0
                or text.startswith(_STARTS)
                or text == "seed:"
                or is_about_itls(origin.function, text)
                or ("~" in text and bool(_CODE_LIKE.search(text)))
                or (text == "enter." and origin.function == "id2_client_init")
                or ((event.error or any(word in text for word in _WORDS)) and not self._foreign(origin))
            )
        if isinstance(event, e.CallFailed):
            return not self._foreign(origin)
        return not isinstance(event, e.ChipMessage) or event.error or "error" in event.chip_text

    def _foreign(self, origin: e.Origin) -> bool:
        """Tell whether a line is another program's: it has neither tag nor function, and the SDK's lines have tags."""
        return self._tagged and not (origin.tagged or origin.function or "id2" in origin.text.lower())

    def _follow(self, event: e.Event) -> None:
        self._tagged = self._tagged or event.origin.tagged
        self._after_heading = max(0, self._after_heading - 1)
        self._report_left = max(0, self._report_left - 1)
        if isinstance(event, e.AuthCodeHeading):
            self._after_heading = 3
        elif isinstance(event, e.AuthCodeLine):
            self._after_heading = 0
        elif REPORT_BANNER in event.text:
            self._report_left = REPORT_LINES
        elif isinstance(event, (e.ReportMark, e.TestMark, e.TestVerdict, e.ClientVersion)):
            self._report_left = 0


def _events(text: str, *, named: bool) -> tuple[e.Event, ...]:
    """Return the events of a line; when it says nothing, of the line behind its prompt."""
    events = parse_all(text, named=named)
    if len(events) > 1 or not isinstance(events[0], e.Other) or not (prompt := _PROMPT.match(events[0].text)):
        return events
    return parse_all(events[0].text[prompt.end() :])


def _json_of(event: e.Event) -> str | None:
    if event.error or not isinstance(event, (e.Other, e.Message)):
        return None
    return event.text if _JSON_LINE.fullmatch(event.text) else None
