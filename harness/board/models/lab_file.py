"""The file of a lab, `lab.yaml`: what is the same for every board in it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, PrivateAttr

from harness.board.models.lab_host import Labgrid, LabHost
from harness.settings.notify import Notify
from harness.settings.particulars import Particulars
from harness.settings.policy import Policy
from harness.settings.words import PathText, Section, Word, wrong

LAB_VERSION = 1


def _known_version(value: int) -> int:
    if value != LAB_VERSION:
        raise wrong(f"is {value}; this harness reads version {LAB_VERSION}")
    return value


def _empty_is_default(value: object) -> object:
    # A section whose lines are all commented out is there and says nothing.
    return {} if value is None else value


def _none_is_empty(value: object) -> object:
    return () if value is None else value


@dataclass(frozen=True, slots=True)
class LabSource:
    """Where a lab file came from.

    Attributes:
        path: The file as it was named; None for a lab that has no file.
        by_default: Whether nobody named it: it lies in the working folder.
        warnings: Doubtful things in it, each `file:line: field: text`.
        left: The fields, each with its line, that are still to be filled in.
        board_lines: The line of each entry of `boards`.
    """

    path: Path | None = None
    by_default: bool = False
    warnings: tuple[str, ...] = field(default=())
    left: tuple[str, ...] = field(default=())
    board_lines: tuple[int, ...] = field(default=())

    @property
    def folder(self) -> Path:
        """The folder that relative paths in the file start at."""
        return self.path.parent if self.path else Path()


class LabFile(Section):
    """One lab, described by one file."""

    version: Annotated[int, AfterValidator(_known_version)] = Field(
        description="Version of the lab file format: 1.", json_schema_extra={"const": LAB_VERSION}
    )
    report: Annotated[
        Particulars, BeforeValidator(_empty_is_default, json_schema_input_type=Particulars | None)
    ] = Field(
        default_factory=Particulars,
        description="What a report says of every board of the lab; the board file's word goes before it.",
    )
    policy: Annotated[Policy, BeforeValidator(_empty_is_default, json_schema_input_type=Policy | None)] = (
        Field(default_factory=Policy, description="What official runs of the lab refuse, and what they name.")
    )

    boards: Annotated[
        tuple[PathText, ...],
        BeforeValidator(_none_is_empty, json_schema_input_type=tuple[PathText, ...] | None),
    ] = Field(
        default=(),
        description="Board files of the lab: paths and patterns such as `boards/*.yaml`, from the folder of the lab "
        "file, or names of boards. A pattern that begins with * stands in quotes.",
        max_length=10_000,
    )
    hosts: Annotated[
        dict[Word, LabHost],
        BeforeValidator(_empty_is_default, json_schema_input_type=dict[Word, LabHost] | None),
    ] = Field(
        default_factory=dict,
        description="The computers of the lab that have boards, each under a name of your choice: docs/lab.md.",
        max_length=1_000,
    )
    labgrid: Labgrid | None = Field(
        default=None,
        description="labgrid's coordinator as inventory and queue of the boards of all hosts: docs/lab.md.",
    )

    notify: Annotated[
        tuple[Notify, ...],
        BeforeValidator(_none_is_empty, json_schema_input_type=tuple[Notify, ...] | None),
    ] = Field(
        default=(),
        description="Commands that are told of each campaign of the lab.",
        max_length=32,
    )

    _source: LabSource = PrivateAttr(default=LabSource())

    @property
    def source(self) -> LabSource:
        """Where this lab file came from."""
        return self._source

    def from_source(self, source: LabSource) -> "LabFile":
        """Return the same lab file with its source."""
        copy = self.model_copy()
        copy._source = source  # noqa: SLF001 - its own attribute, of the copy
        return copy
