"""`harness boards`: list, show and check board files, and print their JSON Schema."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from harness.cli import complete

_CARRIER, _PLATFORM, _PARTS, _TRANSPORTS, _SERVICE, _TAGS = 1, 2, 4, 5, 6, 7
_STATE_WIDTH = len("ok, 9 warnings")


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    boards = typer.Typer(
        rich_markup_mode=None, no_args_is_help=True, help="List, show and check board files."
    )
    boards.command("list", help="List the board files in a folder.")(list_boards)
    boards.command("show", help="Print a board file as it is used, with every default filled in.")(show)
    boards.command("check", help="Check board files; every problem is named with file and line.")(check)
    boards.command("schema", help="Print the JSON Schema of board files, for an editor.")(schema)
    app.add_typer(boards, name="boards")


def list_boards(
    folder: Annotated[
        Path | None,
        typer.Argument(help="Folder with board files: boards/, or where there is none the shipped boards."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")] = False,
) -> None:
    """Print one line for each board file; a broken one says what is wrong."""
    from harness.board.reading.file import DEFAULT_FOLDER, SHIPPED, board_files, load
    from harness.cli.json_document import print_json
    from harness.errors import UsageError

    if folder is None:
        folder = DEFAULT_FOLDER if os.path.lexists(DEFAULT_FOLDER) else SHIPPED
    if not os.path.isdir(folder):  # noqa: PTH112 - Path.is_dir raises in a folder that is closed to us
        raise UsageError(f"{folder}: no such folder", hint="name the folder that holds the board files")
    rows = [("board", "carrier", "platform", "key type", "parts", "transports", "service", "tags", "state")]
    for path in board_files(folder):
        try:
            board = load(path)
        except UsageError as error:
            rows.append((path.stem, "", "", "", "", "", "", "", error.message.partition("\n")[0]))
            continue
        plan = board.plan
        parts = "+".join(part for part in ("chip", "console") if getattr(board, part) is not None)
        kinds = "+".join(settings.kind for settings in board.transports.values())
        service = "mock" if board.service.is_mock else "real"
        warnings = len(board.warnings)
        state = "ok" if not warnings else f"ok, {warnings} warning{'s' if warnings > 1 else ''}"
        tags = " ".join(board.tags)
        rows.append(
            (board.name, plan.carrier, plan.platform, plan.key_type, parts, kinds, service, tags, state)
        )
    if len(rows) == 1:
        raise UsageError(f"{folder}: there is no board file in it", hint="a board file ends in .yaml")
    if as_json:
        names = [name.replace(" ", "_") for name in rows[0]]
        found = [dict(zip(names, row, strict=True)) for row in rows[1:]]
        print_json({"boards": [each | {"tags": each["tags"].split()} for each in found]})
        return
    for line in _columns(rows):
        print(line)


def _columns(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Return the rows in columns; a narrow terminal goes without those that tell least."""
    from harness.cli.width import width

    limit, kept = width(), list(range(len(rows[0])))
    if not any(row[_TAGS] for row in rows[1:]):
        kept.remove(_TAGS)
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for needless in (_PLATFORM, _SERVICE, _PARTS, _CARRIER, _TRANSPORTS, _TAGS):
        # What is wrong with a broken board may be long: it is not what decides.
        fits = sum(widths[column] + 2 for column in kept[:-1]) + _STATE_WIDTH
        if limit is None or fits <= limit:
            break
        if needless in kept:
            kept.remove(needless)
    return [
        "  ".join([*(f"{row[column]:<{widths[column]}}" for column in kept[:-1]), row[-1]]).rstrip()
        for row in rows
    ]


def show(
    board: Annotated[
        str,
        typer.Argument(
            help="Board file, or the name of a board: of one in boards/, or of a shipped one.",
            metavar="BOARD",
            autocompletion=complete.boards,
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of YAML.")] = False,
) -> None:
    """Print the board file as it is used; keys and secrets stay references."""
    import json

    import yaml

    from harness.board.reading.file import load

    loaded = load(board)
    _warn(loaded.warnings)
    used = loaded.as_used()
    if as_json:
        print(json.dumps(used, indent=2, ensure_ascii=False))
    else:
        print(yaml.safe_dump(used, sort_keys=False, allow_unicode=True, width=100), end="")


def check(
    boards: Annotated[
        list[str] | None,
        typer.Argument(
            help="Board files, or names of boards: of those in boards/, and of the shipped ones; none with --lab "
            "checks the lab file alone.",
            metavar="BOARD...",
            autocompletion=complete.boards,
        ),
    ] = None,
    lab: Annotated[
        Path | None,
        typer.Option(
            help="Lab file to check with them; lab.yaml in the working folder by default.", metavar="FILE"
        ),
    ] = None,
) -> None:
    """Check each board file and the lab file; exit code 2 when one of them is wrong."""
    import sys

    from harness.board.plan.facts import facts_of
    from harness.board.reading.file import load
    from harness.board.reading.lab import lab_of
    from harness.board.reading.lab_boards import lab_boards
    from harness.errors import UsageError

    if not boards and lab is None:
        raise UsageError("no file is named", hint="name board files, or a lab file by --lab FILE")
    wrong = 0
    for name in boards or ():
        try:
            loaded = load(name)
            facts_of(loaded)
        except UsageError as error:
            wrong += 1
            print(f"error: {error.message}", file=sys.stderr)
            continue
        _warn(loaded.warnings)
        print(f"{loaded.source.path}: ok")
    try:
        known = lab_of(lab)
        source = known.source
        lab_boards(known)
    except UsageError as error:
        wrong += 1
        print(f"error: {error.message}", file=sys.stderr)
    else:
        _warn(source.warnings)
        if source.path is not None:
            print(f"{source.path}: ok")
    if wrong:
        raise typer.Exit(UsageError.exit_code)


def schema(
    lab: Annotated[bool, typer.Option("--lab", help="Print that of lab files.")] = False,
) -> None:
    """Print the JSON Schema of board files, or of lab files."""
    import json

    from harness.board.reading.lab import lab_schema
    from harness.board.reading.schema import board_schema

    print(json.dumps(lab_schema() if lab else board_schema(), indent=2, ensure_ascii=False))


def _warn(warnings: tuple[str, ...]) -> None:
    import sys

    for warning in warnings:
        print(f"warning: {warning}", file=sys.stderr)
