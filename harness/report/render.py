"""Rendering a run folder: every report, from the folder alone, always the same bytes."""

import os
import shutil
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path, PurePosixPath

from harness.disk import write_whole, writing
from harness.errors import BenchError, HarnessError, ToolError, UsageError
from harness.kinds import asking
from harness.report import words
from harness.report.model import fold
from harness.report.records import RunReport
from harness.report.renderer import RENDERERS, Renderer
from harness.report.text import one_line
from harness.run import manifest
from harness.run.folder import RunFolder

_Files = Mapping[str, bytes | Path]


def close(folder: Path, without: Collection[str] = ()) -> list[Path]:
    """Render the reports of a run that has ended, then write its manifest; return their paths.

    The manifest and the other reports are written also when a report cannot be.

    Args:
        folder: The run folder.
        without: Names of report formats that are left out.

    Raises:
        UsageError: `folder` is no run folder, or an installed package offers a report format that is none.
        BenchError: the folder cannot be read or written.
        ToolError: it has a manifest already, or a renderer broke.
    """
    try:
        paths = _render(folder, {name: kind for name, kind in RENDERERS.all().items() if name not in without})
    finally:
        written = manifest.write(RunFolder.open(folder))
    return [*paths, written]


def render_all(folder: Path, language: str = "", into: Path | None = None) -> list[Path]:
    """Render every report of the run folder that this machine can render; return their paths.

    Rendering twice, or rendering a copy of the folder elsewhere, gives identical bytes.

    Args:
        folder: The run folder.
        language: Code of a language; empty for the run's own.
        into: Where to write them, made when it is missing; the run folder itself by default.

    Raises:
        HarnessError: as for `close`.
    """
    return _render(folder, RENDERERS.all(), language, into)


def render(folder: Path, formats: Iterable[str], language: str = "", into: Path | None = None) -> list[Path]:
    """Render the reports of these formats; return their paths.

    In another language than the run's own a report for people stands beside the run's: `report-zh.html`.

    Args:
        folder: The run folder.
        formats: Names of report formats.
        language: Code of a language; empty for the run's own.
        into: As for `render_all`.

    The manifest is left alone, or rendering would hide a change. Reports say when the run's own files are not as it
    says.

    Raises:
        UsageError: as for `close`; there is no such format, or this machine lacks what it needs.
        BenchError: the folder cannot be read or written.
        ToolError: a renderer broke.
    """
    wanted = {name: RENDERERS.get(name) for name in formats}
    for name, kind in wanted.items():
        with asking(kind, _cannot(name)):
            lacking = kind().lacks()
        if lacking:
            raise UsageError(f"{_cannot(name)} here: {lacking}")
    return _render(folder, wanted, language, into)


def rendered(folder: Path) -> dict[str, bytes]:
    """Return every report as it comes out of the run folder now, by its path inside the folder; nothing is written.

    In another language than the run's own they come only when one of that language stands in the folder.

    Raises:
        HarnessError: as for `close`.
    """
    run = RunFolder.open(folder)
    report, kinds = fold(run, manifest.rewritten(run)), RENDERERS.all()
    files = rendered_of(report, run, kinds)
    for code in words.NAMES:
        if code != report.particulars.language and any(run.path.glob(f"report*-{code}*")):
            files |= rendered_of(report, run, kinds, code)
    return files


def rendered_of(
    report: RunReport, run: RunFolder, kinds: Mapping[str, type[Renderer]], language: str = ""
) -> dict[str, bytes]:
    """Return what these kinds of report make of a run that was folded already, as `rendered` does for all.

    Raises:
        HarnessError: as for `close`.
    """
    files: dict[str, bytes] = {}
    for name, kind in kinds.items():
        _, made = _made(name, kind, report, run, language) or ("", {})
        for path, content in made.items():
            try:
                files[path] = content.read_bytes() if isinstance(content, Path) else content
            except OSError as error:
                raise BenchError(f"{content!s}: cannot be read: {error.strerror}") from error
    return files


def _cannot(name: str) -> str:
    return f"the report format {name} cannot be rendered"


def _render(
    folder: Path, kinds: Mapping[str, type[Renderer]], language: str = "", into: Path | None = None
) -> list[Path]:
    """Render all that this machine can; then raise the first error of those that broke."""
    run = RunFolder.open(folder)
    sealed_by = next((name for name in sorted(manifest.SEAL) if os.path.lexists(run.path / name)), "")
    if into is not None:
        with writing(into):
            into.mkdir(parents=True, exist_ok=True)
    elif sealed_by:
        raise UsageError(
            f"{folder}: is sealed ({sealed_by}): rendering would write into it, and break the seal",
            hint="give --output FOLDER to have the reports elsewhere; harness verify says what the seal is worth",
        )
    else:
        manifest.remove_drafts(run)
    report = fold(run, manifest.rewritten(run))
    written: list[Path] = []
    broken: list[HarnessError] = []
    for name, kind in kinds.items():
        try:
            if (made := _made(name, kind, report, run, language)) is not None:
                written.append(_written(into or run.path, *made))
        except HarnessError as error:
            broken.append(error)
    if broken:
        raise broken[0]
    return written


def _made(
    name: str, kind: type[Renderer], report: RunReport, run: RunFolder, language: str = ""
) -> tuple[str, _Files] | None:
    """Return the place and the files of one report; None where this machine lacks what it needs.

    A renderer of another package may break, and may say where to write anything.
    """
    with asking(kind, _cannot(name)):
        renderer = kind()
        place = renderer.writes
        if renderer.lacks():
            return None
        own = report.particulars.language
        wanted = words.language(language or own)
        files = renderer.render(report, run.path, wanted)
    outside = [path for path in files if not _is_inside(path, place)]
    missing = not place.endswith("/") and place not in files
    if outside or missing or not manifest.is_report(place):
        told = one_line(place, 200)
        why = f"to {told}, which is no name of a report"
        if outside:
            why = f"{one_line(', '.join(outside), 200)}, which is not its own place {told}"
        elif missing:
            why = f"nothing to its own place {told}"
        raise ToolError(
            f"the report format {name} writes {why}",
            hint="a report is one file, report.SUFFIX or report-NAME.SUFFIX, or a folder, report-NAME/",
        )
    if renderer.translated and wanted.code != own:
        return _beside(place, files, wanted.code)
    return place, files


def _beside(place: str, files: _Files, language: str) -> tuple[str, _Files]:
    """Return the place and files of a report in another language than the run's own: report.html is report-zh.html."""
    root, slash, _ = place.partition("/")
    stem, dot, suffix = root.partition(".")
    named = f"{stem}-{language}{dot}{suffix}{slash}"
    return named, {named + path.removeprefix(place): content for path, content in files.items()}


def _is_inside(path: str, place: str) -> bool:
    if not place.endswith("/"):
        return path == place
    return path.startswith(place) and ".." not in PurePosixPath(path).parts and not path.endswith("/")


def _written(root: Path, place: str, files: _Files) -> Path:
    """Write the files of one report, in the place of what was there; return the path of the report."""
    target = root / place
    if not place.endswith("/"):
        content = files[place]
        write_whole(target, content.read_bytes() if isinstance(content, Path) else content)
        return target
    with writing(target):
        if target.is_symlink() or target.is_file():
            target.unlink()
        elif target.exists():
            shutil.rmtree(target)
        target.mkdir()
        for name, content in sorted(files.items()):
            file = root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, Path):
                shutil.copyfile(content, file, follow_symlinks=False)
            else:
                file.write_bytes(content)
    return target
