"""The judge: a captured console in, a `LogReport` out."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from harness.console.dialect import Dialect
from harness.console.grammar import says_something
from harness.console.program import Topic
from harness.id2.errors import quoted
from harness.logcheck.banner import (
    find_build_findings,
    judge_banner,
    judge_program,
    judge_provisioning,
    sdk_version,
)
from harness.logcheck.boots import BootLog, begins_a_part, cut_boots
from harness.logcheck.chip import judge_exchanges
from harness.logcheck.claims import NO_CLAIMS, Claims
from harness.logcheck.codes import judge_codes, judge_tail
from harness.logcheck.complaints import judge_complaints
from harness.logcheck.context import Context, understand
from harness.logcheck.derived import judge_derived
from harness.logcheck.doubles import DOUBLED, Part
from harness.logcheck.entries import STRANGE, TORN, EntryReader
from harness.logcheck.expected import judge_claims
from harness.logcheck.gather import gather
from harness.logcheck.identity import judge_id, judge_key
from harness.logcheck.itls_app import judge_itls
from harness.logcheck.judgement import Judgement
from harness.logcheck.keyring import KeyRing
from harness.logcheck.keystrength import judge_key_strength
from harness.logcheck.losses import ENOUGH, LOSSY
from harness.logcheck.model import BootSummary, Exchange, Finding, Item, LogReport, Program, RecoveredCode
from harness.logcheck.randoms import judge_challenges, judge_device_randoms
from harness.logcheck.restarts import has_ended, judge_restarts, judge_second_init
from harness.logcheck.sections import judge_sections
from harness.logcheck.unittests import judge_tests
from harness.logcheck.validation import judge_reports
from harness.logcheck.wholelog import WholeLog
from harness.run.verdict import Verdict, worst
from harness.severity import Severity

_FEW = 3
_Check = Callable[[Context, Judgement], None]

_CHECKS: tuple[tuple[Topic, _Check], ...] = (
    (Topic.PROGRAM, judge_program),
    (Topic.PROGRAM, judge_banner),
    (Topic.PROGRAM, judge_provisioning),
    (Topic.PROGRAM, judge_id),
)
_CHECKS_WITH_KEY: tuple[tuple[Topic, _Check], ...] = (
    (Topic.TESTS, judge_tests),
    (Topic.CODES, judge_codes),
    (Topic.CODES, judge_tail),
    (Topic.CODES, judge_key_strength),
    (Topic.RANDOM, judge_device_randoms),
    (Topic.CODES, judge_challenges),
    (Topic.CODES, judge_derived),
    (Topic.REPORT, judge_reports),
    (Topic.TESTS, judge_sections),
    (Topic.APDU, judge_exchanges),
    (Topic.ERRORS, judge_complaints),
    (Topic.CRASH, judge_restarts),
    (Topic.CRASH, judge_second_init),
    (Topic.LINK, judge_itls),
    (Topic.PROGRAM, find_build_findings),
    (Topic.CLAIMS, judge_claims),
)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a report keeps; what is beyond is judged and only counted.

    Attributes:
        boots: Boots kept in full.
        items: Items kept of those.
        failures: Failed items kept beyond that.
        exchanges: APDU exchanges kept.
        codes: Auth codes kept.
    """

    boots: int = 64
    items: int = 5000
    failures: int = 500
    exchanges: int = 5000
    codes: int = 5000


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Cut:
    """That a log may have gone on where it ends: what its last start lacks is not the device's to answer for.

    Attributes:
        why: What cut it, as a clause.
        lost: Something broke, so that whoever judges knows less than was planned: what is lacking is blocked, also in
            a log of one start. Else nobody listened any longer to a start behind one that came to its end: what that
            one lacks is not run.
    """

    why: str
    lost: bool


_JOINED_LATE = Cut(
    "the log begins within this start, and another one follows, which may have been asked for", lost=False
)


class _Collector:
    """Puts the judgements of the boots together within the limits."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.boots: list[BootSummary] = []
        self.items: list[Item] = []
        self.findings: list[Finding] = []
        self.exchanges: list[Exchange] = []
        self.codes: list[RecoveredCode] = []
        self.counts: Counter[Verdict] = Counter()
        self.left_out_items = 0
        self.left_out_boots = 0
        self._extra_failures = 0
        self._known: set[str] = set()

    def add_items(self, judgement: Judgement, *, full: bool = True) -> None:
        """Take the items of a judgement, within the limits."""
        self.counts.update(item.verdict for item in judgement.items)
        for item in judgement.items:
            listed = full and len(self.items) < self.limits.items
            extra = item.verdict is Verdict.FAILED and self._extra_failures < self.limits.failures
            if listed or extra:
                self.items.append(item)
                self._extra_failures += not listed
            else:
                self.left_out_items += 1

    def add(self, context: Context, judgement: Judgement) -> None:
        """Take what one boot came to."""
        full = len(self.boots) < self.limits.boots
        self.add_items(judgement, full=full)
        for finding in judgement.findings:
            if full or finding.id not in self._known:
                self.findings.append(finding)
                self._known.add(finding.id)
        if not full:
            self.left_out_boots += 1
            return
        self.boots.append(_summary(context, judgement))
        self.exchanges += context.facts.exchanges[: self.limits.exchanges - len(self.exchanges)]
        self.codes += judgement.codes[: self.limits.codes - len(self.codes)]


def judge(
    chunks: Iterable[bytes],
    *,
    keys: KeyRing | None = None,
    id2: str = "",
    strict: bool = False,
    allow_demo: bool = False,
    limits: Limits = DEFAULT_LIMITS,
    claims: Claims = NO_CLAIMS,
    dialect: type[Dialect] | None = None,
    now: datetime | None = None,
    start_asked: bool = False,
    cut: Cut | None = None,
) -> LogReport:
    """Judge a captured serial console of the vendor's programs.

    Args:
        chunks: The log's bytes in pieces of any size; read once, never kept as a whole.
        keys: Keys that may be tried; none by default.
        id2: The ID that the device should have; empty when any will do.
        strict: Findings count as failures.
        allow_demo: Findings that only say "this is the Demo carrier" do not count even then.
        limits: How much the report keeps.
        claims: What somebody says that the console must show.
        dialect: How the console speaks, with crash texts of its own; None when it is not known.
        now: The time of judging, which build dates are held against; the clock's by default.
        start_asked: Whether somebody started the board on purpose where the log begins; the cause that the board names
            for that start then says nothing of what it did by itself.
        cut: What ended the log while the board may have gone on printing; None when nothing did, or nobody knows.

    Returns:
        The report. Nothing recognised gives a report without boots and items, whose verdict is not_run.

    Never raises for anything that stands in a log.

    Source: device-protocol.md i, j.1, k.
    """
    reader = EntryReader(dialect)
    collector = _Collector(limits)
    now = now or datetime.now(UTC)
    whole = WholeLog()
    for boot in cut_boots(reader.read(chunks)):
        context, judgement = _judge_boot(
            boot,
            keys or KeyRing(),
            id2,
            claims,
            now,
            damaged=reader.damaged,
            doubled=reader.doubled,
            start_asked=start_asked,
            cut=cut if not boot.interrupted else _JOINED_LATE if boot.number == 1 else None,
        )
        start_asked = False
        whole.take(context, judgement)
        collector.add(context, judgement)
    if collector.boots:
        collector.add_items(whole.judged(claims, collector.boots))
    return LogReport(
        boots=tuple(collector.boots),
        items=tuple(collector.items),
        findings=(*collector.findings, *whole.found(reader.probe_lines)),
        exchanges=tuple(collector.exchanges),
        codes=tuple(collector.codes),
        lines=reader.lines,
        size=reader.size,
        counts=dict(collector.counts),
        left_out_items=collector.left_out_items,
        left_out_boots=collector.left_out_boots,
        strict=strict,
        allow_demo=allow_demo,
        unread=tuple(reader.unread),
    )


def _judge_boot(
    boot: BootLog,
    keys: KeyRing,
    id2: str,
    claims: Claims,
    now: datetime | None,
    *,
    damaged: Mapping[int, str],
    doubled: Iterable[Part],
    start_asked: bool,
    cut: Cut | None,
) -> tuple[Context, Judgement]:
    context = understand(gather(boot), id2, claims, now)
    context.start_asked = start_asked
    versions = context.facts.versions
    version = sdk_version(versions[0][1]) if versions else ""
    lost = _losses(context, damaged)
    unread = context.facts.unread
    unended = _unended(context, cut)
    if cut is not None and unended:
        unread.setdefault(context.facts.last_line, cut.why)
    twice = _doubled(context, doubled)
    excuses = twice | (_all_of(context, lost) if lost else {}) | unread
    judgement = Judgement(boot.number, version, excuses, unended)
    for judgement.topic, check in _CHECKS:
        check(context, judgement)
    judge_key(context, keys, judgement)
    for judgement.topic, check in _CHECKS_WITH_KEY:
        check(context, judgement)
    if left_out := context.facts.left_out:
        judgement.failed(
            "size",
            f"this start prints more than can be judged at once: {left_out} statements were not judged; "
            "cut the log into parts",
            [context.facts.last_line],
        )
    for dump in context.facts.torn_dumps:
        judgement.topic = Topic.APDU
        judgement.not_run(f"dump in line {dump.line}", f"{TORN}: {dump.damage}", [dump.line])
    judgement.excused.update(context.facts.torn)
    judgement.excused.update(_mostly_strange(context))
    if twice:
        _say_doubled(judgement, twice)
    elif judgement.excused and lost:
        _say_lossy(judgement, lost)
    elif cut is not None and unended and judgement.excused == {context.facts.last_line}:
        _say_cut(cut, context, judgement)
    elif judgement.excused:
        _say_unread(context, judgement)
    return context, judgement


def _unended(context: Context, cut: Cut | None) -> int:
    """Return the line in which the part of a start begins that the log's end cuts; 0 when nothing is cut."""
    facts = context.facts
    if cut is None:
        return 0
    part = max(
        (entry.line for entry in facts.entries if begins_a_part(entry.event)), default=facts.first_line
    )
    if cut is _JOINED_LATE:
        return part if facts.cut_start and facts.program is Program.ID2_APP else 0
    return part if cut.lost or (facts.number > 1 and not has_ended(facts)) else 0


def _losses(context: Context, damaged: Mapping[int, str]) -> dict[int, str]:
    """Return the lines of a boot that show that the console loses characters; none when they are too few to tell."""
    first, last = context.facts.first_line, context.facts.last_line
    found = {line: text for line, text in damaged.items() if first <= line <= last}
    return found if len(found) >= ENOUGH else {}


def _all_of(context: Context, lost: Mapping[int, str]) -> dict[int, str]:
    """Return every line of a boot as one that may have lost characters, with what shows it."""
    why = f"{LOSSY}, as in line {min(lost)}"
    return dict.fromkeys(range(context.facts.first_line, context.facts.last_line + 1), why)


def _doubled(context: Context, parts: Iterable[Part]) -> dict[int, str]:
    """Return the lines of a boot that come twice; all of it when most do, as what is missing has no line."""
    first, last = context.facts.first_line, context.facts.last_line
    lines: dict[int, str] = {}
    for part in parts:
        lines.update(dict.fromkeys(range(max(first, part.first), min(last, part.last) + 1), DOUBLED))
    mostly = len(lines) * 2 > last - first
    return dict.fromkeys(range(first, last + 1), DOUBLED) if lines and mostly else lines


def _mostly_strange(context: Context) -> list[int]:
    """Return the lines behind a prefix that was not understood, when they are more than those that say something."""
    strange = [line for line, why in context.facts.unread.items() if why == STRANGE]
    said = sum(says_something(entry.event) for entry in context.facts.entries if not entry.unread)
    return strange if len(strange) > max(said, _FEW) else []


def _say_doubled(judgement: Judgement, twice: Mapping[int, str]) -> None:
    judgement.topic = Topic.ERRORS
    judgement.blocked(
        "doubled lines",
        f"{DOUBLED} in a row, from line {min(twice)} to line {max(twice)}: two programs write what the port gives into "
        "this log, as a terminal behind a tee does; let one of them write, and capture the console again",
        twice,
    )


def _say_lossy(judgement: Judgement, lost: Mapping[int, str]) -> None:
    judgement.topic = Topic.ERRORS
    judgement.blocked(
        "lost characters",
        f"{LOSSY}: in {len(lost)} lines a fixed text lacks a letter, the first is line {min(lost)}: "
        f"{quoted(lost[min(lost)], 80)}; look at baud rate, flow control and cable, and capture the console again",
        lost,
    )


def _say_cut(cut: Cut, context: Context, judgement: Judgement) -> None:
    facts = context.facts
    told = f"{cut.why}, in line {facts.last_line}"
    if cut.lost:
        judgement.topic = Topic.ERRORS
        judgement.blocked(
            "cut log",
            f"{told}: whether start {facts.number} of the program would have gone on is not known; "
            "capture the console again, to the end",
            [facts.last_line],
        )
    else:
        title = "a start of the program was not judged to its end"
        judgement.find(
            "unended-start", Severity.INFO, title, f"start {facts.number}: {told}.", [facts.last_line]
        )


def _say_unread(context: Context, judgement: Judgement) -> None:
    """A log with checks that could not be made, because its lines cannot be read, has not passed."""
    judgement.topic = Topic.ERRORS
    lines = sorted(judgement.excused)
    example = next((entry.text for entry in context.facts.entries if entry.line == lines[0]), "")
    reasons = ", ".join(dict.fromkeys(judgement.unread[line] for line in lines))
    judgement.blocked(
        "unread lines",
        f"{len(lines)} lines of the SDK are there and cannot be read ({reasons}), the first is line {lines[0]}: "
        f"{quoted(example, 80)}; "
        "capture the console again, without other programs' output and without a prefix",
        lines,
    )


def _summary(context: Context, judgement: Judgement) -> BootSummary:
    facts = context.facts
    kind = ""
    if context.key_type is not None:
        kind = context.key_type.value if context.exact_type else context.key_type.family
    return BootSummary(
        number=facts.number,
        program=facts.program,
        sdk_version=sdk_version(facts.versions[0][1]) if facts.versions else "",
        carrier=facts.irots[0][1].carrier if facts.irots else "",
        key_type=kind,
        id2=context.id2,
        first_line=facts.first_line,
        last_line=facts.last_line,
        verdict=worst(item.verdict for item in judgement.items),
    )
