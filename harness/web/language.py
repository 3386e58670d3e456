"""The languages of pages: which one a person wants, and the tables of texts."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

_SHARED = Path(__file__).parent / "texts"
_CHOICE = re.compile(
    r"\s*(?P<tag>[A-Za-z*]{1,8})[A-Za-z0-9-]{0,32}\s*(?:;\s*q=(?P<quality>[01](?:\.\d{0,3})?))?\s*"
)
_CHOICES_MAX = 20


class Language(StrEnum):
    """The languages; the value is the file of texts and the value of `?lang=`."""

    EN = "en"
    ZH = "zh"

    @property
    def tag(self) -> str:
        """Value of a page's `lang` attribute."""
        return "zh-CN" if self is Language.ZH else "en"


def choose(asked: str, remembered: str, accepted: str) -> Language:
    """Return the language of a page.

    Args:
        asked: Value of `?lang=`; empty when it is not there.
        remembered: Value of the cookie.
        accepted: The `Accept-Language` header.
    """
    for name in (asked, remembered):
        if name in list(Language):
            return Language(name)
    best, quality = Language.EN, 0.0
    for part in accepted.split(",")[:_CHOICES_MAX]:
        found = _CHOICE.fullmatch(part)
        weight = float(found["quality"] or 1) if found else 0.0
        if found and found["tag"].lower() in list(Language) and weight > quality:
            best, quality = Language(found["tag"].lower()), weight
    return best


@cache
def texts(folder: Path, language: Language) -> Mapping[str, str]:
    """Return the texts of a site in a language by dotted key: the shared ones, and over them its own.

    Args:
        folder: Has `en.toml` and `zh.toml` of the site.
        language: Which one.
    """
    return {**_table(_SHARED, language), **_table(folder, language)}


def _table(folder: Path, language: Language) -> dict[str, str]:
    with (folder / f"{language.value}.toml").open("rb") as file:
        return dict(_flat("", tomllib.load(file)))


def _flat(prefix: str, table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(f"{prefix}{name}.", value)
        else:
            yield f"{prefix}{name}", str(value)
