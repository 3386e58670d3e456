"""A run: one execution on one board, as a folder that tells the whole story."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, astuple
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from harness import __version__
from harness.disk import write_whole
from harness.errors import BenchError, ToolError
from harness.run import folder as run_folder
from harness.run import verdict as verdicts
from harness.run.events import (
    SCHEMA,
    BoardFound,
    FindingNamed,
    NoteTaken,
    Requirement,
    RequirementsKnown,
    RunFinished,
    RunStarted,
    ScenarioInfo,
    ScenariosPlanned,
    TransportOpened,
)
from harness.run.folder import RunFolder, create_file, safe_name
from harness.run.header import Header, InputFile, header_json, plain_header
from harness.run.journal import Journal
from harness.run.safe import Mask
from harness.run.scenario import ScenarioLog
from harness.run.verdict import Verdict
from harness.secret import Secret
from harness.severity import Severity

__all__ = ["Header", "InputFile", "Run", "ScenarioInfo", "ScenarioLog"]

_IN_ONE_EVENT = 200

_Entry = TypeVar("_Entry")


class Run:
    """Writes one run folder while the run goes on.

    Invariants:
        * Every event is in the journal before the method that records it returns.
        * Killed at any moment, the folder is readable and says what happened up to then.
        * After `finish` nothing is written to the journal any more.
    """

    def __init__(self, folder: RunFolder, journal: Journal, board: str, header: dict[str, object]) -> None:
        """Use `Run.create`."""
        self._header = header
        self.folder = folder
        self.board = board
        self._journal = journal
        self._open: dict[str, ScenarioLog] = {}
        self._begun: dict[str, int] = {}
        self._count = 0
        self._planned: set[str] = set()
        self._unjudged = False
        self._verdicts: list[Verdict] = []
        self._finished = False
        self._interrupted = False
        self._ended_by_person = False

    @classmethod
    def create(
        cls, root: Path, board: str, header: Header | None = None, *, secrets: Iterable[Secret] = ()
    ) -> "Run":
        """Make the run folder `<UTC time>-<board>` below `root`, and point `root/latest` at it.

        Args:
            root: Where run folders go; made when it is not there.
            board: The board's name.
            header: What is known before the run.
            secrets: Values that must not appear in any file of the run; `hide` adds more.

        Raises:
            BenchError: the disk refuses; the message names the path.
            ToolError: the header holds something that has no plain JSON form.
        """
        mask = Mask()
        for secret in secrets:
            mask.add(secret)
        wall, t = datetime.now(UTC), time.monotonic_ns()
        started = f"{wall:%Y-%m-%dT%H:%M:%S}.{wall.microsecond // 1000:03d}Z"
        header = header or Header()
        plain = plain_header(header, board=board, started=started, mask=mask)
        journals: list[Journal] = []

        def begin(draft: RunFolder, name: str) -> None:
            create_file(draft.header, header_json(plain, run=name))
            journals.append(Journal(draft.journal, mask))
            journals[-1].write(
                RunStarted(
                    t=t,
                    schema=SCHEMA,
                    run=name,
                    board=board,
                    wall=started,
                    harness=__version__,
                    mode=header.mode,
                )
            )

        try:
            folder = run_folder.create(root, board, wall, begin)
        finally:
            # Those of drafts whose place was taken.
            for given_up in journals[:-1]:
                given_up.close()
        journal = journals[-1]
        journal.path = folder.journal
        run = cls(folder, journal, board, plain)
        try:
            run_folder.point_latest(root, folder)
        except BenchError as error:
            # A disk that knows no links, or a folder of that name, is no reason to refuse the run.
            run.note(f"{run_folder.LATEST} does not point at this run: {error.message}")
        return run

    @property
    def path(self) -> Path:
        """The run folder."""
        return self.folder.path

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The verdicts of the scenarios that have finished, in order."""
        return tuple(self._verdicts)

    @property
    def exit_code(self) -> int:
        """The exit code for the verdicts so far."""
        return verdicts.exit_code([self.verdict])

    @property
    def verdict(self) -> Verdict:
        """The verdict of the run so far: the worst of its scenarios.

        A run that was interrupted, or has no verdict for something that it planned, has not passed.
        """
        return verdicts.whole(
            self._verdicts,
            interrupted=self._interrupted,
            by_person=self._ended_by_person,
            unjudged=self._unjudged or not self._planned <= self._begun.keys(),
        )

    def hide(self, secret: Secret) -> None:
        """Replace `secret` by stars in everything that is recorded from now on."""
        self._journal.mask.add(secret)

    def masked(self, text: str) -> str:
        """Return a text with stars in the place of every secret of the run, for what is told outside of its folder."""
        return self._journal.mask.text(text)

    def recording(self, transport: str) -> Path:
        """Return the path for the recording of the transport of this name."""
        return self.folder.transport / f"{safe_name(transport, fallback='transport')}.rec"

    def input(self, path: Path, role: str) -> None:
        """Add a file that became known after the start, such as a firmware that was built, to the header; once each.

        Raises:
            UsageError: The file cannot be read.
            BenchError: The disk refuses.
        """
        given = asdict(InputFile.of(path, role))
        known = self._header["inputs"]
        assert isinstance(known, list), "the header has a list of inputs"
        if given not in known:
            known.append(given)
            write_whole(self.folder.header, header_json(self._header, run=self.folder.name))

    def requirements(self, known: Iterable[Mapping[str, str]], uncovered: Iterable[str] = ()) -> None:
        """Record the requirements list, and the ids that no scenario of the suites covers.

        Args:
            known: One mapping a requirement: id, statement, source, level, applies_when.
            uncovered: Ids out of `known`.

        Raises:
            ToolError: an entry has no id.
        """
        entries = [_requirement(entry) for entry in known]
        self._journal.mask.look_through(text for entry in entries for text in astuple(entry))
        for part in _parts(entries):
            self._journal.write(RequirementsKnown(known=part))
        left = tuple(uncovered)
        if left:
            self._journal.write(RequirementsKnown(uncovered=left))

    def plan(self, scenarios: Sequence[ScenarioInfo]) -> None:
        """Record which scenarios this run means to run, so that a report can name those it never came to.

        A run that never came to one of them, or could not judge it, is incomplete at best.
        """
        self._planned |= {info.id for info in scenarios}
        self._journal.mask.look_through(
            text
            for info in scenarios
            for text in (info.id, info.node, info.step_folder, info.title, *chain.from_iterable(info.steps))
        )
        for part in _parts(scenarios):
            self._journal.write(ScenariosPlanned(scenarios=part))

    def board_found(self, identity: Mapping[str, str]) -> None:
        """Record what the board says it is (ID, vendor, versions …); later calls add to earlier ones."""
        self._journal.write(BoardFound(identity={str(name): str(value) for name, value in identity.items()}))

    def transport_opened(self, name: str, identity: str, *, recorded: bool = True) -> None:
        """Record that a transport was opened, and what was found at its other end."""
        recording = f"{self.folder.transport.name}/{self.recording(name).name}" if recorded else ""
        self._journal.write(TransportOpened(name=name, identity=identity, recording=recording))

    def note(self, text: str, *, against_official: bool = False) -> None:
        """Write a remark that belongs to no scenario.

        Args:
            text: The remark.
            against_official: It says what broke the rules of an official run.
        """
        self._journal.write(NoteTaken(text=text, against_official=against_official))

    def finding(self, defect: str, *, severity: Severity, title: str, detail: str) -> None:
        """Name a defect or an observation that belongs to no scenario; it does not decide the verdict."""
        self._journal.write(FindingNamed(defect=defect, severity=severity, title=title, detail=detail))

    def begin(self, info: ScenarioInfo) -> ScenarioLog:
        """Begin a scenario. The same scenario may run again; it then appears as `id#2` and so on."""
        count = self._begun[info.id] = self._begun.get(info.id, 0) + 1
        self._count += 1
        key = info.id if count == 1 else f"{info.id}#{count}"
        log = ScenarioLog(
            info,
            key=key,
            number=self._count,
            journal=self._journal,
            evidence_folder=self.folder.evidence,
            on_finish=self._finished_one,
        )
        self._open[key] = log
        return log

    def finish(self, interrupted: str = "", *, by_person: bool = False) -> int:
        """End the run and return its exit code; a second call changes nothing.

        Scenarios that are still open end as errors, or as not run when a person ended the run.

        Args:
            interrupted: Why the run ends before its end (a signal, a stop at the first failure); empty when
                it does not.
            by_person: A person ended it on purpose, which is no error.

        Raises:
            BenchError: the journal cannot be written.
        """
        if self._finished:
            return self.exit_code
        self._finished = True
        self._interrupted = bool(interrupted) and not by_person
        self._ended_by_person = by_person
        try:
            for log in list(self._open.values()):
                log.finish(
                    Verdict.NOT_RUN if by_person else Verdict.ERROR,
                    reason=interrupted or "the run ended before the scenario did",
                )
            self._journal.write(
                RunFinished(
                    verdict=self.verdict,
                    exit_code=self.exit_code,
                    interrupted=interrupted,
                    by_person=by_person,
                )
            )
        finally:
            self._journal.close()
        return self.exit_code

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.finish(interrupted="" if kind is None else f"{kind.__name__}: {error}")

    def _finished_one(self, log: ScenarioLog, verdict: Verdict) -> None:
        self._open.pop(log.key, None)
        self._verdicts.append(verdict)
        self._unjudged |= verdict is Verdict.NOT_RUN and not log.outside_plan


def _requirement(entry: Mapping[str, str]) -> Requirement:
    if not entry.get("id"):
        raise ToolError("a requirement has no id")
    return Requirement(
        id=entry["id"],
        statement=entry.get("statement", ""),
        source=entry.get("source", ""),
        level=entry.get("level", ""),
        applies_when=entry.get("applies_when", ""),
        compares=entry.get("compares", ""),
    )


def _parts(entries: Sequence[_Entry]) -> list[tuple[_Entry, ...]]:
    """Cut a long list into parts that fit a journal line."""
    return [tuple(entries[start : start + _IN_ONE_EVENT]) for start in range(0, len(entries), _IN_ONE_EVENT)]
