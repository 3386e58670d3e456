"""What a report for people is made of, whatever form it takes: a cover, numbered sections, and blocks in them.

Page and PDF render these and nothing else of their own, so that both say the same. All text is already in the language
of the report, and safe: control and reordering characters are visible (`harness.report.text`). A form escapes for its
own syntax, wraps, and never cuts.
"""

from dataclasses import dataclass, field

from harness.run.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Words:
    """Text of one style.

    Attributes:
        text: The words.
        code: Set in a fixed-width face, and broken anywhere.
        soft: Said beside something, and set lighter.
        strong: What must be seen.
        verdict: The verdict, or a requirement's state, that the words are; its colour and mark stand with them.
        link: Where it leads: `#anchor` in the document, or a path inside the run folder; empty for nowhere.
        foreign: It stays English in a document of another language.
    """

    text: str
    code: bool = False
    soft: bool = False
    strong: bool = False
    verdict: Verdict | str = ""
    link: str = ""
    foreign: bool = False


Line = tuple[Words, ...]
"""Words in a row."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph; `note` frames it as a remark of that kind (a verdict's name), empty for plain text."""

    words: Line
    note: str = ""


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list without order."""

    items: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Names and values, such as of an item."""

    rows: tuple[tuple[str, Line], ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; `share` is its part of the width, beside those of the others."""

    title: str
    share: float = 1.0
    right: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A row: a cell a column, each of lines one below the other; `anchor` is where links to it lead."""

    cells: tuple[tuple[Line, ...], ...]
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose head is repeated on every page."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Code:
    """Lines that stay as they are: an excerpt of traffic, commands to type. Long ones wrap."""

    lines: tuple[str, ...]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading inside a section; `anchor` is where links to it lead."""

    words: Line
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """A small chart: points over positions from 0, between limits.

    Attributes:
        title: What it shows; it is the alternative text too.
        unit: Unit of the values.
        values: The values in order.
        low: Lowest value allowed; None for no limit.
        high: Highest value allowed; None for no limit.
        kind: `points` in order, or `distribution`, how often each value came.
    """

    title: str
    unit: str
    values: tuple[float, ...]
    low: float | None = None
    high: float | None = None
    kind: str = "points"


Block = Paragraph | Bullets | Pairs | Table | Code | Heading | Chart


@dataclass(frozen=True, slots=True)
class Section:
    """A numbered section; `anchor` names it for links."""

    title: str
    anchor: str
    blocks: tuple[Block, ...]
    number: str = ""


@dataclass(frozen=True, slots=True)
class Cover:
    """The first page.

    Attributes:
        title: The title of the report.
        verdict: The verdict of the run.
        verdict_words: It in words.
        sentence: What came of the run, in one or two sentences.
        broken: What failed, was blocked or broke, by its cause, the worst first; empty for nothing.
        warnings: What must be known before any verdict: simulated, mock, partial journal, a replay …
        rows: Number, revision, customer, maker, item, dates, place …
        signatures: Who signs: role and name, empty names for a field to sign in.
    """

    title: str
    verdict: Verdict
    verdict_words: str
    sentence: str
    broken: tuple[Line, ...]
    warnings: tuple[Line, ...]
    rows: tuple[tuple[str, Line], ...]
    signatures: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report for people.

    Attributes:
        language: Its language, BCP 47.
        number: Number and revision, for the head of every page.
        mark: What stands in the head of every page, such as that a board was simulated; empty for nothing.
        page: How the foot counts pages, with `{page}` and `{pages}`.
        end: The end mark.
    """

    language: str
    number: str
    mark: str
    page: str
    end: str
    cover: Cover
    sections: tuple[Section, ...] = field(default=())
