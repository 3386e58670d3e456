"""What a campaign page says, as models; `campaign.json` is their JSON form, its published JSON Schema is made of them.

Within one schema version fields are only added.
"""

from typing import Literal

from pydantic import Field

from harness.report.records import Moment, ReportPart, Totals
from harness.run.events import Mode
from harness.run.verdict import Verdict


class Cell(ReportPart):
    """One onboarding step of one run."""

    step: str = Field(description="Folder of the onboarding step.")
    verdict: Verdict = Field(description="Worst verdict of its scenarios; not_applicable when none applies.")
    judged: int = Field(
        description="Attempts at its scenarios that passed, failed, were blocked or ended by an error."
    )
    failed: int = Field(description="Those of them that failed.")
    known: int = Field(
        description="Those of the failed ones that are known failures; they have failed nevertheless."
    )


class CampaignRun(ReportPart):
    """One run of the campaign, or a folder that cannot be read."""

    run: str = Field(description="Name of the run folder.")
    problem: str = Field(description="Why the folder cannot be read; empty for one that can.")
    board: str
    verdict: Verdict = Field(description="Verdict of the run; error for a folder that cannot be read.")
    mode: Mode
    stand_ins: str = Field(description="What was not the real thing, in a few words; empty when all was.")
    incomplete: bool = Field(description="True when the run is not whole, or its folder is damaged.")
    problems: list[str] = Field(description="What is wrong with the run folder.")
    started: Moment | None
    seconds: float | None
    number: str = Field(description="Number of its report.")
    firmware: str = Field(description="Which firmware the device had; empty when nothing says so.")
    harness: str
    totals: Totals
    known: int = Field(description="Failures that are known; they have failed nevertheless.")
    cells: list[Cell] = Field(description="One for each step of the campaign, in their order.")
    journal_sha256: str


class Campaign(ReportPart):
    """Several runs beside each other."""

    schema_version: Literal[1] = 1
    verdict: Verdict = Field(description="Worst verdict of the runs.")
    steps: list[str] = Field(description="Folders of the onboarding steps, in order.")
    runs: list[CampaignRun] = Field(
        description="By board, then by time; folders that cannot be read come last."
    )
