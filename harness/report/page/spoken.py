"""Entries of a timeline as HTML: the most frequent part of a page, kept small."""

from collections.abc import Iterable

from markupsafe import Markup, escape

from harness.report.page.traffic import Spoken

_ARROWS = {"out": "→", "in": "←"}
_SHORT, _SHOWN = 110, 96
"""Bytes of so many characters are shown whole; of more, so many, and the rest opens."""


def spoken(entries: Iterable[Spoken]) -> Markup:
    """Return the items of a list: milliseconds, who spoke, which way, what, and below it the bytes."""
    return Markup("").join(map(_item, entries))


def _item(entry: Spoken) -> Markup:
    pieces = (entry.at, entry.source, _ARROWS.get(entry.direction, "·"))
    head = "".join(f"<span>{escape(piece)}</span>" for piece in pieces)
    item = f"<li>{head}<span>{escape(entry.text)}{_bytes(entry.detail)}</span></li>\n"
    return Markup(item)  # noqa: S704 - every piece is escaped


def _bytes(detail: str) -> str:
    if len(detail) <= _SHORT:
        return f"<small>{escape(detail)}</small>" if detail else ""
    return f"<details><summary>{escape(detail[:_SHOWN])} …</summary>{escape(detail)}</details>"
