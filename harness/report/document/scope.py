"""What was declared, what applies because of it, and what was observed: section 2."""

from collections.abc import Sequence

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
    """Return whether the requirements list marks a requirement as one that holds the device against the declaration."""
    return requirement.compares == "declaration"


def _difference(context: Context) -> list[Block]:
    """Show what came of the requirements that hold the declaration against the device."""
    say = context.say
    if not any(compares_declaration(each) for each in context.report.requirements):
        told = say("Not known for this run: its requirements list does not mark what compares both.")
        return [Paragraph(plain(told))]
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
                (in_a_row(context, scenarios),),
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


def in_a_row(context: Context, scenarios: Sequence[Scenario], *, numbered: bool = False) -> Line:
    """Return tests in a row: a folder before the first of its tests, a test of several values once, with its count.

    With `numbered`, their numbers in this report stand before each, for those that the tables of section 7 point to.
    """
    found: dict[str, list[Scenario]] = {}
    for each in scenarios:
        found.setdefault(each.key.partition("[")[0], []).append(each)
    line: list[Words] = []
    before = ""
    for key, values in list(found.items())[:_TESTS]:
        folder, _, name = key.rpartition("/")
        line += [Words(context.say(", "))] if line else []
        line += [*_numbers(context, values), Words(" ")] if numbered else []
        line.append(context.code(name if folder == before else key, 160))
        if len(values) > 1:
            line.append(Words(f" \u00d7 {len(values)}", soft=True))
        before = folder
    if (rest := sum(map(len, list(found.values())[_TESTS:]))) > 0:
        line.append(Words(context.say(" and {n} more", n=rest)))
    return tuple(line)


def _numbers(context: Context, scenarios: Sequence[Scenario]) -> Line:
    """Return the numbers of scenarios in this report; those in a row by the first and the last."""
    place = {key: at for at, key in enumerate(context.scenarios)}
    runs: list[list[str]] = []
    for each in scenarios:
        if runs and place[each.key] == place[runs[-1][-1]] + 1:
            runs[-1].append(each.key)
        else:
            runs.append([each.key])
    line: list[Words] = []
    for keys in runs:
        line += [Words(context.say(", "))] if line else []
        line.append(context.number(keys[0]))
        line += [Words("\u2013"), context.number(keys[-1])] if len(keys) > 1 else []
    return tuple(line)
