"""`document`: a run becomes the content of its report for people, which page and PDF render."""

from dataclasses import replace
from pathlib import Path

from harness.report.document import (
    bench,
    deviations,
    failures,
    files,
    item,
    method,
    requirements,
    rules,
    scope,
    statements,
    summary,
)
from harness.report.document.blocks import Document, Section
from harness.report.document.context import Context
from harness.report.document.cover import cover, mark, number
from harness.report.records import RunReport
from harness.report.words import Language


def document(report: RunReport, folder: Path, language: Language, *, short: bool = False) -> Document:
    """Return the content of the report on a run.

    Args:
        report: The run.
        folder: Its run folder.
        language: The language to tell it in.
        short: Cover, summary, failures and requirements alone.
    """
    context = Context.of(report, folder, language)
    say = language
    return Document(
        language=language.code,
        number=number(context),
        mark=mark(context),
        page=say("Page {page} of {pages}", page="{page}", pages="{pages}"),
        end=say("End of report"),
        cover=cover(context),
        sections=tuple(
            replace(section, number=str(at))
            for at, section in enumerate(_short(context) if short else _whole(context), start=1)
        ),
    )


def _whole(context: Context) -> list[Section]:
    return [
        item.section(context),
        scope.section(context),
        method.section(context),
        bench.section(context),
        rules.section(context),
        summary.section(context),
        requirements.section(context, short=False),
        failures.section(context),
        deviations.section(context),
        statements.supplied(context),
        statements.statements(context),
        files.section(context),
    ]


def _short(context: Context) -> list[Section]:
    return [
        summary.section(context),
        failures.brief(context),
        requirements.section(context, short=True),
    ]
