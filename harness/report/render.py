"""Rendering a run folder: every report, from the folder alone, always the same bytes."""

import shutil
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

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


def render_all(folder: Path) -> list[Path]:
    """Render every report of the run folder, then the manifest; return their paths.

    Rendering twice, or rendering a copy of the folder elsewhere, gives identical bytes.

    Raises:
        UsageError: `folder` is no run folder.
        BenchError: the folder cannot be read or written.
    """
    return render(folder, tuple(Format))


def render(folder: Path, formats: tuple[Format, ...]) -> list[Path]:
    """Render the reports of these formats, then the manifest; return their paths.

    A manifest that says that the run's own files were changed afterwards is left alone, and the reports say
    so: a new one would hide the change.

    Raises:
        UsageError: `folder` is no run folder.
        BenchError: the folder cannot be read or written.
    """
    run = RunFolder.open(folder)
    rewritten = manifest.rewritten(run)
    report = fold(run, rewritten)
    paths = [_render_one(run, report, each) for each in formats]
    if not rewritten:
        paths.append(manifest.write(run))
    return paths


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
