"""`harness report`: render a run folder again, or check that nothing in it was changed."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class _Format(StrEnum):
    """What `--format` takes."""

    ALL = "all"
    JSON = "json"
    HTML = "html"
    JUNIT = "junit"
    ALLURE = "allure"
    TERMINAL = "terminal"


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("report", help="Render the reports of a run again, or check that it was not changed.")(report)


def report(
    run: Annotated[Path, typer.Argument(help="Run folder, or its name below runs/.", metavar="RUN")] = Path(
        "runs/latest"
    ),
    format_: Annotated[_Format, typer.Option("--format", help="Which report to render.")] = _Format.ALL,
    check: Annotated[
        bool, typer.Option("--check", help="Compare all files with manifest.json: 0 same, 1 changed.")
    ] = False,
) -> None:
    """Render the reports of a run from its folder alone and print their paths."""
    folder = run if run.exists() or len(run.parts) > 1 else Path("runs") / run
    if check:
        raise typer.Exit(_check(folder))
    if format_ is _Format.TERMINAL:
        _show(folder)
    else:
        _render(folder, format_)


def _render(folder: Path, format_: _Format) -> None:
    from rich.console import Console

    from harness.report.model import load
    from harness.report.render import Format, render
    from harness.report.terminal import paths
    from harness.report.text import one_line
    from harness.run import manifest
    from harness.run.folder import RunFolder

    wanted = tuple(Format) if format_ is _Format.ALL else (Format(format_.value),)
    files = render(folder, wanted)
    paths(files, Console(highlight=False))
    run = RunFolder.open(folder)
    for problem in load(folder).problems:
        typer.echo(f"warning: {one_line(problem, 400)}", err=True)
    for name in () if run.manifest in files else manifest.rewritten(run):
        typer.echo(f"warning: {name} was changed after the run; manifest.json is left as it was", err=True)


def _show(folder: Path) -> None:
    from rich.console import Console

    from harness.report.model import load
    from harness.report.terminal import show

    show([load(folder)], Console(highlight=False))


def _check(folder: Path) -> int:
    from harness.report.text import one_line
    from harness.run import manifest
    from harness.run.folder import RunFolder

    run = RunFolder.open(folder)
    try:
        changes = manifest.verify(run)
    except manifest.BrokenManifestError as error:
        typer.echo(f"changed  manifest.json: {error.message}")
        return 1
    for word, names in (("changed", changes.changed), ("missing", changes.missing), ("added", changes.added)):
        for name in names:
            typer.echo(f"{word:8} {one_line(name)}")
    if changes:
        return 1
    typer.echo(f"{run.path}: all {changes.checked} files are as manifest.json says")
    return 0
