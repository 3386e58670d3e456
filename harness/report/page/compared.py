"""A message with marks where the values that it compares differ, and a sentence that says where."""

import re

from markupsafe import Markup, escape

from harness.report.difference import difference
from harness.report.words import Language

_HAN = re.compile(r"[\u3400-\u9fff]")


def compared(text: str, say: Language) -> Markup:
    """Return the HTML of a message, which is safe text already; one that nobody translated is marked as English."""
    found = difference(text)
    pieces = (
        Markup("<mark>{}</mark>").format(piece.text) if piece.differs else escape(piece.text)
        for piece in found.pieces
    )
    told = Markup('<span class="differs">{}</span>').format(say(found.words)) if found.words else Markup("")
    shown = Markup("").join(pieces)
    if say.code != "en" and not _HAN.search(text):
        shown = Markup('<span lang="en">{}</span>').format(shown)
    return shown + told
