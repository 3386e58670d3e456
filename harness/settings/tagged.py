"""A section of a board file that is one of several kinds: its field `kind` says which, and so which fields it has."""

from functools import cached_property
from typing import Annotated, Any, Literal, Union, get_args

from pydantic import BaseModel, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, TypeAdapter
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from harness.errors import UsageError
from harness.kinds import Kinds, require_descriptions


class Tagged:
    """Stands in `Annotated[Sort, Tagged(KINDS)]` for the sections of all kinds.

    A kind is loaded when the first section of it is read; those of other packages, which may be broken, with the
    first of any kind.

    Args:
        kinds: The registry. Every kind has a field `kind` with its name as the only word.
    """

    def __init__(self, kinds: Kinds[Any]) -> None:
        self._kinds = kinds
        self._alone: dict[str, TypeAdapter[Any]] = {}

    @cached_property
    def members(self) -> dict[str, type[BaseModel]]:
        """The section of each kind, by its name.

        Raises:
            UsageError: A kind cannot be loaded, leaves questions unanswered, or calls itself by another name.
        """
        return {name: self._checked(name, kind) for name, kind in self._kinds.all().items()}

    def _checked(self, name: str, kind: type[BaseModel]) -> type[BaseModel]:
        field = kind.model_fields.get("kind")
        if field is None or get_args(field.annotation) != (name,):
            raise UsageError(
                f"{kind.__module__}.{kind.__qualname__} is registered as {name!r}; its field kind says otherwise",
                hint=f'write kind: Literal["{name}"] = Field(description="…"), or mend the entry point',
            )
        require_descriptions(self._kinds, name, kind.model_fields)
        return kind

    @cached_property
    def _others(self) -> dict[str, type[BaseModel]]:
        return {name: self._checked(name, kind) for name, kind in self._kinds.others().items()}

    @cached_property
    def _union(self) -> TypeAdapter[Any]:
        return _one_of(*self.members.values())

    def _one(self, name: str) -> TypeAdapter[Any]:
        """Return what the union says of a section of one kind, without loading the others."""
        if name not in self._alone:
            self._alone[name] = _one_of(self._checked(name, self._kinds.get(name)), _NoKind)
        return self._alone[name]

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Validate by the kind that the section names; the places of its errors stay."""
        return core_schema.no_info_plain_validator_function(self._validated)

    def _validated(self, value: object) -> object:
        _ = self._others
        name = value.get("kind") if isinstance(value, dict) else None
        known = isinstance(name, str) and name in self._kinds.names
        return (self._one(str(name)) if known else self._union).validate_python(value)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Return the schema of a section of any kind."""
        return handler(self._union.core_schema)


class _NoKind(BaseModel):
    """Beside a single kind in a union, which so has a field that tells them apart, as that of all kinds has."""

    kind: Literal[""]


def _one_of(*models: type[BaseModel]) -> TypeAdapter[Any]:
    union: Any = Annotated[Union[models], Field(discriminator="kind")]  # noqa: UP007 - of a tuple
    return TypeAdapter(union)


def kinds_in(annotation: object) -> dict[str, type[BaseModel]]:
    """Return the section of each kind that a field takes, one or several or by name; empty for other fields."""
    for argument in get_args(annotation):
        if isinstance(argument, Tagged):
            return argument.members
        if found := kinds_in(argument):
            return found
    return {}
