"""The line of a scenario that has its verdict, as a run prints it while it goes on."""

from harness.fixtures.session import ONLY_EXPLORING, ONLY_VERIFYING
from harness.report.text import folder_label, one_line
from harness.report.text import seconds as duration
from harness.run.verdict import Verdict


def is_told(verdict: Verdict, reason: str, *, on_terminal: bool) -> bool:
    """Whether a scenario has a line. On a terminal what passed and what did not run stands in the table at the end."""
    told = verdict not in {Verdict.PASSED, Verdict.NOT_APPLICABLE} and reason not in {
        ONLY_EXPLORING,
        ONLY_VERIFYING,
    }
    if on_terminal:
        return told and verdict is not Verdict.NOT_RUN
    return told or verdict is Verdict.PASSED


def scenario_line(board: str, step: str, title: str, verdict: Verdict, seconds: float, reason: str) -> str:
    """Return the line."""
    why = f": {one_line(reason)}" if verdict is not Verdict.PASSED and reason else ""
    return f"{one_line(board)}  {verdict.words:<7} {duration(seconds):>7}  {folder_label(step)}  {one_line(title)}{why}"
