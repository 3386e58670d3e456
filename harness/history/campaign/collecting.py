"""Which runs a campaign is made of, and what it says of each."""

import glob
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from harness.errors import HarnessError, UsageError
from harness.history.campaign.records import Campaign, CampaignRun, Cell
from harness.history.configuration import firmware
from harness.report.model import load
from harness.report.records import RunReport, Scenario, Totals
from harness.report.stand_ins import stand_ins
from harness.report.text import one_line
from harness.run.folder import LATEST
from harness.run.verdict import OF_SCENARIOS, Verdict, worst

_REASON = 400
_PARTS = ("run.json", "journal.jsonl")

Loaded = tuple[Path, RunReport | None, str]
"""A run folder, its report or None, and why it has none."""


def folders(words: Sequence[str], runs: Path) -> list[Path]:
    """Return the run folders that are meant, each once.

    Args:
        words: Run folders, names below `runs`, folders of run folders, and patterns of all of these; none at all stands
            for all of `runs`.
        runs: Where run folders are.

    Raises:
        UsageError: a word means nothing.
    """
    found: dict[str, Path] = {}
    for word in words or [str(runs)]:
        meant = _meant(word, runs)
        if not meant:
            raise UsageError(
                f"{one_line(word)}: there is no such run and no such folder",
                hint=f"harness runs --runs {runs} lists the runs that there are",
            )
        for path in meant:
            found.setdefault(os.path.realpath(path), path)
    return list(found.values())


def _meant(word: str, runs: Path) -> list[Path]:
    paths = [Path(word)] if os.path.lexists(word) else [Path(each) for each in sorted(glob.glob(word))]  # noqa: PTH207
    if not paths and os.sep not in word:
        below = runs / word
        paths = [below] if os.path.lexists(below) else sorted(runs.glob(word)) if word.strip(".") else []
    meant = []
    for path in paths:
        inside = [] if _is_run(path) else _inside(path)
        meant += inside or ([path] if path.is_dir() else [])
    return meant


def _is_run(path: Path) -> bool:
    return any((path / name).exists() for name in _PARTS)


def _inside(path: Path) -> list[Path]:
    """Return the folders in a folder of runs; what is no run there is told as one that cannot be read."""
    if not path.is_dir():
        return []
    return sorted(
        each
        for each in path.iterdir()
        if each.is_dir() and each.name != LATEST and not each.name.startswith(".")
    )


def loaded(paths: Iterable[Path], since: str = "") -> list[Loaded]:
    """Return the report of each run, by board and time; those that cannot be read come last.

    Args:
        paths: The run folders.
        since: The earliest beginning, UTC, ISO 8601; one that cannot be read is kept whenever it was.
    """
    found: list[Loaded] = []
    for path in paths:
        try:
            report = load(path)
        except HarnessError as error:
            found.append((path, None, one_line(error.message.replace(f"{path}: ", ""), _REASON)))
        except Exception as error:  # noqa: BLE001 - one folder that nobody can explain must not hide all others
            found.append((path, None, one_line(f"{type(error).__name__}: {error}", _REASON)))
        else:
            if not since or (report.started or "") >= since:
                found.append((path, report, ""))
    return sorted(found, key=_order)


def _order(each: Loaded) -> tuple[bool, str, str, str]:
    path, report, _ = each
    if report is None:
        return True, "", "", path.name
    return False, report.board, report.started or "", report.run


def campaign(runs: Sequence[Loaded]) -> Campaign:
    """Return what a campaign page says of these runs."""
    present = {each.step_folder for _, report, _ in runs if report for each in report.scenarios}
    steps = sorted(present, key=lambda step: (not step.startswith("step"), step))
    rows = [_row(path, report, problem, steps) for path, report, problem in runs]
    return Campaign(verdict=worst(each.verdict for each in rows), steps=steps, runs=rows)


def _row(path: Path, report: RunReport | None, problem: str, steps: Sequence[str]) -> CampaignRun:
    if report is None:
        return CampaignRun(
            run=one_line(path.name),
            problem=problem,
            board="",
            verdict=Verdict.ERROR,
            mode="development",
            stand_ins="",
            incomplete=True,
            problems=[],
            started=None,
            seconds=None,
            number="",
            firmware="",
            harness="",
            totals=Totals(**dict.fromkeys(OF_SCENARIOS, 0)),
            known=0,
            cells=[],
            journal_sha256="",
        )
    unreal = stand_ins(report)
    return CampaignRun(
        run=report.run,
        problem="",
        board=report.board,
        verdict=report.verdict,
        mode=report.mode,
        stand_ins="" if unreal is None else unreal.title,
        incomplete=report.incomplete,
        problems=report.problems,
        started=report.started,
        seconds=report.seconds,
        number=report.particulars.number,
        firmware=firmware(report),
        harness=report.harness,
        totals=report.totals,
        known=sum(each.known is not None for each in report.scenarios),
        cells=[
            _cell(step, [each for each in report.scenarios if each.step_folder == step]) for step in steps
        ],
        journal_sha256=report.journal_sha256,
    )


def _cell(step: str, scenarios: Sequence[Scenario]) -> Cell:
    applies = [each for each in scenarios if each.verdict is not Verdict.NOT_APPLICABLE]
    # What the options left out on purpose is named in the report of the run; a step with nothing else did not run.
    planned = [each.verdict for each in applies if not each.outside_plan]
    if any(verdict is Verdict.NOT_RUN for verdict in planned) and worst(planned) is Verdict.PASSED:
        verdict = Verdict.INCOMPLETE
    else:
        verdict = worst(planned or [each.verdict for each in applies]) if applies else Verdict.NOT_APPLICABLE
    return Cell(
        step=step,
        verdict=verdict,
        judged=sum(each.verdict.judged for each in applies),
        failed=sum(each.verdict is Verdict.FAILED for each in applies),
        known=sum(each.known is not None for each in applies),
    )
