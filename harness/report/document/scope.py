"""What was declared, what applies because of it, and what was observed: section 2."""

from collections import Counter

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
from harness.report.records import RequirementResult, Scenario
from harness.run.verdict import Verdict

_TESTS = 400


def section(context: Context) -> Section:
    """Return the scope of the run."""
    report, say = context.report, context.say
    coverage = report.coverage
    applies = coverage.known - len(
        [each for each in report.requirements if each.state == Verdict.NOT_APPLICABLE]
    )
    blocks: list[Block] = [
        Paragraph(
            plain(
                say(
                    "Requirements in the list: {known}; applicable to this board: {applies}; checked by no scenario of "
                    "this run: {uncovered}.",
                    known=coverage.known,
                    applies=applies,
                    uncovered=coverage.uncovered,
                )
            )
        ),
        Heading(plain(say("Plan"))),
        _pairs(context, context.rows(report.plan)),
        Heading(plain(say("Declared"))),
        _pairs(context, context.rows(report.declaration)),
        Heading(plain(say("Observed"))),
        _pairs(context, context.rows(report.identity)),
        Heading(plain(say("Declared against observed"))),
        *_difference(context),
        Heading(plain(say("Not applicable, and why"))),
        *_not_applicable(context),
    ]
    return Section(say("Scope and applicability"), "scope", tuple(blocks))


def _pairs(context: Context, rows: list[tuple[str, Line]]) -> Block:
    return Pairs(tuple(rows)) if rows else Paragraph(plain(context.say("not stated"), soft=True))


def compares_declaration(requirement: RequirementResult) -> bool:
    """Return whether a requirement holds the declaration against what the device does."""
    return "declar" in requirement.statement.lower()


def _difference(context: Context) -> list[Block]:
    """Show what came of the requirements that hold the declaration against the device."""
    say = context.say
    compared = [
        each
        for each in context.report.requirements
        if compares_declaration(each) and each.state not in {Verdict.NOT_APPLICABLE, "uncovered"}
    ]
    if not compared:
        return [Paragraph(plain(say("No requirement of this run compares the declaration with the device.")))]
    different = [each for each in compared if each.state == Verdict.FAILED]
    unknown = [each for each in compared if each.state not in {Verdict.FAILED, Verdict.PASSED}]
    if different:
        told = say(
            "Requirements in which what was observed differs from the declaration: {n}.", n=len(different)
        )
    elif unknown:
        told = say("No difference was seen; comparisons without a verdict: {n}.", n=len(unknown))
    else:
        told = say("What was observed is what was declared, as far as these requirements compare it.")
    rows = tuple(
        Row(
            (
                ((context.verdict(each.state),),),
                ((context.requirement(each.id),),),
                ((context.told(each.statement),),),
            )
        )
        for each in compared
    )
    columns = (Column(say("Verdict"), 1.2), Column(say("Requirement"), 1.4), Column(say("Statement"), 6))
    return [Paragraph(plain(told, strong=bool(different))), Table(columns, rows)]


def _not_applicable(context: Context) -> list[Block]:
    say = context.say
    by_reason: dict[str, list[Scenario]] = {}
    for each in context.report.scenarios:
        if each.verdict is Verdict.NOT_APPLICABLE:
            by_reason.setdefault(each.reason, []).append(each)
    if not by_reason:
        return [Paragraph(plain(say("Every scenario of the suites applies to this board.")))]
    rows = tuple(
        Row(
            (
                ((context.told(reason or "no reason given"),),),
                (plain(str(len(scenarios))),),
                (_tests(context, scenarios),),
            )
        )
        for reason, scenarios in sorted(by_reason.items(), key=lambda each: (-len(each[1]), each[0]))
    )
    columns = (
        Column(say("Reason"), 4),
        Column(say("Scenarios"), 1.2, right=True),
        Column(say("Which"), 6),
    )
    return [Table(columns, rows)]


def _tests(context: Context, scenarios: list[Scenario]) -> Line:
    """Return tests in a row: a folder before the first of its tests, a test of several values once, with its count."""
    counts = Counter(each.key.partition("[")[0] for each in scenarios)
    line: list[Words] = []
    before = ""
    for key, count in list(counts.items())[:_TESTS]:
        folder, _, name = key.rpartition("/")
        line += [Words(context.say(", "))] if line else []
        line.append(context.code(name if folder == before else key, 160))
        if count > 1:
            line.append(Words(f" \u00d7 {count}", soft=True))
        before = folder
    if (rest := sum(list(counts.values())[_TESTS:])) > 0:
        line.append(Words(context.say(" and {n} more", n=rest)))
    return tuple(line)
