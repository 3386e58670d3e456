"""The commands that are told of a campaign, of the lab file and of the command line, and the environment they get."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel, ValidationError

from harness.board.models import BoardFile
from harness.board.models.lab_file import LabFile
from harness.board.reading import explain
from harness.campaign.notify.hook import Hook
from harness.errors import UsageError
from harness.settings.notify import Notify, Occasion
from harness.settings.references import Reference


def hooks_of(lab: LabFile, given: Mapping[str, Sequence[str]]) -> tuple[Hook, ...]:
    """Return the commands that are told: those of the lab file, then those of the command line.

    Args:
        lab: The lab.
        given: Commands of the command line, by what they are told of.

    Raises:
        UsageError: A command is none.
    """
    source = lab.source
    hooks = [
        Hook(one.command, frozenset(one.on), one.timeout_s, source.folder, f"{source.path}: notify[{place}]")
        for place, one in enumerate(lab.notify)
    ]
    for occasion, commands in given.items():
        for command in commands:
            option = f"--notify-{occasion}"
            read = _read(command, occasion, option)
            hooks.append(Hook(read.command, frozenset(read.on), read.timeout_s, Path(), option))
    return tuple(hooks)


def _read(command: str, occasion: str, option: str) -> Notify:
    try:
        return Notify.model_validate({"command": command, "on": (Occasion(occasion),)})
    except ValidationError as error:
        raise UsageError(
            f"{option}: {explain.problems(error, Notify)[0].text}",
            hint="write a program and its arguments in one text, such as \"/usr/local/bin/tell --to 'the lab'\"",
        ) from None


def environment_for(boards: Iterable[BoardFile]) -> dict[str, str]:
    """Return this process's environment without the variables that hold secrets of these boards."""
    secret = {name for board in boards for name in _variables(board)}
    return {name: value for name, value in os.environ.items() if name not in secret}


def _variables(value: object) -> Iterator[str]:
    """Give the environment variables that references in a board file name."""
    if isinstance(value, Reference):
        name = getattr(value, "env", None)
        if isinstance(name, str):
            yield name
    if isinstance(value, BaseModel):
        for _, inner in value:
            yield from _variables(inner)
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _variables(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _variables(inner)
