"""A section of a board file that is one of several kinds: its field `kind` says which, and so which fields it has."""

from functools import cached_property
from typing import Annotated, Any, Union, get_args

from pydantic import BaseModel, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, TypeAdapter
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from harness.errors import UsageError
from harness.kinds import Kinds, require_descriptions


class Tagged:
    """Stands in `Annotated[Sort, Tagged(KINDS)]` for the sections of all kinds.

    The kinds are loaded when the first section is read.

    Args:
        kinds: The registry. Every kind has a field `kind` with its name as the only word.
    """

    def __init__(self, kinds: Kinds[Any]) -> None:
        self._kinds = kinds

    @cached_property
    def members(self) -> dict[str, type[BaseModel]]:
        """The section of each kind, by its name.

        Raises:
            UsageError: A kind cannot be loaded, leaves questions unanswered, or calls itself by another name.
        """
        found = self._kinds.all()
        for name, kind in found.items():
            field = kind.model_fields.get("kind")
            if field is None or get_args(field.annotation) != (name,):
                raise UsageError(
                    f"{kind.__module__}.{kind.__qualname__} is registered as {name!r}; its field kind says otherwise",
                    hint=f'write kind: Literal["{name}"] = Field(description="…"), or mend the entry point',
                )
            require_descriptions(self._kinds, name, kind.model_fields)
        return found

    @cached_property
    def _union(self) -> TypeAdapter[Any]:
        union: Any = Annotated[Union[tuple(self.members.values())], Field(discriminator="kind")]  # noqa: UP007 - of a tuple
        return TypeAdapter(union)

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Validate by the kind that the section names; the places of its errors stay."""
        return core_schema.no_info_plain_validator_function(self._validated)

    def _validated(self, value: object) -> object:
        return self._union.validate_python(value)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Return the schema of a section of any kind."""
        return handler(self._union.core_schema)


def kinds_in(annotation: object) -> dict[str, type[BaseModel]]:
    """Return the section of each kind that a field takes, one or several or by name; empty for other fields."""
    for argument in get_args(annotation):
        if isinstance(argument, Tagged):
            return argument.members
        if found := kinds_in(argument):
            return found
    return {}
