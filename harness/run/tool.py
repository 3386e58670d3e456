"""The tool of a run: which harness and which suites judged, by digests that anyone can compute again."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import ClassVar

import harness
from harness.errors import BenchError
from harness.run.local_changes import State, origin
from harness.run.tree_digest import TreeDigest, tree_digest

_NO_CODE = frozenset({"boards", "examples", "firmware"})
"""Folders of the harness that it ships, and judges nothing with."""


@dataclass(frozen=True, slots=True)
class SuiteDigest:
    """A folder of suites, by its digest."""

    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "ignore", "use_attribute_docstrings": True}

    name: str
    """Name of the folder."""
    sha256: str
    """Its digest, made as that of the harness's code; empty when it could not be read."""
    files: int
    """How many files it is made of."""


@dataclass(frozen=True, slots=True)
class Tool:
    """The harness and the suites of a run. Of a run of an earlier version nothing is known."""

    __pydantic_config__: ClassVar[dict[str, object]] = {
        "extra": "ignore",
        "use_attribute_docstrings": True,
        "json_schema_serialization_defaults_required": True,
    }

    sha256: str = ""
    """Digest of the harness's code, with its fixtures and the shipped suites: SHA-256 over the lines that sha256sum
    prints for all its files, sorted by path; boards, examples, firmware and compiled files are left out."""
    files: int = 0
    """How many files it is made of."""
    commit: str = ""
    """The commit of its repository, hex; empty when that is not known."""
    state: State = "unknown"
    """Released: installed, and as it was built. Clean: a checkout without changes. Changed: neither."""
    changes: str = ""
    """What was changed, or why that cannot be told; empty for nothing."""
    suites: tuple[SuiteDigest, ...] = ()
    """The folders of suites that took part."""

    @classmethod
    def here(cls, suites: Iterable[Path]) -> "Tool":
        """Return this harness with these folders of suites; what cannot be read has no digest."""
        code, came = code_digest(), origin()
        found = [(folder.resolve().name, folder_digest(folder)) for folder in suites]
        return cls(
            code.sha256,
            code.files,
            came.commit,
            came.state,
            came.changes,
            tuple(SuiteDigest(name, one.sha256, one.files) for name, one in found),
        )


@cache
def code_digest() -> TreeDigest:
    """Return the digest of this harness's code, with its fixtures and the shipped suites; empty when unreadable."""
    # What this process runs it has read once, too.
    return folder_digest(Path(harness.__file__).parent, _NO_CODE)


def folder_digest(folder: Path, without: frozenset[str] = frozenset()) -> TreeDigest:
    """Return the digest of a folder of suites; empty when it cannot be read.

    Args:
        folder: The folder.
        without: Folders right below it that are left out.
    """
    try:
        return tree_digest(folder, without=without)
    except BenchError:
        return TreeDigest("", 0)
