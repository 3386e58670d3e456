"""Reads a file of known failures: every problem with its line, in one error."""

from pathlib import Path

from pydantic import ValidationError

from harness.board.reading import explain
from harness.errors import UsageError
from harness.settings import yaml_file
from harness.settings.known_failures import KNOWN_VERSION, KnownFailures
from harness.settings.problems import PlacedProblem, as_error, field_name

_KIND = yaml_file.FileKind("a file of known failures")


def load(path: Path) -> KnownFailures:
    """Read, check and return the known failures of the file at `path`.

    Raises:
        UsageError: The file is missing, unreadable, not YAML or no file of known failures. One problem is one line
            `file:line: field: what is wrong`; several are all listed.
    """
    document = yaml_file.load(path, _KIND)
    if not isinstance(document.root, yaml_file.Mapping):
        place = f"{document.file}:{document.root.line}" if document.root else document.file
        raise UsageError(
            f"{place}: a file of known failures starts with `version: {KNOWN_VERSION}`, then `known_failures:` "
            "and a list"
        )
    try:
        return KnownFailures.model_validate(document.to_data())
    except ValidationError as error:
        problems = explain.problems(error, KnownFailures)
        placed = [
            PlacedProblem(document.file, document.line_of(each.loc), field_name(each.loc), each.text)
            for each in problems
        ]
        raise as_error(str(path), placed) from None
