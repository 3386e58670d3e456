"""Rendering a run folder: every report, from the folder alone, always the same bytes."""

import shutil
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from harness.errors import BenchError
from harness.report import allure, html, json_report, junit
from harness.report.model import fold
from harness.report.records import RunReport
from harness.run import manifest
from harness.run.disk import write_whole, writing
from harness.run.folder import RunFolder


class Format(StrEnum):
    """A report that is a file or a folder of files."""

    JSON = "json"
    HTML = "html"
    JUNIT = "junit"
    ALLURE = "allure"


_FILES: dict[Format, tuple[str, Callable[[RunReport, Path], bytes]]] = {
    Format.JSON: ("report.json", lambda report, _: json_report.render(report)),
    Format.HTML: ("report.html", html.render),
    Format.JUNIT: ("junit.xml", lambda report, _: junit.render(report)),
}


def close(folder: Path) -> list[Path]:
    """Render every report of a run that has ended, then write its manifest; return their paths.

    The manifest is written also when a report cannot be: what the run wrote is what it vouches for.

    Raises:
        UsageError: `folder` is no run folder.
        BenchError: the folder cannot be read or written.
        ToolError: it has a manifest already.
    """
    try:
        paths = render_all(folder)
    finally:
        written = manifest.write(RunFolder.open(folder))
    return [*paths, written]


def render_all(folder: Path) -> list[Path]:
    """Render every report of the run folder; return their paths.

    Rendering twice, or rendering a copy of the folder elsewhere, gives identical bytes.

    Raises:
        UsageError: `folder` is no run folder.
        BenchError: the folder cannot be read or written.
    """
    return render(folder, tuple(Format))


def render(folder: Path, formats: tuple[Format, ...]) -> list[Path]:
    """Render the reports of these formats; return their paths.

    The manifest is left alone, or rendering would hide a change. Reports say when the run's own files are not as it
    says.

    Raises:
        UsageError: `folder` is no run folder.
        BenchError: the folder cannot be read or written.
    """
    run = RunFolder.open(folder)
    manifest.remove_drafts(run)
    report = fold(run, manifest.rewritten(run))
    return [_render_one(run, report, each) for each in formats]


def rendered(folder: Path) -> dict[str, bytes]:
    """Return every report as it comes out of the run folder now, by its path inside the folder; nothing is written.

    Raises:
        UsageError: `folder` is no run folder.
        BenchError: the folder cannot be read.
    """
    run = RunFolder.open(folder)
    report = fold(run, manifest.rewritten(run))
    files = {name: renderer(report, run.path) for name, renderer in _FILES.values()}
    for name, content in allure.render(report, run.path).items():
        try:
            data = content.read_bytes() if isinstance(content, Path) else content
        except OSError as error:
            raise BenchError(f"{content!s}: cannot be read: {error.strerror}") from error
        files[f"allure-results/{name}"] = data
    return files


def _render_one(run: RunFolder, report: RunReport, wanted: Format) -> Path:
    if wanted is Format.ALLURE:
        return _render_allure(run, report)
    name, renderer = _FILES[wanted]
    path = run.path / name
    write_whole(path, renderer(report, run.path))
    return path


def _render_allure(run: RunFolder, report: RunReport) -> Path:
    results = run.path / "allure-results"
    files = allure.render(report, run.path)
    with writing(results):
        if results.is_symlink() or results.is_file():
            results.unlink()
        elif results.exists():
            shutil.rmtree(results)
        results.mkdir()
        for name, content in sorted(files.items()):
            if isinstance(content, Path):
                shutil.copyfile(content, results / name, follow_symlinks=False)
            else:
                (results / name).write_bytes(content)
    return results
