"""`harness report`: render a run folder again, or check that nothing in it was changed."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import campaign, complete
from harness.errors import UsageError

if TYPE_CHECKING:
    from harness.report.records import RunReport


_NO_LIMIT = 1_000_000  # columns


_ALL, _TERMINAL, _PDF, _SHORT = "all", "terminal", "pdf", "pdf-short"


def _known(name: str) -> str:
    names = complete.report_formats("")
    if name not in names:
        raise typer.BadParameter(f"{name!r} is not one of {', '.join(map(repr, names))}.")
    return name


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("report", help="Render the reports of a run again, or check that it was not changed.")(report)


def report(
    run: Annotated[
        list[str] | None,
        typer.Argument(
            help="Run folder, or its name below runs/; the latest by default. With --batch several, folders of run "
            "folders too; all of runs/ by default.",
            metavar="RUN",
            autocompletion=complete.runs,
        ),
    ] = None,
    format_: Annotated[
        str,
        typer.Option(
            "--format",
            help="Which report to render: all, terminal, or one format; a word that is none lists them.",
            metavar="NAME",
            autocompletion=complete.report_formats,
            callback=_known,
        ),
    ] = _ALL,
    lang: Annotated[
        str,
        typer.Option(
            "--lang",
            help="Language of the reports for people: en or zh; the run's own by default.",
            metavar="CODE",
        ),
    ] = "",
    short: Annotated[
        bool, typer.Option("--short", help="The short PDF alone: cover, summary, failures, requirements.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            help="Write the reports into this folder and not into the run's: a sealed one stays as it is.",
            metavar="FOLDER",
        ),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Compare all files with manifest.json: 0 same, 1 changed.")
    ] = False,
    batch: Annotated[
        bool,
        typer.Option(
            "--batch",
            help="One page of several runs, board by step, with one JSON and one JUnit; into campaign/ or --output.",
        ),
    ] = False,
    since: Annotated[
        str,
        typer.Option(
            help="With --batch: only runs that began then or later: 2026-11-29, or 12h, 7d, 2w ago. UTC.",
            metavar="TIME",
        ),
    ] = "",
) -> None:
    """Render the reports of a run from its folder alone and print their paths."""
    if batch:
        if check or short or format_ != _ALL:
            raise UsageError(
                "--batch goes with --lang, --output and --since alone", hint="leave the others out"
            )
        campaign.write(run or (), since=since, lang=lang, output=output)
        return
    if since or len(run or ()) > 1:
        raise UsageError(
            "--since goes with --batch" if since else "several runs go with --batch alone",
            hint="add --batch for one page of several runs",
        )
    folder = complete.run_folder(Path(run[0] if run else "runs/latest"))
    if check:
        raise typer.Exit(_check(folder))
    if short:
        if format_ not in {_ALL, _PDF, _SHORT}:
            raise UsageError(
                f"there is no short form of {format_}", hint="use --short alone, or with --format pdf"
            )
        format_ = _SHORT
    if format_ == _TERMINAL:
        if lang:
            raise UsageError("the terminal report is in English alone", hint="leave out --lang")
        _show(folder)
    else:
        _render(folder, format_, lang, output)


def _render(folder: Path, format_: str, lang: str, output: Path | None) -> None:
    from rich.console import Console

    from harness.report.model import load
    from harness.report.render import render, render_all
    from harness.report.terminal import paths
    from harness.report.text import one_line
    from harness.run import manifest
    from harness.run.folder import RunFolder

    made = render_all(folder, lang, output) if format_ == _ALL else render(folder, (format_,), lang, output)
    paths(made, Console(highlight=False))
    run = RunFolder.open(folder)
    report = load(folder)
    for problem in report.problems:
        typer.echo(f"warning: {one_line(problem, 400)}", err=True)
    try:
        manifest.read(run)
    except manifest.NoManifestError:
        typer.echo(f"warning: {_without_manifest(report)}", err=True)
    except manifest.BrokenManifestError as error:
        typer.echo(f"warning: {error.message}", err=True)


def _show(folder: Path) -> None:
    from rich.console import Console

    from harness.cli.width import width
    from harness.report.model import load
    from harness.report.terminal import show

    # A file or a pipe is as wide as its longest line.
    show([load(folder)], Console(highlight=False, width=width() or _NO_LIMIT))


def _without_manifest(report: "RunReport") -> str:
    if report.finished is None:
        return "this is a part of a run: it was killed, or goes on, so it has no manifest.json to be checked with"
    return (
        "manifest.json is missing, though the run came to its end: it was removed, or the run was killed in its last "
        "moment; nothing shows whether a file was changed"
    )


def _check(folder: Path) -> int:
    from harness.report.model import load
    from harness.report.render import rendered
    from harness.report.text import one_line
    from harness.run import manifest
    from harness.run.folder import RunFolder
    from harness.seal.companions import is_sealed_signature

    run = RunFolder.open(folder)
    try:
        changes = manifest.verify(run, lambda: rendered(run.path))
    except manifest.BrokenManifestError as error:
        typer.echo(f"changed  manifest.json: {error.message}")
        return 1
    except manifest.NoManifestError:
        report = load(folder)
        if report.finished is None:
            raise UsageError(f"{folder}: {_without_manifest(report)}") from None
        typer.echo(f"missing  manifest.json: {_without_manifest(report)}")
        return 1
    signed = "report.pdf" in changes.extended and is_sealed_signature(run.path)
    if signed:
        changes = replace(changes, extended=tuple(name for name in changes.extended if name != "report.pdf"))
    for word, names in changes.by_word().items():
        for name in names:
            typer.echo(f"{word:8} {one_line(name)}")
    if signed:
        typer.echo(
            f"note: report.pdf has a signature behind it since sealing: harness verify {run.path} checks it"
        )
    if changes:
        return 1
    typer.echo(f"{run.path}: all {changes.checked} files are as manifest.json says")
    return 0
