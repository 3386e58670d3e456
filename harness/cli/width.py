"""How wide what is printed may be, and text that keeps to it."""

import os
import sys
import textwrap

_NARROWEST = 20
_HANGING = 4


def width() -> int | None:
    """Return the columns of the terminal on stdout; COLUMNS goes before it. None for a file or a pipe: no limit."""
    said = os.environ.get("COLUMNS", "")
    if said.isascii() and said.isdigit() and int(said[:9]):
        return max(int(said[:9]), _NARROWEST)
    try:
        return max(os.get_terminal_size(sys.stdout.fileno()).columns, _NARROWEST)
    except (OSError, ValueError):
        return None


def fitted(text: str) -> str:
    """Return `text` with the lines that the terminal is too narrow for broken at blanks and indented."""
    limit = width()
    if limit is None:
        return text
    return "\n".join("\n".join(_broken(line, limit)) for line in text.split("\n"))


def hanging(line: str, indent: int, limit: int | None) -> str:
    """Return a line broken where `limit` columns end, in a long word too; the rest is indented by `indent` blanks."""
    if limit is None or len(line) <= limit:
        return line
    blanks = " " * (indent if limit - indent >= _NARROWEST else _HANGING)
    return "\n".join(textwrap.wrap(line, limit, subsequent_indent=blanks, break_on_hyphens=False))


def _broken(line: str, limit: int) -> list[str]:
    if len(line) <= limit:
        return [line]
    indent = line[: len(line) - len(line.lstrip())]
    return textwrap.wrap(
        line,
        limit,
        subsequent_indent=indent + " " * _HANGING,
        break_long_words=False,
        break_on_hyphens=False,
    )
