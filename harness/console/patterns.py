"""What `expect` waits for, and the search that does not look at a byte twice without need."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from harness.console.window import Window
from harness.transport.printable import safe_bytes

Pattern = bytes | str | re.Pattern[bytes] | re.Pattern[str]
Patterns = Pattern | Sequence[Pattern]

MAX_MATCH = 4096
"""Bytes of the longest match of a regular expression that is found for certain when it comes in pieces."""

_ONE = (bytes, str, re.Pattern)


@dataclass(frozen=True, slots=True)
class Match:
    r"""What was found.

    Attributes:
        pattern: The pattern that matched, as it was given.
        index: Its place among the patterns that were given with it.
        failure: It was one of the failure patterns.
        data: The bytes that matched.
        before: The bytes between the last match and this one, as far as the window has them.
        group_data: The groups of a regular expression, as bytes.
        start: Offset of the match in the console's output, from the opening on.
        end: Offset after the match.
        stamp: When its last byte came, monotonic nanoseconds.
    """

    pattern: Pattern
    index: int
    failure: bool
    data: bytes
    before: bytes
    group_data: tuple[bytes | None, ...]
    start: int
    end: int
    stamp: int

    @property
    def text(self) -> str:
        r"""The match as text; bytes that are not UTF-8 stand as `\xNN`."""
        return _text(self.data)

    @property
    def groups(self) -> tuple[str | None, ...]:
        """The groups as text."""
        return tuple(None if group is None else _text(group) for group in self.group_data)

    def group(self, which: int | str) -> str:
        """Return a group by number (0 is the whole match) or name; empty when it took no part.

        Raises:
            IndexError: there is no such group.
        """
        if isinstance(which, str):
            names = self.pattern.groupindex if isinstance(self.pattern, re.Pattern) else {}
            if which not in names:
                raise IndexError(f"the pattern has no group {which!r}")
            which = names[which]
        return self.text if which == 0 else _text(self.group_data[which - 1] or b"")


class _Needle:
    """One pattern, ready to be looked for: a literal, or else a regular expression."""

    __slots__ = ("expression", "failure", "index", "literal", "overlap", "pattern")

    def __init__(self, pattern: Pattern, index: int, max_match: int, *, failure: bool) -> None:
        self.pattern = pattern
        self.index = index
        self.failure = failure
        self.expression: re.Pattern[bytes] | None = None
        self.literal = b""
        if isinstance(pattern, re.Pattern):
            self.expression = _as_bytes(pattern)
            self.overlap = max_match
            return
        self.literal = pattern.encode() if isinstance(pattern, str) else bytes(pattern)
        self.overlap = len(self.literal) - 1
        if not self.literal:
            raise ValueError("an empty pattern matches nothing in particular")


class Search:
    """A search for success or failure patterns that goes on where it stopped.

    The match that ends first wins; of two that end at the same byte a failure pattern does.
    """

    __slots__ = ("_needles", "_scanned", "position")

    def __init__(self, success: Patterns, failure: Patterns | None, position: int, max_match: int) -> None:
        self.position = position
        self._scanned = position
        needles: list[_Needle] = []
        if failure is not None:
            for index, pattern in enumerate(_several(failure)):
                needles.append(_Needle(pattern, index, max_match, failure=True))
        for index, pattern in enumerate(_several(success)):
            needles.append(_Needle(pattern, index, max_match, failure=False))
        self._needles = needles

    def run(self, window: Window) -> Match | None:
        """Search what came since the last call."""
        # This is the hot path of every expect, hence one loop without calls into smaller parts.
        data, first = window.data, window.start
        scanned, floor = self._scanned - first, max(self.position - first, 0)
        self._scanned = first + len(data)
        start = end = 0
        winner: _Needle | None = None
        for needle in self._needles:
            begin = max(scanned - needle.overlap, floor)
            if needle.expression is None:
                at = data.find(needle.literal, begin)
                if at < 0:
                    continue
                until = at + len(needle.literal)
            else:
                # The match object must be gone before the window grows: while it lives, its buffer is locked.
                found = needle.expression.search(data, begin)
                if found is None:
                    continue
                at, until = found.span()
                del found
            if winner is None or until < end:
                winner, start, end = needle, at, until
        if winner is None:
            return None
        groups: tuple[bytes | None, ...] = ()
        if winner.expression is not None and (found := winner.expression.search(data, start)):
            groups = found.groups()
        return Match(
            winner.pattern,
            winner.index,
            winner.failure,
            bytes(data[start:end]),
            bytes(data[floor:start]),
            groups,
            first + start,
            first + end,
            window.stamp(first + end),
        )

    def describe(self) -> str:
        """Return what is waited for, safe to print."""
        wanted = [needle for needle in self._needles if not needle.failure]
        sources = [needle.expression.pattern if needle.expression else needle.literal for needle in wanted]
        return " or ".join(safe_bytes(source, 120) for source in sources)


def _several(patterns: Patterns) -> Sequence[Pattern]:
    return (patterns,) if isinstance(patterns, _ONE) else patterns


def _as_bytes(pattern: re.Pattern[bytes] | re.Pattern[str]) -> re.Pattern[bytes]:
    source = pattern.pattern
    if isinstance(source, bytes):
        return re.compile(source, pattern.flags)
    return re.compile(source.encode(), pattern.flags & ~re.UNICODE)


def _text(data: bytes) -> str:
    return data.decode("utf-8", errors="backslashreplace")
