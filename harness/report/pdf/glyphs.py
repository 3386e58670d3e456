"""The characters that a PDF can show: those of its text face. PDF/A allows no text without a glyph."""

import re
import struct
from functools import cache
from pathlib import Path

from harness.errors import ToolError

_TABLE = struct.Struct(">4sIII")
_GROUP = struct.Struct(">III")
_PICTURES = 0x2400  # control characters made visible, from here on
_SEGMENTED = 12
"""The format of a character map that holds every plane of Unicode."""


@cache
def sans() -> Path:
    """Return the file of the text face, Noto Sans SC, which has Latin and Chinese letters."""
    from pylopdf_fonts_zh_cn import sans_path  # noqa: PLC0415 - nothing but a PDF needs it

    return sans_path()


@cache
def missing() -> re.Pattern[str]:
    """Return a pattern of the characters for which the text face has no glyph."""
    spans = "".join(f"{_escaped(start)}-{_escaped(end)}" for start, end in _spans(sans().read_bytes()))
    return re.compile(f"[^\n{spans}]")


def shown(text: str) -> str:
    """Return `text` with the code of each character that has no glyph in its place: <U+0627>."""
    return missing().sub(lambda found: f"<U+{_code(found[0]):04X}>", text.expandtabs(4))


def _code(character: str) -> int:
    """Return the code of a character; of a control character where its picture stands for it."""
    code = ord(character)
    return {_PICTURES + 0x21: 0x7F}.get(
        code, code - _PICTURES if _PICTURES <= code <= _PICTURES + 0x20 else code
    )


def _escaped(code: int) -> str:
    return f"\\U{code:08x}"


def _spans(font: bytes) -> list[tuple[int, int]]:
    """Return the (first, last) characters that a font maps. Source: OpenType 1.9, `cmap`, format 12.

    Raises:
        ToolError: the file is no font with such a map.
    """
    try:
        count = int.from_bytes(font[4:6])
        tables = {
            tag: start for tag, _, start, _ in (_TABLE.unpack_from(font, 12 + 16 * at) for at in range(count))
        }
        start = tables[b"cmap"]
        for at in range(int.from_bytes(font[start + 2 : start + 4])):
            entry = start + 4 + 8 * at
            found = start + int.from_bytes(font[entry + 4 : entry + 8])
            if int.from_bytes(font[found : found + 2]) == _SEGMENTED:
                groups = int.from_bytes(font[found + 12 : found + 16])
                every = (_GROUP.unpack_from(font, found + 16 + 12 * at) for at in range(groups))
                return [(first, last) for first, last, glyph in every if glyph]
    except (KeyError, struct.error) as error:
        raise ToolError(f"{sans()}: is no font that can be read") from error
    raise ToolError(f"{sans()}: has no character map of format {_SEGMENTED}")
