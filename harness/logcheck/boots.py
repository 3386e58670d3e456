"""Cut the entries of a log into boots: one boot is one start of one program.

The SDK has no line that says "boot". A banner is printed by every `id2_client_init`, and 2.0 calls that
inside each test, so a banner alone proves nothing. A new boot is taken to begin

* when something that a program says once (a test's start, a test's verdict, the report's start) comes again, or from
  3.1 on, in a log that began within a start, a test behind one that the program makes later, or when another program
  speaks: at the last banner since the last such mark, else right there;
* from 3.1 on, when `id2 irot type` comes again without `id2 init count` before it: 3.1 counts nested inits.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from harness.console import events as e
from harness.logcheck.entries import Entry
from harness.logcheck.itlslines import begun_sample, is_about_itls
from harness.logcheck.model import Program

MAX_ENTRIES = 20_000
ID2_TESTS = (
    "Get ID",
    "Get Device Challenge",
    "Get Challenge Auth Code",
    "Get Timestamp Auth Code",
    "Get Secret",
    "Derive Key",
    "One-Time Password",
)
"""The unit tests of `id2_app`, in their order. Source: device-protocol.md i."""
HAL_TESTS = ("Hash", "Rand", "AES", "RSA", "SM2", "SST", "KM")
"""The tests of `hal_app`, in their order. Source: device-protocol.md j.1."""
COUNTED_INIT = 0x00030100  # the first version that counts nested inits


@dataclass(slots=True)
class BootLog:
    """The entries of one boot.

    Attributes:
        number: From 1.
        entries: In the order of the log, at most `MAX_ENTRIES`.
        left_out: Entries beyond that.
        interrupted: Another boot follows.
    """

    number: int
    entries: list[Entry] = field(default_factory=list)
    left_out: int = 0
    interrupted: bool = False


def program_of(event: e.Event) -> Program:
    """Return the program that a line is a sign of."""
    match event:
        case e.TestMark() | e.TestVerdict():
            return Program.HAL_APP if event.suite is e.TestSuite.HAL else Program.ID2_APP
        case e.AuthCodeLine(form="piped"):
            return Program.DEMO
        case e.ReportMark() | e.AuthCodeHeading() | e.IrotType() | e.KeyTypeSetting():
            return Program.ID2_APP
        case e.ClientVersion():
            return Program.ID2_APP if event.version >= 0x00010000 else Program.DEMO
        case e.Other() | e.Message() if event.text.startswith("test: id2_client_"):
            return Program.DEMO
        case e.BuildTime() if event.component.startswith(("ID2 Client", "Demo KM")):
            return Program.ID2_APP
    if is_about_itls(event.origin.function, event.text):
        return Program.ITLS_APP
    return Program.UNKNOWN


def _once(event: e.Event) -> tuple[str, ...] | None:
    """Return what a line is a mark of, when a program says it only once."""
    match event:
        case e.TestMark():
            return ("start" if event.started else "end", event.suite, event.name)
        case e.TestVerdict():
            return ("verdict", event.suite, event.name)
        case e.ReportMark(mark="start" | "banner"):
            return ("report", event.mark)
        case e.Other() | e.Message() if event.text.startswith("test: id2_client_"):
            return ("demo", event.text)
    if which := begun_sample(event.text):
        return ("itls", which)  # it runs one after the other
    return None


def _place(event: e.Event) -> int | None:
    """Return which place a mark has among those of its program, the first being 0; None when it has none."""
    match event:
        case e.TestMark() | e.TestVerdict():
            order = HAL_TESTS if event.suite is e.TestSuite.HAL else ID2_TESTS
            return order.index(event.name) if event.name in order else None
        case e.ReportMark():
            return len(ID2_TESTS)
    return None


def _is_beginning(event: e.Event) -> bool:
    match event:
        case e.ClientVersion():
            return event.version >= 0x00010000  # the 1.0.0 demo prints its version after its init
        case e.BuildTime():
            return "Stub" in event.component
    return event.origin.function == "id2_client_init" and event.text == "enter."


def begins_a_part(event: e.Event) -> bool:
    """Tell whether a line begins something that later lines end: a start, a test, a report, a sample."""
    if isinstance(event, e.TestMark):
        return event.started
    return _is_beginning(event) or (_once(event) is not None and not isinstance(event, e.TestVerdict))


class _Cutter:
    def __init__(self) -> None:
        self.boot = BootLog(1)
        self._marks: set[tuple[str, ...]] = set()
        self._program = Program.UNKNOWN
        self._beginning: int | None = None
        self._version = 0
        self._typed = False  # an `id2 irot type` was seen in this boot
        self._nested = False  # `id2 init count` since the last beginning
        self._joined = False  # the log begins within this boot
        self._furthest = 0  # the place of its latest mark

    def feed(self, entry: Entry) -> BootLog | None:
        """Take an entry; give the boot that it ends."""
        event = entry.event
        ended = None
        if _is_beginning(event):
            self._beginning = len(self.boot.entries)
            self._nested = False
        if isinstance(event, e.ClientVersion):
            self._version = event.version
        elif "init count" in event.text:
            self._nested = True
        mark = _once(event)
        if mark is not None and not self._marks:
            self._joined = self.boot.number == 1 and self._beginning is None
        if begun_sample(event.text):
            self._beginning = None  # the banner comes after it, in the handshake
        if isinstance(event, e.IrotType):
            if self._typed and not self._nested and self._counts_inits():
                ended = self._cut(entry)
            self._typed = True
        elif mark is not None and (
            mark in self._marks or self._other_program(event) or self._comes_early(event)
        ):
            ended = self._cut(entry)
        self._furthest = max(self._furthest, _place(event) or 0)
        self._add(entry)
        if mark is not None:
            self._marks.add(mark)
            self._beginning = None
        if (program := program_of(event)) is not Program.UNKNOWN and (
            mark or self._program is Program.UNKNOWN
        ):
            self._program = program
        return ended

    def _comes_early(self, event: e.Event) -> bool:
        """Tell whether a program that the log joined late, and that is further already, has this behind it."""
        place = _place(event)
        return self._joined and self._version >= COUNTED_INIT and place is not None and place < self._furthest

    def _counts_inits(self) -> bool:
        """Tell whether a second init that does not count must be that of another start."""
        return self._version >= COUNTED_INIT and self._program is not Program.ITLS_APP

    def _other_program(self, event: e.Event) -> bool:
        return Program.UNKNOWN is not self._program is not program_of(event)

    def _add(self, entry: Entry) -> None:
        if len(self.boot.entries) < MAX_ENTRIES:
            self.boot.entries.append(entry)
        else:
            self.boot.left_out += 1

    def _cut(self, entry: Entry) -> BootLog:
        ended = self.boot
        ended.interrupted = True
        at = len(ended.entries) if self._beginning is None else self._beginning
        self.boot = BootLog(ended.number + 1, ended.entries[at:])
        del ended.entries[at:]
        self._marks.clear()
        self._furthest = 0
        self._program = program_of(entry.event)
        self._beginning = None
        self._typed = any(isinstance(each.event, e.IrotType) for each in self.boot.entries)
        self._nested = False
        return ended


def cut_boots(entries: Iterable[Entry]) -> Iterator[BootLog]:
    """Give the boots of a log, each when it is complete; those that say nothing of ID² are left out."""
    cutter = _Cutter()
    number = 0
    for entry in entries:
        if (ended := cutter.feed(entry)) is not None and _speaks(ended):
            number += 1
            ended.number = number
            yield ended
    if _speaks(cutter.boot):
        cutter.boot.number = number + 1
        yield cutter.boot


def _speaks(boot: BootLog) -> bool:
    return any(
        program_of(each.event) is not Program.UNKNOWN
        or isinstance(each.event, (e.DeviceId, e.AuthCodeLine, e.ChipCall, e.DemoCarrierWarning))
        for each in boot.entries
    )
