"""Where two values differ that a message compares: the codes are long, and the eye does not find one digit in them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

_LEAST_BASE64 = 16
_MOST_VALUES = 40  # in one message; what comes after them is not looked at
_APART = 240  # characters that may stand between two values that are compared
_RUNS = 12  # of differing characters; with more of them everything between the first and the last is marked
_GAP = 2  # equal characters between two differing runs that are not worth a gap

_VALUE = re.compile(
    r"(?<![\w+/=~.])(?:(?:[0-9A-Fa-f]{2} ){3,}[0-9A-Fa-f]{2}(?![0-9A-Fa-f])|[A-Za-z0-9+/=~_-]{8,}+(?!\.\.\.|…))"
)
_COMPARES = re.compile(
    r"\s[-+]\s|[!=]=|≠|"
    r"\b(?:got|published|expected|instead|not|but|differs?|must|should|gives?|gave|wanted|was|is|than)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a message; `differs` when it is where a value differs from the one that it is compared with."""

    text: str
    differs: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """A message with its differences.

    Attributes:
        pieces: The whole message, in order.
        words: Where the difference is, as a sentence for who does not see the marks; empty for none.
    """

    pieces: tuple[Piece, ...]
    words: str


def difference(text: str) -> Difference:
    """Find two values in `text` that are compared and differ, and mark where. Takes time in proportion to `text`.

    Values are bytes in hex, with blanks between or without, in base64, and auth codes. Two that stand one after the
    other with a word of comparison between or before them, and are of one shape, belong together.
    """
    values = [found for found, _ in zip(_values(text), range(_MOST_VALUES), strict=False)]
    for one, other in pairwise(values):
        left, right = one[0], other[0]
        between = text[one.end() : other.start()]
        before = text[max(0, one.start() - 60) : one.start()]
        if len(between) > _APART or not _alike(left, right):
            continue
        if _COMPARES.search(between) or _COMPARES.search(before):
            runs = _runs(left, right)
            marks = [(one.start() + start, one.start() + end) for start, end in runs[0]]
            marks += [(other.start() + start, other.start() + end) for start, end in runs[1]]
            return Difference(tuple(_cut(text, marks)), _words(left, right, *runs))
    return Difference((Piece(text, differs=False),), "")


def _values(text: str) -> Iterator[re.Match[str]]:
    return (found for found in _VALUE.finditer(text) if _is_code(found[0]))


def _is_code(value: str) -> bool:
    """Whether a word is bytes in hex or base64, or an auth code, and no name such as aes-mac-m2."""
    if not any(character.isdigit() for character in value):
        return False
    if _is_hex(value) or "~" in value:
        return True
    return len(value) >= _LEAST_BASE64 and value.lower() != value != value.upper()


def _alike(left: str, right: str) -> bool:
    if left == right or (" " in left) != (" " in right):
        return False
    if min(len(left), len(right)) * 2 < max(len(left), len(right)):
        return False
    return _is_hex(left) == _is_hex(right) and left.count("~") == right.count("~")


def _is_hex(value: str) -> bool:
    return all(character in "0123456789abcdefABCDEF " for character in value)


_Runs = list[tuple[int, int]]


def _runs(left: str, right: str) -> tuple[_Runs, _Runs]:
    """Return the differing (start, end) of both."""
    if len(left) == len(right):
        runs: _Runs = []
        for place, (one, other) in enumerate(zip(left, right, strict=True)):
            if one == other:
                continue
            if runs and place - runs[-1][1] <= _GAP:
                runs[-1] = (runs[-1][0], place + 1)
            else:
                runs.append((place, place + 1))
        if len(runs) <= _RUNS:
            return runs, runs
    shorter = min(len(left), len(right))
    head = 0
    while head < shorter and left[head] == right[head]:
        head += 1
    tail = 0
    while tail < shorter - head and left[-1 - tail] == right[-1 - tail]:
        tail += 1
    return [(head, len(left) - tail)], [(head, len(right) - tail)]


def _cut(text: str, marks: _Runs) -> Iterator[Piece]:
    at = 0
    for start, end in marks:
        if start > at:
            yield Piece(text[at:start], differs=False)
        if end > start:
            yield Piece(text[start:end], differs=True)
        at = max(at, end)
    if at < len(text):
        yield Piece(text[at:], differs=False)


def _words(left: str, right: str, ours: _Runs, theirs: _Runs) -> str:
    if len(left) != len(right):
        return (
            f"Marked: where the two values differ, from character {ours[0][0] + 1} on; "
            f"one has {len(left)} characters, the other {len(right)}."
        )
    del theirs
    if ours == [(0, len(left))]:
        return f"Marked: the two values differ in all of their {len(left)} characters."
    places = ", ".join(f"{start + 1}" if end == start + 1 else f"{start + 1} to {end}" for start, end in ours)
    return f"Marked: where the two values differ, characters {places} of {len(left)}."
