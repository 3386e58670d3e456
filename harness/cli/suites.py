"""Pytest sessions on the suites, as the commands start them."""

import importlib.util
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from harness.board.plan.preview import PlannedScenario
from harness.errors import ToolError, UsageError
from harness.fixtures.collection import PLAN, SUITES

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
    # Of the files that pytest loads by itself, only those inside the suites take part.
    given += [f"--confcutdir={folder}", "-W", "default"]
    given += ["--import-mode=importlib", "--strict-markers", "-p", "harness.fixtures.plugin"]
    for plugin in _LEFT_OUT:
        given += ["-p", f"no:{plugin}"]
    return [*given, "-k", select] if select else given


@contextmanager
def nothing_from_outside() -> Iterator[None]:
    """Keep from pytest what variables and installed packages would add to a session, and put all back afterwards."""
    before = {name: value for name, value in os.environ.items() if name.startswith("PYTEST_")}
    for name in before:
        del os.environ[name]
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        yield
    finally:
        for name in [name for name in os.environ if name.startswith("PYTEST_")]:
            del os.environ[name]
        os.environ.update(before)


def check_plugins(names: Sequence[str]) -> None:
    """Check that pytest will find the plugins of these names.

    Raises:
        UsageError: there is no such module, and no such plugin of an installed package.
    """
    packaged = {each.name for each in entry_points(group="pytest11")}
    for name in names:
        try:
            known = name in packaged or importlib.util.find_spec(name) is not None
        except (ImportError, ValueError):
            known = False
        if not known:
            raise UsageError(
                f"--plugin {name[:100]!r}: there is no such pytest plugin",
                hint="name a module, or a plugin of an installed package as `pip show` and its own pages name it",
            )


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
                left_out = "--quick" if plan.endurance and session.config.getoption("quick") else ""
                self.scenarios.append(
                    PlannedScenario(
                        info.step_folder, info.title, info.requirements, plan.not_applicable, left_out
                    )
                )

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Take the reason why a file could not be collected."""
        if report.failed:
            self.broken.append(f"{report.nodeid}: {_last_line(report.longreprtext)}")


def planned(board: Path, suites: Path | None = None, *, quick: bool = False) -> list[PlannedScenario]:
    """Return the scenarios for a board, those that do not apply too, without touching anything.

    Raises:
        ToolError: a suite cannot be collected; pytest has said why on stderr.
    """
    collected = Collected()
    options = ["--collect-only", "--preview", *(["--quick"] if quick else [])]
    with nothing_from_outside():
        code = pytest.main([*arguments(board, suites, ""), *options], plugins=[collected])
    if collected.broken or code not in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
        raise ToolError(
            "the suites cannot be collected: " + ("; ".join(collected.broken) or f"pytest ended with {code}")
        )
    return collected.scenarios


def _last_line(text: str) -> str:
    lines = [line.removeprefix("E").strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"
