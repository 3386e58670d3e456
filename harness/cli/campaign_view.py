"""One view of a campaign: a line a board at the bottom of a terminal, plain lines on a pipe."""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.text import Text

from harness.campaign.job import Ended, Job
from harness.cli.board_line import board_line, name_width
from harness.cli.run_progress import clock_words
from harness.cli.scenario_line import is_told, scenario_line
from harness.cli.terminal_asker import TerminalAsker
from harness.progress.state import FINISHED, LOST, RUNNING, SET_ASIDE, WAITING, BoardState, CampaignState
from harness.progress.writer import ProgressWriter, now
from harness.report.text import one_line, visible
from harness.run.verdict import Verdict

_BETWEEN_S = 0.25
_LEFT_FREE = 3  # rows of the terminal that stay for what is printed above
_FEWEST_ROWS = 3
_MOST_PRINTED = 40  # lines that a board's process printed by itself, which it should not


class CampaignView:
    """Shows a campaign, and writes its progress.

    Args:
        console: Where it is shown.
        progress: Where all that is told is written; None for nowhere, as it comes from there.
        expected: For each board by its name, how many seconds its run may take; 0 for unknown.
        at_once: How many boards run at a time.
        quiet: Show no moving lines, and no scenario.
        answers: The campaign's folder of answers, when a person at this terminal answers operator steps; else None.
        rounds: How often each board runs; None when that is not known, as rounds begin for a time.
        began: When the campaign began, seconds since 1970; now when left out.
    """

    def __init__(
        self,
        console: Console,
        progress: ProgressWriter | None,
        expected: Mapping[str, float],
        *,
        at_once: int,
        quiet: bool,
        answers: Path | None = None,
        rounds: int | None = 1,
        began: float | None = None,
    ) -> None:
        self._console = console
        self._progress = progress
        self._expected = expected
        self._at_once = at_once
        self._quiet = quiet
        self._state = CampaignState()
        for name in expected:
            self._state.boards[name] = BoardState(name)
        self._rounds = rounds
        self._begun = time.time() if began is None else began
        self._drawn = 0.0
        self._held: list[str | Text] = []
        self._asker = None if answers is None else TerminalAsker(answers, self._pause, self._resume)
        self._live: Live | None = None
        if not quiet and console.is_terminal and not console.is_dumb_terminal:
            # Drawn by the campaign's own loop: a thread must not live in a process that others are forked from.
            self._live = Live(
                console=console,
                transient=True,
                auto_refresh=False,
                get_renderable=lambda: self,
                redirect_stdout=False,
                redirect_stderr=False,
            )

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, *exc: object) -> None:
        if self._asker is not None:
            self._asker.close()
        if self._live is not None:
            self._live.stop()

    def _pause(self) -> None:
        if self._live is not None:
            self._live.stop()

    def _resume(self) -> None:
        held, self._held = self._held, []
        for line in held:
            self._print(line)
        if self._live is not None:
            self._live.start()

    def event(self, job: Job, event: str, fields: Mapping[str, Any], time: str) -> None:
        """Take what a board tells."""
        told = time or now()
        if self._progress is not None:
            self._progress.write(event, fields, board=job.name, time=told)
        self._state.take({**fields, "event": event, "board": job.name, "time": told})
        if self._asker is not None:
            self._asker.take(job.name, event, fields)
        if event == "told":
            self._print(f"{one_line(job.name)}  {visible(str(fields.get('text', '')))}")
        elif event == "board_lost":
            self._print(f"{one_line(job.name)}  lost: {one_line(str(fields.get('reason', '')))}")
        elif event == "board_waits" and not self._console.is_terminal:
            what = fields.get("for")
            words = ", ".join(map(str, what)) if isinstance(what, list) else str(what)
            self._print(f"{one_line(job.name)}  waits for {one_line(words)}")
        elif event == "scenario_finished" and not self._quiet:
            self._scenario(job, fields)

    def _scenario(self, job: Job, fields: Mapping[str, Any]) -> None:
        with suppress(KeyError, TypeError, ValueError):
            verdict, reason = Verdict(fields["verdict"]), str(fields["reason"])
            if is_told(verdict, reason, on_terminal=self._console.is_terminal):
                step, title, seconds = str(fields["step"]), str(fields["title"]), float(fields["seconds"])
                line = Text(scenario_line(job.name, step, title, verdict, seconds, reason))
                line.truncate(self._console.width, overflow="ellipsis")
                self._print(line)

    def ended(self, ended: Ended) -> None:
        """Take what became of a board's turn, and show what its process printed by itself."""
        board = self._state.boards[ended.job.name]
        if ended.not_begun:
            board.phase, board.reason = FINISHED, ended.not_begun
        for line in visible(ended.output, len(ended.output) + 1).splitlines()[-_MOST_PRINTED:]:
            self._print(f"{one_line(ended.job.name)}  {line}")
        if not ended.not_begun:
            self.board_ended(ended.job.name)

    def board_ended(self, name: str) -> None:
        """Say on a pipe what came of a board; at a terminal its moving line says it."""
        if not self._quiet and not self._console.is_terminal:
            names = name_width(list(self._state.boards.values()))
            self._print(board_line(self._state.boards[name], time.time(), names=names, width=None))

    def ending(self, why: str) -> None:
        """Say that everything is asked to end, as closing boards and writing reports takes a while."""
        if any(board.phase == RUNNING for board in self._state.boards.values()):
            self._print(f"{why}: boards end in order, and write their reports")

    def tick(self) -> None:
        """Draw the moving lines again, a few times a second, or ask the next operator step."""
        if self._asker is not None:
            self._asker.tick()
            if self._asker.asking:
                return
        if self._live is not None and time.monotonic() - self._drawn >= _BETWEEN_S:
            self._drawn = time.monotonic()
            self._live.refresh()

    def _print(self, line: str | Text) -> None:
        if self._asker is not None and self._asker.asking:
            self._held.append(line)
            return
        self._console.print(line if isinstance(line, Text) else Text(line), soft_wrap=True)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw as many lines as there is room for, none wider than the terminal."""
        moment = time.time()
        boards = list(self._state.boards.values())
        rows = max(console.height - _LEFT_FREE, _FEWEST_ROWS)
        shown = boards if len(boards) <= rows else _most_wanted(boards, rows - 1)
        width, names = options.max_width, name_width(shown)
        yield _line(self._head(boards, moment), width)
        for board in shown:
            yield _line(board_line(board, moment, names=names, width=width), width)
        rest = [board for board in boards if board not in shown]
        if rest:
            yield _line(f"… and {len(rest)} more: {_phases(rest)}", width)

    def _head(self, boards: Sequence[BoardState], moment: float) -> str:
        over = sum(self._is_over(board) for board in boards)
        left = self._seconds_left(boards, moment)
        end = "end not known yet" if left is None else f"about {clock_words(left)} left"
        so_far = f"{over}/{len(boards)} boards ended, {clock_words(moment - self._begun)}"
        return so_far if over == len(boards) else f"{so_far}, {end}"

    def _is_over(self, board: BoardState) -> bool:
        """Return whether nothing more comes of a board, of which another round may begin."""
        if board.phase == SET_ASIDE:
            return True
        return board.over and (not board.round or (self._rounds is not None and board.round >= self._rounds))

    def _seconds_left(self, boards: Sequence[BoardState], moment: float) -> float | None:
        """Return in how many seconds the campaign may end: no board is faster than it was, and so many run at once."""
        if self._rounds is None:
            return None
        each = []
        for board in boards:
            if self._is_over(board):
                continue
            whole = self._expected.get(board.name) or None
            left = board.seconds_left(moment) if board.phase == RUNNING else whole if not board.over else 0.0
            more = self._rounds - max(board.round, 1)
            if left is None or (more and whole is None):
                return None
            each.append(left + more * (whole or 0.0))
        return max([*each, sum(each) / self._at_once], default=0.0)


def _most_wanted(boards: Sequence[BoardState], rows: int) -> list[BoardState]:
    """Return so many boards in their order: those that ask a person, run, or are lost, before those that do nothing."""
    rank = {RUNNING: 1, LOST: 2, SET_ASIDE: 3, WAITING: 4, FINISHED: 5}
    wanted = sorted(boards, key=lambda board: 0 if board.asks else rank.get(board.phase, 6))[:rows]
    return [board for board in boards if board in wanted]


def _phases(boards: Sequence[BoardState]) -> str:
    counts: dict[str, int] = {}
    for board in boards:
        counts[board.phase] = counts.get(board.phase, 0) + 1
    return ", ".join(f"{number} {phase}" for phase, number in counts.items())


def _line(text: str, width: int) -> Text:
    line = Text(text, no_wrap=True, overflow="ellipsis")
    line.truncate(width, overflow="ellipsis")
    return line
