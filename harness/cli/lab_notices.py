"""What commands are told of a campaign on many hosts: once, by the client that attends to it, of what is proven here.

A run is told as failed when its folder is here, and is as its bench told: the words of a bench alone are no verdict.
"""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from harness.campaign.notify.account import SCHEMA_VERSION, shown, summary
from harness.lab.answering import Question, questions
from harness.lab.client_files import Asked
from harness.lab.results import ABORTED, UNPROVEN, BoardResult
from harness.lab.watcher import Watcher
from harness.progress.writer import now
from harness.report.text import one_line, seconds
from harness.run.verdict import Verdict, worst
from harness.settings.notify import Occasion

_NOT_PASSED = frozenset({Verdict.FAILED, Verdict.BLOCKED, Verdict.ERROR})
_WITHOUT_VERDICT = frozenset({ABORTED, UNPROVEN})

Document = dict[str, Any]


class Teller(Protocol):
    """Tells commands; `harness.campaign.notify.notifier.Notifier` is one."""

    def tell(self, occasion: Occasion, document: Mapping[str, Any]) -> None:
        """Have the commands told that want to know of it; return at once."""


class LabNotices:
    """Looks at the hosts of a campaign, and has each thing told once.

    What was pulled before, by a client that attended then, is not told again, nor is an end that another has seen.

    Args:
        teller: Tells the commands.
        asked: The campaign.
        folder: Where this client keeps what it knows of it.
        runs: The client's folder of runs.
        watchers: The hosts.
    """

    def __init__(
        self, teller: Teller, asked: Asked, folder: Path, runs: Path, watchers: Sequence[Watcher]
    ) -> None:
        self._teller = teller
        self._asked = asked
        self._folder = folder.absolute()
        self._runs = runs.absolute()
        self._watchers = watchers
        self._begun = time.monotonic()
        self._told: set[tuple[str, str, str]] = set()
        self._seen = {one.host.name: len(one.note.pulled) for one in watchers}
        self._was_over = all(one.note.over for one in watchers)

    def tick(self) -> None:
        """Have told what is new."""
        for question in questions(self._watchers):
            if self._is_new(question.watcher, "ask", question.ask.id):
                self._asks(question)
        for one in self._watchers:
            for board in list(one.state.boards.values()):
                aside = None if self._was_over else board.aside
                if aside is not None and self._is_new(one, Occasion.SET_ASIDE, board.name):
                    self._is_set_aside(one, board.name, *aside)
            self._pulled(one)

    def end(self, boards: Sequence[BoardResult], exit_code: int, interrupted: str) -> None:
        """Have told what the campaign came to, first of each board that has no verdict.

        Args:
            boards: What came of each board.
            exit_code: That of the command.
            interrupted: Why it ended early; empty when it did not.
        """
        self.tick()
        if self._was_over:
            return
        for one in boards:
            if one.outcome in _WITHOUT_VERDICT:
                reason = shown(one.reason)
                run = {"host": one.host, "board": shown(one.board), "verdict": None, "outcome": one.outcome}
                run |= {"folder": None, "reason": reason, "exit_code": None}
                text = f"{one.host}/{shown(one.board)}: {one.outcome}; {one_line(reason, 300)}"
                self._tell(Occasion.FAILURE, text, {"run": run})
        seen = [Verdict(one.outcome) for one in boards if one.outcome in set(Verdict)]
        spent = time.monotonic() - self._begun
        text = (
            summary((one.outcome, f"{one.host}/{shown(one.board)}") for one in boards) + f"; {seconds(spent)}"
        )
        self._tell(
            Occasion.END,
            f"{text}; {interrupted}" if interrupted else text,
            {
                "verdict": worst(seen).value if seen else None,
                "exit_code": exit_code,
                "interrupted": interrupted,
                "seconds": round(spent, 3),
                "boards": [_board(one) for one in boards],
            },
        )

    def _is_new(self, one: Watcher, kind: str, name: str) -> bool:
        key = one.host.name, kind, name
        if key in self._told:
            return False
        self._told.add(key)
        return True

    def _pulled(self, one: Watcher) -> None:
        """Tell of each run whose folder has come, and which did not pass."""
        runs = list(one.note.pulled.items())
        new, self._seen[one.host.name] = runs[self._seen[one.host.name] :], len(runs)
        if not new:
            return
        of_run = {
            Path(run).name: (board, run) for board in list(one.state.boards.values()) for run in board.runs
        }
        for name, folder in new:
            board, run = of_run.get(name, (None, ""))
            verdict = board.verdicts.get(run, "") if board is not None else ""
            if board is None or verdict not in _NOT_PASSED:
                continue
            told = {
                "host": one.host.name,
                "board": shown(board.name),
                "verdict": verdict,
                "outcome": verdict,
                "folder": str(Path(folder).absolute()),
                "reason": "",
                "exit_code": board.exit_code if run == board.folder else None,
            }
            self._tell(
                Occasion.FAILURE, f"{one.host.name}/{shown(board.name)}: {verdict}; {folder}", {"run": told}
            )

    def _asks(self, question: Question) -> None:
        ask, host, board = question.ask, question.watcher.host.name, shown(question.board)
        told = {
            "host": host,
            "board": board,
            "id": shown(ask.id),
            "title": shown(ask.title),
            "step": shown(ask.step),
            "instructions": [shown(line) for line in ask.instructions],
            "fields": [
                {"name": field.name, "form": field.form.words, "secret": field.secret}
                for field in question.fields
            ],
            "timeout_s": ask.timeout_s,
        }
        text = f"{host}/{board} waits for a person: {shown(ask.title)}"
        self._tell(Occasion.OPERATOR, text, {"ask": told})

    def _is_set_aside(self, one: Watcher, *told_of_it: str) -> None:
        name, reason, until = map(shown, told_of_it)
        text = f"{one.host.name}/{name} is set aside{f' until {until}' if until else ''}"
        told = {"host": one.host.name, "board": name, "reason": reason, "until": until or None}
        self._tell(Occasion.SET_ASIDE, f"{text}: {one_line(reason, 300)}", {"set_aside": told})

    def _tell(self, occasion: Occasion, text: str, more: Document) -> None:
        campaign = {
            "id": self._asked.campaign,
            "folder": str(self._folder),
            "runs": str(self._runs),
            "hosts": [one.host.name for one in self._watchers],
            "boards": [f"{one.host.name}/{board}" for one in self._watchers for board in one.host.boards],
        }
        document = {
            "schema_version": SCHEMA_VERSION,
            "event": occasion.value,
            "time": now(),
            "text": text,
            "campaign": campaign,
        }
        self._teller.tell(occasion, document | more)


def _board(one: BoardResult) -> Document:
    return {
        "host": one.host,
        "board": shown(one.board),
        "outcome": one.outcome.replace(" ", "_"),
        "verdict": one.outcome if one.outcome in set(Verdict) else None,
        "exit_code": one.exit_code,
        "folders": [str(folder.absolute()) for folder in one.folders],
        "on_bench": [shown(run) for run in one.on_bench],
        "reason": shown(one.reason),
    }
