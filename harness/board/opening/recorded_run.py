"""The run that a replay is made from: checked as a whole before anything begins, and what was done to it on purpose."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.board.models import BoardFile
from harness.errors import BenchError, UsageError
from harness.run import manifest, reader
from harness.run.events import (
    ScenarioFinished,
    ScenariosPlanned,
    StepFinished,
    StepStarted,
    TransportOpened,
)
from harness.run.folder import RunFolder
from harness.run.inputs import FILE, require_regular
from harness.run.verdict import Verdict
from harness.transport.printable import safe_text
from harness.transport.recording.format import recording_at
from harness.transport.recording.steps import load

_HEADER_LIMIT = 8 << 20
_MOST = 50  # fault plans of a foreign header
_PLAN_LIMIT = 2000  # characters of one of them
_REASON_LIMIT = 400  # characters of a reason in a foreign journal
NO_SCENARIO = (
    "the recorded run did not have this scenario: it was made before it existed, or with other suites"
)
_HINT = "name a run folder, such as runs/latest, of a run of this board file"


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A scenario that a recorded run did not run, so that its recording has no answers for it.

    Attributes:
        reason: Why it did not run.
        outside_plan: The options of the recorded run declared a smaller plan without it.
    """

    reason: str
    outside_plan: bool = False


@dataclass(frozen=True, slots=True)
class RecordedPlan:
    """Which scenarios and probes a recording has answers for.

    Attributes:
        planned: Ids of all scenarios that the recorded run knew.
        left_out: Those of them that did not run.
        probes: Names of the probes of each session, as the header says; None when it names none at all.
    """

    planned: frozenset[str]
    left_out: Mapping[str, Unanswered]
    probes: frozenset[str] | None

    def lacks(self, scenario: str) -> Unanswered | None:
        """Return why the recording has no answers for a scenario; None when it has."""
        if scenario not in self.planned:
            return Unanswered(NO_SCENARIO)
        return self.left_out.get(scenario)


def plan_of(run: Path) -> RecordedPlan:
    """Return what a recorded run asked its devices, by its journal and its header.

    A scenario that began and skipped itself, that found nothing to check, or whose end is missing, ran: the recording
    has what it asked.

    Raises:
        BenchError: the journal cannot be read.
        UsageError: it is no run folder, or a newer harness wrote it.
    """
    planned: set[str] = set()
    stepped: set[str] = set()
    left_out: dict[str, Unanswered] = {}
    for event in reader.read(RunFolder(run).journal).events:
        if isinstance(event, ScenariosPlanned):
            planned.update(info.id for info in event.scenarios)
        elif isinstance(event, StepStarted) or (
            # It looked, and found nothing to check; what the board file leaves out has no reason of its own here.
            isinstance(event, StepFinished) and event.verdict is Verdict.NOT_APPLICABLE and event.reason
        ):
            stepped.add(event.scenario)
        elif isinstance(event, ScenarioFinished) and not (
            event.verdict.judged or event.error is not None or event.scenario in stepped
        ):
            why = safe_text(event.reason or event.verdict.words, _REASON_LIMIT)
            left_out[event.scenario] = Unanswered(
                f"the recorded run did not run it: {why}", event.outside_plan
            )
    probes = header_of(run).get("probes")
    named = frozenset(str(name) for name in probes) if isinstance(probes, list) else None
    return RecordedPlan(frozenset(planned), left_out, named)


def check(run: Path, board: BoardFile) -> None:
    """Check that a board can be replayed from a run folder.

    A transport that the recorded run never opened needs no recording.

    Raises:
        UsageError: it is no run folder, a run of another board, or a file of it is missing or is not what it should
            be; the message names the file.
    """
    header = header_of(run)
    if header.get("board") != board.name:
        other = safe_text(str(header.get("board")), 60)
        raise UsageError(
            f"{run / 'run.json'}: a run of the board {other!r}, not of {board.name!r}",
            hint=_HINT,
        )
    _check_manifest(run)
    if keeps_inputs(run):
        require_regular(run / FILE)
    elif board.chip is not None:
        raise UsageError(
            f"{run}: was made before the harness kept what a run draws at random ({FILE}), so its chip cannot be asked "
            "the same again",
            hint=f"harness report {run} renders it; record the board anew to replay it",
        )
    try:
        opened = {
            event.name
            for event in reader.read(run / "journal.jsonl").events
            if isinstance(event, TransportOpened)
        }
        for name in board.transports:
            file = recording_at(run / "transport", name)
            if name in opened or os.path.lexists(file):
                require_regular(file)
                load(file)
    except BenchError as error:
        raise UsageError(error.message, hint=error.hint or _HINT) from error


def keeps_inputs(run: Path) -> bool:
    """Return whether a run kept what it drew; its manifest vouches for an early one that has no such file."""
    if os.path.lexists(run / FILE):
        return True
    try:
        return FILE in manifest.read(RunFolder(run))
    except UsageError:
        return True


def _check_manifest(run: Path) -> None:
    """Check that the recorded run is as its manifest says; without one it is taken as it is, and `remarks` says so."""
    try:
        changed = manifest.rewritten(RunFolder(run.resolve()))
    except BenchError as error:
        raise UsageError(error.message, hint=error.hint or _HINT) from error
    if changed:
        names = safe_text(", ".join(changed[:_MOST]), _PLAN_LIMIT)
        raise UsageError(
            f"{run}: is not as its manifest.json says: {names}",
            hint="replay an unchanged copy of it; to replay it as it is, replay a copy without manifest.json, and the "
            "reports will say that nothing vouches for it",
        )


def remarks(run: Path) -> list[str]:
    """Return what the reports of a replay must say of the recorded run."""
    if os.path.lexists(RunFolder(run).manifest):
        return []
    return [f"{run.name} has no manifest.json: nothing shows whether its recordings were changed"]


def faults_of(run: Path) -> dict[str, str]:
    """Return the fault plans that a run was made with, by transport; those of the run that it replayed too.

    Raises:
        UsageError: it is no run folder.
    """
    options = header_of(run).get("options")
    options = options if isinstance(options, dict) else {}
    replay = options.get("replay")
    found: dict[str, str] = {}
    for faults in (replay.get("faults") if isinstance(replay, dict) else None, options.get("faults")):
        for name, plan in list(faults.items())[:_MOST] if isinstance(faults, dict) else ():
            where, what = safe_text(str(name), 60), safe_text(str(plan), _PLAN_LIMIT)
            found[where] = f"{found[where]}, and on its replay {what}" if where in found else what
    return found


def header_of(run: Path) -> dict[str, object]:
    """Return the header of a run, `run.json`.

    Raises:
        UsageError: it is no run folder, or the header is none.
    """
    file = RunFolder(run).header
    if not os.path.lexists(file):
        raise UsageError(f"{run}: is no run folder: it has no run.json", hint=_HINT)
    require_regular(file)
    try:
        with file.open("rb") as opened:
            header = json.loads(opened.read(_HEADER_LIMIT))
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {(error.strerror or str(error)).lower()}") from error
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict):
        raise UsageError(f"{file}: is not the header of a run", hint=_HINT)
    return header
