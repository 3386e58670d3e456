"""Check a captured serial console of the vendor's programs: a verdict per item, without a board.

from harness.logcheck import KeyRing, judge

report = judge([data], keys=KeyRing.debug())
report.verdict, report.failed(), report.findings
"""

from harness.logcheck.judge import Limits, judge
from harness.logcheck.keyring import KeyRing, KnownKey
from harness.logcheck.model import BootSummary, Exchange, Finding, Item, LogReport, Program, RecoveredCode

__all__ = [
    "BootSummary",
    "Exchange",
    "Finding",
    "Item",
    "KeyRing",
    "KnownKey",
    "Limits",
    "LogReport",
    "Program",
    "RecoveredCode",
    "judge",
]
