"""What came of the run, by onboarding step and by requirement: section 6."""

from collections.abc import Sequence

from harness.report.document.blocks import Block, Column, Heading, Line, Paragraph, Row, Section, Table, Words
from harness.report.document.context import Context, plain
from harness.report.document.cover import sentence
from harness.report.records import RequirementResult, RunReport, Scenario
from harness.report.text import folder_title, seconds
from harness.run.verdict import OF_SCENARIOS, Verdict

_ALWAYS = (Verdict.PASSED, Verdict.FAILED)
MANDATORY = "must"
_SEEN = {Verdict.PASSED, Verdict.FAILED, Verdict.NOT_APPLICABLE}


def section(context: Context) -> Section:
    """Return the summary."""
    report, say = context.report, context.say
    blocks: list[Block] = [
        Paragraph((context.verdict(report.verdict), Words(" "), Words(sentence(context)))),
        *_open_requirements(context),
        Heading(plain(say("Scenarios by onboarding step"))),
        _steps(context) if report.scenarios else Paragraph(plain(say("The journal holds no scenario."))),
        Heading(plain(say("Requirements by level"))),
        _levels(context)
        if report.requirements
        else Paragraph(plain(say("The journal holds no requirements list."))),
    ]
    return Section(say("Summary"), "summary", tuple(blocks))


def without_verdict(report: RunReport) -> list[RequirementResult]:
    """Return the mandatory requirements that apply and that this run neither saw met nor broken."""
    return [each for each in report.requirements if lacks_verdict(each)]


def lacks_verdict(requirement: RequirementResult) -> bool:
    """Return whether a requirement is mandatory, applies, and was neither seen met nor broken."""
    return requirement.level == MANDATORY and requirement.state not in _SEEN


def _open_requirements(context: Context) -> list[Block]:
    say = context.say
    missing = without_verdict(context.report)
    if not missing:
        told = say("Every mandatory requirement that applies to this board has a verdict.")
        return [Paragraph(plain(told))] if context.report.requirements else []
    line: list[Words] = [
        Words(say("Mandatory requirements without a verdict: {n}.", n=len(missing)), strong=True),
        Words(" "),
    ]
    for at, each in enumerate(missing):
        line += [Words(context.say(", "))] if at else []
        line += [
            context.requirement(each.id),
            Words(context.say(" (")),
            context.verdict(each.state),
            Words(context.say(")")),
        ]
    return [Paragraph(tuple(line), note=Verdict.INCOMPLETE)]


def _steps(context: Context) -> Block:
    report, say = context.report, context.say
    groups: dict[str, list[Scenario]] = {}
    for each in report.scenarios:
        groups.setdefault(each.step_folder, []).append(each)
    every = list(report.scenarios)
    states = [
        state for state in OF_SCENARIOS if state in _ALWAYS or any(each.verdict is state for each in every)
    ]
    rows = [_counts(context.told(folder_title(folder)), found, states) for folder, found in groups.items()]
    rows.append(_counts(Words(say("All scenarios"), strong=True), every, states))
    columns = (
        Column(say("Onboarding step"), 3),
        *(Column(say(state.words), 1.1, right=True) for state in states),
        Column(say("Time"), 1.2, right=True),
    )
    return Table(columns, tuple(rows))


def _counts(title: Words, scenarios: list[Scenario], states: Sequence[Verdict]) -> Row:
    counts = [sum(each.verdict is state for each in scenarios) for state in states]
    cells: list[tuple[Line, ...]] = [((title,),)]
    for state, count in zip(states, counts, strict=True):
        cells.append(((Words(str(count), verdict=state if count else "", soft=not count),),))
    spent = sum(each.seconds or 0 for each in scenarios)
    return Row((*cells, (plain(seconds(spent)),)))


def _levels(context: Context) -> Block:
    report, say = context.report, context.say
    levels = sorted(
        {each.level for each in report.requirements}, key=lambda level: (level != MANDATORY, level)
    )
    states = [
        state
        for state in (*OF_SCENARIOS, "uncovered")
        if state in _ALWAYS or any(each.state == state for each in report.requirements)
    ]
    rows = []
    for level in levels:
        found = [each for each in report.requirements if each.level == level]
        cells: list[tuple[Line, ...]] = [((context.told(level or "none stated", 60),),)]
        for state in states:
            count = sum(each.state == state for each in found)
            cells.append(((Words(str(count), verdict=state if count else "", soft=not count),),))
        rows.append(Row((*cells, (plain(str(len(found))),))))
    columns = (
        Column(say("Level"), 3),
        *(Column(say(str(state).replace("_", " ")), 1.1, right=True) for state in states),
        Column(say("All"), 1.2, right=True),
    )
    return Table(columns, tuple(rows))
