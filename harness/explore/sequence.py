"""Files of sequences: JSON that a person can read, change, and have judged again."""

import json
import stat
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError

from harness.errors import UsageError
from harness.explore.driver import Taken
from harness.explore.steps import Step
from harness.explore.values import Written
from harness.plain_words import plain
from harness.settings.problems import field_name, printable
from harness.settings.suggest import not_valid

FORMAT = "id2-sequence"
VERSION = 1

_MOST_BYTES = 4 << 20
_MOST_STEPS = 10_000
_STEP: TypeAdapter[Step] = TypeAdapter(Step)
_NAMES = tuple(
    name for kind in get_args(get_args(Step)[0]) for name in get_args(kind.model_fields["step"].annotation)
)
_FORM_AT = 3
"""Where an error names the form of a value: after the step and its field."""
_FORMS = frozenset({"constrained-str", *(form.__name__ for form in Written.__subclasses__())})
_OTHER_KIND = frozenset({"string_type", "model_type"})
_HINT = "docs/explore.md shows the form; exploring leaves such a file in the evidence when it finds a contradiction"


def numbered(taken: Sequence[Taken]) -> list[str]:
    """Return a sequence as lines that a person can repeat, the last with what was expected and what came."""
    lines = [f"{number}. {one.call}: {one.got}" for number, one in enumerate(taken, 1)]
    if taken and taken[-1].problem:
        last = taken[-1]
        lines[-1] = f"{len(taken)}. {last.call}: expected {last.expected}; got {last.got}: {last.problem}"
    return lines


def document(taken: Sequence[Taken], *, board: str, seed: int | None) -> str:
    """Return a sequence as the text of a file, one step a line."""
    head = {"format": FORMAT, "version": VERSION, "board": board, "seed": seed}
    told = "".join(f"  {json.dumps(name)}: {json.dumps(value)},\n" for name, value in head.items())
    steps = ",\n".join(
        "    " + json.dumps(one.step.model_dump(mode="json", exclude_defaults=True) | {"step": one.step.step})
        for one in taken
    )
    seen = ",\n".join("    " + json.dumps(line, ensure_ascii=False) for line in numbered(taken))
    return f'{{\n{told}  "steps": [\n{steps}\n  ],\n  "seen": [\n{seen}\n  ]\n}}\n'


def load(path: Path) -> list[Step]:
    """Read the steps of a file.

    Raises:
        UsageError: It cannot be read, or is no sequence; the message names the step.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a named pipe would never end
            raise UsageError(f"{path}: is not a regular file", hint=_HINT)
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        raise UsageError(f"{path}: there is no such file", hint=_HINT) from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {(error.strerror or str(error)).lower()}") from error
    if len(data) > _MOST_BYTES:
        raise UsageError(f"{path}: holds more than {_MOST_BYTES} bytes: no sequence is that long")
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        place = f":{error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise UsageError(f"{path}{place}: is no JSON", hint=_HINT) from None
    return parsed(_step_list(path, found), str(path))


def _step_list(path: Path, found: object) -> list[Any]:
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise UsageError(f'{path}: is no sequence: "format" must be "{FORMAT}"', hint=_HINT)
    if found.get("version") != VERSION:
        raise UsageError(
            f"{path}: is of version {found.get('version')!r:.20}; this harness reads version {VERSION}",
            hint="judge it with the harness that wrote it",
        )
    steps = found.get("steps")
    if not isinstance(steps, list) or not 1 <= len(steps) <= _MOST_STEPS:
        raise UsageError(f'{path}: "steps" must be a list of 1 to {_MOST_STEPS} steps', hint=_HINT)
    return steps


def parsed(found: Sequence[Any], place: str) -> list[Step]:
    """Return the steps that mappings say.

    Args:
        found: The mappings, as JSON or YAML gives them.
        place: Where they stand, for the message.

    Raises:
        UsageError: One is no step; the message names it.
    """
    return list(_steps(place, found))


def _steps(path: str, found: Sequence[Any]) -> Iterator[Step]:
    for number, one in enumerate(found, 1):
        name = one.get("step") if isinstance(one, dict) else None
        if not isinstance(name, str):
            raise UsageError(f'{path}: step {number}: must be a mapping with "step", its name', hint=_HINT)
        if name not in _NAMES:
            raise UsageError(f"{path}: step {number}: {not_valid(name, _NAMES)}")
        try:
            yield _STEP.validate_python(one)
        except ValidationError as error:
            field, text = _problem(error)
            raise UsageError(f"{path}: step {number}, {name}: {field}: {text}", hint=_HINT) from None


def _problem(error: ValidationError) -> tuple[str, str]:
    """Return the field of a step that is wrong, and why.

    For a value of several forms, such as a text, pydantic tells why it is none of each. What is told of the form that
    fits best is what its writer meant.
    """
    errors = error.errors(include_url=False, include_input=False)
    told = Counter(one["loc"][:_FORM_AT] for one in errors)
    best = min(errors, key=lambda one: (one["type"] in _OTHER_KIND, told[one["loc"][:_FORM_AT]]))
    _, *loc = best["loc"]
    field = field_name(tuple(part for part in loc if part not in _FORMS))
    return field, plain(printable(best["msg"]))
