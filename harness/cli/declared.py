"""Gives a command the options that a class of `harness.fixtures.options` declares."""

import inspect
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_type_hints

import typer

from harness.cli import complete
from harness.fixtures.options import Declared, PlanOptions, declared

_Result = TypeVar("_Result")


Boards = Annotated[
    list[Path] | None,
    typer.Argument(
        help="Board files, names of boards (of those of the lab file, in boards/, and of the shipped ones), and "
        "patterns of both in quotes, such as 'virtual-*'. None with --lab means all boards of the lab file.",
        metavar="BOARD",
        show_default=False,
        autocompletion=complete.boards,
    ),
]
"""The boards that a command takes."""

LabFile = Annotated[
    Path | None,
    typer.Option(
        help="Lab file whose boards are meant; lab.yaml in the working folder by default.", metavar="FILE"
    ),
]
"""The lab whose boards a command is for."""

Tags = Annotated[
    list[str] | None,
    typer.Option(
        "--tag",
        help="Only boards whose file has this tag, or one like this pattern. Of several, by commas or by repeating "
        "the option, a board must have all.",
        metavar="TAG",
    ),
]

Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print what did not pass, and one verdict a board.")
]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print one JSON document on stdout: the reports of all runs.")
]

Plugins = Annotated[
    list[str] | None,
    typer.Option(
        help="A pytest plugin that is to take part in the run; it is written down. Without this none does.",
        metavar="NAME",
    ),
]

LostAfter = Annotated[
    float,
    typer.Option(
        help="With -j: seconds without any sign of a board after which its process is ended; the board is told as "
        "lost.",
        metavar="SECONDS",
        min=1,
    ),
]
LOST_AFTER_S = 3600.0

Repeat = Annotated[
    int | None,
    typer.Option(
        help="Run each board so many times, each round a run; with --for that many at most.", metavar="N"
    ),
]
Duration = Annotated[
    str,
    typer.Option(
        "--for",
        help="Run each board again and again as long as this, such as 30s, 90m or 8h; the rounds that run then "
        "come to their end.",
        metavar="TIME",
    ),
]
StopOnFailure = Annotated[
    bool,
    typer.Option(
        "--stop-on-failure",
        help="Begin no more runs when one has failed, broke, or lost its process; those that run come to an end.",
    ),
]
SetAside = Annotated[
    bool,
    typer.Option(
        "--set-aside/--no-set-aside",
        help="Whether to leave out boards that are set aside, as they were blocked twice in a row; harness lab "
        "status shows them. One board alone always runs.",
    ),
]


def takes(
    kind: type[PlanOptions], *, only: Collection[str] = ()
) -> Callable[[Callable[..., _Result]], Callable[..., _Result]]:
    """Return a decorator that turns a command's parameter `options` into one option for each field of `kind`.

    Args:
        kind: The class that declares them.
        only: Fields that the command has options for, the others keep their defaults; empty for all.
    """

    def decorated(command: Callable[..., _Result]) -> Callable[..., _Result]:
        each = [one for one in declared(kind) if not only or one.name in only]

        def called(**words: Any) -> _Result:
            values = {one.name: words.pop(one.name) for one in each}
            values |= {one.name: tuple(values[one.name]) for one in each if one.repeated}
            return command(options=kind(**values), **words)

        hints = get_type_hints(command, include_extras=True)
        own = inspect.signature(command).parameters.values()
        parameters = [
            one.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=hints[one.name])
            for one in own
            if one.name != "options"
        ]
        parameters += [
            inspect.Parameter(
                one.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=[] if one.repeated else one.default,
                annotation=_annotation(one),
            )
            for one in each
        ]
        called.__name__, called.__doc__ = command.__name__, command.__doc__
        called.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # typer reads it
        called.__annotations__ = {one.name: one.annotation for one in parameters}
        return called

    return decorated


def _annotation(one: Declared) -> Any:
    option = one.option
    told = typer.Option(
        f"{one.flag}/{option.opposite}" if option.opposite else one.flag,
        help=option.help,
        metavar=option.metavar,
        min=option.least,
        autocompletion=getattr(complete, option.completes) if option.completes else None,
    )
    kind: Any = list[one.kind] if one.repeated else one.kind  # type: ignore[name-defined]  # made at run time
    return Annotated[kind if one.repeated or one.default is not None else kind | None, told]
