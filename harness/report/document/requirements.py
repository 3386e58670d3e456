"""Every requirement with its verdict, and every scenario that gave one: section 7."""

from collections.abc import Iterator

from harness.report.document.anchors import listed
from harness.report.document.blocks import Block, Column, Heading, Line, Paragraph, Row, Section, Table, Words
from harness.report.document.context import Context, plain
from harness.report.document.measured import measured
from harness.report.document.space import Space, lines
from harness.report.document.summary import lacks_verdict
from harness.report.records import MeasurementResult, RequirementResult, Scenario
from harness.report.text import seconds
from harness.run.measure import Measurement
from harness.run.verdict import Verdict

_MEASURED = 4
_FILES = 8
_BRIEF_LINES = 190  # of a short report; with the cover, the summary and the failures no more than six pages
_NAMED_A_LINE = 5


def section(context: Context, *, short: bool) -> Section:
    """Return the requirements; the short form leaves out the scenarios and what did not apply."""
    report, say = context.report, context.say
    if not report.requirements:
        blocks: tuple[Block, ...] = (Paragraph(plain(say("The journal holds no requirements list."))),)
        return Section(say("Requirements"), "requirements", blocks)
    applicable = [each for each in report.requirements if each.state != Verdict.NOT_APPLICABLE]
    others = [each for each in report.requirements if each.state == Verdict.NOT_APPLICABLE]
    if short:
        shown = _most_telling(applicable)
        rest = len(applicable) - len(shown)
        blocks = (
            *([_brief(context, shown)] if shown else []),
            *(
                [
                    Paragraph(
                        plain(
                            say("And {n} more that apply; the whole report lists them.", n=rest), strong=True
                        )
                    )
                ]
                if rest
                else []
            ),
            Paragraph(
                plain(say("Not applicable to this board: {n}; the whole report lists them.", n=len(others)))
            ),
        )
        return Section(say("Requirements"), "requirements", blocks)
    blocks = (
        Heading(plain(say("Requirements that apply"))),
        _whole(context, applicable) if applicable else Paragraph(plain(say("None applies to this board."))),
        Heading(plain(say("Requirements that do not apply"))),
        *(
            (
                Paragraph(
                    plain(
                        say("What each is for is in report.json and the requirements list, as applies_when.")
                    )
                ),
                _left(context, others),
            )
            if others
            else (Paragraph(plain(say("Every requirement applies to this board."))),)
        ),
        *measured(context),
        Heading(plain(say("Scenarios"))),
        *_scenarios(context),
    )
    return Section(say("Requirements"), "requirements", blocks)


def _most_telling(requirements: list[RequirementResult]) -> list[RequirementResult]:
    """Return as many as a short report has space for, in order: those that passed are left out first."""
    unjudged = [each for each in requirements if lacks_verdict(each)]
    space = Space(_BRIEF_LINES - len(unjudged) // _NAMED_A_LINE)  # the summary names them
    kept = {
        each.id
        for each in sorted(requirements, key=lambda each: each.state == Verdict.PASSED)
        if space.takes(lines(each.statement, 80) + lacks_verdict(each))
    }
    return [each for each in requirements if each.id in kept]


def _brief(context: Context, requirements: list[RequirementResult]) -> Table:
    say = context.say
    rows = tuple(
        Row(
            (
                ((context.verdict(each.state),),),
                ((context.requirement(each.id),),),
                (
                    (context.told(each.statement, 1_000),),
                    *(
                        (plain(say("mandatory, without a verdict"), strong=True),)
                        if lacks_verdict(each)
                        else ()
                    ),
                ),
            ),
            context.requirements.get(each.id, ""),
        )
        for each in requirements
    )
    columns = (Column(say("Verdict"), 1.5), Column(say("Requirement"), 1.5), Column(say("Statement"), 8))
    return Table(columns, rows)


def _whole(context: Context, requirements: list[RequirementResult]) -> Table:
    say = context.say
    by_key = {each.key: each for each in context.report.scenarios}
    rows = tuple(
        Row(
            (
                (_state(context, each), (context.told(each.level, 60, soft=True),)),
                ((context.requirement(each.id),),),
                (
                    (context.told(each.statement, 1_000),),
                    (context.told(each.source, 300, soft=True),),
                ),
                tuple(_checks(context, each, [by_key[key] for key in each.scenarios if key in by_key])),
                tuple(_measured(context, each, [by_key[key] for key in each.scenarios if key in by_key])),
            ),
            context.requirements.get(each.id, ""),
        )
        for each in requirements
    )
    columns = (
        Column(say("Verdict, level"), 1.6),
        Column(say("Requirement"), 1.6),
        Column(say("Statement and source"), 6.2),
        Column(say("Scenarios, steps, attempts"), 1.9),
        Column(say("Value ± U, limit; evidence"), 2.7),
    )
    return Table(columns, rows)


def _left(context: Context, requirements: list[RequirementResult]) -> Table:
    """Return what does not apply by the reason why, which stands once, in a row before those that it holds for."""
    say = context.say
    given = {each.key: each.reason for each in context.report.scenarios}
    by_reasons: dict[tuple[str, ...], list[RequirementResult]] = {}
    for each in requirements:
        reasons = dict.fromkeys(given.get(key) or "no reason given" for key in each.scenarios)
        by_reasons.setdefault(tuple(reasons) or ("no reason given",), []).append(each)
    rows: list[Row] = []
    for why, found in by_reasons.items():
        rows.append(
            Row(
                (
                    (
                        (
                            context.verdict(Verdict.NOT_APPLICABLE),
                            Words(say(": ")),
                            Words(str(len(found)), strong=True),
                        ),
                    ),
                    (),
                    tuple((context.told(reason, 300, strong=True),) for reason in why),
                    (),
                )
            )
        )
        rows += [
            Row(
                (
                    ((context.verdict(each.state),),),
                    ((context.requirement(each.id),),),
                    ((context.told(each.statement, 1_000),),),
                    ((context.told(each.level, 60, soft=True),),),
                ),
                context.requirements.get(each.id, ""),
            )
            for each in found
        ]
    columns = (
        Column(say("Verdict"), 1.8),
        Column(say("Requirement"), 1.6),
        Column(say("Reason, and the statements that it holds for"), 8),
        Column(say("Level"), 0.9),
    )
    return Table(columns, tuple(rows))


def _state(context: Context, requirement: RequirementResult) -> Line:
    told: Line = (context.verdict(requirement.state),)
    if lacks_verdict(requirement):
        return (*told, Words(" "), Words(context.say("mandatory, without a verdict"), strong=True))
    return told


def _checks(context: Context, requirement: RequirementResult, scenarios: list[Scenario]) -> Iterator[Line]:
    """Yield the scenarios by their numbers, with the steps that check the requirement."""
    say = context.say
    if not scenarios:
        yield plain(say("no scenario"), soft=True)
    left = 0
    alike: dict[Line, list[Scenario]] = {}
    for scenario in scenarios:
        if scenario.verdict is Verdict.NOT_APPLICABLE and requirement.state != Verdict.NOT_APPLICABLE:
            left += 1
        else:
            alike.setdefault(_how(context, requirement, scenario), []).append(scenario)
    line: list[Words] = []
    for how, found in alike.items():
        line += [Words(say("; "))] if line else []
        for at, scenario in enumerate(found):
            line += [Words(say(", "))] if at else []
            line.append(context.number(scenario.key))
        line += how
    if line:
        yield tuple(line)
    if left:
        yield plain(say("not applicable: {n} more", n=left), soft=True)


def _how(context: Context, requirement: RequirementResult, scenario: Scenario) -> Line:
    """Return which steps of a scenario check the requirement, the attempt, and verdicts that differ."""
    say = context.say
    steps = [step for step in scenario.steps if step.requirement == requirement.id]
    line: list[Words] = []
    if steps:
        numbers = say(", ").join(str(step.index + 1) for step in steps)
        line += [Words(" "), Words(say("step {n}", n=numbers), soft=True)]
    if scenario.attempt > 1:
        line += [Words(say(", ")), Words(say("attempt {n}", n=scenario.attempt), strong=True)]
    for verdict in dict.fromkeys(step.verdict for step in steps if step.verdict != requirement.state):
        line += [Words(" "), context.verdict(verdict)]
    return tuple(line)


def _measured(context: Context, requirement: RequirementResult, scenarios: list[Scenario]) -> Iterator[Line]:
    """Yield what was measured for a requirement, and the evidence of the steps that check it."""
    say = context.say
    shown = 0
    files: list[str] = []
    for scenario in scenarios:
        own = {step.index for step in scenario.steps if step.requirement == requirement.id}
        for each in scenario.measurements:
            if each.step not in own:
                continue
            shown += 1
            if shown <= _MEASURED:
                yield value(context, each)
        files += [each.file for each in scenario.evidence if each.step in own]
    if shown > _MEASURED:
        yield plain(say("and {n} more values, under Measurements and in report.json", n=shown - _MEASURED))
    for file in files[:_FILES]:
        yield (Words(context.text(file, 300), code=True, link=file),)
    if len(files) > _FILES:
        yield plain(say("and {n} more", n=len(files) - _FILES))


def value(context: Context, each: MeasurementResult) -> Line:
    """Return a measured value beside its limits and its uncertainty."""
    say = context.say
    number = f"{each.value:g}" if isinstance(each.value, float) else str(each.value)
    unit = context.text(say(each.unit), 40)
    words = [
        context.told(each.name, 200),
        Words(say(": ")),
        Words(context.text(f"{number} {unit}", 120), strong=True),
    ]
    counted = not each.unit and isinstance(each.value, int)  # a count is exact
    around = "" if counted and each.uncertainty is None else uncertainty(context, each.uncertainty, unit)
    words.append(Words(around, soft=True))
    words += [
        Words(say("; ")),
        Words(limits(context, each)),
        Words(say("; ")),
        context.verdict(each.verdict),
    ]
    return tuple(words)


def uncertainty(context: Context, own: float | None, unit: str) -> str:
    """Return the uncertainty of a value: its own, or as the laboratory states it, or that it was not considered."""
    if own is not None:
        return f" ± {own:g} {unit}".rstrip()
    stated = context.report.particulars.uncertainty
    return f" ± {context.text(stated, 120)}" if stated else context.say(" (U not considered)")


def limits(context: Context, each: MeasurementResult) -> str:
    """Return the limits of a measurement in words."""
    say = context.say
    low, high = (None if limit is None else float(limit) for limit in (each.low, each.high))
    if low is not None and high is not None and low > high:
        return say("limits that no value meets")
    told = Measurement(each.name, each.unit, low, high).limits
    if not told:
        return say("any value allowed")
    return say("limits: {limits}", limits=context.text(f"{say(told)} {say(each.unit)}", 160))


def _scenarios(context: Context) -> list[Block]:
    """Show every scenario that ran; section 2 has those that do not apply, section 9 those that were not run."""
    say = context.say
    left = (Verdict.NOT_APPLICABLE, Verdict.NOT_RUN)
    ran = [each for each in context.report.scenarios if each.verdict not in left]
    blocks: list[Block] = []
    if not ran:
        blocks.append(Paragraph(plain(say("No scenario ran."))))
    if missing := sum(each.verdict is Verdict.NOT_RUN for each in context.report.scenarios):
        told = say(
            "Not run: {n}; they stand by their reasons under Deviations, re-runs and findings.", n=missing
        )
        blocks.append(Paragraph(plain(told)))
    if not ran:
        return blocks
    rows = tuple(
        Row(
            (
                ((context.number(each.key),),),
                ((context.verdict(each.verdict),),),
                ((context.told(each.title, 400),), (context.code(each.key, 200),)),
                (plain(str(len(each.steps))),),
                (plain(str(each.attempt)),),
                (plain(seconds(each.seconds)),),
            ),
            listed(context.scenarios[each.key]),
        )
        for each in ran
    )
    columns = (
        Column(say("No."), 0.7),
        Column(say("Verdict"), 1.5),
        Column(say("Scenario"), 7),
        Column(say("Steps"), 0.8, right=True),
        Column(say("Attempt"), 1, right=True),
        Column(say("Time"), 1.1, right=True),
    )
    return [*blocks, Table(columns, rows)]
