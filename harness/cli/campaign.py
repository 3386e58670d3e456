"""`harness report --batch`: one page, one JSON and one JUnit of several runs."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import typer

DEFAULT_OUTPUT = Path("campaign")


def write(words: Sequence[str], *, since: str, lang: str, output: Path | None) -> None:
    """Write the campaign of the runs that `words` name, and print the paths of its files.

    Raises:
        UsageError: a word means no run, there is no run, or no such language.
        BenchError: the disk refuses.
    """
    from rich.console import Console

    from harness.disk import write_whole, writing
    from harness.errors import UsageError
    from harness.history.campaign.collecting import folders, loaded
    from harness.history.campaign.forms import forms
    from harness.history.listing import moment
    from harness.report.terminal import paths
    from harness.report.text import one_line
    from harness.report.words import language

    said = language(lang or "en")
    earliest = moment(since, datetime.now(UTC)) if since else ""
    runs = loaded(folders(words, Path("runs")), earliest)
    if not runs:
        raise UsageError(
            f"there is no run since {since}" if since else "there is no run",
            hint="harness runs lists those that there are",
        )
    folder = output or DEFAULT_OUTPUT
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    made = forms(runs, said)
    for name, data in made.items():
        write_whole(folder / name, data)
    paths([folder / name for name in made], Console(highlight=False))
    for path, report, problem in runs:
        if report is None:
            typer.echo(f"warning: {one_line(path.name)}: {problem}", err=True)
        elif report.problems:
            typer.echo(f"warning: {one_line(report.run)}: {one_line(report.problems[0], 400)}", err=True)
