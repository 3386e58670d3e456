"""What was not as planned, what ran again, and what was seen beside the verdicts: section 9."""

from harness.report.circumstances import circumstances
from harness.report.document.blocks import Block, Bullets, Column, Heading, Paragraph, Row, Section, Table
from harness.report.document.context import Context, plain
from harness.report.document.scope import in_a_row
from harness.report.records import Scenario
from harness.report.text import capital, seconds
from harness.run.verdict import Verdict

_NOTES = 50


def section(context: Context) -> Section:
    """Return deviations, what was not run, re-runs and findings."""
    report, say = context.report, context.say
    blocks: list[Block] = [
        Heading(plain(say("Deviations from the method, additions, exclusions and waivers"))),
        *_said(context, report.particulars.deviations),
        Heading(plain(say("Circumstances of the run"))),
        *_circumstances(context),
        Heading(plain(say("Not run"))),
        *_not_run(context),
        Heading(plain(say("Re-runs"))),
        *_again(context),
        Heading(plain(say("Known failures"))),
        *_known(context),
        Heading(plain(say("Findings"))),
        *_findings(context),
    ]
    if report.notes:
        shown = tuple((context.told(note, 1_000),) for note in report.notes[:_NOTES])
        blocks += [Heading(plain(say("Notes of the run"))), Bullets(shown)]
        if (rest := len(report.notes) - _NOTES) > 0:
            blocks.append(Paragraph(plain(say("And {n} more, in report.json.", n=rest))))
    return Section(say("Deviations, re-runs and findings"), "deviations", tuple(blocks))


def _said(context: Context, texts: tuple[str, ...]) -> list[Block]:
    if not texts:
        return [Paragraph(plain(context.say("none stated"), soft=True))]
    return [Bullets(tuple(plain(context.text(each, 2_000)) for each in texts))]


def _circumstances(context: Context) -> list[Block]:
    found = circumstances(context.report, context.say)
    if not found:
        return [Paragraph(plain(context.say("None: a plain run without faults, replay or a smaller plan.")))]
    return [Bullets(tuple(plain(context.text(capital(each.words), 2_000)) for each in found))]


def _not_run(context: Context) -> list[Block]:
    """Show what was not run by its reason, once: of a run that was killed early that is nearly every scenario."""
    say = context.say
    by_reason: dict[tuple[str, bool], list[Scenario]] = {}
    for each in context.report.scenarios:
        if each.verdict is Verdict.NOT_RUN:
            by_reason.setdefault((each.reason, each.outside_plan), []).append(each)
    if not by_reason:
        return [Paragraph(plain(say("Every scenario that applies was run.")))]
    rows = tuple(
        Row(
            (
                ((context.told(reason or "no reason given", 400),),),
                (plain(say("a smaller plan was asked for") if outside_plan else say("planned")),),
                (plain(str(len(scenarios))),),
                (in_a_row(context, scenarios, numbered=True),),
            )
        )
        for (reason, outside_plan), scenarios in sorted(
            by_reason.items(), key=lambda each: (-len(each[1]), each[0])
        )
    )
    columns = (
        Column(say("Reason"), 3),
        Column(say("Plan"), 1.6),
        Column(say("Scenarios"), 1.2, right=True),
        Column(say("Which"), 6),
    )
    return [Table(columns, rows)]


def _again(context: Context) -> list[Block]:
    """Show every attempt at a scenario that had more than one."""
    say = context.say
    attempts: dict[str, list[Scenario]] = {}
    for each in context.report.scenarios:
        attempts.setdefault(each.id, []).append(each)
    rows = tuple(
        Row(
            (
                ((context.scenario(each.key),),),
                (plain(str(each.attempt)),),
                ((context.verdict(each.verdict),),),
                ((context.told(each.reason, 400),),),
                (plain(seconds(each.seconds)),),
            )
        )
        for several in attempts.values()
        if len(several) > 1
        for each in several
    )
    if not rows:
        return [Paragraph(plain(say("No scenario ran more than once.")))]
    columns = (
        Column(say("Scenario"), 4),
        Column(say("Attempt"), 1, right=True),
        Column(say("Verdict"), 1.3),
        Column(say("Reason"), 4),
        Column(say("Time"), 1, right=True),
    )
    return [Table(columns, rows)]


def _known(context: Context) -> list[Block]:
    """Show what the file of known failures says of this board, and what became of it."""
    say = context.say
    entries = context.report.known_failures
    if not entries:
        return [Paragraph(plain(say("No known failures are stated for this board."), soft=True))]
    states = {
        "applied": say("it failed as known, and counts as failed"),
        "expired": say("expired: it no longer counts"),
        "unmatched": say("nothing that it names failed"),
    }
    rows = tuple(
        Row(
            (
                (
                    (context.code(each.scenario, 200),)
                    if each.scenario
                    else plain(say("any scenario"), soft=True),
                    *(((context.requirement(each.requirement),),) if each.requirement else ()),
                ),
                ((context.told(each.reason, 600),),),
                ((context.code(each.reference, 300),),),
                (context.stated(each.expires),),
                (
                    plain(states[each.state], strong=each.state == "expired"),
                    *((context.number(key),) for key in each.scenarios if key in context.scenarios),
                ),
            )
        )
        for each in entries
    )
    columns = (
        Column(say("What fails"), 3),
        Column(say("Reason"), 3.4),
        Column(say("Reference"), 2.2),
        Column(say("Last day"), 1.5),
        Column(say("In this run"), 2.4),
    )
    return [Table(columns, rows)]


def _findings(context: Context) -> list[Block]:
    report, say = context.report, context.say
    if not report.findings:
        return [Paragraph(plain(say("None.")))]
    rows = tuple(
        Row(
            (
                ((context.told(each.severity, 40, strong=True),),),
                ((context.code(each.defect, 120),),),
                (
                    (context.told(each.title, 600),),
                    *(((context.told(each.detail, 2_000, soft=True),),) if each.detail else ()),
                ),
                ((context.scenario(each.scenario),) if each.scenario else plain(say("the run")),),
            )
        )
        for each in report.findings
    )
    columns = (
        Column(say("Severity"), 1.1),
        Column(say("Defect"), 2),
        Column(say("What it is"), 5),
        Column(say("Seen in"), 3),
    )
    told = say("Defects and observations. They do not by themselves decide a verdict.")
    return [Paragraph(plain(told, soft=True)), Table(columns, rows)]
