"""`--settings NAME=VALUE` of `harness service`: any field of its settings, each by its own type."""

import contextlib
import dataclasses
import difflib
import typing

import yaml
from pydantic import TypeAdapter, ValidationError

from harness.errors import UsageError
from harness.plain_words import plain
from harness.service.mock.settings import Settings

if typing.TYPE_CHECKING:
    from _typeshed import DataclassInstance

_Settings = typing.TypeVar("_Settings", bound="DataclassInstance")


def parse_settings(assignments: list[str]) -> Settings:
    """Return the mock's settings with these changes.

    Args:
        assignments: Each `NAME=VALUE`; sets as `A,B` or `[A, B]`, nothing as `none`.

    Raises:
        UsageError: Not an assignment, no such setting, given twice, or a value that is not of its type.
    """
    return parse_changes(Settings(), assignments, "--settings")


def parse_changes(defaults: _Settings, assignments: list[str], option: str) -> _Settings:
    """Return settings of any kind with these changes.

    Args:
        defaults: A frozen dataclass.
        assignments: As for `parse_settings`.
        option: How the command line calls it.

    Raises:
        UsageError: As for `parse_settings`.
    """
    hints = typing.get_type_hints(type(defaults))
    changes: dict[str, typing.Any] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        name = name.strip()
        if not equals:
            raise UsageError(f"{option} {assignment}: write NAME=VALUE")
        if name not in hints:
            near = difflib.get_close_matches(name, hints, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(hints))}"
            raise UsageError(f"{option} {name}: there is no such setting", hint=hint)
        if name in changes:
            raise UsageError(f"{option} {name} is given twice")
        changes[name] = _value(name, text.strip(), hints[name], option)
    return dataclasses.replace(defaults, **changes)


def _value(name: str, text: str, hint: typing.Any, option: str) -> object:
    adapter: TypeAdapter[object] = TypeAdapter(hint)
    for reading in _readings(text):
        with contextlib.suppress(ValidationError):
            return adapter.validate_python(reading)
    try:
        return adapter.validate_python(text)
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False)[0]["msg"]
        raise UsageError(f"{option} {name}: {text!r} does not fit: {plain(problem)}") from None


def _readings(text: str) -> list[object]:
    """Return what a text can mean: a YAML value, a list with commas, itself, or nothing."""
    readings: list[object] = [None] if text.lower() == "none" else []
    with contextlib.suppress(yaml.YAMLError, RecursionError, ValueError):
        readings.append(yaml.safe_load(text))
    return [*readings, text, [part.strip() for part in text.split(",") if part.strip()]]
