"""Failures that somebody knows of: which scenario or requirement, on which boards, why, and until when.

A known failure stays a failure in every form of a report; it is only told that it was known.
"""

from datetime import date
from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from harness.settings.words import Section, Text, wrong

KNOWN_VERSION = 1

_MOST = 1_000


def _known_version(value: int) -> int:
    if value != KNOWN_VERSION:
        raise wrong(f"is {value}; this harness reads version {KNOWN_VERSION}")
    return value


def _not_empty(value: str) -> str:
    if not value:
        raise wrong("is empty")
    return value


Words = Annotated[Text, AfterValidator(_not_empty)]


class KnownFailureEntry(Section):
    """One failure that is known."""

    scenario: Text = Field(
        default="",
        description="Id of the scenario, or a pattern with * and ?, such as step4_adapt/*/test_time.",
    )
    requirement: Text = Field(default="", description="Id of the requirement that a step fails.")
    board: Words = Field(default="*", description="Name of the board, or a pattern with * and ?.")
    reason: Words = Field(description="Why it fails, as far as it is known.")
    reference: Words = Field(description="Where it is tracked: number of a ticket, address, document.")
    expires: date = Field(description="The last day on which the entry counts, YYYY-MM-DD, UTC.")

    @model_validator(mode="after")
    def _names_something(self) -> "KnownFailureEntry":
        if not self.scenario and not self.requirement:
            raise wrong("names neither a scenario nor a requirement")
        if not self.requirement and not self.scenario.strip("*?/"):
            raise wrong("would make every failure a known one: name a scenario or a requirement")
        return self

    def is_for(self, board: str) -> bool:
        """Return whether the entry is for a board of this name."""
        return fnmatchcase(board, self.board)

    def names(self, scenario: str) -> bool:
        """Return whether the entry is for a scenario of this id; one without a scenario is for all."""
        return not self.scenario or fnmatchcase(scenario, self.scenario)


class KnownFailures(Section):
    """A file of known failures."""

    version: Annotated[int, AfterValidator(_known_version)] = Field(
        description="Version of the format: 1.", json_schema_extra={"const": KNOWN_VERSION}
    )
    known_failures: tuple[KnownFailureEntry, ...] = Field(
        default=(), max_length=_MOST, description="The failures that are known."
    )
