"""Reads a board file: every problem with its line, in one error; every doubt as a warning."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

import harness
from harness.board.models import BoardFile, Source
from harness.board.models.lab_file import LabFile
from harness.board.reading import checks, explain, hex_doubts, to_fill_in
from harness.board.reading.lab import LAB_FILE
from harness.errors import UsageError
from harness.settings import regular_file, yaml_file
from harness.settings.problems import PlacedProblem, Problem, as_error, field_name
from harness.settings.suggest import nearest

SUFFIXES = (".yaml", ".yml")
DEFAULT_FOLDER = Path("boards")
SHIPPED = Path(harness.__file__).parent / "boards"
"""The boards that the harness brings; those of the same name in `DEFAULT_FOLDER` come before them."""

KIND = yaml_file.FileKind("a board file")
MAX_LISTED = 12

_OF_LABS = LabFile.model_fields.keys() - BoardFile.model_fields.keys()
_OF_BOARDS = BoardFile.model_fields.keys() - LabFile.model_fields.keys()

__all__ = ["BoardFile", "board_files", "is_board_name", "load", "locate", "parse"]


def load(path: Path | str) -> BoardFile:
    """Read, check and return the board file at `path`.

    Args:
        path: The file; or the bare name of a board: `boards/NAME.yaml`, or else the shipped board of that name.

    Returns:
        The board file; `warnings` holds what is doubtful in it, `sha256` the digest of its bytes.

    Raises:
        UsageError: The file is missing, unreadable, not YAML or not a board file. One problem is one line
            `file:line: field: what is wrong`; several are all listed.
    """
    found = locate(Path(path))
    data = _read(found)
    return parse(yaml_file.decode(data, str(found), KIND), found, sha256=hashlib.sha256(data).hexdigest())


def parse(text: str, path: Path, *, sha256: str = "") -> BoardFile:
    """Check the text of a board file that is already in memory.

    Args:
        text: The YAML text.
        path: The name of the file, for messages and as the start of relative paths.
        sha256: Hex digest of the bytes that the text came from.

    Raises:
        UsageError: As for `load`.
    """
    document = yaml_file.parse(text, str(path), KIND)
    _require_mapping(document)
    try:
        board = BoardFile.model_validate(document.to_data())
    except ValidationError as error:
        raise as_error(str(path), _placed(document, explain.problems(error, BoardFile))) from None
    board = board.from_source(Source(path, sha256))
    wrong = checks.errors(board)
    if wrong:
        raise as_error(str(path), _placed(document, wrong))
    left = to_fill_in.left(document)
    doubts = sorted(
        _placed(document, [*checks.advice(board), *hex_doubts.advice(board, document), *left]),
        key=lambda problem: problem.line,
    )
    fields = tuple(f"{each.field} (line {each.line})" for each in _placed(document, left))
    return board.from_source(Source(path, sha256, tuple(str(doubt) for doubt in doubts), fields))


def board_files(folder: Path) -> list[Path]:
    """Return the board files in `folder`, by name, without the lab file of the working folder."""
    try:
        return sorted(
            path
            for path in folder.iterdir()
            if path.suffix in SUFFIXES and path != LAB_FILE and path.is_file()
        )
    except OSError:
        return []


def _placed(document: yaml_file.Document, problems: Iterable[Problem]) -> list[PlacedProblem]:
    return [
        PlacedProblem(document.file, document.line_of(problem.loc), field_name(problem.loc), problem.text)
        for problem in problems
    ]


def _require_mapping(document: yaml_file.Document) -> None:
    root = document.root
    if root is None:
        raise UsageError(f"{document.file}: the file is empty; a board file starts with `version: 1`")
    if not isinstance(root, yaml_file.Mapping):
        found = "a list" if isinstance(root, yaml_file.Sequence) else "a single value"
        raise UsageError(
            f"{document.file}:{root.line}: the file holds {found}; a board file is a mapping of sections"
        )
    keys = root.entries.keys()
    if keys & _OF_LABS and not keys & _OF_BOARDS:
        raise UsageError(
            f"{document.file}: is a lab file, not a board file; --lab names it, as in "
            f"`harness boards check --lab {document.file}`"
        )


def locate(path: Path) -> Path:
    """Return the file that a word means: the path itself, or that of the board of this name."""
    if os.path.lexists(path):  # unlike Path.exists, it does not raise in a folder that is closed to us
        return path
    if is_board_name(path):
        for folder in (DEFAULT_FOLDER, SHIPPED):
            named = folder / f"{path.name}.yaml"
            if named.is_file():
                return named
    return path


def is_board_name(path: Path) -> bool:
    """Tell whether a word that is no file could be the name of a board."""
    return path.parent == Path() and path.suffix not in SUFFIXES


def _read(path: Path) -> bytes:
    try:
        return regular_file.read(path, KIND.max_bytes)
    except FileNotFoundError:
        raise _missing(path) from None
    except IsADirectoryError:
        raise UsageError(f"{path}: is a folder, not a board file; {_listing(path)}") from None


def _missing(path: Path) -> UsageError:
    folder = path.parent
    if not os.path.isdir(folder):  # noqa: PTH112 - Path.is_dir raises in a folder that is closed to us
        return UsageError(f"{path}: no such board file; there is no folder {str(folder)!r}")
    near = board_files(folder) or board_files(DEFAULT_FOLDER)
    if not near and is_board_name(path):
        near = board_files(SHIPPED)
    guess = nearest(path.stem, (file.stem for file in near))
    meant = next((f"; did you mean {_as_named(file)!r}?" for file in near if file.stem == guess), ";")
    return UsageError(f"{path}: no such board file{meant} {_listing(near[0].parent if near else folder)}")


def _as_named(file: Path) -> str:
    return file.stem if file.parent == SHIPPED else str(file)


def _listing(folder: Path) -> str:
    names = [file.stem if folder == SHIPPED else file.name for file in board_files(folder)]
    if not names:
        return f"there is no board file in {str(folder)!r}"
    more = f" and {len(names) - MAX_LISTED} more" if len(names) > MAX_LISTED else ""
    where = "shipped boards" if folder == SHIPPED else f"board files in {str(folder)!r}"
    return f"{where}: {', '.join(names[:MAX_LISTED])}{more}"
