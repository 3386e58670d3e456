"""The cover: what was tested by whom for whom, what came of it, and what must be known before that."""

from collections.abc import Iterator, Sequence

from harness.report.circumstances import circumstances
from harness.report.document.blocks import Cover, Line, Words
from harness.report.document.context import Context, plain
from harness.report.document.files import files
from harness.report.records import Scenario
from harness.report.scenario_fold import NO_END
from harness.report.stand_ins import stand_ins
from harness.report.text import capital
from harness.report.without_probe import without_probe
from harness.run.policy_named import Named
from harness.run.verdict import Verdict
from harness.settings.particulars import Party

BAD = (Verdict.FAILED, Verdict.ERROR, Verdict.BLOCKED)
"""Verdicts that need a reason, the worst first."""

_PROBLEMS = 12
_CAUSES = 6  # on the cover, which is to stay one page
_IDS = 6


def cover(context: Context) -> Cover:
    """Return the cover."""
    report, say = context.report, context.say
    particulars = report.particulars
    return Cover(
        title=context.text(particulars.title) or say("ID² onboarding and self-verification: test report"),
        verdict=report.verdict,
        verdict_words=_verdict(context),
        sentence=sentence(context),
        broken=tuple(_broken(context)),
        warnings=tuple(_warnings(context)),
        rows=context.gathered(_rows(context)),
        signatures=(
            (say("Tester: name, date, signature"), context.text(particulars.tester, 120)),
            (say("Approver: name, date, signature"), context.text(particulars.approver, 120)),
        ),
    )


def mark(context: Context) -> str:
    """Return what stands in the head of every page, empty for an official run on real things."""
    report, say = context.report, context.say
    marks = [unreal.title] if (unreal := stand_ins(report, say)) else []
    marks += [say("PARTIAL RUN")] if report.incomplete else []
    marks += [say("faults on purpose")] if report.options.get("faults") else []
    marks += [say("replayed, no device was asked")] if isinstance(report.options.get("replay"), dict) else []
    return " · ".join(marks)


def number(context: Context) -> str:
    """Return number and revision for every page; a report that nobody numbered is known by its run."""
    particulars, say = context.report.particulars, context.say
    run = context.text(context.report.run, 100)
    if not particulars.number:
        return say("Run {run}, without a report number", run=run)
    told = say("Report {number}", number=context.text(particulars.number, 60))
    if particulars.revision:
        told += say(", revision {revision}", revision=context.text(particulars.revision, 40))
    return told


def sentence(context: Context) -> str:
    """Return what came of the run, in numbers."""
    report, say = context.report, context.say
    totals = report.totals
    judged = [each for each in report.scenarios if each.verdict.judged]
    parts = []
    if not judged:
        parts.append(say("No scenario was judged."))
    elif len(judged) == totals.passed:
        parts.append(say("All scenarios that were judged passed: {n}.", n=totals.passed))
    else:
        interrupted = sum(
            each.verdict is Verdict.ERROR and each.reason == NO_END for each in report.scenarios
        )
        errors = totals.error - interrupted
        counts = [
            (totals.passed, say("passed: {n}", n=totals.passed)),
            (totals.failed, say("failed: {n}", n=totals.failed)),
            (totals.blocked, say("blocked by the bench: {n}", n=totals.blocked)),
            (errors, say("ended by an error of the harness: {n}", n=errors)),
            (interrupted, say("interrupted: {n}", n=interrupted)),
        ]
        told = say(", ").join(words for count, words in counts if count)
        parts.append(say("Scenarios judged: {n}; {told}.", n=len(judged), told=told))
    if totals.not_applicable:
        parts.append(say("Not applicable to this board: {n}.", n=totals.not_applicable))
    if totals.not_run:
        parts.append(say("Not run: {n}.", n=totals.not_run))
    if unjudged := without_probe(report, say):
        parts.append(say("{sentence}.", sentence=context.text(capital(unjudged))))
    return say(" ").join(parts)


def _broken(context: Context) -> Iterator[Line]:
    """Yield what did not pass, those of one cause together: a reader of the cover alone must know what failed."""
    say = context.say
    causes: dict[tuple[Verdict, str], list[Scenario]] = {}
    for verdict in BAD:
        for each in context.report.scenarios:
            if each.verdict is verdict:
                cause = each.error.message if each.error else each.reason
                causes.setdefault((verdict, cause), []).append(each)
    for (verdict, cause), scenarios in list(causes.items())[:_CAUSES]:
        ids = broken_requirements(scenarios)
        line = [context.verdict(verdict), Words(" ")]
        for at, name in enumerate(ids[:_IDS]):
            line += [Words(say(", "))] if at else []
            line.append(context.requirement(name))
        if rest := len(ids) - _IDS:
            line += [Words(say(" and {n} more", n=rest))] if rest > 0 else []
        line.append(Words(" "))
        if len(scenarios) > 1:
            line.append(Words(say("scenarios: {n}", n=len(scenarios)), soft=True))
        else:
            line.append(context.told(scenarios[0].title, 160))
        if cause:
            line += [Words(say(": ")), context.told(cause, 240, soft=True)]
        yield tuple(line)
    if left := sum(len(each) for each in list(causes.values())[_CAUSES:]):
        yield plain(say("And {n} more scenarios, under Failures and errors.", n=left), strong=True)


def broken_requirements(scenarios: Sequence[Scenario]) -> list[str]:
    """Return the ids of the requirements whose steps gave scenarios their verdicts, each once; else all they check."""
    found: dict[str, None] = {}
    for each in scenarios:
        own = [step.requirement for step in each.steps if step.verdict is each.verdict]
        found |= dict.fromkeys(own or each.requirements)
    return list(found)


def _verdict(context: Context) -> str:
    say = context.say
    verdict = capital(say(context.report.verdict.words))
    unreal = stand_ins(context.report, say)
    if unreal is None:
        return verdict
    return say("{verdict} ({unreal})", verdict=verdict, unreal=unreal.title[:1].lower() + unreal.title[1:])


def _warnings(context: Context) -> list[Line]:
    report, say = context.report, context.say
    lines: list[Line] = []
    if unreal := stand_ins(report, say):
        words = (
            say("{sentence}.", sentence=context.text(capital(unreal.facts), 2_000)) if unreal.facts else ""
        )
        # What a policy allowed has a line for each below, in words of its own.
        lines.append((Words(say("{title}. ", title=unreal.title), strong=True), Words(words)))
    if report.incomplete and report.finished is None:
        told = say("This is the report of a part of a run: its journal has no end.")
        lines.append((Words(told, strong=True),))
    elif report.interrupted:
        why = context.text(say(report.interrupted))
        lines.append((Words(say("The run was interrupted: {why}.", why=why), strong=True),))
    if report.mode == "development":
        lines.append(plain(say("Development mode: this is no official report.")))
    lines += [
        plain(say("No longer official: {why}", why=context.text(say(why))))
        for why in report.no_longer_official
    ]
    lines += [
        plain(
            say("Allowed by the policy of the laboratory: {what}", what=context.text(_matter(context, each)))
        )
        for each in report.named
    ]
    lines += [
        plain(say("{sentence}.", sentence=context.text(capital(each.words), 1_200)))
        for each in circumstances(report, say)
    ]
    if report.problems:
        lines.append(plain(say("The run folder is not as it was written:"), strong=True))
        lines += [(context.told(problem, 300),) for problem in report.problems[:_PROBLEMS]]
        if (rest := len(report.problems) - _PROBLEMS) > 0:
            lines.append(plain(say("and {n} more, in report.json", n=rest)))
    return lines


def _matter(context: Context, named: Named) -> str:
    """Return what an official run was allowed, in words."""
    say = context.say
    words = {
        "demo_carrier": say("the Demo carrier"),
        "debug_keys": say("published debug keys"),
        "probe_firmware": say("an enabled probe"),
        "mock_service": say("the mock service"),
        "simulated_board": say("a simulated board"),
        "destructive_left_out": say("mandatory requirements left to destructive scenarios"),
    }
    told = words[named.matter]
    return "".join((told, say(" ("), say(named.detail), say(")"))) if named.detail else told


def _rows(context: Context) -> list[tuple[str, Line]]:
    report, say = context.report, context.say
    particulars, item = report.particulars, report.particulars.item
    name = ", ".join(part for part in (item.name, item.model) if part)
    rows = [
        (say("Report number"), context.stated(particulars.number)),
        (say("Revision"), context.stated(particulars.revision)),
    ]
    if replaced := particulars.replaces:
        told = say("Report {number}", number=context.text(replaced.number, 120))
        if replaced.revision:
            told += say(", revision {revision}", revision=context.text(replaced.revision, 60))
        rows.append((say("Replaces"), (Words(told), Words(say(": ")), Words(context.text(replaced.reason)))))
    rows += [
        (say("Customer"), party(context, particulars.customer)),
        (say("Maker"), party(context, particulars.maker)),
        (say("Laboratory"), party(context, particulars.laboratory)),
        (say("Place of the test"), context.stated(particulars.place)),
        (say("Item under test"), context.stated(name)),
        (say("Board"), context.stated(report.board)),
        (say("Received"), context.stated(item.received)),
        (say("Tested"), plain(_dates(context))),
        (say("Mode"), plain(say("official") if report.mode == "official" else say("development"))),
        (say("Run"), (context.code(report.run),)),
        (
            say("Files of the run"),
            plain(say("{n}, listed with their SHA-256 at the end", n=len(files(context.folder)))),
        ),
    ]
    return rows


def party(context: Context, said: Party) -> Line:
    """Return an organisation with its address and contact."""
    return context.stated(", ".join(part for part in (said.name, said.address, said.contact) if part))


def moment(context: Context, at: str | None) -> str:
    """Return a moment as people read it."""
    return context.say("not known") if at is None else f"{at[:10]} {at[11:19]} UTC"


def _dates(context: Context) -> str:
    report, say = context.report, context.say
    if report.finished is None:
        return say("{start}, end not known", start=moment(context, report.started))
    return say(
        "{start} to {end}", start=moment(context, report.started), end=moment(context, report.finished)
    )
