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
from harness.patterns import Patterns, filled

NAMES = {"en": "English", "zh": "中文"}
"""Every language by its code (BCP 47)."""

_HERE = Path(__file__).parent
_FRAME = "frame"
"""The catalogue of what a form says itself: its templates are filled here, and never met in a journal."""


@dataclass(frozen=True, slots=True)
class Language:
    """One language.

    Attributes:
        code: Its code, BCP 47.
        catalogue: Its words by the English ones; empty for English.
        patterns: The words of texts that were made with values.
    """

    code: str
    catalogue: Mapping[str, str] = field(default_factory=dict, repr=False)
    patterns: Patterns = field(default_factory=lambda: Patterns({}), repr=False)

    def __call__(self, text: str, /, **values: object) -> str:
        """Return `text` in this language, its `{places}` filled with `values`.

        A text without values may be one that was made with some, such as a reason of a journal. What no catalogue
        holds stays as it is, braces too, as device text may hold any.
        """
        if values:
            return filled(self.catalogue.get(text, text), values)
        said = self._known(text)
        return text if said is None else said

    def knows(self, text: str) -> bool:
        """Return whether `text` can be said in this language; always in English."""
        return self.code == "en" or self._known(text) is not None

    def _known(self, text: str) -> str | None:
        said = self.catalogue.get(text)
        return self.patterns.told(text, self.catalogue.get) if said is None else said


@cache
def language(code: str) -> Language:
    """Return a language by its code.

    Raises:
        UsageError: There is none of that code.
    """
    if code not in NAMES:
        raise UsageError(f"{code!r} is no language of reports", hint=f"choose one of {', '.join(NAMES)}")
    catalogue: dict[str, str] = {}
    made: dict[str, str] = {}
    for path in sorted((_HERE / code).glob("*.json")):
        words: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
        catalogue |= words
        if path.stem != _FRAME:
            made |= {text: said for text, said in words.items() if "{" in text}
    return Language(code, catalogue, Patterns(made))


ENGLISH = Language("en")
"""English, in which everything is written."""
