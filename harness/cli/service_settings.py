"""`--settings NAME=VALUE` of `harness service`: any field of the mock's settings, by its own type."""

import contextlib
import dataclasses
import difflib
import typing

import yaml
from pydantic import TypeAdapter, ValidationError

from harness.errors import UsageError
from harness.service.mock.settings import Settings


def parse_settings(assignments: list[str]) -> Settings:
    """Return the settings with these changes.

    Args:
        assignments: Each `NAME=VALUE`; sets as `A,B` or `[A, B]`, nothing as `none`.

    Raises:
        UsageError: Not an assignment, no such setting, given twice, or a value that is not of its type.
    """
    hints = typing.get_type_hints(Settings)
    changes: dict[str, typing.Any] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        name = name.strip()
        if not equals:
            raise UsageError(f"--settings {assignment}: write NAME=VALUE")
        if name not in hints:
            near = difflib.get_close_matches(name, hints, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(hints))}"
            raise UsageError(f"--settings {name}: there is no such setting", hint=hint)
        if name in changes:
            raise UsageError(f"--settings {name} is given twice")
        changes[name] = _value(name, text.strip(), hints[name])
    return dataclasses.replace(Settings(), **changes)


def _value(name: str, text: str, hint: typing.Any) -> object:
    adapter: TypeAdapter[object] = TypeAdapter(hint)
    for reading in _readings(text):
        with contextlib.suppress(ValidationError):
            return adapter.validate_python(reading)
    try:
        return adapter.validate_python(text)
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False)[0]["msg"]
        raise UsageError(f"--settings {name}: {text!r} does not fit: {problem}") from None


def _readings(text: str) -> list[object]:
    """Return what a text can mean: a YAML value, a list with commas, itself, or nothing."""
    readings: list[object] = [None] if text.lower() == "none" else []
    with contextlib.suppress(yaml.YAMLError):
        readings.append(yaml.safe_load(text))
    return [*readings, text, [part.strip() for part in text.split(",") if part.strip()]]
