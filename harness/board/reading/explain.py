"""What pydantic found, said to the person who wrote the file: field, problem, nearest valid word."""

import re
import types
from enum import StrEnum
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from harness.settings.problems import Loc, Problem, printable
from harness.settings.suggest import meant, not_valid, unknown_key
from harness.settings.tagged import Tagged

_SECRET_FIELDS = frozenset({"key", "access_key", "product_secret", "env", "file", "test_key", "secret"})

_PLAIN_NAME = re.compile(r"(?![0-9A-Fa-f]{8,}$)[A-Za-z_-]{1,24}")

SENTENCES = {
    "missing": "is missing",
    "string_type": "must be text",
    "string_too_short": "is empty",
    "string_too_long": "is longer than {max_length} characters",
    "too_short": "needs at least {min_length} entry",
    "too_long": "has {actual_length} entries; at most {max_length} are allowed",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "is too large",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "greater_than": "must be more than {gt:g}",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than": "must be less than {lt:g}",
    "less_than_equal": "must be at most {le:g}",
    "model_type": "must be a section with its own keys below it",
    "model_attributes_type": "must be a section with its own keys below it",
    "dict_type": "must be a section with its own keys below it",
    "tuple_type": "must be a list, such as [one, two]",
    "list_type": "must be a list, such as [one, two]",
    "board_file": "{text}",
}
"""Our words for pydantic's error types; a type that is not here keeps pydantic's own message."""

_PATTERNS = {
    "^[a-z0-9][a-z0-9._-]*$": (
        "must be lower-case letters, digits, dots, dashes and underscores, starting with a letter or digit"
    ),
    "^[A-Za-z0-9][A-Za-z0-9._-]*(=[A-Za-z0-9._-]+)?$": (
        "must be a word of letters, digits, dots, dashes and underscores, or two with = between them"
    ),
    r"^[0-9]{1,3}(\.[0-9]{1,3}){2}$": "must be a version such as 3.1.0",
    "^[A-Za-z0-9_-]{1,64}$": "must be letters, digits, dashes and underscores",
    "^[A-Za-z0-9_.:@-]{4,32}$": "must be 4 to 32 letters, digits and the signs _ . : @ -",
    "^[a-z0-9-]{1,64}$": "must be lower-case letters, digits and dashes",
    "^[0-9a-f]{64}$": "must be a SHA-256: 64 lower-case hexadecimal digits",
}


def problems(error: ValidationError, model: type[BaseModel]) -> list[Problem]:
    """Return one problem per thing that pydantic found wrong in the data of `model`."""
    return [_problem(details, model) for details in error.errors(include_url=False)]


def _problem(details: ErrorDetails, model: type[BaseModel]) -> Problem:
    walk = _Walk(model, details["loc"])
    kind = details["type"]
    given = details.get("input")
    if kind == "extra_forbidden":
        key = str(walk.loc[-1]) if walk.loc else ""
        # `key: {0011…}` makes the secret itself a key: then neither the field nor the sentence may show it.
        if _is_secret(walk.loc[:-1]) and not _PLAIN_NAME.fullmatch(key):
            return Problem(walk.loc[:-1], unknown_key("", walk.sibling_keys))
        return Problem(walk.loc, unknown_key(key, walk.sibling_keys))
    if given is None and kind not in ("missing", "board_file"):
        return Problem(walk.loc, "is empty; write a value or remove the line")
    if kind in ("enum", "literal_error", "union_tag_invalid"):
        loc = (*walk.loc, "kind") if kind == "union_tag_invalid" else walk.loc
        word = given.get("kind") if isinstance(given, dict) else given
        return Problem(loc, _wrong_word(word, walk.valid_words, secret=_is_secret(walk.loc)))
    if kind == "union_tag_not_found":
        if not isinstance(given, dict):
            return Problem(walk.loc, SENTENCES["model_type"])
        return Problem((*walk.loc, "kind"), f"is missing; valid: {', '.join(walk.valid_words)}")
    if kind == "string_pattern_mismatch":
        text = _PATTERNS.get(str(details.get("ctx", {}).get("pattern")), "has a form that is not allowed")
        return Problem(walk.loc, text)
    sentence = SENTENCES.get(kind)
    if sentence is None:
        return Problem(walk.loc, printable(details["msg"]))
    return Problem(walk.loc, sentence.format(**details.get("ctx", {})) + _echo(given, kind, walk.loc))


def _echo(given: object, kind: str, loc: Loc) -> str:
    """Repeat what was written, where that helps and cannot be a secret."""
    number_or_bool = kind.startswith(("int_", "float_", "bool_", "greater_", "less_", "finite_"))
    if number_or_bool and isinstance(given, str) and not _is_secret(loc):
        return f"; {printable(given)!r} is written"
    return ""


def _wrong_word(word: object, valid: tuple[str, ...], *, secret: bool) -> str:
    if isinstance(word, str) and not secret:
        return not_valid(word, valid)
    instead = meant(word, valid) if isinstance(word, str) else ";"
    return f"is not a valid word here{instead} valid: {', '.join(valid)}"


def _is_secret(loc: Loc) -> bool:
    # `published` stands under `key` and holds a key type, unless somebody put the key itself there.
    return any(part in _SECRET_FIELDS for part in loc)


class _Walk:
    """Follows a pydantic location through the models: real keys on one side, union tags left out."""

    def __init__(self, model: type[BaseModel], pydantic_loc: Loc) -> None:
        loc: list[str | int] = []
        here: object = model
        self.sibling_keys: tuple[str, ...] = ()
        for part in pydantic_loc:
            members = _tagged_members(here)
            if members:
                here = members.get(str(part))
                continue
            if part == "[key]":
                here = None
                continue
            loc.append(part)
            here = self._step(here, part)
        self.loc: Loc = tuple(loc)
        tagged = _tagged_members(here)
        self.valid_words = tuple(tagged) if tagged else _words(here)

    def _step(self, here: object, part: str | int) -> object:
        if isinstance(here, type) and issubclass(here, BaseModel):
            self.sibling_keys = tuple(here.model_fields)
            field = here.model_fields.get(str(part))
            return _bare(field) if field else None
        arguments = get_args(here)
        if get_origin(here) is dict:
            return _bare(arguments[1])
        if get_origin(here) in (list, tuple) and arguments:
            return _bare(arguments[0])
        return None


def _bare(annotation: Any) -> object:
    """Return the annotation without `Annotated`, except around a tagged union, and without `| None`."""
    if isinstance(annotation, FieldInfo):
        annotation = annotation.annotation
    if _tagged_members(annotation):
        return annotation
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        members = [member for member in get_args(annotation) if member is not type(None)]
        return _bare(members[0]) if len(members) == 1 else annotation
    return annotation


def _tagged_members(annotation: object) -> dict[str, type[BaseModel]]:
    if get_origin(annotation) is not Annotated:
        return {}
    return next((extra.members for extra in get_args(annotation)[1:] if isinstance(extra, Tagged)), {})


def _words(annotation: object) -> tuple[str, ...]:
    if get_origin(annotation) is Literal:
        return tuple(str(value) for value in get_args(annotation))
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return tuple(annotation)
    return ()
