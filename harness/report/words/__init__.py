"""The languages of a report: English as it stands in the code, and the catalogues that translate it.

A text is looked up by its English words, so a journal, a suite and a template hold English alone, and a run folder of
any age is told in any language. What no catalogue knows stays English, and is marked as such where a form can.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from harness.errors import UsageError

NAMES = {"en": "English", "zh": "中文"}
"""Every language by its code (BCP 47)."""

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Language:
    """One language.

    Attributes:
        code: Its code, BCP 47.
        catalogue: Its words by the English ones; empty for English.
    """

    code: str
    catalogue: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __call__(self, text: str, /, **values: object) -> str:
        """Return `text` in this language, its `{places}` filled with `values`.

        What the catalogue does not hold stays as it is. Without values braces are left alone, as device text may
        hold any.
        """
        said = self.catalogue.get(text, text)
        return said.format(**values) if values else said

    def knows(self, text: str) -> bool:
        """Return whether `text` can be said in this language; always in English."""
        return self.code == "en" or text in self.catalogue


@cache
def language(code: str) -> Language:
    """Return a language by its code.

    Raises:
        UsageError: There is none of that code.
    """
    if code not in NAMES:
        raise UsageError(f"{code!r} is no language of reports", hint=f"choose one of {', '.join(NAMES)}")
    catalogue: dict[str, str] = {}
    for path in sorted((_HERE / code).glob("*.json")):
        catalogue |= json.loads(path.read_text(encoding="utf-8"))
    return Language(code, catalogue)


ENGLISH = Language("en")
"""English, in which everything is written."""
