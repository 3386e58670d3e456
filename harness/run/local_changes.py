"""Where this harness comes from, and whether it is the one that was released or committed."""

import csv
import json
import os
import subprocess
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Literal

from harness.run.tree_digest import file_digest

_PACKAGE = "id2-harness"
_LIMIT_S = 20.0
_SHOWN = 3
_OURS = "pyproject.toml"
_COMMIT = "# branch.oid "
_NO_COMMIT = "(initial)"
_UNTRACKED = "? "
_RENAMED = "2"

State = Literal["released", "clean", "changed", "unknown"]
"""Of a harness: as it was built and installed; a checkout without changes; neither; nobody can tell."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a harness comes from.

    Attributes:
        state: Whether it was changed.
        commit: The commit of its repository, hex; empty when that is not known.
        changes: What was changed, or why that cannot be told; empty for nothing.
    """

    state: State
    commit: str = ""
    changes: str = ""


def local_changes() -> str:
    """Return what of the harness was changed on this computer, or why that cannot be told; empty for nothing."""
    return origin().changes


def origin() -> Origin:
    """Return where this harness comes from."""
    root = Path(__file__).resolve().parents[2]
    if (root / _OURS).is_file():
        return _of_checkout(root)
    try:
        installed = distribution(_PACKAGE)
    except PackageNotFoundError:
        return Origin(
            "unknown",
            changes="it is neither installed nor a checkout of its repository, so nobody can tell whether it was "
            "changed",
        )
    return _of_installed(installed)


def _of_checkout(root: Path) -> Origin:
    # What variables would have git look at is another repository, or another state of this one.
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    clean["GIT_OPTIONAL_LOCKS"] = "0"  # looking changes nothing
    try:
        told = [
            subprocess.run(  # noqa: S603 - a fixed program
                ["git", "-C", str(root), "-c", "core.fsmonitor=false", *words],  # noqa: S607 - that of the user's PATH
                capture_output=True,
                text=True,
                errors="backslashreplace",
                timeout=_LIMIT_S,
                check=False,
                env=clean,
            )
            for words in (
                ("status", "--porcelain=v2", "--branch", "-z", "--untracked-files=all"),
                ("ls-files", "--error-unmatch", "--", _OURS),
            )
        ]
    except (OSError, subprocess.TimeoutExpired):
        return Origin(
            "unknown", changes="git does not answer, so nobody can tell whether this checkout was changed"
        )
    # In a folder that another repository ignores, git reports no change whatever there is.
    if any(each.returncode for each in told):
        return Origin(
            "unknown",
            changes="git knows nothing of this checkout, so nobody can tell whether it was changed",
        )
    lines = told[0].stdout.split("\0")
    commit = next((line.removeprefix(_COMMIT) for line in lines if line.startswith(_COMMIT)), "")
    changed = _told(_changed(lines))
    return Origin("changed" if changed else "clean", "" if commit == _NO_COMMIT else commit, changed)


def _changed(lines: list[str]) -> list[str]:
    """Return the paths that differ, out of the records of `git status --porcelain=v2 -z`."""
    found: list[str] = []
    records = iter(lines)
    for record in records:
        kind, _, rest = record.partition(" ")
        if kind == _RENAMED:
            next(records, "")  # the path that it had
        if kind in {"1", "2", "u"}:
            found.append(rest.split(" ", {"1": 7, "2": 8, "u": 9}[kind])[-1])
        elif record.startswith(_UNTRACKED) and not _is_input(rest):
            found.append(rest)
    return found


def _is_input(path: str) -> bool:
    """Tell whether a file that the repository does not know is an input of runs, which each run names by its hash."""
    place = Path(path)
    return place.suffix in {".yaml", ".yml"} and str(place.parent) in {".", "boards"}


def _of_installed(installed: Distribution) -> Origin:
    changed = []
    # The record is read here: the library makes several objects of each of its thousand lines.
    folder = str(installed.locate_file(""))
    for path, recorded, *_ in csv.reader((installed.read_text("RECORD") or "").splitlines()):
        mode, _, value = recorded.partition("=")
        if mode != "sha256":
            continue
        try:
            digest = file_digest(os.path.join(folder, path)).digest()  # noqa: PTH118 - as said
        except OSError:
            changed.append(path)
            continue
        if urlsafe_b64encode(digest).rstrip(b"=").decode() != value:
            changed.append(path)
    told = _told(changed)
    return Origin("changed" if told else "released", _commit_of(installed), told)


def _commit_of(installed: Distribution) -> str:
    """Return the commit that a package was installed from, where the installer wrote it down. Source: PEP 610."""
    try:
        told = json.loads(installed.read_text("direct_url.json") or "{}")
        commit = told.get("vcs_info", {}).get("commit_id", "")
    except (ValueError, AttributeError):
        return ""
    return commit if isinstance(commit, str) else ""


def _told(changed: list[str]) -> str:
    if not changed:
        return ""
    shown = ", ".join(changed[:_SHOWN])
    if len(changed) > _SHOWN:
        return f"changed on this computer: {shown} and {len(changed) - _SHOWN} more"
    return f"changed on this computer: {shown}"
