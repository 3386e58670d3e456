"""The field reference of the documentation, made from the models, so that it cannot fall behind them.

`python -m harness.board.reading.reference docs/board-files.md` writes it between the two marks of that file.
"""

import re
import sys
import types
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Union, get_args, get_origin

from pydantic import BaseModel, PlainSerializer
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from harness.board.models import BoardFile
from harness.board.plan.applies import ALWAYS
from harness.board.plan.facts import VOCABULARY
from harness.errors import UsageError
from harness.settings.tagged import kinds_in

BEGIN = "<!-- begin of the generated part: python -m harness.board.reading.reference docs/board-files.md -->"
END = "<!-- end of the generated part -->"
_MAX_WORDS = 8  # more valid words than this are listed once, under the table


def markdown() -> str:
    """Return the field reference and the vocabulary of `applies_when` as Markdown."""
    told: set[type[BaseModel]] = set()
    parts = ["### Top of the file", _table(BoardFile)]
    for name, field in BoardFile.model_fields.items():
        place = f"{name}.NAME" if get_origin(field.annotation) is dict else name
        kinds = kinds_in(field.annotation)
        for kind, settings in kinds.items():
            parts += [f"### `{place}` of kind `{kind}`", _sentence(settings), _table(settings)]
            parts += _nested(place, settings, told)
        model = _model_in(field.annotation)
        if model is not None and not kinds:
            parts += [f"### `{name}`", _sentence(model), _table(model), *_nested(name, model, told)]
    return "\n\n".join([*parts, "### Words of `applies_when`", _vocabulary()])


def write_into(path: Path) -> None:
    """Put the reference between the marks of the file at `path`.

    Raises:
        UsageError: The file does not have both marks.
    """
    text = path.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise UsageError(f"{path}: has no lines {BEGIN!r} and {END!r}")
    path.write_text(f"{before}{BEGIN}\n\n{markdown()}\n\n{END}{after}", encoding="utf-8")


def _nested(name: str, model: type[BaseModel], told: set[type[BaseModel]]) -> list[str]:
    """Return the tables of the sections below a section; a model in `told` is left out."""
    parts: list[str] = []
    for key, field in model.model_fields.items():
        inner = _model_in(field.annotation)
        if inner is not None and inner not in told:
            told.add(inner)
            parts += [
                f"#### `{name}.{key}`",
                _sentence(inner),
                _table(inner),
                *_nested(f"{name}.{key}", inner, told),
            ]
    return parts


def _sentence(model: type[BaseModel]) -> str:
    return " ".join((model.__doc__ or "").split())


def _table(model: type[BaseModel]) -> str:
    rows = ["| field | value | default | meaning |", "|---|---|---|---|"]
    footnotes = []
    for name, field in model.model_fields.items():
        words = _words(field.annotation)
        value = "number, such as `0x71`" if _is_hex(field) else _value(field.annotation)
        if len(words) > _MAX_WORDS:
            footnotes.append(f"Words of `{name}`: {', '.join(f'`{word}`' for word in words)}.")
        rows.append(f"| `{name}` | {value} | {_default(field)} | {_cell(field.description or '')} |")
    return "\n\n".join(["\n".join(rows), *footnotes])


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    default = field.default
    if field.default_factory is not None or default in (None, "", PydanticUndefined):
        return ""
    if isinstance(default, bool):
        return "`true`" if default else "`false`"
    if isinstance(default, StrEnum):
        return f"`{default.value}`"
    if isinstance(default, tuple):
        return f"`[{', '.join(default)}]`"
    if isinstance(default, int) and _is_hex(field):
        return f"`{default:#x}`"
    return f"`{default:g}`" if isinstance(default, float) else f"`{default}`"


def _is_hex(field: FieldInfo) -> bool:
    return any(isinstance(extra, PlainSerializer) for extra in field.metadata)


def _value(annotation: object) -> str:
    inner = _unwrapped(annotation)
    if get_origin(inner) is dict and _unwrapped(get_args(inner)[1]) is str:
        return "names with a text each"
    if get_origin(inner) is dict and get_origin(_unwrapped(get_args(inner)[1])) is tuple:
        return "names with a list of sections each"
    if get_origin(inner) is dict:
        return "names with a section each"
    if get_origin(inner) is tuple:
        words = _words(inner)
        return f"list of {_or(words) or 'texts'}" if len(words) <= _MAX_WORDS else "list of words"
    if isinstance(inner, type) and issubclass(inner, BaseModel):
        return "section"
    words = _words(inner)
    if words:
        return _or(words) if len(words) <= _MAX_WORDS else "word"
    return {bool: "`true`, `false`", int: "whole number", float: "number"}.get(
        inner if isinstance(inner, type) else str, "text"
    )


def _or(words: tuple[str, ...]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _words(annotation: object) -> tuple[str, ...]:
    inner = _unwrapped(annotation)
    if get_origin(inner) is tuple:
        return _words(get_args(inner)[0])
    if get_origin(inner) is Literal:
        return tuple(str(word) for word in get_args(inner))
    if isinstance(inner, type) and issubclass(inner, StrEnum):
        return tuple(member.value for member in inner)
    return ()


def _unwrapped(annotation: object) -> object:
    """Return an annotation without `Annotated` and without `| None`."""
    if get_origin(annotation) is Annotated:
        return _unwrapped(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        members = [member for member in get_args(annotation) if member is not type(None)]
        return _unwrapped(members[0]) if len(members) == 1 else annotation
    return annotation


def _model_in(annotation: object) -> type[BaseModel] | None:
    inner = _unwrapped(annotation)
    if get_origin(inner) in (dict, tuple):
        return _model_in(get_args(inner)[1 if get_origin(inner) is dict else 0])
    return inner if isinstance(inner, type) and issubclass(inner, BaseModel) else None


def _vocabulary() -> str:
    rows = ["| word | decided by | holds when | values |", "|---|---|---|---|"]
    rows.append(f"| `{ALWAYS}` | | the requirement is for every board | |")
    for name, word in VOCABULARY.items():
        values = "those of the field" if len(word.values) > _MAX_WORDS else _or(word.values)
        rows.append(f"| `{name}` | `{word.field}` | {_cell(word.meaning)} | {values} |")
    return "\n".join(rows)


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    for name in sys.argv[1:]:
        write_into(Path(name))
