"""A message with marks where the values that it compares differ, and a sentence that says where."""

from markupsafe import Markup, escape

from harness.report.difference import difference


def compared(text: str) -> Markup:
    """Return the HTML of a message, which is safe text already."""
    found = difference(text)
    pieces = (
        Markup("<mark>{}</mark>").format(piece.text) if piece.differs else escape(piece.text)
        for piece in found.pieces
    )
    told = Markup('<span class="differs">{}</span>').format(found.words) if found.words else Markup("")
    return Markup('<span lang="en">{}{}</span>').format(Markup("").join(pieces), told)
