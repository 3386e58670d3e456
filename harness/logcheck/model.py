"""What a log check gives back: items with verdicts, findings, and what was recovered from the log."""

from dataclasses import dataclass, field
from enum import StrEnum

from harness.console.program import Topic
from harness.run.verdict import Verdict, worst
from harness.severity import Severity


class Program(StrEnum):
    """The vendor's programs that this package can read."""

    ID2_APP = "id2_app"
    HAL_APP = "hal_app"
    DEMO = "1.0.0 demo"
    ITLS_APP = "itls_app"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that was judged.

    Attributes:
        name: What it is, for a person.
        verdict: passed, failed or not_run.
        detail: What was seen; for a failure what is wrong and where. Safe to print.
        lines: Line numbers that it rests on, ascending; for a failure the line that is wrong is among them.
        boot: Number of the boot from 1; 0 for the log as a whole.
        topic: What it is about.
    """

    name: str
    verdict: Verdict
    detail: str
    lines: tuple[int, ...] = ()
    boot: int = 0
    topic: Topic = Topic.PROGRAM


@dataclass(frozen=True, slots=True)
class Finding:
    """Something known about this SDK or this build that a person should hear of.

    A finding never changes a verdict by itself; `--strict` makes findings failures.

    Attributes:
        id: `k.6` and the like, the section of device-protocol.md; a word where that page has no number.
        severity: How much it matters.
        title: What it is, in one line.
        detail: Where it was seen and what to do.
        lines: Line numbers, ascending.
        boot: Number of the boot from 1; 0 for the log as a whole.
        demo: It only says that this is the Demo carrier, which `--allow-demo` accepts.
    """

    id: str
    severity: Severity
    title: str
    detail: str
    lines: tuple[int, ...] = ()
    boot: int = 0
    demo: bool = False


@dataclass(frozen=True, slots=True)
class Exchange:
    """One APDU exchange recovered from the dumps of the SE adapter.

    Attributes:
        boot: Number of the boot.
        lines: First and last line of the dump.
        command: The command as dumped.
        response: The answer with its status word; empty when the driver gave none.
        command_length: Length announced for the command, in bytes.
        response_length: Length announced for the answer; None when none was dumped.
        result: What the driver returned; None when the log does not say.
        driver_length: Length of the answer as the driver gave it; None when the log does not say.
        damaged: Why the bytes cannot be trusted (a row is missing or cut); empty when they are whole.
    """

    boot: int
    lines: tuple[int, int]
    command: bytes
    response: bytes
    command_length: int
    response_length: int | None
    result: int | None
    driver_length: int | None
    damaged: str = ""

    @property
    def sw(self) -> int | None:
        """The status word, None without an answer."""
        return int.from_bytes(self.response[-2:], "big") if len(self.response) >= 2 else None

    @property
    def data(self) -> bytes:
        """The answer without its status word."""
        return self.response[:-2]


@dataclass(frozen=True, slots=True)
class RecoveredCode:
    """An auth code that the log shows.

    Attributes:
        boot: Number of the boot.
        line: Its line.
        text: The code as printed, not escaped.
        source: `unit test`, `report`, `demo`, `debug` or `elsewhere`.
        verdict: What became of it.
        basis: What the verdict rests on: `key`, `key and apdu dump`, `key and dump`, `apdu dump`, `dump`
            or `form`.
    """

    boot: int
    line: int
    text: str
    source: str
    verdict: Verdict
    basis: str


@dataclass(frozen=True, slots=True)
class BootSummary:
    """One start of a program in the log.

    Attributes:
        number: From 1.
        program: Which program.
        sdk_version: `3.1.0`; empty when the log does not say.
        carrier: `SE`, `DEMO` …; empty when the log does not say.
        key_type: Name of the key type as far as it is known: `aes-128`, or the family `AES`.
        id2: The device's ID, empty when there is none.
        first_line: First line.
        last_line: Last line.
        verdict: The worst of its items.
    """

    number: int
    program: Program
    sdk_version: str
    carrier: str
    key_type: str
    id2: str
    first_line: int
    last_line: int
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class LogReport:
    """The whole judgement of a log.

    Attributes:
        boots: The starts of programs, in order; at most as many as `left_out_boots` leaves.
        items: All items, in the order of the log.
        findings: All findings.
        exchanges: APDU exchanges recovered from dumps.
        codes: Auth codes that the log shows.
        lines: Lines read.
        size: Bytes read.
        counts: Items by verdict, those left out of `items` too.
        left_out_items: Items that are only counted, because a log may hold thousands of boots.
        left_out_boots: Boots that are only counted.
        strict: Findings count as failures.
        allow_demo: Findings of the Demo carrier do not count even then.
        unread: Some of the lines of the SDK's that are there and could not be read: number and text.
    """

    boots: tuple[BootSummary, ...]
    items: tuple[Item, ...]
    findings: tuple[Finding, ...]
    exchanges: tuple[Exchange, ...]
    codes: tuple[RecoveredCode, ...]
    lines: int
    size: int
    counts: dict[Verdict, int] = field(default_factory=dict)
    left_out_items: int = 0
    left_out_boots: int = 0
    strict: bool = False
    allow_demo: bool = False
    unread: tuple[tuple[int, str], ...] = ()

    @property
    def recognised(self) -> bool:
        """Whether anything of the vendor's programs was in the log."""
        return bool(self.boots)

    @property
    def counted_findings(self) -> tuple[Finding, ...]:
        """The findings that `--strict` counts as failures."""
        return tuple(each for each in self.findings if not (each.demo and self.allow_demo))

    @property
    def verdict(self) -> Verdict:
        """The verdict of the log: the worst item, and with `strict` failed for any finding that counts."""
        verdicts = {verdict for verdict, count in self.counts.items() if count}
        if self.strict and self.counted_findings:
            verdicts.add(Verdict.FAILED)
        return worst(verdicts)

    def failed(self) -> tuple[Item, ...]:
        """Return the items that failed."""
        return tuple(item for item in self.items if item.verdict is Verdict.FAILED)
