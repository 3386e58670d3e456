"""Whether what came over a serial line is text at all: at a wrong speed a UART gives bytes that nobody printed."""

import re

_ENOUGH = 64
"""Bytes from which on the share of text in them says something."""
_SHARE = 0.7
_TEXT = re.compile(rb"[\x20-\x7e\t\r\n\x1b]+")
_LINE = re.compile(rb"[\x20-\x7e]{24}")
"""So much text in a row that noise does not make it: at most 0.4 of its bytes are printable."""


def unreadable(data: bytes) -> bool:
    """Tell whether nothing in what came is a line of text, as from a port whose baud rate is wrong.

    A boot loader that prints at another speed than the program, or a text in another language among lines in English,
    does not make it so: one line of text is enough.
    """
    if len(data) < _ENOUGH or _LINE.search(data):
        return False
    return sum(map(len, _TEXT.findall(data))) < _SHARE * len(data)
