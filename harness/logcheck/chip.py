"""Judge the APDU exchanges recovered from the dumps.

Source: device-protocol.md e.2, e.3, i.1.
"""

from collections import Counter

from harness.id2 import codes
from harness.id2.errors import quoted
from harness.logcheck.apdu import Step, name_of, problems_of, steps_of
from harness.logcheck.context import Context, setting_family
from harness.logcheck.judgement import Judgement


def judge_exchanges(context: Context, judgement: Judgement) -> None:
    """Judge every exchange; those that are right share one item."""
    exchanges = context.facts.exchanges
    if not exchanges:
        return
    good: Counter[str] = Counter()
    right_lines = []
    for step in steps_of(exchanges):
        problems = list(problems_of(step))
        if not problems:
            good[name_of(step.command)] += len(step.exchanges)
            right_lines.append(step.line)
            continue
        judgement.failed(f"APDU exchange in line {step.line}", "; ".join(problems), _lines(step))
        _find_status(step, judgement)
    _judge_get_id(context, judgement)
    _judge_family(context, judgement)
    if good:
        listed = ", ".join(f"{count} {name}" for name, count in good.most_common())
        judgement.passed(
            "APDU exchanges", f"{sum(good.values())} well formed and answered: {listed}", right_lines
        )


def _lines(step: Step) -> list[int]:
    first, last = step.exchanges[0].lines[0], step.exchanges[-1].lines[1]
    return list(range(first, last + 1))


def _find_status(step: Step, judgement: Judgement) -> None:
    sw = step.exchanges[-1].sw
    if sw is not None and sw != 0x9000 and not step.exchanges[-1].damaged:
        judgement.find_defect(
            "k.7", f"line {step.line}: {codes.describe_status(sw)}", [step.exchanges[-1].lines[1]]
        )


def _judge_get_id(context: Context, judgement: Judgement) -> None:
    calls = context.id_calls
    if not calls:
        return
    problems, lines = [], []
    for call in calls:
        if call.problem:
            problems.append(call.problem)
            lines.append(call.line)
        elif call.id2 != context.id2:
            problems.append(f"the chip gives {quoted(call.id2)}; the device's ID is {quoted(context.id2)}")
            lines.append(call.line)
    vendors = ", ".join(sorted({call.vendor for call in calls}))
    good = f"the chip gives the device's ID {len(calls)} times (vendor {vendors})"
    judgement.judged("GetID answers", problems, good, lines or [call.line for call in calls])


def _judge_family(context: Context, judgement: Judgement) -> None:
    wanted = setting_family(context.facts)
    wrong = [call for call in context.calls if call.family and wanted and call.family != wanted]
    if wrong:
        judgement.failed(
            "chip algorithm",
            f"the build is for {wanted}, the chip was asked for {wrong[0].family} (line {wrong[0].lines[0]})",
            [call.lines[0] for call in wrong],
        )
