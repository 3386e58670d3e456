"""Runs the suites on boards one after the other: a pytest session in this process for each, with live progress."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import pytest
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from harness.board.file import load
from harness.cli.suites import Collected, arguments
from harness.report import model, terminal
from harness.run.verdict import Verdict

_WORST_FIRST = (4, 2, 1, 3, 0)
_INTERRUPTED = 130


class _Follower(Collected):
    """Follows the runs by the hooks of `fixtures.hooks` and shows them as they go."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console
        self._progress = Progress(
            TextColumn("{task.fields[board]}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[now]}", markup=False),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = TaskID(0)
        self.folders: list[Path] = []
        self.interrupted = False
        self.stopped = ""

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._progress.stop()

    def pytest_id2_run_started(self, board: str, scenarios: int) -> None:
        self._task = self._progress.add_task("", total=scenarios, board=board, now="")

    def pytest_id2_scenario_started(self, title: str) -> None:
        self._progress.update(self._task, now=title)

    def pytest_id2_scenario_finished(
        self, board: str, step: str, title: str, verdict: Verdict, seconds: float, reason: str
    ) -> None:
        self._progress.advance(self._task)
        told = verdict not in {Verdict.PASSED, Verdict.NOT_APPLICABLE}
        if told or not self._console.is_terminal:
            line = f"{board}  {step}  {verdict.words}  {seconds:.2f} s  {title}"
            self._progress.console.print(
                Text(f"{line}: {reason}" if told and reason else line), soft_wrap=True
            )

    def pytest_id2_run_finished(self, folder: Path) -> None:
        self._progress.update(self._task, now="", visible=False)
        self.folders.append(folder)

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        if isinstance(excinfo.value, pytest.exit.Exception):
            self.stopped = str(excinfo.value)
        elif not isinstance(excinfo.value, pytest.Session.Interrupted):
            # Errors at collection interrupt pytest's session as well; they are told of by themselves.
            self.interrupted = True


def run_boards(
    boards: Sequence[Path], *, runs: Path, select: str, destructive: bool, suites: Path | None = None
) -> int:
    """Run the suites on each board and return the worst exit code.

    All board files are checked before the first board is touched.

    Raises:
        UsageError: a board file is wrong.
    """
    for board in boards:
        for warning in load(board).warnings:
            print(f"warning: {warning}", file=sys.stderr)
    console = Console(highlight=False)
    codes: list[int] = []
    with _Follower(console) as follower:
        for board in boards:
            given = [
                *arguments(board, suites, select),
                f"--runs={runs}",
                *(["--destructive"] if destructive else []),
            ]
            codes.append(int(pytest.main(given, plugins=[follower])))
            if follower.interrupted or follower.stopped or follower.broken:
                break
    reports = [model.load(folder) for folder in follower.folders]
    if reports:
        terminal.show(reports, console)
        console.print()
        for folder in follower.folders:
            terminal.paths([folder / "report.html"], console)
    if follower.stopped:
        print(follower.stopped, file=sys.stderr)
    elif not reports and select and not follower.broken and set(codes) == {2}:
        print(
            f"error: no scenario matches {select!r}\n  try: harness plan {boards[0]} lists them",
            file=sys.stderr,
        )
    for problem in follower.broken:
        print(f"error: a suite cannot be collected: {problem}", file=sys.stderr)
        codes.append(4)
    if follower.interrupted:
        print("interrupted; what happened until then is in the run folder", file=sys.stderr)
        return _INTERRUPTED
    return next(code for code in _WORST_FIRST if code in codes) if set(codes) <= set(_WORST_FIRST) else 4
