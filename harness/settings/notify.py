"""Commands that are told of a campaign: an entry of `notify:` in a lab file, or an option of `harness run`."""

import shlex
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from harness.settings.words import Section, wrong

_MOST_WORDS = 256


class Occasion(StrEnum):
    """What a command is told of."""

    END = "end"  # the campaign has ended, in whatever way
    FAILURE = "failure"  # a run did not end with exit code 0
    OPERATOR = "operator"  # an operator step waits for a person
    SET_ASIDE = "set-aside"  # a board is set aside for its health


def split(command: object) -> object:
    """Return a command line as its words, as a shell would take them apart; nothing in it is expanded."""
    if not isinstance(command, str):
        return command
    try:
        return tuple(shlex.split(command))
    except ValueError as error:
        raise wrong(f"is no command: {str(error).lower()}") from None


def _a_program(words: tuple[str, ...]) -> tuple[str, ...]:
    if any("\0" in word for word in words) or not words or not words[0].strip():
        raise wrong("names no program")
    return words


class Notify(Section):
    """A command that is told of a campaign."""

    command: Annotated[
        tuple[Annotated[str, StringConstraints(strip_whitespace=False, max_length=32_768)], ...],
        BeforeValidator(split, json_schema_input_type=list[str] | str),
        AfterValidator(_a_program),
    ] = Field(
        description="Program and arguments: a list, or one text that is taken apart at blanks and quotes. No shell is "
        "asked: write `sh -c '…'` for one.",
        max_length=_MOST_WORDS,
    )
    on: tuple[Occasion, ...] = Field(
        default=(Occasion.END,),
        description="What it is told of: `end` of the campaign, each `failure` of a run, each `operator` step that "
        "waits for a person, each board that is `set-aside`.",
        min_length=1,
        max_length=len(Occasion),
    )
    timeout_s: float = Field(
        default=30.0,
        description="Seconds that it may take; then it and all that it started is ended.",
        gt=0,
        le=3600,
    )
