"""What on a console shows that a firmware carries a probe, and which lines are the probe's own.

Source: docs/probe-protocol.md, lines and start.
"""

import re
from binascii import crc_hqx
from collections.abc import Iterable

START = "id2 probe: this firmware carries out test commands, do not ship it"
"""What a firmware prints when its probe starts."""

FINDING = "probe-in-firmware"
"""Id of the finding, the same in `check-log` and in the report of a run."""

_LONGEST = 512  # characters, more than the longest reply has
_SUM = r" %(?P<sum>[0-9A-F]{4})"
_REPLY = re.compile(
    rf"(?P<told>\+ID2P [0-9A-F]{{2}} [0-9A-F]{{4}} (?:HI|AK|OK|ER|NK|D)(?: [^\r\n%]{{0,{_LONGEST}}})?){_SUM}"
)
_REQUEST = re.compile(
    rf"(?P<told>id2p [0-9A-F]{{2}} (?:hi|put|run|get|rep|clr)(?: [^\r\n%]{{0,{_LONGEST}}})?){_SUM}"
)
_BROKEN_RESULT = re.compile(r"\+ID2P \S{1,2} \S{1,4} (?:OK|D)(?: [^\s<]{1,400}){1,5}")
_START_CRC = 0xFFFF


def is_right(found: re.Match[str]) -> bool:
    """Tell whether the check sum at the end of a request or reply is that of what stands before it."""
    told = found["told"].encode("latin-1", "replace")
    return crc_hqx(told, _START_CRC) == int(found["sum"], 16)


def sign_in(text: str) -> str:
    """Return what in a text only a probe prints: its line at the start, or a reply with a right check sum.

    Returns:
        The line, or the reply; empty when there is neither.
    """
    if START in text:
        return START
    if "+ID2P " not in text:
        return ""
    return next((found.group() for found in _REPLY.finditer(text) if is_right(found)), "")


def is_own_line(text: str) -> bool:
    """Tell whether a whole line is between the harness and a probe: its start, a reply, or the echo of a request.

    A reply with a result counts even when it came broken: what is left of an auth code in it is none of the program's.
    """
    bare = text.strip()
    if bare == START:
        return True
    if "+ID2P " in bare:
        found = _REPLY.fullmatch(bare)
        return (found is not None and is_right(found)) or _BROKEN_RESULT.fullmatch(bare) is not None
    if "id2p " in text:
        found = _REQUEST.search(text)  # a shell shows its prompt before what it echoes
        return found is not None and is_right(found)
    return False


def sign_among(chunks: Iterable[bytes]) -> str:
    """Return the first sign of a probe in what a console gave; empty when there is none.

    Args:
        chunks: Its bytes, in pieces of any size; read once, never kept as a whole.
    """
    kept = ""
    for chunk in chunks:
        kept += chunk.decode("latin-1")
        if sign := sign_in(kept):
            return sign
        kept = kept[-_LONGEST:]
    return ""
