"""`harness at`: dialects of AT commands, checked and drafted."""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command group to `app`."""
    group = typer.Typer(help="Dialects of modules that are driven by AT commands.", no_args_is_help=True)
    group.command("schema", help="Print the JSON Schema of dialects, for an editor.")(schema)
    group.command("check", help="Check a dialect: a YAML FILE, or the name of a shipped one.")(check)
    group.command("draft", help="Draft a dialect from a session: a recording of a run, or a terminal log.")(
        draft
    )
    app.add_typer(group, name="at")


def schema() -> None:
    """Print the schema."""
    import json

    from harness.carrier.at.dialect import dialect_schema

    print(json.dumps(dialect_schema(), indent=2, ensure_ascii=False))


def check(
    dialect: Annotated[str, typer.Argument(help="A YAML file, or the name of a shipped dialect.")],
) -> None:
    """Read a dialect, and say which functions it has."""
    from harness.carrier.at.dialect import load

    read = load(dialect, Path())
    print(f"{dialect}: ok: {', '.join(read.commands)}")


def draft(
    session: Annotated[Path, typer.Argument(help="A recording (transport/NAME.rec) or a terminal log.")],
    name: Annotated[str, typer.Option("--name", help="What the dialect is to be called.")] = "drafted",
) -> None:
    """Print a dialect, with a mark for each thing that the session does not show."""
    from harness.carrier.at.draft import draft as drafted
    from harness.cli.at_session import lines_of

    print(drafted(lines_of(session), name), end="")
