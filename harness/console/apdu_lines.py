"""Put lines of a chip's adapter together into whose heading, or into whose first characters, another program printed.

The heading of a dump has a fixed form, so its two parts fit each other in one way only. One that is not whole, and
whose other part is not there, is told as well: the rows behind it belong to nobody then.
"""

import re

_HEAD = "<LS_LOG> ID2=> "
_HEADING = re.compile(r"(?:<LS_LOG> )?ID2=> (?:Command|Response) APDU: \[length = 0x[0-9a-fA-F]{4}\]")
_ROW = re.compile(r"<LS_LOG> ID2=> (?:[0-9A-F]{2} ){1,8}(?:  (?:[0-9A-F]{2} ){1,8})?")
_CALL = re.compile(r"<LS_LOG> ID2=> (?:=>|<=) SE [a-z ]{1,20}[.,]?(?: \(ret = [\d, a-z_=-]{1,40}\)\.?)?")
_BEGUN = re.compile(r"(?:<LS_LOG> )?ID2=> (?:Comm|Resp)")
_FIXED = ("Command APDU: [length = 0x", "Response APDU: [length = 0x")
_LENGTH = re.compile(r"0x[0-9a-fA-F]{4}\]")
_LONGEST = 60  # characters of a heading
_SHORTEST_REST = len("[length = 0x")


def is_heading(text: str) -> bool:
    """Tell whether a line is the whole heading of an APDU dump."""
    return _HEADING.fullmatch(text) is not None


def heading_before_others(text: str) -> int | None:
    """Return where a heading ends that something of another program stands behind; None when the line has none."""
    found = _HEADING.match(text)
    return found.end() if found is not None and found.end() < len(text) else None


def joined(text: str, rest: str) -> tuple[str, ...]:
    """Join the first part of an adapter's line with its rest.

    Args:
        text: A line that begins with the first part; what another program printed may stand behind it.
        rest: A later line.

    Returns:
        What the line may have been: nothing, one text, or several that differ.
    """
    lines = [text[:end] + rest for end in range(1, min(len(text), _LONGEST) + 1)]
    whole = [line for line in lines if _HEADING.fullmatch(line)]
    mine = _begun_of_head(text)
    if mine < len(_HEAD):  # the others fit where it is their head that was torn
        whole += [line for line in lines[:mine] if _ROW.fullmatch(line) or _CALL.fullmatch(line)]
    return tuple(dict.fromkeys(whole))


def _begun_of_head(text: str) -> int:
    """Return how many characters of the head a line begins with."""
    pairs = enumerate(zip(text, _HEAD, strict=False))
    return next((at for at, (mine, due) in pairs if mine != due), min(len(text), len(_HEAD)))


def is_begun(text: str) -> bool:
    """Tell whether a line begins like the heading of an APDU dump and is none."""
    return _BEGUN.match(text) is not None and not is_heading(text)


def is_rest(text: str) -> bool:
    """Tell whether a line is the end of such a heading, without its beginning."""
    if not text.endswith("]") or not (found := _LENGTH.fullmatch(text, max(0, len(text) - len("0x0000]")))):
        return False
    rest = text[: found.start() + len("0x")]
    return len(rest) >= _SHORTEST_REST and any(fixed.endswith(rest) and fixed != rest for fixed in _FIXED)
