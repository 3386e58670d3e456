"""What failed, was blocked or broke, with the traffic around it: section 8."""

from harness.report.document.blocks import (
    Block,
    Column,
    Heading,
    Line,
    Pairs,
    Paragraph,
    Row,
    Section,
    Table,
    Words,
)
from harness.report.document.context import Context, plain
from harness.report.document.cover import BAD, broken_requirements, moment
from harness.report.document.excerpt import excerpt, kept
from harness.report.document.space import Space, lines
from harness.report.records import Scenario, Step
from harness.run.failure import ErrorRecord
from harness.run.verdict import Verdict
from harness.traffic.timelines import Timelines

_MESSAGE = 4_000
_MOST = 200
_BRIEF_LINES = 90  # of the six pages of a short report, about sixty lines each
_BRIEF_IDS = 4


def section(context: Context) -> Section:
    """Return the failures, the worst kind first and in the order of the run."""
    report, say = context.report, context.say
    bad = [each for verdict in BAD for each in report.scenarios if each.verdict is verdict]
    blocks: list[Block] = []
    if not bad:
        blocks.append(Paragraph(plain(say("No scenario failed, was blocked or ended by an error."))))
    with Timelines(context.folder, report.transports, report.board_file) as recordings:
        for scenario in bad[:_MOST]:
            blocks += _failure(context, scenario, recordings)
    if len(bad) > _MOST:
        blocks.append(Paragraph(plain(say("And {n} more, in report.json.", n=len(bad) - _MOST), strong=True)))
    return Section(say("Failures and errors"), "failures", tuple(blocks))


def brief(context: Context) -> Section:
    """Return the failures in a row each, as many as a short report has space for, and how many more there are."""
    report, say = context.report, context.say
    bad = [each for verdict in BAD for each in report.scenarios if each.verdict is verdict]
    rows: list[Row] = []
    space = Space(_BRIEF_LINES)
    for scenario in bad:
        error = scenario.error
        reason = context.told(error.message if error else scenario.reason or "no reason given", 300)
        hint = context.told(error.hint, 200, soft=True) if error and error.hint else None
        title = context.told(scenario.title, 200)
        ids: list[Words] = []
        for name in broken_requirements([scenario])[:_BRIEF_IDS]:
            ids += [Words(say(", "))] if ids else []
            ids.append(context.requirement(name))
        if not space.takes(
            max(lines(title.text, 40) + 1, lines(reason.text, 50) + (lines(hint.text, 50) if hint else 0))
        ):
            break
        rows.append(
            Row(
                (
                    ((context.verdict(scenario.verdict),),),
                    ((title,), tuple(ids)),
                    ((reason,), *(((hint,),) if hint else ())),
                ),
                context.scenarios[scenario.key],
            )
        )
    if not bad:
        blocks: list[Block] = [Paragraph(plain(say("No scenario failed, was blocked or ended by an error.")))]
    else:
        columns = (
            Column(say("Verdict"), 1.3),
            Column(say("Scenario"), 4),
            Column(say("Reason"), 5),
        )
        told = say("What went over the wires around each of them is in the whole report.")
        blocks = [Paragraph(plain(told, soft=True)), Table(columns, tuple(rows))]
    if (rest := len(bad) - len(rows)) > 0:
        more = say("And {n} more scenarios that did not pass; the whole report tells them.", n=rest)
        blocks.append(Paragraph(plain(more, strong=True), note=Verdict.INCOMPLETE))
    return Section(say("Failures and errors"), "failures", tuple(blocks))


def _failure(context: Context, scenario: Scenario, recordings: Timelines) -> list[Block]:
    say = context.say
    anchor = context.scenarios[scenario.key]
    blocks: list[Block] = [
        Heading((context.verdict(scenario.verdict), Words(" "), context.told(scenario.title, 400)), anchor)
    ]
    facts: list[tuple[str, Line]] = [
        (say("Scenario"), (context.code(scenario.key, 200),)),
        (say("Started"), plain(moment(context, scenario.started))),
    ]
    if scenario.attempt > 1:
        facts.append((say("Attempt"), plain(str(scenario.attempt))))
    blocks.append(Pairs(tuple(facts)))
    shown: list[ErrorRecord] = []
    for step in scenario.steps:
        if step.verdict in BAD:
            blocks += _step(context, step, recordings)
            shown += [step.error] if step.error else []
    if scenario.error and not any(_same(scenario.error, each) for each in shown):
        blocks += [*_error(context, scenario.error, scenario.verdict), *kept(context, scenario.error)]
    told = [each.reason for each in scenario.steps] + [each.message for each in shown]
    if scenario.reason and not scenario.error and scenario.reason not in told:
        blocks.append(Paragraph((context.told(scenario.reason, _MESSAGE),), note=scenario.verdict))
    return blocks


def _step(context: Context, step: Step, recordings: Timelines) -> list[Block]:
    say = context.say
    blocks: list[Block] = [
        Paragraph(
            (
                Words(say("Step {n}:", n=step.index + 1), strong=True),
                Words(" "),
                context.requirement(step.requirement),
                Words(" "),
                context.told(step.title, 400),
            )
        )
    ]
    if step.error:
        blocks += _error(context, step.error, step.verdict)
    elif step.reason:
        blocks.append(Paragraph((context.told(step.reason, _MESSAGE),), note=step.verdict))
    return [*blocks, *excerpt(context, recordings, step, step.error)]


def _error(context: Context, error: ErrorRecord, verdict: Verdict) -> list[Block]:
    say = context.say
    facts: list[tuple[str, Line]] = [(say("Who must act"), (context.told(error.who_acts, 200),))]
    if error.hint:
        facts.append((say("To try"), (context.told(error.hint, 1_000),)))
    if error.transport:
        facts.append((say("Transport"), (context.code(error.transport, 200),)))
    if error.code is not None:
        facts.append((say("Code"), (context.code(f"{error.code} (0x{error.code % 2**32:X})"),)))
    if error.trace:
        facts.append((say("Raised at"), (context.code(f"{error.kind}: {error.trace[-1]}", 400),)))
    return [
        Paragraph((Words(context.lines(context.say(error.message), _MESSAGE)),), note=verdict),
        Pairs(tuple(facts)),
    ]


def _same(one: ErrorRecord, other: ErrorRecord) -> bool:
    return (one.kind, one.message) == (other.kind, other.message)
