"""Pytest sessions on the suites, as the commands start them."""

import os
from pathlib import Path

import pytest

from fixtures.collection import PLAN, SUITES
from harness.board.preview import PlannedScenario
from harness.errors import ToolError

# What follows only costs time here: a run has its own progress, its own reports and no cache.
_LEFT_OUT = (
    "terminal",
    "cacheprovider",
    "hypothesispytest",
    "allure_pytest",
    "junitxml",
    "pastebin",
    "doctest",
)


def arguments(board: Path, suites: Path | None, select: str) -> list[str]:
    """Return pytest's arguments for a session of `suites` (the shipped ones when None) on a board."""
    folder = (suites or SUITES).resolve()
    given = [str(folder), f"--board={board}", f"--rootdir={folder.parent}", "-c", os.devnull]
    given += ["--import-mode=importlib", "--strict-markers", "-p", "fixtures.plugin"]
    for plugin in _LEFT_OUT:
        given += ["-p", f"no:{plugin}"]
    return [*given, "-k", select] if select else given


class Collected:
    """Takes what a session collects, and why it could not collect something."""

    def __init__(self) -> None:
        self.scenarios: list[PlannedScenario] = []
        self.broken: list[str] = []

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Take the scenarios in the order in which they would run."""
        for item in session.items:
            plan = item.stash.get(PLAN, None)
            if plan is not None:
                info = plan.info
                self.scenarios.append(
                    PlannedScenario(info.step_folder, info.title, info.requirements, plan.not_applicable)
                )

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Take the reason why a file could not be collected."""
        if report.failed:
            self.broken.append(f"{report.nodeid}: {_last_line(report.longreprtext)}")


def planned(board: Path, suites: Path | None = None) -> list[PlannedScenario]:
    """Return the scenarios for a board, those that do not apply too, without touching anything.

    Raises:
        ToolError: a suite cannot be collected; pytest has said why on stderr.
    """
    collected = Collected()
    code = pytest.main([*arguments(board, suites, ""), "--collect-only"], plugins=[collected])
    if collected.broken or code not in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
        raise ToolError(
            "the suites cannot be collected: " + ("; ".join(collected.broken) or f"pytest ended with {code}")
        )
    return collected.scenarios


def _last_line(text: str) -> str:
    lines = [line.removeprefix("E").strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"
