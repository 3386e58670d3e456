"""The nearest valid word: what a person most likely meant to write."""

from collections.abc import Iterable
from difflib import get_close_matches

from harness.settings.problems import printable

CLOSE_ENOUGH = 0.6
MAX_COMPARED = 100  # characters; nobody mistypes a word into something longer


def nearest(word: str, valid: Iterable[str]) -> str | None:
    """Return the member of `valid` that `word` looks like, or None."""
    by_lower = {candidate.lower(): str(candidate) for candidate in valid}
    wanted = word[:MAX_COMPARED].lower().replace("_", "-")
    spelled = {candidate.replace("_", "-"): original for candidate, original in by_lower.items()}
    found = get_close_matches(wanted, spelled, n=1, cutoff=CLOSE_ENOUGH)
    return spelled[found[0]] if found else None


def not_valid(word: str, valid: Iterable[str]) -> str:
    """Return the sentence for a wrong word: what was written, the nearest valid word, the valid words."""
    return f"{printable(word)!r} is not a valid word here{_advice(word, tuple(valid), 'valid')}"


def unknown_key(key: str, valid: Iterable[str]) -> str:
    """Return the sentence for an unknown key."""
    return f"unknown key{_advice(key, tuple(valid), 'valid keys')}"


def meant(word: str, valid: Iterable[str]) -> str:
    """Return `; did you mean 'x'?`, or `;` when nothing is near: what stands between problem and words."""
    guess = nearest(word, valid)
    return f"; did you mean {guess!r}?" if guess else ";"


def _advice(word: str, valid: tuple[str, ...], label: str) -> str:
    return f"{meant(word, valid)} {label}: {', '.join(valid)}"
