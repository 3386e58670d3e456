"""The manifest: SHA-256 and size of every file of a run folder, so that a change of any of them shows."""

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from harness.errors import BenchError, UsageError
from harness.run.disk import write_whole
from harness.run.folder import RunFolder

FORMAT = "id2-run-manifest"
SCHEMA = 1
NAMES = frozenset({"manifest.json", "manifest.sig"})
"""Files that the manifest does not list: itself, and a signature over it."""

_SOURCES = ("run.json", "journal.jsonl", "transport/", "evidence/")
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Entry:
    """One file: its path inside the run folder (with `/`), its size in bytes, its SHA-256 in hex."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Changes:
    """How a run folder differs from its manifest; paths inside the folder, sorted."""

    changed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    checked: int = 0

    def __bool__(self) -> bool:
        """True when anything differs."""
        return bool(self.changed or self.missing or self.added)


class BrokenManifestError(UsageError):
    """The file is there, and is no manifest."""


def write(folder: RunFolder) -> Path:
    """Write the manifest of everything that is in the folder now, and return its path.

    Raises:
        BenchError: a file cannot be read, or the manifest not be written.
    """
    entries = [_entry(folder.path, path) for path in _files(folder.path)]
    record = {
        "format": FORMAT,
        "schema": SCHEMA,
        "files": [{"path": entry.path, "size": entry.size, "sha256": entry.sha256} for entry in entries],
    }
    write_whole(folder.manifest, json.dumps(record, ensure_ascii=False, indent=1).encode() + b"\n")
    return folder.manifest


def read(folder: RunFolder) -> dict[str, Entry]:
    """Return the entries of the manifest by path.

    Raises:
        UsageError: there is no manifest.
        BrokenManifestError: the file is no manifest.
    """
    try:
        record = json.loads(folder.manifest.read_bytes())
        if record["format"] != FORMAT or record["schema"] != SCHEMA:
            raise BrokenManifestError(f"{folder.manifest}: is no manifest of this version")
        entries = [
            Entry(str(each["path"]), int(each["size"]), str(each["sha256"])) for each in record["files"]
        ]
    except FileNotFoundError as error:
        hint = f"write it, and every report, with: harness report {folder.path}"
        raise UsageError(f"{folder.path}: has no manifest.json", hint=hint) from error
    except OSError as error:
        raise BenchError(f"{folder.manifest}: cannot be read: {error.strerror}") from error
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise BrokenManifestError(
            f"{folder.manifest}: is no manifest", hint="restore it from a copy of the run"
        ) from error
    return {entry.path: entry for entry in entries}


def verify(folder: RunFolder) -> Changes:
    """Compare every file of the folder with the manifest.

    Raises:
        UsageError: there is no manifest, or it is none.
        BenchError: a file cannot be read.
    """
    expected = read(folder)
    found = {_inside(folder.path, path): path for path in _files(folder.path)}
    changed = [
        name
        for name, path in found.items()
        if name in expected and (_is_odd(path) or _entry(folder.path, path) != expected[name])
    ]
    return Changes(
        changed=tuple(sorted(changed)),
        missing=tuple(sorted(expected.keys() - found.keys())),
        added=tuple(sorted(found.keys() - expected.keys())),
        checked=len(expected),
    )


def rewritten(folder: RunFolder) -> tuple[str, ...]:
    """Return the source files that are not what an existing manifest recorded, or grown from it.

    Sources are what the run itself wrote: header, journal, recordings, evidence. They only ever grow, so one
    whose beginning differs was changed by someone. Without a manifest the answer is empty.

    Raises:
        BenchError: a file cannot be read.
    """
    try:
        expected = read(folder)
    except BrokenManifestError:
        return ("manifest.json",)
    except UsageError:
        return ()
    sources = [entry for path, entry in sorted(expected.items()) if path.startswith(_SOURCES)]
    # Looked up among the files that are there, so that a manifest cannot point out of the folder.
    found = {_inside(folder.path, path): path for path in _files(folder.path)}
    return tuple(entry.path for entry in sources if not _begins_as(found.get(entry.path), entry))


def _begins_as(path: Path | None, entry: Entry) -> bool:
    if path is None or _is_odd(path):
        return False
    with _reading(path) as file:
        return _digest(file, entry.size) == (entry.size, entry.sha256)


def _entry(root: Path, path: Path) -> Entry:
    if _is_odd(path):
        # A link or a device has no content of its own that a hash could promise.
        return Entry(_inside(root, path), 0, "")
    with _reading(path) as file:
        size, digest = _digest(file, None)
    return Entry(_inside(root, path), size, digest)


def _reading(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise BenchError(f"{path}: cannot be read: {error.strerror}") from error


def _digest(file: BinaryIO, limit: int | None) -> tuple[int, str]:
    """Hash the file, or its first `limit` bytes; return how many bytes that were, and the hash."""
    digest, size = hashlib.sha256(), 0
    while chunk := file.read(_CHUNK if limit is None else min(_CHUNK, limit - size)):
        digest.update(chunk)
        size += len(chunk)
    return size, digest.hexdigest()


def _files(root: Path) -> Iterator[Path]:
    """Yield every file below `root` in a fixed order; links are named and not followed."""
    for folder, folders, names in os.walk(root, followlinks=False):
        linked = [name for name in folders if (Path(folder) / name).is_symlink()]
        folders.sort()
        for name in sorted([*names, *linked]):
            path = Path(folder) / name
            if path.parent != root or name not in NAMES:
                yield path


def _is_odd(path: Path) -> bool:
    return path.is_symlink() or not path.is_file()


def _inside(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()
