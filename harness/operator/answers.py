"""A file of answers to operator steps, written before the run and checked before it starts."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from harness.errors import UsageError
from harness.operator.steps import STEPS, Field, Step
from harness.settings import yaml_file

_KIND = yaml_file.FileKind("a file of answers", max_bytes=1 << 20, max_depth=8, has_secrets=True)

Answers = Mapping[str, Mapping[str, str]]


def load(path: Path) -> Answers:
    """Read and check a file of answers: step, field, value.

    Every value is read as text. A field may be missing; it is asked for when its step comes.

    Raises:
        UsageError: The file cannot be read, names a step or field that does not exist, holds a value in a
            wrong form, or holds a secret and others may read it. No value is repeated in the message.
    """
    mode = 0

    def see(status: os.stat_result) -> None:
        nonlocal mode
        mode = stat.S_IMODE(status.st_mode)

    document = yaml_file.load(path, _KIND, check=see).to_data()
    if not isinstance(document, dict):
        raise UsageError(f"{path}: must be a list of steps, each `step: {{field: value}}`")
    return {_known_step(path, name).id: _fields(path, name, given, mode) for name, given in document.items()}


def _known_step(path: Path, name: object) -> Step:
    step = STEPS.get(name) if isinstance(name, str) else None
    if step is None:
        raise UsageError(f"{path}: there is no operator step {name!r:.60}; steps: {', '.join(STEPS)}")
    return step


def _fields(path: Path, name: str, given: object, mode: int) -> dict[str, str]:
    step = STEPS[name]
    known = {field.name: field for field in step.fields}
    if not isinstance(given, dict):
        raise UsageError(f"{path}: {name}: must be fields with values; fields: {', '.join(known)}")
    read = {}
    for key, value in given.items():
        field = known.get(key) if isinstance(key, str) else None
        if field is None:
            raise UsageError(f"{path}: {name} has no field {key!r:.60}; fields: {', '.join(known)}")
        if field.secret and mode & 0o077:
            raise UsageError(
                f"{path}: holds {name}.{key}, a secret, and has mode {mode:04o}", hint=f"chmod 600 {path}"
            )
        read[field.name] = _value(path, name, field, value)
    return read


def _value(path: Path, step: str, field: Field, value: object) -> str:
    if not isinstance(value, str):
        raise UsageError(f"{path}: {step}.{field.name}: must be {field.form.words}")
    try:
        return field.form.read(value)
    except UsageError as error:
        raise UsageError(f"{path}: {step}.{field.name}: {error.message}") from None
