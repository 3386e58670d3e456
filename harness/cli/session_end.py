"""How a session of pytest on one board ended, as far as its exit code does not tell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import pytest

from harness.cli.garbage import collect_from_now_on
from harness.cli.suites import Collected
from harness.fixtures.signals import Ended
from harness.run.verdict import Verdict

WORST_FIRST = (4, 2, 1, 3, 5, 0)
"""Exit codes; that of the worst board is the command's."""

_INCOMPLETE = 5
_INTERRUPTED = 130


class SessionEnd(Collected):
    """Follows sessions by the hooks of `harness.fixtures.hooks`, and keeps how they ended.

    Attributes:
        folders: The run folders, in order.
        interrupted: A person or a signal ended a session.
        exit_code: The exit code for that.
        stopped: Why the harness ended a session; empty when it did not.
        began: A run began.
        misused: Pytest refused its arguments.
        held_back: Of each run, why scenarios did not run.
    """

    def __init__(self) -> None:
        super().__init__()
        self.folders: list[Path] = []
        self.interrupted = False
        self.exit_code = _INTERRUPTED
        self.stopped = ""
        self.began = False
        self.misused = False
        self.held_back: list[dict[str, None]] = []

    def pytest_id2_run_started(self, board: str) -> None:
        """Take that a run begins."""
        del board
        collect_from_now_on()
        self.began = True
        self.held_back.append({})

    def pytest_id2_scenario_finished(self, verdict: Verdict, reason: str) -> None:
        """Take why a scenario did not run."""
        if verdict is Verdict.NOT_RUN:
            self.held_back[-1][reason] = None

    def pytest_id2_run_finished(self, folder: Path) -> None:
        """Take the run folder."""
        self.folders.append(folder)

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Take the reason why the session ended."""
        super().pytest_keyboard_interrupt(excinfo)
        if isinstance(excinfo.value, pytest.exit.Exception):
            self.stopped = str(excinfo.value)
        elif not isinstance(excinfo.value, pytest.Session.Interrupted):
            # Errors at collection interrupt pytest's session as well; they are told of by themselves.
            self.interrupted = True
            if isinstance(excinfo.value, Ended):
                self.exit_code = 128 + excinfo.value.number

    def code(self, pytest_code: int) -> int:
        """Return the exit code of a session that pytest left with this one."""
        # Pytest's own complaint about its arguments, which stands on stderr already: they came from the user.
        self.misused = pytest_code == pytest.ExitCode.USAGE_ERROR and not (self.began or self.refused)
        return 2 if self.misused else pytest_code


@dataclass(frozen=True, slots=True)
class BoardEnd:
    """How the session of one board ended, as its process hands it over.

    Attributes:
        code: The exit code.
        began: A run began.
        interrupted: A person or a signal ended it.
        stopped: Why the harness ended it.
        broken: Suites that cannot be collected, each with the reason.
        misused: Pytest refused its arguments.
        held_back: Why scenarios did not run.
    """

    code: int
    began: bool = False
    interrupted: bool = False
    stopped: str = ""
    broken: list[str] = field(default_factory=list)
    misused: bool = False
    held_back: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, end: SessionEnd, code: int) -> "BoardEnd":
        """Return how a session ended."""
        return cls(
            end.exit_code if end.interrupted else 2 if end.broken else code,
            end.began,
            end.interrupted,
            end.stopped,
            list(end.broken),
            end.misused,
            list(end.held_back[-1]) if end.held_back else [],
        )

    @classmethod
    def read(cls, result: Any) -> "BoardEnd":
        """Return an end from the values of its fields by their names."""
        return cls(**{each.name: result[each.name] for each in fields(cls)})


@dataclass(slots=True)
class Came:
    """What a campaign came to.

    Attributes:
        code: The exit code.
        interrupted: Why it ended early; empty when it did not.
        folders: The run folders, in the boards' order.
        said: What is to be said at the end.
        soak: What its rounds came to; None when no board ran more than once.
    """

    code: int
    interrupted: str
    folders: list[Path] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    soak: Mapping[str, Any] | None = None


def incomplete_words(codes: Sequence[int | None], boards: Sequence[Path], select: str) -> list[str]:
    """Return what is to be said of boards on which all passed that was selected, and something was not."""
    named = [str(board) for board, code in zip(boards, codes, strict=False) if code == _INCOMPLETE]
    if not named:
        return []
    left = f"-k {select} leaves scenarios of the plan out" if select else "planned scenarios have no verdict"
    return [
        f"incomplete: all that was selected passed, but {left}: {', '.join(named)}"
        + ("\n  try: leave -k out for a run that can pass" if select else "")
    ]
