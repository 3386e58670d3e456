"""A document becomes the data of its PDF: plain JSON, in which a text is a text whatever it holds.

Long values are cut into pieces between which a line may break, wherever the column is too narrow for them; nothing is
taken away. What a piece is depends on the width that it has, so it is decided here, where the widths are known.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from harness.report.document.anchors import listed
from harness.report.document.blocks import (
    Block,
    Bullets,
    Code,
    Document,
    Heading,
    Line,
    Pairs,
    Paragraph,
    Table,
    Words,
)
from harness.report.pdf.chart import drawn, span
from harness.report.pdf.glyphs import shown

Json = dict[str, object] | list[object] | str

WIDTH = 493.0
"""Width of the text on a page, in points: A4 between margins of 18 mm."""

_TABLE_SIZE = 8.0
_TEXT_SIZE = 9.0
_INSET = 8.0  # on both sides of a cell, together
_NAME_SHARE = 0.3  # of a row of names and values
_CODE_SCALE = 0.9
_HEAD = 160  # characters of either half of the head of a page
_LINKS = 120  # of a document: each costs typst more than a millisecond
_PIECE = 6  # characters of a value without any place to break
_STOPS = "\u3001\u3002\uff0c\uff1a\uff1b"
_TOKEN = re.compile(rf"[^ \n\u3400-\u9fff{_STOPS}]+[{_STOPS}]*|[{_STOPS}]+")
"""What holds no place to break: a line may break beside each Chinese character, and behind Chinese punctuation."""
_JOINT = re.compile(r"[^/_.:~,;=&?+-]*[/_.:~,;=&?+-]+|[^/_.:~,;=&?+-]+")
_WIDE = frozenset("WM@%mw—…")


def flow(document: Document) -> dict[str, object]:
    """Return the data of the PDF of a document."""
    cover = document.cover
    flows = _Flow(_anchors(document))
    data: dict[str, object] = {
        "language": document.language,
        "title": shown(cover.title),
        "head": [flows.head(text) for text in (document.number, document.mark)],
        "page": shown(document.page).replace("{page}", "\n").replace("{pages}", "\n").split("\n"),
        "end": shown(document.end),
        "cover": {
            "title": flows.line((Words(cover.title),), 20, WIDTH),
            "verdict": flows.line((Words(cover.verdict_words),), 16, WIDTH - 40),
            "state": cover.verdict.value,
            "sentence": flows.line((Words(cover.sentence),), 10, WIDTH),
            "broken": [flows.line(each, _TEXT_SIZE, WIDTH - 40) for each in cover.broken],
            "warnings": [flows.line(each, _TEXT_SIZE, WIDTH - 30) for each in cover.warnings],
            "rows": flows.pairs(cover.rows),
            "signatures": [
                [shown(role), flows.line((Words(name),), _TEXT_SIZE, WIDTH / 2 - 30)]
                for role, name in cover.signatures
            ],
        },
        "sections": [
            {
                "title": flows.line((Words(f"{each.number}  {each.title}"),), 14, WIDTH),
                "blocks": [flows.block(block) for block in each.blocks],
            }
            for each in document.sections
        ],
    }
    flows.label()
    return data


def _anchors(document: Document) -> frozenset[str]:
    """Return where links can lead."""
    found: set[str] = set()
    for section in document.sections:
        for block in section.blocks:
            if isinstance(block, Heading):
                found.add(block.anchor)
            elif isinstance(block, Table):
                found |= {row.anchor for row in block.rows}
    return frozenset(found - {""})


class _Flow:
    def __init__(self, anchors: frozenset[str]) -> None:
        self._anchors = anchors
        self._row = ""
        self._linked: Counter[str] = Counter()
        self._places: dict[str, dict[str, object]] = {}

    def _place(self, anchor: str, place: dict[str, object]) -> dict[str, object]:
        """Note where an anchor is; where it stands twice, the first counts."""
        if anchor in self._anchors:
            self._places.setdefault(anchor, place)
        return place

    def label(self) -> None:
        """Label the places that a link leads to, and no other: each label costs time."""
        for anchor in self._linked:
            self._places[anchor]["a"] = anchor

    def _target(self, anchor: str) -> str:
        """Return where a link leads: to its place, to the row that lists it, or nowhere."""
        return next((each for each in (anchor, listed(anchor)) if each in self._anchors), "")

    def head(self, text: str) -> list[Json]:
        """Return what stands in the head of every page: no more than fits there; the cover has more of it."""
        told = shown(text)
        kept = told if len(told) <= _HEAD else f"{told[:_HEAD]}…"
        return self.line((Words(kept),), _TABLE_SIZE, WIDTH / 2 - 6)

    def line(self, line: Line, size: float, width: float) -> list[Json]:
        return [self._words(each, size, width) for each in line if each.text]

    def _words(self, words: Words, size: float, width: float) -> Json:
        pieces: list[object] = list(_pieces(shown(words.text), size, width, code=words.code))
        anchor = self._target(words.link[1:]) if words.link.startswith("#") else ""
        styles: dict[str, object] = {}
        if words.code:
            styles["c"] = 1
        if words.soft:
            styles["s"] = 1
        if words.strong:
            styles["b"] = 1
        if words.verdict:
            styles["v"] = str(words.verdict)
        if anchor and anchor != self._row and self._linked.total() < _LINKS:
            self._linked[anchor] += 1
            styles["l"] = anchor
        if not styles:
            return pieces[0] if len(pieces) == 1 and isinstance(pieces[0], str) else pieces
        return {"t": pieces, **styles}

    def pairs(self, rows: Sequence[tuple[str, Line]]) -> list[Json]:
        names, values = _NAME_SHARE * WIDTH - _INSET, (1 - _NAME_SHARE) * WIDTH - _INSET
        return [
            [self.line((Words(name, soft=True),), _TEXT_SIZE, names), self.line(value, _TEXT_SIZE, values)]
            for name, value in rows
        ]

    def block(self, block: Block) -> Json:
        if isinstance(block, Paragraph):
            return {"k": "p", "w": self.line(block.words, _TEXT_SIZE, WIDTH - 20), "n": str(block.note)}
        if isinstance(block, Bullets):
            return {"k": "b", "i": [self.line(each, _TEXT_SIZE, WIDTH - 20) for each in block.items]}
        if isinstance(block, Pairs):
            return {"k": "d", "r": self.pairs(block.rows)}
        if isinstance(block, Heading):
            words = self.line(block.words, 11, WIDTH)
            return self._place(block.anchor, {"k": "h", "w": words})
        if isinstance(block, Code):
            lines = [
                self.line((Words(line or " "),), _TABLE_SIZE / _CODE_SCALE * 1.1, WIDTH - 20)
                for line in block.lines
            ]
            return {"k": "c", "t": self.line((Words(block.title),), _TABLE_SIZE, WIDTH), "l": lines}
        if isinstance(block, Table):
            return self._table(block)
        # The alternative text is a plain one; what is set on the page has places to break.
        title = self.line((Words(block.title),), _TABLE_SIZE, WIDTH)
        foot = self.line((Words(span(block)),), _TABLE_SIZE, WIDTH)
        return {**drawn(block), "t": title, "f": foot, "a": shown(f"{block.title}: {span(block)}")}

    def _table(self, table: Table) -> Json:
        whole = sum(column.share for column in table.columns)
        widths = [column.share / whole * WIDTH - _INSET for column in table.columns]
        rows: list[Json] = []
        for row in table.rows:
            self._row = row.anchor
            cells: list[object] = [
                [self.line(line, _TABLE_SIZE, width) for line in cell]
                for cell, width in zip(row.cells, widths, strict=True)
            ]
            rows.append(self._place(row.anchor, {"r": cells}))
        self._row = ""
        return {
            "k": "t",
            "c": [column.share for column in table.columns],
            "e": [1 if column.right else 0 for column in table.columns],
            "h": [
                self.line((Words(column.title),), _TABLE_SIZE, width)
                for column, width in zip(table.columns, widths, strict=True)
            ],
            "r": rows,
            "n": self.line((Words(table.caption),), _TABLE_SIZE, WIDTH),
        }


def _pieces(text: str, size: float, width: float, *, code: bool) -> Iterator[str | list[str]]:
    """Yield the text as it is between values that are too long, and those as lists of their pieces."""
    if len(text) * size < width and "\n" not in text:
        yield text
        return
    at = 0
    for found in _TOKEN.finditer(text):
        if len(found[0]) * size <= width or _width(found[0], size, code=code) <= width:
            continue
        if found.start() > at:
            yield text[at : found.start()]
        yield list(_joints(found[0], size, width, code=code))
        at = found.end()
    if at < len(text):
        yield text[at:]


def _joints(token: str, size: float, width: float, *, code: bool) -> Iterator[str]:
    """Yield the pieces of a token: behind its punctuation where that is enough, else every few characters."""
    for joint in _JOINT.findall(token):
        if _width(joint, size, code=code) <= width:
            yield joint
            continue
        for start in range(0, len(joint), _PIECE):
            yield joint[start : start + _PIECE]


def _width(token: str, size: float, *, code: bool) -> float:
    """Return a width in points that a token is not wider than."""
    if code:
        return sum(1.0 if ord(each) > 0x2000 else 0.61 * _CODE_SCALE for each in token) * size
    return size * sum(
        1.0 if each in _WIDE or ord(each) > 0x2000 else 0.72 if each.isupper() or each.isdigit() else 0.62
        for each in token
    )
