"""What a report says, as models; `report.json` is their JSON form, its published JSON Schema is made of them.

Within one schema version fields are only added.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from harness.run.bench import Bench
from harness.run.events import Mode
from harness.run.failure import ErrorRecord
from harness.run.header import InputFile
from harness.run.policy_named import Named
from harness.run.station import Station
from harness.run.statistics import Histogram, Statistics
from harness.run.tool import Tool
from harness.run.verdict import Verdict
from harness.settings.particulars import Particulars
from harness.severity import Severity

Number = Annotated[int | float | str, Field(description='A number, or the text "nan", "inf" or "-inf".')]
Moment = Annotated[str, Field(description="UTC, ISO 8601 with milliseconds.")]


class ReportPart(BaseModel):
    """A part of the report."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, from_attributes=True)


class Step(ReportPart):
    """One step of a scenario."""

    index: int = Field(description="Position in the scenario, from 0.")
    requirement: str = Field(description="Id of the requirement that it checks.")
    title: str
    verdict: Verdict
    reason: str
    seconds: float | None = Field(description="Duration; null when it was never entered.")
    began: int | None = Field(
        default=None,
        description="Monotonic stamp of its first beginning, in nanoseconds, as in the recordings.",
    )
    ended: int | None = Field(default=None, description="Monotonic stamp of its last end, in nanoseconds.")
    error: ErrorRecord | None


class MeasurementResult(ReportPart):
    """A value against its limits (both included)."""

    step: int | None = Field(description="Step that took it, from 0; null outside of steps.")
    name: str
    value: Number
    unit: str
    low: float | None
    high: float | None
    verdict: Verdict
    uncertainty: float | None = Field(
        default=None,
        description="Expanded uncertainty of the value (k = 2 at least); null where it was not considered.",
    )
    samples: list[Number] = Field(
        default_factory=list,
        description="The values of all repetitions in order; empty when there was one, or too many to keep each.",
    )
    statistics: Statistics | None = Field(
        default=None, description="What the repetitions come to; null when there was one value."
    )
    histogram: Histogram | None = Field(
        default=None, description="The distribution of repetitions that were too many to keep each."
    )


class Evidence(ReportPart):
    """A file that shows what a verdict was given for."""

    step: int | None
    name: str
    title: str
    file: str = Field(description="Path inside the run folder.")
    media_type: str
    size: int = Field(description="Bytes.")
    sha256: str
    cut_from: int | None = Field(description="True size of evidence that was too large to keep whole.")
    masked: bool = Field(description="True when a secret inside was replaced by stars.")
    state: Literal["intact", "changed", "missing"] = Field(description="The file, compared with its hash.")


class Finding(ReportPart):
    """A defect or an observation."""

    scenario: str = Field(description="Key of the scenario; empty for the run itself.")
    step: int | None
    defect: str = Field(description="Id of the defect.")
    severity: Severity
    title: str
    detail: str


class KnownFailure(ReportPart):
    """A failure that the file of known failures names, and what became of it; it stays a failure."""

    scenario: str = Field(description="Id or pattern of the scenario; empty for any.")
    requirement: str = Field(description="Id of the requirement that fails; empty for any.")
    board: str = Field(description="Name or pattern of the board.")
    reason: str
    reference: str = Field(description="Where it is tracked.")
    expires: str = Field(description="The last day on which it counts, YYYY-MM-DD.")
    state: Literal["applied", "expired", "unmatched"] = Field(
        description="applied: it names failures of this run; unmatched: nothing that it names failed; expired: it "
        "counted no more when the run began."
    )
    scenarios: list[str] = Field(description="Keys of the scenarios that failed as it says.")
    seen: Verdict | None = Field(
        description="Worst verdict of the scenarios that it names; null when the run has none of them."
    )


class Scenario(ReportPart):
    """One scenario that was run, or was meant to."""

    key: str = Field(description="Its id, with #2 … when it ran again.")
    attempt: int = Field(default=1, description="Which attempt at this scenario it was, from 1.")
    id: str
    node: str = Field(description="pytest node id.")
    step_folder: str = Field(description="Folder of the onboarding step.")
    title: str
    requirements: list[str]
    verdict: Verdict
    reason: str
    outside_plan: bool = Field(
        default=False, description="True when the options of the run declare a smaller plan without it."
    )
    known: KnownFailure | None = Field(
        default=None, description="The known failure that it is; it has failed nevertheless."
    )
    error: ErrorRecord | None
    started: Moment | None
    seconds: float | None
    began: int | None = Field(
        default=None, description="Monotonic stamp of its beginning, in nanoseconds, as in the recordings."
    )
    ended: int | None = Field(default=None, description="Monotonic stamp of its end, in nanoseconds.")
    steps: list[Step]
    measurements: list[MeasurementResult]
    findings: list[Finding]
    evidence: list[Evidence]
    notes: list[str]


class RequirementResult(ReportPart):
    """A requirement, and what this run says about it."""

    id: str
    statement: str
    source: str
    level: str
    applies_when: str
    compares: str = Field(
        default="",
        description="`declaration` when it holds the device against what its board file declares. Runs of before have "
        "no such mark at any requirement.",
    )
    state: Verdict | Literal["uncovered"] = Field(description="Worst verdict of the steps that check it.")
    scenarios: list[str] = Field(description="Keys of the scenarios that check it.")


class Totals(ReportPart):
    """How many scenarios have which verdict."""

    passed: int
    failed: int
    blocked: int
    error: int
    not_applicable: int
    not_run: int


class Coverage(ReportPart):
    """How many requirements are in which state."""

    known: int
    passed: int
    failed: int
    unclear: int = Field(description="Checked, but blocked or ended by an error.")
    not_checked: int = Field(description="Covered by scenarios that did not apply or did not run.")
    uncovered: int = Field(description="No scenario of this run checks it.")


class TransportUsed(ReportPart):
    """A transport that was opened."""

    name: str
    identity: str
    recording: str = Field(description="Path inside the run folder; empty when nothing was recorded.")


class RunReport(ReportPart):
    """A whole run."""

    schema_version: Literal[1] = 1
    run: str = Field(description="Name of the run folder when it was made.")
    board: str
    mode: Mode = Field(default="development", description="What may come of the run.")
    no_longer_official: list[str] = Field(
        default_factory=list,
        description="What broke the rules of an official run after it had begun: its mode is development then.",
    )
    named: list[Named] = Field(
        default_factory=list,
        description="What the policy of the lab has an official report name, in the place of refusing it.",
    )
    particulars: Particulars = Field(
        default=Particulars(), description="What people said for the report, in the board file or lab.yaml."
    )
    verdict: Verdict
    exit_code: int
    reservations: list[str] = Field(
        default_factory=list,
        description="What must be said beside the verdict: that a board or the service was simulated, that it is a "
        "replay, that the run is a part of one.",
    )
    incomplete: bool = Field(
        description="True when the run did not reach its end, its journal is damaged, or something that was "
        "planned has no verdict."
    )
    interrupted: str = Field(description="Why the run ended before its end.")
    problems: list[str] = Field(description="What is wrong with the run folder itself.")
    started: Moment | None
    finished: Moment | None
    began: int | None = Field(
        default=None,
        description="Monotonic stamp of the beginning, in nanoseconds: the same moment as started.",
    )
    seconds: float | None
    harness: str = Field(description="Version of the harness.")
    python: str
    packages: dict[str, str]
    tool: Tool = Field(default=Tool(), description="The harness and the suites, by their digests.")
    station: Station
    bench: Bench = Field(default=Bench(), description="What led to the board, and the clock of the computer.")
    plan: dict[str, JsonValue]
    declaration: dict[str, JsonValue]
    options: dict[str, JsonValue]
    inputs: list[InputFile]
    board_file: dict[str, JsonValue]
    known_failures: list[KnownFailure] = Field(
        default_factory=list,
        description="What the file of known failures that the run was given says of this board, in its order.",
    )
    identity: dict[str, str] = Field(description="What the board says it is.")
    transports: list[TransportUsed]
    totals: Totals
    scenarios: list[Scenario]
    findings: list[Finding] = Field(description="All findings, those of scenarios included.")
    notes: list[str] = Field(description="Remarks that belong to no scenario.")
    coverage: Coverage
    requirements: list[RequirementResult]
    journal_sha256: str = Field(description="SHA-256 of journal.jsonl, from which this report was made.")
