"""The table of plans as text, at most 80 columns wide, and one cell of it with all that it needs."""

import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence

from harness.board.models import Pattern, Plan, PlannedCarrier
from harness.board.plan import matrix
from harness.board.plan.demands import demands
from harness.board.plan.table import PATTERNS, Cell, cells, in_words
from harness.id2.keys import KeyType

WIDTH = 80
_NAME = 18
_IMPOSSIBLE = "-"


def cell_text(cell: Cell) -> str:
    """Return what a plan is and all that it needs."""
    plan, means, needed = cell.plan, cell.means, cell.demands
    lines = [in_words(plan)]
    for refusal in cell.refusals:
        lines += _named("impossible", refusal)
    if cell.refusals:
        return "\n".join(lines)
    lines += _named(
        "server side", "yes, step 3 (docs/business-server.md)" if means.server_development else "no"
    )
    lines += _named("product", f"{means.console}, wizard card {means.wizard}")
    lines += _named("licence", needed.licence)
    lines += _named("guide", " ".join(filter(None, (cell.guide.title, cell.guide.address))))
    for address in cell.recipes:
        lines += _named("from end to end", address)
    if cell.guide.page:
        lines += _named("what judges it", cell.guide.page)
    lines += _named("transports", needed.transports)
    lines += _named("controllers", needed.controllers)
    lines += _named("probe gives", needed.probe)
    for note in cell.notes:
        lines += _named("note", note)
    for doubt in cell.doubts:
        lines += _named("warning", doubt)
    return "\n".join(lines)


def table_text() -> str:
    """Return the whole table."""
    every = cells()
    return "\n".join(
        [
            *_patterns(),
            "",
            *_carriers_by(
                "platform", matrix.platforms(), every, lambda cell: cell.plan.platform, _guide_mark
            ),
            "  guide: the vendor publishes one; none: it may work; -: impossible",
            "",
            *_carriers_by("key type", KeyType, every, lambda cell: cell.plan.key_type, _key_mark),
            "  yes: a board may have it; doubt: see below; -: impossible",
            "",
            *_reasons("impossible", every, lambda cell: cell.refusals),
            *_reasons("doubt", every, lambda cell: tuple(one.text for one in matrix.key_doubts(cell.plan))),
            *_reasons("note", every, lambda cell: cell.notes),
            "",
            *_demands(),
            "  A plan with all that it needs: harness plan --new",
        ]
    )


def _patterns() -> Iterator[str]:
    yield f"{'pattern':<{_NAME}}  server side  product is created in"
    for pattern in Pattern:
        means = matrix.consequences(pattern)
        side = "yes" if means.server_development else "no"
        yield f"{pattern:<{_NAME}}  {side:<11}  {means.console}, wizard card {means.wizard}"
    for pattern, meaning in PATTERNS.items():
        yield from _wrapped(f"{pattern}: {meaning}", "  ")


def _carriers_by(
    head: str,
    rows: Iterable[str],
    every: Sequence[Cell],
    row_of: Callable[[Cell], str],
    mark: Callable[[Sequence[Cell]], str],
) -> Iterator[str]:
    """Give a row for each of `rows`, with a column for each carrier."""
    yield f"{head:<{_NAME}}" + "".join(f"  {carrier:<7}" for carrier in PlannedCarrier).rstrip()
    for row in rows:
        line = f"{row:<{_NAME}}"
        for carrier in PlannedCarrier:
            here = [cell for cell in every if cell.plan.carrier is carrier and row_of(cell) == row]
            line += f"  {mark(here):<7}"
        yield line.rstrip()


def _guide_mark(here: Sequence[Cell]) -> str:
    if not any(cell.possible for cell in here):
        return _IMPOSSIBLE
    return "guide" if any(cell.guide.address for cell in here) else "none"


def _key_mark(here: Sequence[Cell]) -> str:
    possible = [cell for cell in here if cell.possible]
    if not possible:
        return _IMPOSSIBLE
    return "doubt" if any(matrix.key_doubts(cell.plan) for cell in possible) else "yes"


def _reasons(word: str, every: Iterable[Cell], told: Callable[[Cell], tuple[str, ...]]) -> Iterator[str]:
    """Give each reason once; those that differ only in the carrier or key type of the plan are one that lists them."""
    alike: dict[tuple[str, str], dict[str, None]] = {}
    for cell in every:
        for text in told(cell):
            before, named, after = _parted(text, cell.plan)
            alike.setdefault((before, after), {})[named] = None
    for (before, after), names in alike.items():
        yield from _wrapped(f"{word}: {before}{', '.join(names)}{after}", "  ")


def _parted(text: str, plan: Plan) -> tuple[str, str, str]:
    """Return a reason in front of, as, and behind the last name of the plan's carrier or key type in it."""
    places = list(re.finditer(rf"\b(?:{plan.carrier}|{plan.key_type})\b", text))
    if not places:
        return text, "", ""
    start, end = places[-1].span()
    return text[:start], text[start:end], text[end:]


def _demands() -> Iterator[str]:
    for carrier in PlannedCarrier:
        needed = demands(carrier)
        yield from _wrapped(f"{carrier}: {needed.meaning}", "  ")
        for name in ("licence", "transports", "controllers", "probe"):
            yield from _wrapped(f"  {name}: {getattr(needed, name)}", "    ")


def _named(name: str, text: str) -> list[str]:
    return _wrapped(f"  {name:<16}{text}", " " * _NAME)


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
