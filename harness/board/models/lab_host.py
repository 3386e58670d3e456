"""A host of the lab: a computer with boards, reached over ssh."""

import shlex
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from harness.settings.words import PathText, Seconds, Section, Text, wrong

_OF_SHELLS = frozenset("'`\"$;&<>|(){}")
"""Signs that ssh hands to a shell when its settings have a ProxyCommand with %h; newer ones refuse them."""


def _destination(value: str) -> str:
    # A word that begins with a dash would be an option of ssh.
    if value.startswith("-") or any(character.isspace() or character in _OF_SHELLS for character in value):
        raise wrong(
            "must be what ssh connects to: HOST, USER@HOST, ssh://USER@HOST:PORT or a name of ssh's config"
        )
    return value


def _words(value: str) -> str:
    try:
        words = shlex.split(value)
    except ValueError as error:
        raise wrong(f"is no command: {str(error).lower()}") from None
    if not words:
        raise wrong("is an empty command")
    return value


def _one_or_more(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _each_once(boards: tuple[str, ...]) -> tuple[str, ...]:
    for board in boards:
        if boards.count(board) > 1:
            raise wrong(f"has {board} twice")
    return boards


class LabHost(Section):
    """A computer of the lab that has boards."""

    ssh: Annotated[Text, StringConstraints(min_length=1, max_length=256), AfterValidator(_destination)] = (
        Field(
            description="What ssh connects to: HOST, USER@HOST, ssh://USER@HOST:PORT, or a name of ssh's own config."
        )
    )
    harness: Annotated[Text, AfterValidator(_words)] = Field(
        default="harness",
        description="The command that is the harness there, such as /opt/harness/bin/harness. Relative paths start at "
        "`folder`.",
    )
    folder: PathText | None = Field(
        default=None,
        description="The folder on that host where commands run, with its boards/ and lab.yaml; the home folder when "
        "left out.",
    )
    runs: PathText = Field(default="runs", description="The folder of runs on that host, from `folder` on.")
    boards: Annotated[tuple[PathText, ...], BeforeValidator(_one_or_more), AfterValidator(_each_once)] = (
        Field(
            default=(),
            max_length=1_000,
            description="The boards that are connected to it: names or board files, as `harness run` takes them "
            "there. With `labgrid` they may be left out: then its places are.",
        )
    )


class Labgrid(Section):
    """The coordinator of labgrid that is the lab's inventory and queue."""

    coordinator: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.\[\]:-]{1,250}:[0-9]{1,5}$")] = Field(
        default="127.0.0.1:20408",
        description="HOST:PORT of the coordinator, the same for the client and every bench: best the loopback, to "
        "which ssh forwards, as it knows no authentication.",
    )
    wait_s: Seconds = Field(
        default=60.0,
        description="Seconds that a bench waits for the places of its boards; a board without one is not run.",
    )
