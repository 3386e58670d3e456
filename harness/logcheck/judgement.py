"""What the checks of one boot judged: items, findings and recovered codes."""

from collections.abc import Iterable, Mapping

from harness.console.program import Topic
from harness.id2 import defects
from harness.logcheck.model import Finding, Item, RecoveredCode
from harness.run.verdict import Verdict
from harness.severity import Severity

MAX_NAME = 100
MAX_DETAIL = 600
MAX_SEEN = 240
MAX_LINES = 40
_WHOLE_PARTS = (Topic.TESTS, Topic.REPORT, Topic.APDU)  # their items are made of all lines from first to last


class Judgement:
    """Collects items and findings of one boot.

    Args:
        boot: Its number.
        version: The SDK version that it shows; empty when it shows none.
        unread: Lines of the SDK's that are there and could not be read, and why. What may be owed to one of them
            has not failed.
        unended: The first line of the part that the log's end cuts, its last line being one of `unread`; 0 for none.
            What is wrong there may be for want of the rest.
    """

    def __init__(
        self, boot: int, version: str = "", unread: Mapping[int, str] | None = None, unended: int = 0
    ) -> None:
        self.boot = boot
        self.version = version
        self.unread = dict(unread or {})
        self.unended = unended
        self.excused: set[int] = set()
        self.topic = Topic.PROGRAM
        self.items: list[Item] = []
        self.findings: list[Finding] = []
        self.codes: list[RecoveredCode] = []

    def passed(self, name: str, detail: str, lines: Iterable[int] = ()) -> None:
        """Write an item that passed."""
        self._write(name, Verdict.PASSED, detail, lines)

    def failed(self, name: str, detail: str, lines: Iterable[int] = (), *, seen: bool = False) -> None:
        """Write an item that failed; `detail` says what is wrong, `lines` has the line where.

        It is not run where a line that could not be read stands in that place; unless what is wrong was seen in
        that line itself, such as a crash.
        """
        lines = list(lines)
        near = [] if seen else self._unread_near(lines)
        if near:
            self._excuse(name, detail, near)
        else:
            self._write(name, Verdict.FAILED, detail, lines)

    def missing(self, name: str, detail: str, lines: Iterable[int] = ()) -> None:
        """Record that something is not in the log: failed, or not run where an unread line may be it."""
        if self.unread:
            self._excuse(name, detail, list(self.unread))
        else:
            self._write(name, Verdict.FAILED, detail, lines)

    def blocked(self, name: str, detail: str, lines: Iterable[int] = ()) -> None:
        """Write an item that nobody can judge as long as the log is what it is."""
        self._write(name, Verdict.BLOCKED, detail, lines)

    def not_run(self, name: str, detail: str, lines: Iterable[int] = ()) -> None:
        """Write an item that could not be judged."""
        self._write(name, Verdict.NOT_RUN, detail, lines)

    def judged(self, name: str, problems: list[str], good: str, lines: Iterable[int] = ()) -> bool:
        """Record an item that failed if there is any problem, else passed; return whether it passed."""
        if problems:
            self.failed(name, "; ".join(problems), lines)
        else:
            self.passed(name, good, lines)
        return not problems

    def find(
        self,
        number: str,
        severity: Severity,
        title: str,
        detail: str,
        lines: Iterable[int] = (),
        *,
        demo: bool = False,
    ) -> None:
        """Write a finding; of several with one number only the first."""
        if all(finding.id != number for finding in self.findings):
            told = _safe(detail, MAX_DETAIL)
            self.findings.append(Finding(number, severity, title, told, _few(lines), self.boot, demo))

    def find_defect(self, number: str, seen: str, lines: Iterable[int] = (), *, demo: bool = False) -> None:
        """Write that the log shows a known defect of the SDK.

        Args:
            number: Its id, `k.6` and the like.
            seen: How the log shows it.
            lines: Where.
            demo: It only says that this is the Demo carrier.
        """
        defect = defects.get(number)
        where = f"SDK {self.version}; {defect.reference}" if self.version else defect.reference
        told = f"{_safe(seen, MAX_SEEN)}. {defect.meaning} ({where})"
        self.find(number, defect.severity, defect.title, told, lines, demo=demo)

    def _unread_near(self, lines: list[int]) -> list[int]:
        places = [line for line in lines if line]
        if not self.unread or not places:
            return []
        # Values that repeat need nothing of the rest: one place before it is evidence.
        doubtful = min(places) if self.topic is Topic.RANDOM else max(places)
        if self.unended and doubtful >= self.unended:
            return [max(self.unread)]
        whole = self.topic in _WHOLE_PARTS
        first, last = min(places), max(places)
        return [
            line
            for line in self.unread
            if any(abs(line - place) <= 1 for place in places) or (whole and first <= line <= last)
        ]

    def _excuse(self, name: str, detail: str, unread: list[int]) -> None:
        self.excused.update(unread)
        self.not_run(name, f"{self.unread[unread[0]]}: line {unread[0]} (it would be: {detail})", unread)

    def _write(self, name: str, verdict: Verdict, detail: str, lines: Iterable[int]) -> None:
        name, detail = _safe(name, MAX_NAME), _safe(detail, MAX_DETAIL)
        self.items.append(Item(name, verdict, detail, _few(lines), self.boot, self.topic))


def _safe(text: str, limit: int) -> str:
    """Return text bounded, without anything that acts on a terminal: much of it comes from a device."""
    kept = text[: limit + 1]
    if not kept.isprintable():
        kept = "".join(
            char if char.isprintable() else char.encode("unicode_escape").decode() for char in kept
        )
    return kept if len(kept) <= limit else f"{kept[: limit - 1]}…"


def _few(lines: Iterable[int]) -> tuple[int, ...]:
    return tuple(sorted({line for line in lines if line}))[:MAX_LINES]


def first_difference(got: str | bytes, wanted: str | bytes) -> int:
    """Return the position of the first difference; the shorter length when one begins with the other."""
    pairs = zip(got, wanted, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(got), len(wanted)))
