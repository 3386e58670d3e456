"""The seal's own record, `seal.json`: who closed which run as what, and what belongs to it. It is sealed itself."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from harness.errors import UsageError
from harness.run.events import Mode
from harness.run.verdict import Verdict
from harness.seal import strict_json
from harness.settings.particulars import Replaced

LARGEST = 4 * 1024 * 1024
"""Bytes that a record may have."""


class Part(BaseModel):
    """A part of the record."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Person(Part):
    """Who signs, or is to sign."""

    name: str = Field(
        default="", description="Name as given at sealing or in the report; empty when nobody said it."
    )
    key: str = Field(
        default="", description='Fingerprint of the key, "SHA256:…"; empty when it is not known yet.'
    )


class Record(Part):
    """What a seal says of itself."""

    format: Literal["id2-seal"] = "id2-seal"
    schema_version: Literal[1] = Field(default=1, alias="schema")
    run: str = Field(description="Name of the run folder when it was made.")
    board: str
    number: str = Field(description="Number of the report; empty when nobody gave one.")
    revision: str
    verdict: Verdict = Field(description="Verdict of the run.")
    mode: Mode
    partial: bool = Field(
        description="True when the run never came to its end, and was sealed as the part that it is."
    )
    sealed: str = Field(description="When, UTC, by the clock of the machine that sealed.")
    harness: str = Field(description="Version of the harness that sealed.")
    rendering: Annotated[
        str, Field(description="SHA-256 over the code that made the reports; equal code, equal bytes.")
    ]
    tester: Person
    approver: Person | None = Field(description="Who is to approve; null when nobody is.")
    files: int = Field(description="How many files SHA256SUMS lists.")
    empty_folders: list[str] = Field(
        description="Folders with nothing in them, which SHA256SUMS cannot list."
    )
    signed_pdf: bool = Field(description="True when report.pdf holds the tester's own signature (PAdES).")
    pdf_bytes: int = Field(description="Bytes of report.pdf before any signature; 0 when there is none.")
    time_stamp: bool = Field(description="True when the tester's signature has a time stamp (RFC 3161).")
    attestation: bool = Field(description="True when there is an attestation for machines (in-toto).")
    replaces: Replaced | None = Field(description="The earlier report that this one amends.")

    def encoded(self) -> bytes:
        """Return the text of `seal.json`."""
        return self.model_dump_json(by_alias=True, indent=1).encode() + b"\n"


def read(data: bytes) -> Record:
    """Return the record.

    Raises:
        UsageError: it is none, or a newer harness wrote it.
    """
    try:
        said = strict_json.read(data)
        if isinstance(said, dict) and isinstance(said.get("schema"), int) and said["schema"] > 1:
            raise UsageError(
                "was written by a newer harness", hint="verify it with that version of the harness"
            )
        return Record.model_validate_json(data)
    except (ValidationError, ValueError) as error:
        raise UsageError("is no record of a seal") from error
