"""Judge what belongs to no single start: randoms that come again, a program that once did more, a probe.

Source: device-protocol.md b.1, i.2, j.1, k.4; docs/probe-protocol.md.
"""

from collections.abc import Iterable

from harness.console.program import Topic
from harness.logcheck.claims import Claims
from harness.logcheck.context import Context
from harness.logcheck.expected import judge_program_claim
from harness.logcheck.judgement import Judgement
from harness.logcheck.model import BootSummary, Finding, Program
from harness.logcheck.randoms import FORCED
from harness.severity import Severity

MAX_RANDOMS = 50_000
MAX_SHOWN = 8


class WholeLog:
    """Takes the starts of a log in order; keeps little of each."""

    def __init__(self) -> None:
        self._randoms: dict[str, int] = {}
        self._repeated: dict[str, tuple[int, int]] = {}
        self._hal: list[tuple[int, frozenset[str], int, bool]] = []

    def take(self, context: Context, judgement: Judgement) -> None:
        """Take one start, after it was judged by itself."""
        facts = context.facts
        if facts.program is Program.HAL_APP:
            names = frozenset(test.name for test in facts.tests)
            self._hal.append((facts.number, names, facts.last_line, facts.interrupted))
        mine = {code.device_random for code in context.parsed.values()} - {FORCED}
        again = {random: self._randoms[random] for random in sorted(mine) if random in self._randoms}
        if again:
            self._judge_again(context, mine, again, judgement)
        if len(self._randoms) < MAX_RANDOMS:
            for random in mine:
                self._randoms.setdefault(random, facts.number)

    def _judge_again(
        self, context: Context, mine: set[str], again: dict[str, int], judgement: Judgement
    ) -> None:
        lines = [
            sighting.line
            for sighting in context.facts.codes
            if (code := context.code_of(sighting)) is not None and code.device_random in again
        ]
        first = min(again.values())
        shown = ", ".join(list(again)[:MAX_SHOWN])
        told = f"{len(again)} of {len(mine)} device randoms stood in start {first} already: {shown}"
        if again.keys() == mine:
            told += "; this start is a copy of that one, or its random begins anew with each start"
        if context.demo_carrier:
            judgement.find_defect("k.4", told, lines, demo=True)
        judgement.topic = Topic.RANDOM
        judgement.failed("device random of another start", f"{told}; a random source was expected", lines)

    def judged(self, claims: Claims, boots: list[BootSummary]) -> Judgement:
        """Return what the starts come to together."""
        judgement = Judgement(0)
        judgement.topic = Topic.TESTS
        longest = max((names for _, names, _, _ in self._hal), key=len, default=frozenset())
        for number, names, line, interrupted in self._hal:
            if interrupted and names < longest:
                missing = ", ".join(sorted(longest - names))
                told = f"start {number} ends before {missing}, which another start of this log has: it was "
                told += "interrupted, or crashed"
                judgement.failed("HAL tests", told, [line])
        if claims.program is not None:
            judgement.topic = Topic.CLAIMS
            judge_program_claim(claims.program, claims.source, boots, judgement)
        return judgement

    @staticmethod
    def found(probe_lines: Iterable[int]) -> list[Finding]:
        """Return the findings of the whole log.

        Args:
            probe_lines: Lines that only a firmware with a probe prints.
        """
        judgement = Judgement(0)
        if lines := list(probe_lines):
            judgement.find(
                "probe-in-firmware",
                Severity.CRITICAL,
                "the firmware carries a probe",
                "It prints the lines of a probe: whoever reaches this console can have auth codes made, keys derived "
                "and data decrypted with the device's key. Build the firmware of a product without "
                "ID2_PROBE_ENABLE.",
                lines,
            )
        return judgement.findings
