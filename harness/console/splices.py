"""Put a line of the SDK's together whose parts stand apart, where nothing tells another program's text by its look.

Only a joint after which the line's own words say that it is whole (`wholeness`) is taken: a length beside the value,
a fixed form. Where several joints would say different things, none is.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator

from harness.console.events import Message, Other
from harness.console.sdklog import parse_all

_SHORTEST = 3
_LONGEST_INSIDE = 80
"""Characters of a text without a line end that is looked for inside a line."""
_LONGEST_LINE = 700
_VALUE = r"A-Za-z0-9+/~="
_ODD = re.compile(r"[^A-Za-z0-9+/~= \"{}\[\]:,_.()|-]|\.(?=\.)|(?<=\.)\.")
"""A sign that the vendor's programs print nowhere in a line that has a value."""
_ODD_OR_BLANK = re.compile(rf"[^{_VALUE}]")
_BYTE = re.compile(r"\\x[0-9a-f]{2}")
_STATED = re.compile(r"\[(?P<length>\d{1,4})\] (?=\d)")
_KEYS = re.compile(
    r'"(?:reportVersion|sdkVersion|date|testContent|api|args|challenge|timestamp|extra|result)"'
)
_STRUCTURE = re.compile(r"(?P<before>[^\"{}\[\]]*?\S)(?P<row>\s{4,}(?:[{}\]],? ?|\}, \{)|\s+[{}])\s*")
_HOLDS = re.compile(
    r"=====|\"|\[\d{1,4}\] [0-9A-F]|AUTHCODE:\||auth_code: \[|(?:[0-9A-F]{2} +){4}"
    r"|key: 0x|Challenge: [0-9A-F]|(?:\b|_)ID2?: [0-9A-F]|TOTP: \d"
)
_SEPARATED = re.compile(r"\s*[{}\[\]],?.*|.*\s[{}\[\]],? ?")

Whole = Callable[[str], bool]


def behind_others(text: str, following: Iterable[str], whole: Whole) -> tuple[str, ...]:
    """Join a line with those of the texts behind it that make it whole.

    Args:
        text: The line, which is not whole.
        following: What stands behind it and may belong to nobody.
        whole: Tells whether a text is a whole line.

    Returns:
        What the line may have been: nothing, one text, or several that differ.
    """
    return tuple(dict.fromkeys(joined for rest in following if whole(joined := text + rest)))


def without_inside(text: str, whole: Whole, *, to_the_end: bool) -> tuple[str, ...]:
    """Take out of a line what stands inside it without a line end, and holds what no value holds.

    Args:
        text: The line, which is not whole.
        whole: Tells whether a text is a whole line.
        to_the_end: What does not belong may reach to the line's end, whatever it begins with.

    Returns:
        What the line may have been: nothing, one text, or several that differ.
    """
    if len(text) > _LONGEST_LINE or not may_hold(text):
        return ()
    if to_the_end:
        ends = {text[:start] for start in range(1, len(text) - _SHORTEST + 1) if _ODD.search(text, start)}
        if found := {joined for joined in ends if whole(joined)}:
            return tuple(found)
    return tuple({joined for joined in _shortened(text) if whole(joined)})


def structure_behind_prefix(text: str) -> str | None:
    """Return the row of a report that has nothing but a bracket, behind something; None when the line is none."""
    found = _STRUCTURE.fullmatch(text)
    return None if found is None else found["row"]


def is_value(text: str) -> bool:
    """Tell whether a line holds nothing but what a value may hold: it may be the rest of one."""
    return re.fullmatch(rf"[{_VALUE}]+\s*", text) is not None


def is_object_of_another(text: str) -> bool:
    """Tell whether a line is a whole JSON object that is none of the validation report."""
    if not text.lstrip().startswith("{") or _KEYS.search(text):
        return False
    try:
        loaded = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(loaded, dict) and bool(loaded)


def may_hold(text: str) -> bool:
    """Tell whether a line has a value, or a verdict of a test, that somebody judges."""
    event = parse_all(text)[-1]
    return type(event) not in (Other, Message) or bool(_HOLDS.search(text) or _SEPARATED.fullmatch(text))


def _shortened(text: str) -> Iterator[str]:
    stated = _STATED.search(text)
    # A byte that is no text stands as four characters, and was one.
    over = len(_BYTE.sub("?", text[stated.end() :])) - int(stated["length"]) if stated else 0
    for start in range(len(text) - _SHORTEST + 1):
        for end in _ends(text, start):
            yield text[:start] + text[end:]
        if (
            stated
            and start >= stated.end()
            and over >= _SHORTEST
            and _ODD_OR_BLANK.search(text, start, start + over)
        ):
            yield text[:start] + text[start + over :]


def _ends(text: str, start: int) -> Iterable[int]:
    """Give the ends of what may be taken out: it begins and ends with a sign that no value holds."""
    if not _ODD.match(text, start):
        return ()
    last = min(len(text), start + _LONGEST_INSIDE)
    return (end for end in range(start + _SHORTEST, last + 1) if _ODD.match(text, end - 1))
