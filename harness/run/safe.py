"""What may enter a run folder: bounded text, plain JSON values, no secrets.

What a device prints ends up here, inside notes, errors and findings, so every text is bounded and made
encodable.
"""

import dataclasses
import math
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import Enum
from functools import cache
from pathlib import PurePath

from harness.errors import ToolError
from harness.run.secret_forms import SHORTEST, Hexadecimal, contents, plain_forms, squeeze
from harness.secret import Secret

TEXT_LIMIT = 16_384
"""Characters kept of one text."""

LIST_LIMIT = 4_096
"""Entries kept of one list or mapping."""

_DEPTH_LIMIT = 24
_BYTES_LIMIT = 1_024
_SHORT = 512  # bytes of a text in which looking for the beginnings of secrets is faster than for each form
_REMEMBERED = 8_192  # short texts without a secret in them: a plan says the same of a requirement many times
_LARGEST_INT = 2**63 - 1
_HIDDEN = "***"


def text(value: str, limit: int = TEXT_LIMIT) -> str:
    """Return `value` cut to `limit` characters (saying how many are missing), without lone surrogates."""
    if len(value) > limit:
        value = f"{value[:limit]}… ({len(value) - limit} more characters)"
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-8", "backslashreplace").decode()
    return value


class Mask:
    """Hides known secrets in whatever is about to be written.

    A secret is found in all forms of `harness.run.secret_forms`. Secrets shorter than 6 bytes are not looked for: they
    would blot out ordinary words.
    """

    def __init__(self) -> None:
        self._forms: list[bytes] = []
        self._beginnings: set[bytes] = set()
        self._digits: list[Hexadecimal] = []
        self._without: set[str] = set()

    def add(self, secret: Secret) -> None:
        """Hide `secret` from now on."""
        value = secret.reveal()
        if len(value) < SHORTEST:
            return
        self._without = set()
        known = set(self._forms)
        fresh = [form for form in plain_forms(value) if form not in known]
        # The longest first, or a form that is a part of another would leave the rest of it.
        self._forms = sorted([*self._forms, *fresh], key=len, reverse=True)
        self._beginnings |= {form[:SHORTEST] for form in fresh}
        if fresh:
            self._digits += [Hexadecimal(content) for content in contents(value) if len(content) >= SHORTEST]

    def text(self, value: str) -> str:
        """Return `value` with every known secret replaced by three stars."""
        if not self._forms or value in self._without:
            return value
        data = value.encode("utf-8", "surrogatepass")
        shown = self._hidden(data, lambda _: _HIDDEN.encode())
        if shown is not data:
            return shown.decode("utf-8", "surrogatepass")
        if len(value) <= _SHORT and len(self._without) < _REMEMBERED:
            self._without.add(value)
        return value

    def look_through(self, values: Iterable[str]) -> None:
        """Look for secrets in many short texts at once, and remember them all when there is none.

        Args:
            values: The texts, which `text` is going to be asked for one by one.
        """
        short = [value for value in values if len(value) <= _SHORT]
        data = "\0".join(short).encode("utf-8", "surrogatepass")
        if self._forms and len(short) <= _REMEMBERED and self._hidden(data, lambda _: b"") is data:
            self._without.update(short)

    def data(self, value: bytes) -> bytes:
        """Return `value` with every known secret replaced by as many stars as it has bytes."""
        return self._hidden(value, lambda size: b"*" * size)

    def _hidden(self, data: bytes, stars: Callable[[int], bytes]) -> bytes:
        size = len(data)
        windows = (data[at : at + SHORTEST] for at in range(size - SHORTEST + 1))
        if size > _SHORT or not self._beginnings.isdisjoint(windows):
            for form in self._forms:
                if form in data:
                    data = data.replace(form, stars(len(form)))
        if self._digits and size > 2 * SHORTEST:
            squeezed = squeeze(data)
            for digits in self._digits:
                data = digits.hide(data, squeezed, stars)
        return data


def json_value(value: object, mask: Mask, depth: int = 0) -> object:
    """Return `value` as a plain JSON value.

    A `Secret` becomes three stars, bytes become hex, a number that is not finite becomes the text "nan",
    "inf" or "-inf". Texts, lists and mappings are bounded.

    Raises:
        ToolError: something that has no plain form, or that is nested too deeply.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        # Masked before it is cut, or a secret across the cut would be half shown.
        return text(mask.text(value.value if isinstance(value, Enum) else value))
    if isinstance(value, Enum):
        return json_value(value.value, mask, depth)
    if isinstance(value, int):
        return value if abs(value) <= _LARGEST_INT else text(hex(value))
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Secret):
        return _HIDDEN
    if depth >= _DEPTH_LIMIT:
        raise ToolError(
            f"a value nested more than {_DEPTH_LIMIT} levels deep cannot be written to a run folder"
        )
    return _composed(value, mask, depth + 1)


def _composed(value: object, mask: Mask, depth: int) -> object:
    if isinstance(value, Mapping):
        entries = list(value.items())[:LIST_LIMIT]
        return {
            str(json_value(_key(key), mask, depth)): json_value(entry, mask, depth) for key, entry in entries
        }
    if isinstance(value, list | tuple):
        return [json_value(entry, mask, depth) for entry in value[:LIST_LIMIT]]
    if isinstance(value, set | frozenset):
        return sorted((json_value(entry, mask, depth) for entry in list(value)[:LIST_LIMIT]), key=str)
    if isinstance(value, bytes | bytearray):
        shown = mask.text(bytes(value).hex())
        return text(shown, _BYTES_LIMIT)
    if isinstance(value, PurePath):
        return json_value(value.as_posix(), mask, depth)
    if isinstance(value, datetime):
        return value.isoformat()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {name: json_value(getattr(value, name), mask, depth) for name in _names(type(value))}
    raise ToolError(f"a {type(value).__name__} cannot be written to a run folder", hint="pass plain values")


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


def _key(key: object) -> object:
    if isinstance(key, str | Secret | Enum):
        return key
    return text(str(key))
