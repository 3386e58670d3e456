"""The health of the boards of a campaign: which of them run, and what is said of those that are set aside."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from harness.board.models import BoardFile
from harness.campaign.health.before import look
from harness.campaign.health.state import Health
from harness.campaign.health.store import HealthStore
from harness.campaign.health.watch import HealthWatch, Write
from harness.errors import BenchError, HarnessError
from harness.fixtures.options import RunOptions
from harness.report.text import one_line


@dataclass(slots=True)
class CampaignHealth:
    """What is known of the health of a campaign's boards.

    Attributes:
        running: The boards that run.
        aside: The boards that do not run now, each with its health.
        leaves_out: Whether boards are left out that are set aside, as they are unless somebody says no.
        watch: Writes down what the runs say; None where they say nothing of the bench, as a replay.
    """

    running: list[BoardFile]
    aside: list[tuple[BoardFile, Health]] = field(default_factory=list)
    watch: HealthWatch | None = None
    leaves_out: bool = True

    def take(self, event: Mapping[str, Any], write: Write) -> None:
        """Take an event of the campaign; `write` tells what comes of it."""
        if self.watch is not None:
            self.watch.take(event, write)

    def events(self) -> list[tuple[str, dict[str, object]]]:
        """Return for each board that is set aside its name, and what its event says."""
        return [(file.name, {"reason": one.reason, "until": one.until}) for file, one in self.aside]

    def code(self, code: int) -> int:
        """Return the exit code of the campaign: a board that is set aside counts as one that is blocked."""
        from harness.cli.session_end import WORST_FIRST

        if not self.aside:
            return code
        if not self.running:
            return BenchError.exit_code
        return next((one for one in WORST_FIRST if one in {code, BenchError.exit_code}), code)

    def said(self) -> list[str]:
        """Return what is to be said at the end."""
        now = datetime.now(UTC)
        lines = [
            f"not run: {file.name} is {health.words(now)}: {one_line(health.reason)}\n"
            f"  try: mend it and `harness lab status --put-back {file.name}`, or harness run {file.name}"
            for file, health in self.aside
        ]
        return lines + ([] if self.watch is None else self.watch.said)

    def plain(self) -> list[dict[str, object]]:
        """Return the boards that were set aside, as JSON values."""
        return [{"board": name, **told} for name, told in self.events()]


def before(
    files: Sequence[BoardFile], options: RunOptions, *, set_aside: bool, warn: Callable[[str], None]
) -> CampaignHealth:
    """Look at the boards of a campaign before it begins.

    Args:
        files: The boards.
        options: The options of the runs.
        set_aside: Whether boards are left out that are set aside.
        warn: Told what a person should know.
    """
    if options.replay is not None or options.fault:
        return CampaignHealth(list(files))
    store = HealthStore(options.runs)
    try:
        found = look(
            files,
            store,
            lambda boards: _out_of_reach(boards, warn),
            now=datetime.now(UTC),
            why_all=_why_all(files, options, set_aside=set_aside),
        )
    except HarnessError as error:
        warn(f"the health of boards cannot be kept: {error.message}")
        return CampaignHealth(list(files))
    for name, why in found.tried_again.items():
        warn(f"{name} was set aside ({store.of(name).reason}) and is tried again: {why}")
    for name, problems in found.problems.items():
        warn(f"{name} cannot be reached now: {'; '.join(problems)}; harness doctor {name} says more")
    return CampaignHealth(
        [file for file in files if file.name not in found.set_aside],
        [(file, found.set_aside[file.name]) for file in files if file.name in found.set_aside],
        HealthWatch(store, found.problems, warn),
    )


def _why_all(files: Sequence[BoardFile], options: RunOptions, *, set_aside: bool) -> str:
    if not set_aside:
        return "--no-set-aside was given"
    if len(files) == 1:
        return "it is the only board"
    return "the run is an official one" if options.official else ""


def _out_of_reach(boards: Sequence[BoardFile], warn: Callable[[str], None]) -> Mapping[str, Sequence[str]]:
    """Ask another process, as a device that hangs must hold up nothing, and what talks to devices stays out of here."""
    if not boards:
        return {}
    from harness.campaign.process import answer_of

    def look_up(_job: object, _write: object) -> Mapping[str, Any]:
        from harness.campaign.health.reach import out_of_reach

        return {"code": 0, "problems": out_of_reach(boards)}

    answer = answer_of(look_up)
    if answer is None:
        warn("the boards could not be looked at before the run; harness doctor says why")
        return {}
    problems: Mapping[str, Sequence[str]] = answer["problems"]
    return problems
