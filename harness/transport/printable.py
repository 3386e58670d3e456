"""Makes device bytes safe to print: nothing a device sends may move a cursor, ring a bell or forge a line."""

import re

_NAMED = {0x09: "\\t", 0x0A: "\\n", 0x0D: "\\r", 0x1B: "\\e"}
_TABLE = {code: _NAMED.get(code, f"\\x{code:02x}") for code in (*range(0x20), 0x7F, *range(0x80, 0xA0))}
_LINE_END = re.compile(rb"\r+\n?|\n")

LINES = 20
"""Lines of traffic that an error carries."""

WIDTH = 200
"""Characters of one such line."""


def safe_text(text: str, limit: int | None = None) -> str:
    r"""Return `text` on one line with every character that does not print escaped, cut to `limit` characters.

    Escapes: `\t`, `\n`, `\r`, `\e`, `\xNN`, `\uNNNN`; the backslash itself stays.
    """
    cut = limit is not None and len(text) > limit
    shown = text[:limit] if cut else text
    if not shown.isprintable():
        shown = shown.translate(_TABLE)
        if not shown.isprintable():  # direction marks, line separators, lone surrogates and their like
            shown = "".join(letter if letter.isprintable() else _escape(letter) for letter in shown)
    return f"{shown}…" if cut else shown


def safe_bytes(data: bytes, limit: int | None = None) -> str:
    r"""Return `data` as safe text: UTF-8 where it is, `\xNN` where it is not, cut to `limit` bytes."""
    cut = limit is not None and len(data) > limit
    shown = safe_text((data[:limit] if cut else data).decode("utf-8", errors="backslashreplace"))
    return f"{shown}… ({len(data)} bytes)" if cut else shown


def last_lines(data: bytes, lines: int = LINES, width: int = WIDTH) -> tuple[str, ...]:
    """Return the last lines of `data`, safe to print; of a long line the end."""
    tail = data[-lines * width * 2 :]
    parts = [part for part in _LINE_END.split(tail) if part.strip()][-lines:]
    return tuple(f"…{safe_bytes(part[-width:])}" if len(part) > width else safe_bytes(part) for part in parts)


def hex_bytes(data: bytes, limit: int | None = None) -> str:
    """Return `data` as spaced hex, cut to `limit` bytes."""
    if limit is None or len(data) <= limit:
        return data.hex(" ")
    return f"{data[:limit].hex(' ')} … ({len(data)} bytes)"


def _escape(letter: str) -> str:
    code = ord(letter)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
