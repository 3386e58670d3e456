"""`harness explain`: what a code, an identifier or an auth code means, and what to do."""

import re
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.id2.explain import Explanation


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    # A result code such as -3 must reach the command instead of being taken for an option.
    settings = {"ignore_unknown_options": True}
    app.command(
        "explain", help="Say what codes, IDs or auth codes mean, and what to do.", context_settings=settings
    )(explain)


def explain(
    word: Annotated[
        list[str],
        typer.Argument(
            help="Result code (-3, 0xFFFF0003), service code (16), alert (161), status word (6A80), "
            "name, ID, auth code, or known defect (k.2); quote what has blanks.",
            metavar="WORD...",
        ),
    ],
) -> None:
    """Print every meaning of each word."""
    from harness.errors import UsageError
    from harness.id2.errors import quoted
    from harness.id2.explain import explain as explain_word

    known = {each: [*explain_word(each), *_of_command_sets(each)] for each in word}
    unknown = [each for each, found in known.items() if not found]
    whole = " ".join(word)
    if unknown and (told := [*explain_word(whole), *_of_command_sets(whole)]):
        # The bytes of a status word, written apart.
        known, unknown = {whole: told}, []
    blocks = []
    for explanation in (one for found in known.values() for one in found):
        width = max((len(name) for name, _ in explanation.lines), default=0)
        lines = [f"  {name + ':':<{width + 1}} {value}" for name, value in explanation.lines]
        blocks.append("\n".join([explanation.title, *lines]))
    if blocks:
        print("\n\n".join(blocks))
    if unknown:
        raise UsageError(
            f"nothing is known about {', '.join(map(quoted, unknown))}",
            hint="give result codes (-3), KM codes (0xFFFF0003), service codes (16), iTLS alerts (161), "
            "status words (6A80 or '61 0F'), IDs, auth codes, or known defects (k.2)",
        )


def _of_command_sets(word: str) -> "Iterator[Explanation]":
    """Give what a status word means to single command sets."""
    from harness.chip.command_set import COMMAND_SETS
    from harness.id2.explain import Explanation

    digits = word.replace(" ", "")
    if not re.fullmatch(r"[0-9A-Fa-f]{4}", digits):
        return
    for name, kind in COMMAND_SETS.all().items():
        meaning = kind.status_words().get(int(digits, 16))
        if meaning is not None:
            yield Explanation(f"status word {digits.upper()} of command set {name}", (("meaning", meaning),))
