"""Reads a lab file: every problem with its line, in one error; every doubt as a warning."""

import os
from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from harness.board.models.lab_file import LAB_VERSION, LabFile, LabSource
from harness.board.reading import explain, report_checks, to_fill_in
from harness.errors import UsageError
from harness.settings import yaml_file
from harness.settings.problems import PlacedProblem, Problem, as_error, field_name

LAB_FILE = Path("lab.yaml")
"""The lab file that counts when none is named, in the working folder."""

_KIND = yaml_file.FileKind("a lab file")


def lab_of(named: Path | None) -> LabFile:
    """Return the lab that a command is for.

    Args:
        named: The lab file that the command names; None for `lab.yaml` in the working folder, if it is there.

    Returns:
        The lab; one that says nothing when there is no file.

    Raises:
        UsageError: As for `load_lab`.
    """
    if named is not None:
        return load_lab(named)
    if os.path.lexists(LAB_FILE):
        return load_lab(LAB_FILE, by_default=True)
    return LabFile(version=LAB_VERSION)


def load_lab(path: Path, *, by_default: bool = False) -> LabFile:
    """Read, check and return the lab file at `path`.

    Args:
        path: The file.
        by_default: Whether nobody named it.

    Raises:
        UsageError: The file is missing, unreadable, not YAML or not a lab file. One problem is one line
            `file:line: field: what is wrong`; several are all listed.
    """
    hint = f"{path} lies in the working folder; --lab FILE names another" if by_default else ""
    try:
        document = yaml_file.load(path, _KIND)
        _require_mapping(document)
        lab = LabFile.model_validate(document.to_data())
    except ValidationError as error:
        raise as_error(str(path), _placed(document, explain.problems(error, LabFile)), hint) from None
    except UsageError as error:
        raise UsageError(error.message, hint=error.hint or hint) from None
    if wrong := report_checks.errors(lab.report):
        raise as_error(str(path), _placed(document, wrong), hint)
    left = to_fill_in.left(document)
    doubts = sorted(
        _placed(document, [*report_checks.advice(lab.report), *left]), key=lambda problem: problem.line
    )
    fields = tuple(f"{each.field} (line {each.line})" for each in _placed(document, left))
    lines = tuple(document.line_of(("boards", place)) for place in range(len(lab.boards)))
    return lab.from_source(LabSource(path, by_default, tuple(map(str, doubts)), fields, lines))


def told(lab: LabFile) -> str:
    """Return the sentence that names a lab file which takes part although nobody named it; empty for none."""
    if not lab.source.by_default:
        return ""
    tells = f", and its {len(lab.notify)} `notify:` commands are told" if lab.notify else ""
    return f"the lab file {lab.source.path} lies in the working folder and takes part{tells}; --lab FILE names another"


def lab_schema() -> dict[str, object]:
    """Return the JSON Schema (draft 2020-12) of a lab file, with the description of every field."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://id2-harness.invalid/schema/lab-file-1.json",
        **LabFile.model_json_schema(),
        "title": "Lab file",
    }


def _placed(document: yaml_file.Document, problems: Iterable[Problem]) -> list[PlacedProblem]:
    return [
        PlacedProblem(document.file, document.line_of(problem.loc), field_name(problem.loc), problem.text)
        for problem in problems
    ]


def _require_mapping(document: yaml_file.Document) -> None:
    if document.root is None:
        raise UsageError(
            f"{document.file}: the file is empty; a lab file starts with `version: {LAB_VERSION}`"
        )
    if not isinstance(document.root, yaml_file.Mapping):
        raise UsageError(f"{document.file}:{document.root.line}: a lab file is a mapping of sections")
