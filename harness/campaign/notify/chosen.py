"""The commands that are told of a campaign, of the lab file and of the command line, and the environment they get."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from harness.board.models import BoardFile
from harness.board.models.lab_file import LabFile
from harness.board.reading import explain
from harness.campaign.notify.hook import Hook
from harness.errors import HarnessError, UsageError
from harness.secret import Secret
from harness.settings import regular_file
from harness.settings.notify import Notify, Occasion
from harness.settings.references import Reference

_LARGEST_SECRET = 64 * 1024  # bytes of a file


def hooks_of(
    lab: LabFile, given: Mapping[str, Sequence[str]], secrets: Sequence[Secret] = ()
) -> tuple[Hook, ...]:
    """Return the commands that are told: those of the lab file, then those of the command line.

    Args:
        lab: The lab.
        given: Commands of the command line, by what they are told of.
        secrets: What nobody may read of what they print.

    Raises:
        UsageError: A command is none.
    """
    source, hidden = lab.source, tuple(secrets)
    hooks = [
        Hook(
            one.command,
            frozenset(one.on),
            one.timeout_s,
            source.folder,
            f"{source.path}: notify[{place}]",
            hidden,
        )
        for place, one in enumerate(lab.notify)
    ]
    for occasion, commands in given.items():
        for command in commands:
            option = f"--notify-{occasion}"
            read = _read(command, occasion, option)
            hooks.append(Hook(read.command, frozenset(read.on), read.timeout_s, Path(), option, hidden))
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
    secret = {reference.env for board in boards for reference in _references(board)}
    return {name: value for name, value in os.environ.items() if name not in secret}


def secrets_of(boards: Iterable[BoardFile]) -> list[Secret]:
    """Return the secrets that these board files name; what cannot be read is left out, as no run reads it either."""
    found = []
    for board in boards:
        for reference in _references(board):
            with suppress(OSError, HarnessError):
                if reference.env is not None:
                    value = os.environ.get(reference.env, "").encode(errors="surrogateescape")
                elif reference.file is not None:
                    value = regular_file.read(board.folder / reference.file, _LARGEST_SECRET)
                else:
                    continue
                found.append(Secret(value.strip()))
    return found


def _references(value: object) -> Iterator[Any]:
    """Give the references to secrets in a board file."""
    if isinstance(value, Reference):
        yield value
    if isinstance(value, BaseModel):
        for _, inner in value:
            yield from _references(inner)
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _references(inner)
