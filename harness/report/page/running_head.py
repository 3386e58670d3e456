"""What stands at the head and foot of every printed page, as rules of the page's own stylesheet."""

import re

from harness.report.document.blocks import Document
from harness.report.text import one_line

_LONGEST = 160
_PLAIN = re.compile(r"[A-Za-z0-9]")
_PLACES = re.compile(r"(\{page\}|\{pages\})")
_COUNTERS = {"{page}": "counter(page)", "{pages}": "counter(pages)"}


def rules(document: Document) -> str:
    """Return the rules for the margins of printed pages; no text of a device can leave its quotes."""
    cover = document.cover
    verdict = cover.verdict_words
    if document.mark.casefold() not in verdict.casefold():
        verdict += f" · {document.mark}"
    foot = " ".join(
        _COUNTERS.get(part) or quoted(part) for part in _PLACES.split(document.page[:_LONGEST]) if part
    )
    return (
        "@page { "
        f"@top-left {{ content: {quoted(document.number)} }} "
        f"@top-right {{ content: {quoted(verdict)} }} "
        f"@bottom-left {{ content: {quoted(cover.title)} }} "
        f"@bottom-right {{ content: {foot} }} }}\n"
    )


def quoted(text: str) -> str:
    """Return `text` as a string of CSS: everything but plain letters and digits by its number, bounded."""
    shown = one_line(text, _LONGEST) if text.strip() else " "
    shown = f"{' ' * text.startswith(' ')}{shown.strip()}{' ' * text.endswith(' ')}"
    # The blank behind a number is the end of it, and no part of the text.
    return '"' + "".join(each if _PLAIN.match(each) else f"\\{ord(each):x} " for each in shown) + '"'
