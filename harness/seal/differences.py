"""How the files of a folder differ from a list of sums, in words: changed, added, removed, renamed."""

import hashlib
import os
from collections import defaultdict
from collections.abc import Collection, Mapping
from pathlib import Path

from harness.errors import HarnessError
from harness.seal import tree
from harness.seal.problems import Findings
from harness.seal.times import sorted_by_time
from harness.transport.recording.format import SUFFIX, SUFFIXES

_LARGEST_SORTED = 64 * 1024 * 1024


def compare(
    root: Path,
    listed: Mapping[str, str],
    found: Mapping[str, str],
    sizes: Mapping[str, int],
    findings: Findings,
) -> None:
    """Name each difference between what is listed and what is there.

    Args:
        root: The folder.
        listed: SHA-256 by path as listed.
        found: SHA-256 by path as the files are now.
        sizes: Size by path as the run's manifest recorded it, for those that it lists.
        findings: Takes the differences.
    """
    removed = [path for path in listed if path not in found]
    added = [path for path in found if path not in listed]
    changed = [path for path in listed if path in found and listed[path] != found[path]]
    by_digest: dict[str, list[str]] = defaultdict(list)
    for path in added:
        by_digest[found[path]].append(path)
    for path in removed:
        if others := by_digest[listed[path]]:
            findings.wrong("renamed", path, f"to {others.pop(0)}")
        else:
            findings.wrong("removed", path)
    for path in (each for others in by_digest.values() for each in others):
        findings.wrong("added", path)
    for path in changed:
        findings.wrong(*_change(root, path, changed, listed, found, sizes))


def _change(
    root: Path,
    path: str,
    changed: Collection[str],
    listed: Mapping[str, str],
    found: Mapping[str, str],
    sizes: Mapping[str, int],
) -> tuple[str, str, str]:
    other = next((each for each in changed if listed[each] == found[path]), "")
    if other:
        return ("swapped", path, f"holds what {other} held")
    try:
        size = (root / path).stat().st_size
        if path in sizes and size < sizes[path]:
            return ("truncated", path, f"{size} of {sizes[path]} bytes")
        if path in sizes and size > sizes[path] and tree.sha256(root / path, sizes[path]) == listed[path]:
            return ("appended to", path, f"{size - sizes[path]} bytes more than were sealed")
        if path.endswith(SUFFIXES) and size <= _LARGEST_SORTED:
            again = sorted_by_time(root / path)
            if hashlib.sha256(again).hexdigest() == listed[path]:
                what = "records" if path.endswith(SUFFIX) else "lines"
                return ("reordered", path, f"its {what} are not in the order in which they were sealed")
    except (HarnessError, OSError):
        pass
    return ("changed", path, "")


def in_order(paths: Collection[str]) -> list[str]:
    """Return paths in the order of their bytes."""
    return sorted(paths, key=os.fsencode)
