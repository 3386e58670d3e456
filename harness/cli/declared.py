"""Gives a command the options that a class of `harness.fixtures.options` declares."""

import inspect
from collections.abc import Callable
from typing import Annotated, Any, TypeVar, get_type_hints

import typer

from harness.cli import complete
from harness.fixtures.options import Declared, PlanOptions, declared

_Result = TypeVar("_Result")


def takes(kind: type[PlanOptions]) -> Callable[[Callable[..., _Result]], Callable[..., _Result]]:
    """Return a decorator that turns a command's parameter `options` into one option for each field of `kind`."""

    def decorated(command: Callable[..., _Result]) -> Callable[..., _Result]:
        each = list(declared(kind))

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
