"""A run folder on its way from a bench to a client: files in pieces, each from the byte where the client goes on."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.errors import BenchError, UsageError
from harness.lab.messages import LARGEST_BODY, encode
from harness.lab.names import RUN_NAME
from harness.seal.tree import Tree


def sent(runs: Path, name: str, have: Mapping[str, Any]) -> Iterator[bytes]:
    """Give the messages that bring a run folder over.

    Args:
        runs: The folder of runs.
        name: The run folder's name.
        have: How many bytes of which file the client has already.

    Raises:
        UsageError: There is no such run.
        BenchError: A file cannot be read.
    """
    folder = run_folder(runs, name)
    tree = Tree.of(folder)
    yield encode("listing", run=name, files=tree.files, odd=dict(tree.odd), empty=list(tree.empty))
    for path, size in tree.files.items():
        told = have.get(path)
        begin = told if isinstance(told, int) and 0 <= told <= size else 0
        yield from _pieces(folder, name, path, begin, size)
    yield encode("whole", run=name)


def run_folder(runs: Path, name: str) -> Path:
    """Return the run folder of this name.

    Raises:
        UsageError: There is none.
    """
    folder = runs / name
    if not RUN_NAME.fullmatch(name) or folder.is_symlink() or not folder.is_dir():
        raise UsageError(f"{name[:80]!r}: there is no such run folder")
    return folder


def _pieces(folder: Path, run: str, path: str, begin: int, size: int) -> Iterator[bytes]:
    try:
        file = os.open(folder / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(file, "rb") as stream:
            stream.seek(begin)
            at = begin
            while at < size:
                data = stream.read(min(LARGEST_BODY, size - at))
                if not data:
                    break
                yield encode("piece", data, run=run, path=path, at=at)
                at += len(data)
    except OSError as error:
        raise BenchError(f"{folder / path}: cannot be read: {error.strerror}") from error
