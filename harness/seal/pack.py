"""Packing a run folder into one zip: the same folder always gives the same bytes.

Entries stand in the order of their names, all below one folder of the run's name, dated 1 January 1980, without
comments and extra fields. `unpack` takes nothing else.
"""

import os
import shutil
import zipfile
from contextlib import suppress
from pathlib import Path

from harness.disk import writing
from harness.errors import BenchError, UsageError
from harness.report.text import one_line
from harness.run.folder import RunFolder
from harness.seal import zip_names
from harness.seal.tree import Tree
from harness.seal.zip_form import DATE, FILE_MODE, FOLDER_MODE, LEVEL, MOST_BYTES, MOST_ENTRIES, SYSTEM

_CHUNK = 1 << 20


def pack(path: Path, into: Path | None = None) -> Path:
    """Write a run folder into one zip, and return the zip's path.

    Args:
        path: The run folder.
        into: The zip; beside the folder and named after it when left out. It must not be there.

    Raises:
        UsageError: it is no run folder, or holds what a zip cannot hold.
        BenchError: a file cannot be read, or the disk refuses.
    """
    run = RunFolder.open(path)
    target = into or run.path.with_name(f"{run.name}.zip")
    tree = Tree.of(run.path)
    if target.absolute().resolve().is_relative_to(run.path):
        raise UsageError(
            f"{target}: lies inside the run, and would be packed too", hint="choose a place outside"
        )
    if tree.odd:
        name, kind = next(iter(sorted(tree.odd.items())))
        raise UsageError(f"{path}: {one_line(name)} is {kind}: only files can be packed", hint="remove it")
    names = [f"{run.name}/{name}" for name in tree.files] + [f"{run.name}/{name}/" for name in tree.empty]
    problems = zip_names.problems(names)
    if problems:
        name, why = next(iter(sorted(problems.items())))
        raise UsageError(
            f"{path}: {one_line(name)} {why}, which not every program can unpack",
            hint="hand the folder on with tar",
        )
    if len(names) > MOST_ENTRIES or sum(tree.files.values()) > MOST_BYTES:
        raise UsageError(
            f"{path}: has more than {MOST_ENTRIES} files or {MOST_BYTES >> 20} MiB",
            hint="hand the folder on with tar",
        )
    with writing(target):
        file = os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    try:
        with writing(target), os.fdopen(file, "w+b") as stream, zipfile.ZipFile(stream, "w") as archive:
            for name in sorted(names, key=os.fsencode):
                _add(archive, run, name, tree)
    except BaseException:
        with suppress(OSError):
            target.unlink()
        raise
    return target


def _add(archive: zipfile.ZipFile, run: RunFolder, name: str, tree: Tree) -> None:
    entry = zipfile.ZipInfo(name, DATE)
    entry.create_system = SYSTEM
    inside = name.partition("/")[2]
    if name.endswith("/"):
        entry.external_attr = FOLDER_MODE
        archive.writestr(entry, b"")
        return
    entry.external_attr = FILE_MODE
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry._compresslevel = LEVEL  # type: ignore[attr-defined]  # noqa: SLF001  # the one way to set it for a stream
    entry.file_size = tree.files[inside]
    try:
        source = (run.path / inside).open("rb")
    except OSError as error:
        raise BenchError(f"{run.path / inside}: cannot be read: {error.strerror}") from error
    with source, archive.open(entry, "w") as into:
        shutil.copyfileobj(source, into, _CHUNK)
