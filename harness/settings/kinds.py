"""Fields of a board file that name a kind: their valid words, and the settings that the kinds bring along."""

from collections import defaultdict
from collections.abc import Callable
from copy import copy
from typing import Any, Literal, TypeVar

from pydantic import create_model
from pydantic.fields import FieldInfo

from harness.errors import UsageError
from harness.kinds import Kinds, require_descriptions
from harness.settings.words import Section

Model = TypeVar("Model", bound=Section)


def naming(**fields: Kinds[Any]) -> Callable[[type[Model]], type[Model]]:
    """Return a decorator of sections: the words of each named field are the names of the kinds.

    Raises:
        UsageError: A kind of another package cannot be loaded, or leaves a question unanswered.
    """

    def decorate(model: type[Model]) -> type[Model]:
        return _extended(model, _words(model, fields))

    return decorate


def naming_with_settings(**fields: Kinds[Any]) -> Callable[[type[Model]], type[Model]]:
    """Return a decorator as `naming`, for kinds whose settings stand beside the fields that name them.

    A setting that several kinds have is one field of the section, so it must be the same in all of them. One that its
    kind requires may be left out where another kind is named.

    Raises:
        UsageError: A kind cannot be loaded, leaves a question unanswered, or its setting has the name of another one.
    """

    def decorate(model: type[Model]) -> type[Model]:
        return _extended(model, _words(model, fields) | _settings(model, fields))

    return decorate


def _extended(model: type[Model], fields: dict[str, Any]) -> type[Model]:
    return create_model(
        model.__name__, __base__=model, __module__=model.__module__, __doc__=model.__doc__, **fields
    )


def _words(model: type[Section], fields: dict[str, Kinds[Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, kinds in fields.items():
        kinds.others()  # refuses the broken ones; those of this project are loaded when one is named
        words: Any = Literal[kinds.names]
        field = model.model_fields[name]
        found[name] = (words if field.annotation is str else words | None, field)
    return found


def _settings(model: type[Section], fields: dict[str, Kinds[Any]]) -> dict[str, Any]:
    found: dict[str, FieldInfo] = {}
    owners: defaultdict[str, list[str]] = defaultdict(list)
    for kinds in fields.values():
        for kind_name, kind in kinds.all().items():
            require_descriptions(kinds, kind_name, kind.model_fields)
            for name, info in kind.model_fields.items():
                if name in model.model_fields or not _same(found.setdefault(name, info), info):
                    raise UsageError(
                        f"the {kinds.noun} {kind_name!r} has a setting {name!r}, and so has "
                        f"{', '.join(owners[name]) or 'its section'}",
                        hint="have its author choose another name for the setting",
                    )
                owners[name].append(kind_name)
    return {name: _field(info, owners[name]) for name, info in found.items()}


def _same(one: FieldInfo, other: FieldInfo) -> bool:
    return (one.annotation, one.default, one.metadata) == (other.annotation, other.default, other.metadata)


def _field(info: FieldInfo, owners: list[str]) -> tuple[Any, FieldInfo]:
    field = copy(info)
    field.description = f"{' and '.join(owners)} only: {info.description}"
    if not field.is_required():
        return field.annotation, field
    field.default = None
    return field.annotation | None, field  # type: ignore[operator]  # an annotation of pydantic's takes |
