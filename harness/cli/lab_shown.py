"""What a campaign on many hosts shows: a line for each thing that a person should know, and one summary."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from harness.campaign.health.state import Health, clock
from harness.cli.board_line import board_line, name_width
from harness.lab.results import GOES_ON, BoardResult
from harness.lab.watcher import CONNECTING, GIVEN_UP, OVER, RUNNING, UNREACHABLE, Watcher
from harness.progress.state import FINISHED, LOST, BoardState
from harness.progress.state import RUNNING as BOARD_RUNS
from harness.report.text import one_line, visible

if TYPE_CHECKING:
    from harness.cli.lab_asker import LabAsker

_LEFT_FREE = 3  # rows of the terminal that stay for what is printed above
_FEWEST_ROWS = 3
_PASSED = "passed"
_STYLES = {"passed": "green", "failed": "red", "error": "red", "aborted": "red"}


class Shown:
    """Tells what happens on the hosts, a line each.

    Args:
        console: Where to.
        watchers: The hosts.
        quiet: Leave out what goes well.
    """

    def __init__(self, console: Console, watchers: Sequence[Watcher], *, quiet: bool) -> None:
        self._console = console
        self._watchers = watchers
        self._quiet = quiet
        self._phases: dict[str, str] = {}
        self._said: dict[str, int] = {}
        self._rounds: dict[tuple[str, str], tuple[str, str, int]] = {}
        self._asked: set[str] = set()
        self._aside: dict[tuple[str, str], bool] = {}
        self._held: list[str] = []
        self._asker: LabAsker | None = None
        self._live: Live | None = None
        if not quiet and console.is_terminal and not console.is_dumb_terminal:
            self._live = Live(
                console=console, transient=True, auto_refresh=False, get_renderable=self._moving
            )
            self._live.start()

    def say(self, text: str) -> None:
        """Print a line; later, while a person is asked."""
        if self._asker is not None and self._asker.asking:
            self._held.append(text)
        else:
            self._console.print(Text(text), soft_wrap=True)

    def ask_with(self, asker: "LabAsker") -> None:
        """Have operator steps answered by this from now on."""
        self._asker = asker

    def pause(self) -> None:
        """Leave the terminal to a question."""
        if self._live is not None:
            self._live.stop()

    def resume(self) -> None:
        """Have the terminal again."""
        held, self._held = self._held, []
        for text in held:
            self.say(text)
        if self._live is not None:
            self._live.start()

    def tick(self) -> None:
        """Tell what has changed."""
        for one in self._watchers:
            self._host(one)
            self._told(one)
            for board in list(one.state.boards.values()):
                self._board(one, board)
                self._health(one, board)
                self._asks(one, board)
        if self._asker is not None:
            self._asker.tick()
            if self._asker.asking:
                return
        if self._live is not None:
            self._live.refresh()

    def _asks(self, one: Watcher, board: BoardState) -> None:
        for ask in list(board.asks.values()):
            if ask.id not in self._asked:
                self._asked.add(ask.id)
                self.say(f"{one.host.name}  {one_line(board.name)}  asks a person: {one_line(ask.title)}")

    def _told(self, one: Watcher) -> None:
        known = self._said.setdefault(one.host.name, 0)
        for text in one.told[known:]:
            self.say(f"{one.host.name}  {one_line(text)}")
        self._said[one.host.name] = known + len(one.told[known:])

    def end(self) -> None:
        """Tell what changed last, and take the moving lines away."""
        if self._asker is not None:
            self._asker.close()
            self._asker = None
        self.tick()
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _moving(self) -> Text:
        """Return the moving lines: one a host, then as many running boards as there is room for."""
        width, rows = self._console.size.width - 1, max(_FEWEST_ROWS, self._console.size.height - _LEFT_FREE)
        lines = [_host_line(one) for one in self._watchers][:rows]
        running = [
            (one, board)
            for one in self._watchers
            for board in list(one.state.boards.values())
            if board.phase == BOARD_RUNS
        ]
        names = name_width([board for _, board in running])
        room = rows - len(lines)
        for one, board in running[:room]:
            place = f"{one_line(one.host.name)}  "
            line = board_line(board, one.now(), names=names, width=max(1, width - cell_len(place)))
            lines.append(place + line)
        return Text("\n").join(_cut(line, width) for line in lines)

    def _host(self, one: Watcher) -> None:
        phase, before = one.phase, self._phases.get(one.host.name, CONNECTING)
        if phase == before:
            return
        self._phases[one.host.name] = phase
        if phase in {UNREACHABLE, GIVEN_UP}:
            after = "; its runs go on" if phase == UNREACHABLE and one.state.boards else ""
            self.say(f"{one.host.name}  {phase}: {one_line(one.reason)}{after}")
        elif phase == RUNNING and before == UNREACHABLE:
            self.say(f"{one.host.name}  reachable again")
        elif phase == OVER and one.reason:
            self.say(f"{one.host.name}  {one_line(one.reason)}")

    def _health(self, one: Watcher, board: BoardState) -> None:
        key, aside = (one.host.name, board.name), board.aside
        if (aside is not None) == self._aside.get(key, False):
            return
        self._aside[key] = aside is not None
        words = "healthy again" if aside is None else set_aside_words(*aside)
        self.say(f"{one.host.name}  {one_line(board.name)}  {words}")

    def _board(self, one: Watcher, board: BoardState) -> None:
        state = (board.phase, board.folder, board.round)
        key = (one.host.name, board.name)
        if board.phase not in {FINISHED, LOST} or self._rounds.get(key) == state:
            return
        self._rounds[key] = state
        if board.phase == LOST:
            self.say(f"{one.host.name}  {one_line(board.name)}  aborted: {one_line(board.reason)}")
        elif not self._quiet or board.verdict != _PASSED:
            why = f": {one_line(board.interrupted)}" if board.interrupted else ""
            came = one_line(board.verdict) or f"no verdict, exit code {board.exit_code}"
            self.say(f"{one.host.name}  {one_line(board.name)}  {came}{why}")


def _host_line(one: Watcher) -> str:
    """Return what a host does, and how many of its boards came to what."""
    boards = list(one.state.boards.values())
    over = [board for board in boards if board.over]
    counts = Counter(
        board.verdict or ("aborted" if board.phase == LOST else "without a verdict") for board in over
    )
    told = ", ".join(f"{count} {one_line(outcome)}" for outcome, count in counts.most_common())
    state = "waits for places" if one.waits_for_places else one.phase
    return f"{one_line(one.host.name)}  {state}  {len(over)}/{len(boards) or len(one.host.boards)}  {told}"


def _cut(line: str, width: int) -> Text:
    """Return a line of at most so many columns."""
    text = Text(line, no_wrap=True)
    text.truncate(width, overflow="ellipsis")
    return text


def summary(console: Console, boards: Sequence[BoardResult], *, quiet: bool) -> None:
    """Print what came of all boards: what did not pass by name, the rest by number, unless they are few."""
    counts = Counter(one.outcome for one in boards)
    few = len(boards) <= 40 and not quiet
    table = Table(box=None, pad_edge=False, show_edge=False)
    for title in ("host", "board", "outcome", ""):
        table.add_column(title, overflow="fold")
    for one in boards:
        if few or one.outcome != _PASSED:
            more = "\n".join(filter(None, (one_line(one.reason), str(one.told_by or ""))))
            table.add_row(
                one_line(one.host),
                one_line(one.board),
                Text(one_line(one.outcome), style=_STYLES.get(one.outcome, "yellow")),
                Text(more),
            )
    if table.row_count:
        console.print()
        console.print(table)
    console.print()
    told = ", ".join(
        f"{count} {'go on' if outcome == GOES_ON and count > 1 else one_line(outcome)}"
        for outcome, count in counts.most_common()
    )
    all_boards, hosts = _count(len(boards), "board"), _count(len({one.host for one in boards}), "host")
    console.print(Text(f"{all_boards} on {hosts}: {told}"), soft_wrap=True)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def set_aside(console: Console, boards: Sequence[BoardResult]) -> None:
    """Print of each board that is set aside for its health why it is, and what to do about that."""
    for one in boards:
        if one.aside is None:
            continue
        name = f"{one_line(one.host)}:{one_line(one.board)}"
        console.print()
        console.print(Text(f"{name} is {set_aside_words(*one.aside)}"), soft_wrap=True)
        console.print(
            Text(f"  try: mend it and `harness lab status --put-back {name}`, or harness lab run {name}"),
            soft_wrap=True,
        )


def set_aside_words(reason: str, until: str) -> str:
    """Return the words that say that a board is set aside: until when, as long as that is to come, and why."""
    health = Health("", since=until, until=until)
    now = datetime.now(UTC)
    when = "" if health.due(now) else f" until {clock(until, now)}"
    return f"set aside{when}: {one_line(reason)}"


def rounds(console: Console, watchers: Sequence[Watcher]) -> None:
    """Print what the rounds came to, a table for each host that had several."""
    for one in watchers:
        if not one.rounds:
            continue
        from harness.cli import soak

        try:
            lines = soak.words(one.rounds)
        except (KeyError, TypeError, ValueError, AttributeError):
            lines = ["what its rounds came to cannot be read"]
        console.print()
        console.print(Text(one_line(one.host.name)))
        for line in lines:
            console.print(Text(visible(line)), soft_wrap=True)
