"""The board files that a lab file names: paths, patterns and names of boards."""

import glob
import os
from pathlib import Path

from harness.board.models.lab_file import LabFile
from harness.board.reading.file import DEFAULT_FOLDER, SHIPPED, SUFFIXES, board_files, is_board_name
from harness.settings.problems import PlacedProblem, as_error, printable
from harness.settings.suggest import nearest

WILD = frozenset("*?[")
"""What makes a pattern of a word."""


def is_pattern(word: str) -> bool:
    """Tell whether a word may stand for several boards."""
    return bool(WILD & set(word))


def files_like(pattern: str) -> list[Path]:
    """Return the board files whose paths match a pattern, by path; `**` goes through folders.

    The suffix may be left out of the pattern.
    """
    found: dict[str, None] = {}
    for one in (pattern, *(pattern + suffix for suffix in SUFFIXES)):
        found |= dict.fromkeys(glob.glob(one, recursive=True))  # noqa: PTH207 - Path.glob takes no absolute pattern
    return sorted(path for path in map(Path, found) if path.suffix in SUFFIXES and os.path.isfile(path))  # noqa: PTH113 - Path.is_file raises in a folder that is closed to us


def lab_boards(lab: LabFile) -> tuple[Path, ...]:
    """Return the board files of a lab in the order of its file, each once.

    Raises:
        UsageError: An entry leads to no board file, or one is written twice; every such entry is named with its line.
    """
    found: dict[str, Path] = {}
    wrong: list[PlacedProblem] = []
    for place, entry in enumerate(lab.boards):
        meant = [path for path in _meant(entry, lab) if not _same(path, lab.source.path)]
        problem = ""
        if not meant:
            problem = _nothing(entry, lab)
        elif not is_pattern(entry) and entry in lab.boards[:place]:
            problem = f"{printable(entry)} is written twice"
        if problem:
            line = lab.source.board_lines[place] if lab.source.board_lines else 0
            wrong.append(PlacedProblem(str(lab.source.path), line, f"boards[{place}]", problem))
        for path in meant:
            found.setdefault(os.path.realpath(path), path)
    if wrong:
        raise as_error(str(lab.source.path), wrong)
    return tuple(found.values())


def _meant(entry: str, lab: LabFile) -> list[Path]:
    path = lab.source.folder / entry
    if os.path.lexists(path):
        return [path]
    if is_pattern(entry):
        # What is special in the folder's own name is no pattern.
        return files_like(os.path.join(glob.escape(str(lab.source.folder)), entry))  # noqa: PTH118 - a pattern
    if is_board_name(Path(entry)):
        named = [folder / f"{entry}.yaml" for folder in (lab.source.folder / DEFAULT_FOLDER, SHIPPED)]
        return [one for one in named if one.is_file()][:1]
    return []


def _same(path: Path, other: Path | None) -> bool:
    return other is not None and os.path.realpath(path) == os.path.realpath(other)


def _nothing(entry: str, lab: LabFile) -> str:
    if is_pattern(entry):
        return f"no board file matches {printable(entry)}"
    folder = (lab.source.folder / entry).parent
    guess = nearest(Path(entry).name, (path.name for path in board_files(folder)))
    return f"no such board file: {printable(entry)}" + (f"; did you mean {guess!r}?" if guess else "")
