"""Pytest sessions on the suites, as the commands start them."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.board.plan.preview import PlannedScenario
from harness.errors import HarnessError, ToolError, UsageError
from harness.fixtures.collection import PLAN
from harness.fixtures.options import PlanOptions
from harness.fixtures.refused import why_refused
from harness.fixtures.session import SESSION
from harness.fixtures.suites import SUITES, folders
from harness.offers import offers

if TYPE_CHECKING:
    from harness.fixtures.official_run import Standing


# What follows only costs time here: a run has its own progress, its own reports and no cache.
_LEFT_OUT = (
    "terminal",
    "cacheprovider",
    "hypothesispytest",
    "allure_pytest",
    "junitxml",
    "pastebin",
    "doctest",
    "setuponly",
    "setupplan",
    "stepwise",
)
_NOT_IN_OURS = ("unittest",)
"""What no shipped suite is written for."""


def arguments(board: Path, options: PlanOptions) -> list[str]:
    """Return pytest's arguments for a session on a board.

    Raises:
        UsageError: The options do not go together, or name suites that are none.
    """
    options.check()
    suites = folders(options.suites, options.only_suites)
    own = [folder for folder in suites if folder != SUITES]
    given = [*map(str, suites), f"--board={board}", f"--rootdir={suites[0].parent}", "-c", os.devnull]
    # Of the files that pytest loads by itself, only those inside the suites take part.
    given += [f"--confcutdir={(own or suites)[0]}", "-W", "default"]
    given += ["--import-mode=importlib", "--strict-markers", "-p", "harness.fixtures.plugin"]
    for plugin in (*_LEFT_OUT, *(() if own else _NOT_IN_OURS)):
        given += ["-p", f"no:{plugin}"]
    return given + replace(options, suites=(), only_suites=()).words()


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
    packaged = {each.name for each in offers("pytest11")}
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
        self.refused: HarnessError | None = None
        self.standing: Standing | None = None
        self.ended: KeyboardInterrupt | None = None

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Take the scenarios in the order in which they would run, and where an official run stands."""
        if session.items:
            self.standing = session.config.stash[SESSION].standing
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

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Take the reason why the harness ended the session."""
        self.refused = why_refused(excinfo.value)
        if not isinstance(excinfo.value, pytest.Session.Interrupted):
            self.ended = excinfo.value if isinstance(excinfo.value, KeyboardInterrupt) else None


def collected(board: Path, options: PlanOptions, more: Sequence[str] = ()) -> Collected:
    """Return what a session on a board collects, without touching anything.

    Args:
        board: The board.
        options: The options of the plan.
        more: Further words of pytest's command line.

    Raises:
        HarnessError: The suites are wrong.
        UsageError: A suite cannot be collected.
        KeyboardInterrupt: A person, or a signal, ended it.
    """
    found = Collected()
    with nothing_from_outside():
        words = [*arguments(board, options), *more, "--collect-only", "--preview"]
        code = pytest.main(words, plugins=[found])
    if found.ended is not None:
        raise found.ended
    if found.refused is not None:
        raise found.refused
    if found.broken or code not in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
        if not found.broken:
            raise ToolError(f"the suites cannot be collected: pytest ended with {code}")
        raise UsageError(
            f"the suites cannot be collected: {'; '.join(found.broken)}",
            hint="mend the file; python -m py_compile FILE, or its import alone, shows the place",
        )
    return found


def _last_line(text: str) -> str:
    lines = [line.removeprefix("E").strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"
