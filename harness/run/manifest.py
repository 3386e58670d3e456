"""The manifest: SHA-256 and size of every file of a run folder, so that a change of any of them shows.

It is made once, by the run itself, at its end. Nothing that comes later writes it again, or it would bless a change.
"""

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from harness.disk import write_whole, writing
from harness.errors import BenchError, ToolError, UsageError
from harness.run.folder import RunFolder, alive

FORMAT = "id2-run-manifest"
SCHEMA = 1
SEAL = frozenset(
    {
        "SHA256SUMS",
        "SHA256SUMS.tester.sig",
        "SHA256SUMS.tester.sig.tsr",
        "SHA256SUMS.tester.sig.tsr.sig",
        "SHA256SUMS.approver.sig",
        "SHA256SUMS.approver.sig.tsr",
        "SHA256SUMS.approver.sig.tsr.sig",
        "VERIFY.txt",
        "attestation.dsse.json",
        "attestation.pub",
        "report-approved.pdf",
        "report-approved.pdf.sig",
        "seal.json",
    }
)
"""Files that sealing adds to a run, long after its manifest was made; `harness verify` checks them."""

NAMES = frozenset({"manifest.json", "manifest.sig"}) | SEAL
"""Files that the manifest does not list: itself, a signature over it, and the seal."""

_NAMED_BY_OTHERS = frozenset({"junit.xml", "ctrf.json", "allure-results"})
"""Reports whose names other tools expect."""

_DRAFT = re.compile(r"\.[a-z0-9-]+\.[a-z0-9]+\.[0-9]+\.tmp")
"""What `write_whole` leaves behind when it is killed: no part of the run."""

_CHUNK = 1024 * 1024
_LARGEST = 2**63


@dataclass(frozen=True, slots=True)
class Entry:
    """One file: its path inside the run folder (with `/`), its size in bytes, its SHA-256 in hex."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Changes:
    """How a run folder differs from its manifest; paths inside the folder, sorted.

    Attributes:
        changed: Files with another content.
        truncated: Files that are shorter than they were.
        extended: Files with what they held, and more after it.
        missing: Files that are gone.
        added: Files that were not there.
        checked: How many files the manifest lists.
    """

    changed: tuple[str, ...] = ()
    truncated: tuple[str, ...] = ()
    extended: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    checked: int = 0

    def __bool__(self) -> bool:
        """True when anything differs."""
        return bool(self.changed or self.truncated or self.extended or self.missing or self.added)

    def by_word(self) -> dict[str, tuple[str, ...]]:
        """Return the paths by what became of them, in words for people."""
        return {
            "changed": self.changed,
            "truncated": self.truncated,
            "appended to": self.extended,
            "missing": self.missing,
            "added": self.added,
        }


class NoManifestError(UsageError):
    """There is none."""


class BrokenManifestError(UsageError):
    """The file is there, and is no manifest."""


def write(folder: RunFolder) -> Path:
    """Write the manifest of everything that is in the folder now, and return its path.

    Raises:
        BenchError: a file cannot be read, or the manifest not be written.
        ToolError: there is a manifest already.
    """
    if os.path.lexists(folder.manifest):
        raise ToolError(f"{folder.manifest}: is there already, and is made once")
    entries = [_entry(folder.path, path) for path in files(folder.path)]
    record = {
        "format": FORMAT,
        "schema": SCHEMA,
        "files": [{"path": entry.path, "size": entry.size, "sha256": entry.sha256} for entry in entries],
    }
    # A name that is no UTF-8 has surrogates, which JSON can only hold escaped.
    text = json.dumps(record, ensure_ascii=False, indent=1).encode("utf-8", "backslashreplace")
    write_whole(folder.manifest, text + b"\n")
    return folder.manifest


def read(folder: RunFolder) -> dict[str, Entry]:
    """Return the entries of the manifest by path.

    Raises:
        NoManifestError: there is no manifest.
        BrokenManifestError: the file is no manifest.
    """
    try:
        record = json.loads(folder.manifest.read_bytes())
        if record["format"] != FORMAT or record["schema"] != SCHEMA:
            raise BrokenManifestError(f"{folder.manifest}: is no manifest of this version")
        entries = [
            Entry(str(each["path"]), _size(each["size"]), str(each["sha256"])) for each in record["files"]
        ]
    except FileNotFoundError as error:
        raise NoManifestError(
            f"{folder.path}: has no manifest.json, so nothing shows whether a file of it was changed",
            hint="take it from a copy of the run; it is made once, when a run ends, and never again",
        ) from error
    except OSError as error:
        raise BenchError(f"{folder.manifest}: cannot be read: {error.strerror}") from error
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise BrokenManifestError(
            f"{folder.manifest}: is no manifest", hint="restore it from a copy of the run"
        ) from error
    return {entry.path: entry for entry in entries}


def _size(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < _LARGEST:
        raise TypeError
    return value


def verify(folder: RunFolder, rendered: Callable[[], Mapping[str, bytes]] | None = None) -> Changes:
    """Compare every file of the folder with the manifest.

    Args:
        folder: The run folder.
        rendered: Returns the reports as they come out of the folder now, by path. A report that is as one of them was
            rendered again, and is no change. It is asked only when a report is not as it was.

    Raises:
        UsageError: there is no manifest, or it is none.
        BenchError: a file cannot be read.
    """
    expected = read(folder)
    found = {_inside(folder.path, path): path for path in files(folder.path)}
    words = {
        name: _compared(folder.path, found.get(name), expected.get(name))
        for name in sorted(found.keys() | expected.keys())
    }
    if rendered is not None and any(word and is_report(name) for name, word in words.items()):
        again = rendered()
        for name, word in words.items():
            if word in {"changed", "truncated", "extended", "added"} and name in again:
                words[name] = "" if _holds(found[name], again[name]) else word
    return _changes(words, len(expected))


def rewritten(folder: RunFolder) -> tuple[str, ...]:
    """Return what the run itself wrote and is not as the manifest says, each with what became of it.

    That is all but the reports, which can be made again. Without a manifest the answer is empty.

    Raises:
        BenchError: a file cannot be read.
    """
    try:
        changes = verify(folder)
    except BrokenManifestError:
        return ("manifest.json (no manifest)",)
    except NoManifestError:
        return ()
    return tuple(
        f"{name} ({word})".encode("utf-8", "backslashreplace").decode()
        for word, names in changes.by_word().items()
        for name in names
        if not is_report(name)
    )


def is_report(path: str) -> bool:
    """Return whether a path inside the run folder is that of a report: made from the rest, and may be made again."""
    top = path.partition("/")[0]
    return top.startswith(("report.", "report-")) or top in _NAMED_BY_OTHERS


def remove_drafts(folder: RunFolder) -> None:
    """Remove what processes that were killed left unfinished in the folder.

    Raises:
        BenchError: the disk refuses.
    """
    with writing(folder.path):
        for path in folder.path.iterdir():
            if _DRAFT.fullmatch(path.name) and not _is_odd(path) and not alive(_writer(path)):
                path.unlink(missing_ok=True)


def _writer(draft: Path) -> int:
    return int(draft.name.split(".")[-2])


def _compared(root: Path, path: Path | None, entry: Entry | None) -> str:
    """Return how a file differs from its entry, as a field of `Changes`; empty for not at all."""
    if path is None:
        return "missing"
    if entry is None:
        return "added"
    now = _entry(root, path)
    if _is_odd(path) or now.size == entry.size:
        return "changed" if _is_odd(path) or now != entry else ""
    if now.size < entry.size:
        return "truncated"
    with _reading(path) as file:
        return "extended" if _digest(file, entry.size)[1] == entry.sha256 else "changed"


def _changes(words: Mapping[str, str], checked: int) -> Changes:
    def those(word: str) -> tuple[str, ...]:
        return tuple(name for name, became in words.items() if became == word)

    return Changes(
        those("changed"), those("truncated"), those("extended"), those("missing"), those("added"), checked
    )


def _holds(path: Path, data: bytes) -> bool:
    if _is_odd(path):
        return False
    with _reading(path) as file:
        return _digest(file, None) == (len(data), hashlib.sha256(data).hexdigest())


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


def files(root: Path) -> Iterator[Path]:
    """Yield every file below `root` that a manifest lists, in a fixed order; links are named and not followed."""
    for folder, folders, names in os.walk(root, followlinks=False):
        linked = [name for name in folders if (Path(folder) / name).is_symlink()]
        folders.sort()
        for name in sorted([*names, *linked]):
            path = Path(folder) / name
            if path.parent != root or not (name in NAMES or (_DRAFT.fullmatch(name) and not _is_odd(path))):
                yield path


def _is_odd(path: Path) -> bool:
    return path.is_symlink() or not path.is_file()


def _inside(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()
