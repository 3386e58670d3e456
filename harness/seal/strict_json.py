"""JSON in which each name stands once: two readers of an object with the same name twice may see different values."""

import json
from typing import Any


class TwiceError(ValueError):
    """A name stands twice in one object."""


def read(data: bytes | str) -> Any:
    """Return the value of a JSON text.

    Raises:
        TwiceError: a name stands twice in one object.
        ValueError: it is no JSON, or is nested too deeply.
    """
    try:
        return json.loads(data, object_pairs_hook=_object)
    except RecursionError as error:
        raise ValueError("is nested too deeply") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        raise TwiceError(f"the name {next(name for name in names if names.count(name) > 1)!r} stands twice")
    return made
