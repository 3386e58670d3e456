"""Judge crashes and restarts: what stands on the console of the whole board beside the lines of the SDK.

Source: consoles.md A1, A3, A4.
"""

from harness.console import events as e
from harness.console.crash import Alarm, AlarmKind
from harness.console.sdklog import says_something
from harness.id2.errors import quoted
from harness.logcheck.boots import program_of
from harness.logcheck.context import Context
from harness.logcheck.facts import Facts
from harness.logcheck.judgement import Judgement
from harness.logcheck.model import Program
from harness.severity import Severity

MAX_SHOWN = 10
_SHOWN = 160


def judge_restarts(context: Context, judgement: Judgement) -> None:
    """Judge every crash text and every start of the board; say so when there is none."""
    facts = context.facts
    first, last = _of_the_program(facts)
    bad = [(line, alarm) for line, alarm in facts.alarms if alarm.kind is not AlarmKind.START]
    if context.start_asked and bad and _belongs_to_first_start(bad[0], facts.alarms, first):
        _note_cause(*bad.pop(0), judgement)
    for line, alarm in bad[:MAX_SHOWN]:
        where = "before the program started" if line < first else "after its last line" if line > last else ""
        told = f"{quoted(alarm.excerpt, _SHOWN)} is a {alarm.name}" + (f", {where}" if where else "")
        judgement.failed(f"{alarm.kind.value} in line {line}", told, [line], seen=True)
    if len(bad) > MAX_SHOWN:
        rest = bad[MAX_SHOWN:]
        judgement.failed("crash", f"{len(rest)} more lines speak of a crash", [line for line, _ in rest])
    starts = [(line, alarm) for line, alarm in facts.alarms if alarm.kind is AlarmKind.START]
    inside = [(line, alarm) for line, alarm in starts if first < line < last]
    for line, alarm in inside[:MAX_SHOWN]:
        told = f"{quoted(alarm.excerpt, _SHOWN)}: the board started again while the program ran"
        judgement.failed(f"restart in line {line}", told, [line], seen=True)
    _note_restart_after(facts, starts, last, judgement)
    if not bad and not inside:
        judgement.passed("crashes and restarts", "none on the console", [facts.first_line, facts.last_line])


def _belongs_to_first_start(cause: tuple[int, Alarm], alarms: list[tuple[int, Alarm]], program: int) -> bool:
    """Tell whether an alarm is no more than the cause that the board names for the first start in the log."""
    line, alarm = cause
    stages = [before.matched for at, before in alarms if at < line]
    return alarm.kind is AlarmKind.RESET_CAUSE and line < program and len(stages) == len({*stages})


def _note_cause(line: int, alarm: Alarm, judgement: Judgement) -> None:
    """Note a cause of a start that was asked for.

    Some boards restart by their watchdog on command, and some keep the cause of an earlier start.
    """
    judgement.find(
        "reset-cause",
        Severity.MINOR,
        "the board names a fault as the cause of a start that was asked for",
        f"line {line}: {quoted(alarm.excerpt, _SHOWN)}. Its reset command may use the watchdog, or it keeps an old "
        "cause; if neither is so, find out what started it.",
        [line],
    )


def _of_the_program(facts: Facts) -> tuple[int, int]:
    """Return the first line that only the program prints, and the last line of the SDK.

    Before it stands what other programs print, or the end of an earlier run.
    """
    own = [entry for entry in facts.entries if entry.alarm is None]
    first = next((entry.line for entry in own if program_of(entry.event) is not Program.UNKNOWN), None)
    lines = [entry.line for entry in own if entry.event.origin.tagged or says_something(entry.event)]
    last = lines[-1] if lines else facts.last_line
    return (last if first is None else first), last


def _note_restart_after(
    facts: Facts, starts: list[tuple[int, Alarm]], last: int, judgement: Judgement
) -> None:
    """Note a start of the board behind a program that had ended: somebody may have reset or powered it."""
    after = [line for line, _ in starts if line > last]
    if after and has_ended(facts):
        judgement.find(
            "restart",
            Severity.INFO,
            "the board started again after the program had ended",
            f"line {after[0]}. No crash stands before it; if nobody reset it or switched it off, find out why.",
            after,
        )
    elif after:
        judgement.failed(
            f"restart in line {after[0]}", "the board started again before the program had ended", after
        )


def has_ended(facts: Facts) -> bool:
    """Tell whether the program of a start has come to its end, as far as its lines say."""
    if facts.program is Program.UNKNOWN:
        return True  # its beginning is cut, and what is left says nothing of where it was
    if facts.program is Program.ID2_APP:
        return any(mark in ("end", "fail") for _, mark in facts.report_marks) or any(
            test.result is e.TestResult.FAIL for test in facts.tests
        )
    return bool(facts.tests or facts.demo_tests or facts.itls) and not any(
        test.result is None for test in facts.tests
    )


def judge_second_init(context: Context, judgement: Judgement) -> None:
    """Judge a banner behind the end of the report: 3.1 initialises once, and counts what is nested."""
    facts = context.facts
    if facts.program is not Program.ID2_APP or not facts.versions:
        return
    ended = [line for line, mark in facts.report_marks if mark in ("end", "fail")]
    line, event = facts.versions[-1]
    if event.version < _COUNTED_INIT or not ended or line < ended[0] or len(facts.versions) < 2:
        return
    counted = any("init count" in entry.text for entry in facts.entries if entry.line >= line)
    if not counted:
        told = "the program starts again behind its report and comes to nothing: the board was restarted, or crashed"
        judgement.failed(f"restart in line {line}", told, [line], seen=not judgement.unended)


_COUNTED_INIT = 0x00030100
