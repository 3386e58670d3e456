"""The events of a journal, one frozen dataclass each. `docs/run-folder.md` describes them for readers.

Within one schema version fields are only added, with a default. The readers ignore fields that they do not
know.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from harness.run.failure import ErrorRecord
from harness.run.statistics import Histogram, Statistics
from harness.run.verdict import Verdict
from harness.severity import Severity

Mode = Literal["development", "official"]
"""What may come of a run: only what an official one found can stand in an official report."""

SCHEMA = 2
"""Version of the journal's events; a reader refuses a journal with a higher one.

In version 1 a run could pass while planned scenarios had no verdict.
"""


@dataclass(frozen=True, slots=True)
class Requirement:
    """One numbered, sourced statement that scenarios check.

    `compares` is "declaration" where it holds the device against what its board file declares.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "ignore"}

    id: str
    statement: str = ""
    source: str = ""
    level: str = ""
    applies_when: str = ""
    compares: str = ""


@dataclass(frozen=True, slots=True)
class ScenarioInfo:
    """What is known of a scenario before it runs.

    Attributes:
        id: Its id, the same in every run, e.g. "step3_chip/test_select".
        node: The pytest node id.
        step_folder: The folder of the onboarding step, e.g. "step3_chip".
        title: What it checks, in one sentence.
        requirements: Ids of all requirements that it checks.
        steps: Its steps in order, as (requirement id, title).
    """

    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "ignore"}

    id: str
    node: str = ""
    step_folder: str = ""
    title: str = ""
    requirements: tuple[str, ...] = ()
    steps: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """What every event has: `t`, the monotonic clock in nanoseconds, the clock of the recordings too."""

    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "ignore", "allow_inf_nan": False}

    t: int = field(default_factory=time.monotonic_ns)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted(Timed):
    """The first event; `wall` (UTC) and `t` are the same moment and anchor every other stamp of the run.

    Runs of earlier versions have no mode and count as development.
    """

    event: Literal["run-started"] = "run-started"
    schema: int
    run: str
    board: str
    wall: str
    harness: str
    mode: Mode = "development"


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardFound(Timed):
    """What the board itself says it is; later events add to earlier ones."""

    event: Literal["board-found"] = "board-found"
    identity: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportOpened(Timed):
    """A transport was opened; `recording` is its file in the run folder, empty when it is not recorded."""

    event: Literal["transport-opened"] = "transport-opened"
    name: str
    identity: str
    recording: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirementsKnown(Timed):
    """The requirements list, and the ids that no scenario covers; a long list comes in several events."""

    event: Literal["requirements"] = "requirements"
    known: tuple[Requirement, ...] = ()
    uncovered: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenariosPlanned(Timed):
    """The scenarios that this run means to run; a long list comes in several events."""

    event: Literal["planned"] = "planned"
    scenarios: tuple[ScenarioInfo, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioStarted(Timed):
    """A scenario begins. `scenario` names it in what follows: its id, with #2 … when it runs again."""

    event: Literal["scenario-started"] = "scenario-started"
    scenario: str
    info: ScenarioInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted(Timed):
    """A step begins; `step` counts from 0 in the order of the declaration."""

    event: Literal["step-started"] = "step-started"
    scenario: str
    step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFinished(Timed):
    """A step has its verdict. A step that was never reached has this event without a `step-started`."""

    event: Literal["step-finished"] = "step-finished"
    scenario: str
    step: int
    verdict: Verdict
    reason: str = ""
    error: ErrorRecord | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasurementTaken(Timed):
    """A value against its limits. A value that is no number stands as the text "nan", "inf" or "-inf".

    A repeated measurement has all its values in order as `samples`, or, where they are too many to keep, what they
    come to. `uncertainty` is expanded (at least the coverage of k = 2, 95 %),
    in the unit of the value; None where it was not considered.
    """

    event: Literal["measurement"] = "measurement"
    scenario: str
    step: int | None = None
    name: str
    value: int | float | str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    verdict: Verdict
    uncertainty: float | None = None
    samples: tuple[int | float | str, ...] = ()
    statistics: Statistics | None = None
    histogram: Histogram | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceKept(Timed):
    """A file of evidence, its size and SHA-256; `cut_from` is the true size of one that was too large."""

    event: Literal["evidence"] = "evidence"
    scenario: str
    step: int | None = None
    name: str
    title: str
    file: str
    media_type: str
    size: int
    sha256: str
    cut_from: int | None = None
    masked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingNamed(Timed):
    """A defect or observation, which does not decide a verdict; without a scenario it is the run's."""

    event: Literal["finding"] = "finding"
    scenario: str = ""
    step: int | None = None
    defect: str
    severity: Severity
    title: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteTaken(Timed):
    """A remark; without a scenario it belongs to the run.

    `against_official` says that it broke the rules of an official run, which is one of development from there on.
    """

    event: Literal["note"] = "note"
    scenario: str = ""
    step: int | None = None
    text: str
    against_official: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioFinished(Timed):
    """A scenario has its verdict.

    `outside_plan` says that it did not run because the options of the run declare a smaller plan (`--quick`, no
    `--destructive`): it is named, and a run can pass without it.
    """

    event: Literal["scenario-finished"] = "scenario-finished"
    scenario: str
    verdict: Verdict
    reason: str = ""
    error: ErrorRecord | None = None
    outside_plan: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished(Timed):
    """The last event; `interrupted` says why the run ended before its end, and is empty when it did not.

    `by_person` says that somebody ended it on purpose.
    """

    event: Literal["run-finished"] = "run-finished"
    verdict: Verdict
    exit_code: int
    interrupted: str = ""
    by_person: bool = False


Event = (
    RunStarted
    | BoardFound
    | TransportOpened
    | RequirementsKnown
    | ScenariosPlanned
    | ScenarioStarted
    | StepStarted
    | StepFinished
    | MeasurementTaken
    | EvidenceKept
    | FindingNamed
    | NoteTaken
    | ScenarioFinished
    | RunFinished
)
