"""What a boot says, put together from its lines and not yet judged."""

from dataclasses import dataclass, field

from harness.console import events as e
from harness.console.crash import Alarm
from harness.logcheck.entries import Entry
from harness.logcheck.model import Exchange, Program


@dataclass(frozen=True, slots=True)
class PrintedValue:
    """A value and the line that printed it."""

    line: int
    value: str


@dataclass(slots=True)
class Dump:
    """A hex dump.

    Attributes:
        name: Its heading.
        line: Line of the heading.
        last_line: Line of the last row.
        length: Bytes announced.
        direction: `command`, `response` or empty.
        tagged: Its heading has the SDK's tag; so must its rows.
        data: Bytes found.
        closed: Something else followed, so that no further row can belong to it.
    """

    name: str
    line: int
    length: int
    direction: str
    tagged: bool = False
    last_line: int = 0
    data: bytes = b""
    closed: bool = False

    @property
    def damage(self) -> str:
        """Why the bytes cannot be trusted; empty when they are as many as announced."""
        if len(self.data) == self.length:
            return ""
        return f"{self.name}: {self.length} bytes announced, {len(self.data)} readable in its rows"


@dataclass(slots=True)
class Workings:
    """How a code came about, as the 1.0.0 demo and debug builds print it.

    Attributes:
        message_texts: The message that is signed, as text.
        message_dumps: The same as dump.
        hashes: Dumps of the hash.
        padded: Dumps of the padded hash.
        signs: Dumps of SIGN.
        base64_texts: SIGN in base64.
        base64_dumps: The same as dump of its characters.
    """

    message_texts: list[PrintedValue] = field(default_factory=list)
    message_dumps: list[Dump] = field(default_factory=list)
    hashes: list[Dump] = field(default_factory=list)
    padded: list[Dump] = field(default_factory=list)
    signs: list[Dump] = field(default_factory=list)
    base64_texts: list[PrintedValue] = field(default_factory=list)
    base64_dumps: list[Dump] = field(default_factory=list)

    @property
    def dumps(self) -> list[Dump]:
        """All dumps, in no particular order."""
        return [*self.message_dumps, *self.hashes, *self.padded, *self.signs, *self.base64_dumps]

    @property
    def any(self) -> bool:
        """Whether the program showed anything."""
        return bool(self.dumps or self.message_texts or self.base64_texts)

    def leave_out(self, dumps: list[Dump]) -> None:
        """Forget dumps."""
        for kept in (self.message_dumps, self.hashes, self.padded, self.signs, self.base64_dumps):
            kept[:] = [dump for dump in kept if not any(dump is other for other in dumps)]

    def keep(self, dump: Dump) -> None:
        """File a dump under what its heading says; a dump of something else is ignored."""
        name = dump.name.lower().removesuffix(":")
        places = {
            "hash": self.hashes,
            "after padding hash": self.padded,
            "id2 cipher input": self.padded,
            "encrypt output": self.signs,
            "signature output": self.signs,
            "id2 cipher output": self.signs,
            "id2 sign output": self.signs,
            "base64 input": self.signs,
            "base64 output": self.base64_dumps,
            "id2 sign input": self.message_dumps,
        }
        if name.endswith("signature input data"):
            self.message_dumps.append(dump)
        elif name in places:
            places[name].append(dump)


@dataclass(slots=True)
class Sighting:
    """An auth code in the log.

    Attributes:
        line: Its line.
        text: The code as printed.
        source: `unit test`, `report`, `demo`, `debug`, `server` or `elsewhere`.
        kind: `challenge` or `timestamp` when the program says which it asked for, else empty.
        extra: The extra; None for none.
        extra_known: Whether the program says if there was an extra.
        length: The length that the program printed; None when it printed none.
        generation: Codes with one number are one code, printed more than once.
        random: The challenge or timestamp that the program says it used, None when it does not say.
        workings: How it came about, when the program shows it.
        open_end: The log stops in this line.
    """

    line: int
    text: str
    source: str
    kind: str = ""
    extra: str | None = None
    extra_known: bool = False
    length: int | None = None
    generation: int = 0
    random: str | None = None
    workings: Workings | None = None
    open_end: bool = False


@dataclass(slots=True)
class TestRun:
    """One test of `id2_app` or `hal_app`, from its start to its verdict."""

    suite: e.TestSuite
    name: str
    start: int | None = None
    end: int | None = None
    verdict: int | None = None
    result: e.TestResult | None = None
    steps: list[tuple[int, str, e.TestResult]] = field(default_factory=list)

    @property
    def lines(self) -> tuple[int, ...]:
        """Lines of start, end and verdict, those that are there."""
        return tuple(line for line in (self.start, self.end, self.verdict) if line is not None)


@dataclass(slots=True)
class Complaint:
    """A line that speaks of an error.

    Attributes:
        line: Its line.
        function: Who printed it, empty when the line names none.
        text: What it says.
        test: The test or section it stands in, empty outside.
        foreign: Nothing in the line says that the SDK printed it.
        code: The result code it names.
    """

    line: int
    function: str
    text: str
    test: str
    foreign: bool
    code: int | None = None


@dataclass(slots=True)
class ChallengeLine:
    """A device challenge."""

    line: int
    text: str
    length: int


@dataclass(slots=True)
class Derived:
    """A device secret or a derived key, with the seed it was made from."""

    seed: PrintedValue | None
    lines: tuple[int, ...]
    value: bytes
    text: str = ""
    length: int | None = None


@dataclass(slots=True)
class ReportText:
    """The JSON of a validation report.

    Attributes:
        banner: Line of the banner.
        start: Line where the program began to make it; the banner's when it does not say.
        rows: Its lines, each with the line number of the log.
        closed: The outermost brace was closed.
        depth: Braces still open.
        size: Characters.
    """

    banner: int
    start: int
    rows: list[tuple[int, str]] = field(default_factory=list)
    closed: bool = False
    depth: int = 0
    size: int = 0

    @property
    def text(self) -> str:
        """The JSON."""
        return "\n".join(row for _, row in self.rows)

    def lines_of(self, needle: str) -> list[int]:
        """Return the lines whose text holds `needle`."""
        return [line for line, row in self.rows if needle in row]


@dataclass(slots=True)
class Section:
    """A part of `id2_app` after the report: verify server, decrypt."""

    name: str
    start: int | None = None
    end: int | None = None
    passed: bool | None = None
    output: PrintedValue | None = None


@dataclass(slots=True)
class Facts:
    """Everything that a boot says and that somebody judges; `left_out` counts what is beyond the limits."""

    number: int
    entries: list[Entry]
    left_out: int = 0
    interrupted: bool = False
    program: Program = Program.UNKNOWN
    versions: list[tuple[int, e.ClientVersion]] = field(default_factory=list)
    builds: list[tuple[int, e.BuildTime]] = field(default_factory=list)
    flags: list[tuple[int, e.ConfigFlag]] = field(default_factory=list)
    irots: list[tuple[int, e.IrotType]] = field(default_factory=list)
    demo_warnings: list[int] = field(default_factory=list)
    provisioning: list[tuple[int, e.ProvisioningState]] = field(default_factory=list)
    ids: list[PrintedValue] = field(default_factory=list)
    codes: list[Sighting] = field(default_factory=list)
    missing_codes: list[tuple[int, ...]] = field(default_factory=list)
    tests: list[TestRun] = field(default_factory=list)
    complaints: list[Complaint] = field(default_factory=list)
    challenges: list[ChallengeLine] = field(default_factory=list)
    seeds: list[PrintedValue] = field(default_factory=list)
    secrets: list[Derived] = field(default_factory=list)
    keys: list[Derived] = field(default_factory=list)
    totps: list[PrintedValue] = field(default_factory=list)
    dumps: list[Dump] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    reports: list[ReportText] = field(default_factory=list)
    report_marks: list[tuple[int, str]] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)
    demo_tests: list[PrintedValue] = field(default_factory=list)
    demo_results: list[PrintedValue] = field(default_factory=list)
    key_prints: list[int] = field(default_factory=list)
    chip_lines: list[int] = field(default_factory=list)
    alarms: list[tuple[int, Alarm]] = field(default_factory=list)
    itls: list[PrintedValue] = field(default_factory=list)
    unread: dict[int, str] = field(default_factory=dict)
    torn: list[int] = field(default_factory=list)
    torn_dumps: list[Dump] = field(default_factory=list)

    @property
    def first_line(self) -> int:
        """First line of the boot."""
        return self.entries[0].line if self.entries else 0

    @property
    def last_line(self) -> int:
        """Last line of the boot."""
        return self.entries[-1].line if self.entries else 0

    @property
    def module(self) -> bool:
        """The program drives an ID² module (MDU), over its stub or by the adapter of SDK 2.0."""
        return any("Stub" in event.component for _, event in self.builds) or self.module_line > 0

    @property
    def module_line(self) -> int:
        """Line in which SDK 2.0 names the maker of the module that it drives; 0 for none."""
        return next((line for line, flag in self.flags if flag.name == "CONFIG_ID2_MDU_TYPE"), 0)

    @property
    def puf_line(self) -> int:
        """Line in which the adapter of a PUF names its curve; 0 for none."""
        return next((line for line, flag in self.flags if flag.name == "CONFIG_CHIP_ECDP_TYPE"), 0)

    @property
    def cut_start(self) -> bool:
        """The log does not show the beginning of the program."""
        if self.program is Program.HAL_APP:
            first = self.tests[0] if self.tests else None
            return first is None or (first.start is None and first.name not in ("SST", "KM"))
        return not self.versions and not self.module

    def begins_behind_making_of(self, line: int) -> bool:
        """Tell whether the log may begin behind the making of what a line shows: no test begins before it."""
        begun = [test.start for test in self.tests if test.start is not None]
        begun += [at for at, mark in self.report_marks if mark == "start"]
        return self.cut_start and not any(start < line for start in begun)
