"""`harness explain`: what a code, an identifier or an auth code means, and what to do."""

from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    # A result code such as -3 must reach the command instead of being taken for an option.
    settings = {"ignore_unknown_options": True}
    app.command(
        "explain", help="Say what a code, ID or auth code means, and what to do.", context_settings=settings
    )(explain)


def explain(
    word: Annotated[
        list[str],
        typer.Argument(
            help="Result code (-3, 0xFFFF0003), service code (16), alert (161), status word (6A80, 61 0F), "
            "name, ID, auth code, or known defect (k.2).",
            metavar="WORD",
        ),
    ],
) -> None:
    """Print every meaning of a word."""
    from harness.errors import UsageError
    from harness.id2.errors import quoted
    from harness.id2.explain import explain as explain_word

    text = " ".join(word)
    found = explain_word(text)
    if not found:
        raise UsageError(
            f"nothing is known about {quoted(text)}",
            hint="give a result code (-3), KM code (0xFFFF0003), service code (16), iTLS alert (161), "
            "status word (6A80 or 61 0F), ID, auth code, or known defect (k.2)",
        )
    blocks = []
    for explanation in found:
        width = max((len(name) for name, _ in explanation.lines), default=0)
        lines = [f"  {name + ':':<{width + 1}} {value}" for name, value in explanation.lines]
        blocks.append("\n".join([explanation.title, *lines]))
    print("\n\n".join(blocks))
