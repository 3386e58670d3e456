"""Rendering a run folder: every report, from the folder alone, always the same bytes."""

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from harness.disk import write_whole, writing
from harness.errors import BenchError, HarnessError, ToolError, UsageError
from harness.report.model import fold
from harness.report.records import RunReport
from harness.report.renderer import RENDERERS, Renderer
from harness.report.text import one_line
from harness.run import manifest
from harness.run.folder import RunFolder

_Files = Mapping[str, bytes | Path]


def close(folder: Path) -> list[Path]:
    """Render every report of a run that has ended, then write its manifest; return their paths.

    The manifest is written also when a report cannot be: what the run wrote is what it vouches for.

    Raises:
        UsageError: `folder` is no run folder, or an installed package offers a report format that is none.
        BenchError: the folder cannot be read or written.
        ToolError: it has a manifest already, or a renderer broke.
    """
    try:
        paths = render_all(folder)
    finally:
        written = manifest.write(RunFolder.open(folder))
    return [*paths, written]


def render_all(folder: Path) -> list[Path]:
    """Render every report of the run folder that this machine can render; return their paths.

    Rendering twice, or rendering a copy of the folder elsewhere, gives identical bytes.

    Raises:
        HarnessError: as for `close`.
    """
    return _render(folder, _able())


def render(folder: Path, formats: Iterable[str]) -> list[Path]:
    """Render the reports of these formats; return their paths.

    The manifest is left alone, or rendering would hide a change. Reports say when the run's own files are not as it
    says.

    Raises:
        UsageError: as for `close`; there is no such format, or this machine lacks what it needs.
        BenchError: the folder cannot be read or written.
        ToolError: a renderer broke.
    """
    wanted = {name: RENDERERS.get(name)() for name in formats}
    for name, renderer in wanted.items():
        if lacking := renderer.lacks():
            raise UsageError(f"the report format {name} cannot be rendered here: {lacking}")
    return _render(folder, wanted)


def rendered(folder: Path) -> dict[str, bytes]:
    """Return every report as it comes out of the run folder now, by its path inside the folder; nothing is written.

    Raises:
        HarnessError: as for `close`.
    """
    run = RunFolder.open(folder)
    report = fold(run, manifest.rewritten(run))
    files: dict[str, bytes] = {}
    for name, renderer in _able().items():
        for path, content in _made(name, renderer, report, run).items():
            try:
                files[path] = content.read_bytes() if isinstance(content, Path) else content
            except OSError as error:
                raise BenchError(f"{content!s}: cannot be read: {error.strerror}") from error
    return files


def _able() -> dict[str, Renderer]:
    made = {name: kind() for name, kind in RENDERERS.all().items()}
    return {name: renderer for name, renderer in made.items() if not renderer.lacks()}


def _render(folder: Path, renderers: Mapping[str, Renderer]) -> list[Path]:
    run = RunFolder.open(folder)
    manifest.remove_drafts(run)
    report = fold(run, manifest.rewritten(run))
    return [
        _written(run, renderer.writes, _made(name, renderer, report, run))
        for name, renderer in renderers.items()
    ]


def _made(name: str, renderer: Renderer, report: RunReport, run: RunFolder) -> _Files:
    """Return the files of one report; a renderer of another package may break, and may say where to write anything."""
    try:
        files = renderer.render(report, run.path)
    except HarnessError:
        raise
    except Exception as error:
        raise ToolError(
            f"the report format {name} cannot be rendered: {type(error).__name__}: {one_line(str(error), 400)}",
            hint=f"leave it out, or mend {type(renderer).__module__}; the other reports are written",
        ) from error
    place = renderer.writes
    outside = [path for path in files if not _is_inside(path, place)]
    missing = not place.endswith("/") and place not in files
    if outside or missing or not manifest.is_report(place):
        raise ToolError(
            f"the report format {name} writes {one_line(', '.join(outside) or 'nothing', 200)} "
            f"to {one_line(place, 200)}",
            hint="a report is one file, report.SUFFIX or report-NAME.SUFFIX, or a folder, report-NAME/",
        )
    return files


def _is_inside(path: str, place: str) -> bool:
    if not place.endswith("/"):
        return path == place
    return path.startswith(place) and ".." not in PurePosixPath(path).parts and not path.endswith("/")


def _written(run: RunFolder, place: str, files: _Files) -> Path:
    """Write the files of one report, in the place of what was there; return the path of the report."""
    target = run.path / place
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
            file = run.path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, Path):
                shutil.copyfile(content, file, follow_symlinks=False)
            else:
                file.write_bytes(content)
    return target
