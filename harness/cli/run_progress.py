"""The moving lines of a run at a terminal: how far it is, what it does just now, and when it may end."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from harness.report.text import folder_label, one_line

_PER_SECOND = 4
_NARROWEST_BAR = 6
_WIDEST_BAR = 30
_FEW = 5  # scenarios without times of an earlier run that must be over before the others can be guessed from them

Scenario = tuple[str, str]
"""The folder of a step, and a title."""


@dataclass(slots=True)
class Activity:
    """What happens inside the running scenario.

    Attributes:
        scenario: Which scenario it is; None between two.
        begun: When it began, monotonic seconds.
        step: Number, total and title of the step that runs; None before the first.
        reached: What is done, of how much, counted in what; None when nobody says.
        reached_first: When and how much was said first: the pace is measured from there.
        waits: For whom the run waits; empty for nobody.
        waits_since: Since when.
        waits_at_most: How many seconds at most; None for no limit.
    """

    scenario: Scenario | None = None
    begun: float = 0.0
    step: tuple[int, int, str] | None = None
    reached: tuple[float, float, str] | None = None
    reached_first: tuple[float, float] = (0.0, 0.0)
    waits: str = ""
    waits_since: float = 0.0
    waits_at_most: float | None = None


class RunProgress:
    """How far a run on one board is, as a thing that rich can draw at any moment.

    Args:
        board: The board's name.
        scenarios: What will run, in order; those that do not apply are none of them.
        earlier: How many seconds each scenario took in an earlier run of the board.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        board: str,
        scenarios: list[Scenario],
        earlier: Mapping[Scenario, float],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._board = one_line(board)
        self._clock = clock
        self._begun = clock()
        self._earlier = earlier
        self._to_do = list(scenarios)
        self._total = len(scenarios)
        self._done = 0
        self.now = Activity()

    def started(self, step: str, title: str) -> None:
        """Take that a scenario begins."""
        self.now = Activity(scenario=(step, title), begun=self._clock())

    def finished(self, step: str, title: str) -> None:
        """Take that a scenario has its verdict."""
        if (step, title) in self._to_do:
            self._to_do.remove((step, title))
            self._done += 1
        self.now = Activity()

    def step(self, number: int, total: int, title: str) -> None:
        """Take that a step begins."""
        self.now.step = (number, total, title)
        self.now.reached = None
        self.goes_on()

    def reached(self, done: float, total: float, what: str) -> None:
        """Take how far the scenario says it is."""
        if self.now.reached is None or self.now.reached[2] != what:
            self.now.reached_first = (self._clock(), done)
        self.now.reached = (done, total, what)

    def waits(self, whom: str, seconds: float | None) -> None:
        """Take that the run waits."""
        self.now.waits, self.now.waits_at_most = whom, seconds
        self.now.waits_since = self._clock()

    def goes_on(self) -> None:
        """Take that it waits no longer."""
        self.now.waits = ""

    def seconds_left(self) -> float | None:
        """Return in how many seconds the run may end; None when there is nothing to guess it from."""
        here = self._left_here()
        others = [one for one in self._to_do if one != self.now.scenario]
        known = [self._earlier[one] for one in others if one in self._earlier]
        unknown = len(others) - len(known) + (here is None)
        if unknown and self._done < _FEW:
            return None
        mean = (self._clock() - self._begun) / max(self._done, 1)
        return sum(known) + unknown * mean + (here or 0.0)

    def _left_here(self) -> float | None:
        now = self.now
        if now.scenario is None:
            return 0.0
        paced = self._left_by_pace()
        if paced is not None:
            return paced
        if now.scenario in self._earlier:
            return max(0.0, self._earlier[now.scenario] - (self._clock() - now.begun))
        return None

    def _left_by_pace(self) -> float | None:
        if self.now.reached is None:
            return None
        done, total, _ = self.now.reached
        since, first = self.now.reached_first
        if done <= first:
            return None
        return max(0.0, (self._clock() - since) * (total - done) / (done - first))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw two or three lines, none wider than the terminal."""
        del console
        yield self._head(options.max_width)
        now = self.now
        if now.scenario is None:
            if self._done >= self._total:
                yield _cropped("  writing the reports", options.max_width)
            return
        step, title = now.scenario
        yield _cropped(f"  {folder_label(step)}: {one_line(title)}", options.max_width)
        yield _cropped(f"  {self._within()}", options.max_width)

    def _head(self, width: int) -> Table:
        left = self.seconds_left()
        times = clock_words(self._clock() - self._begun)
        times += ", end not known yet" if left is None else f", about {clock_words(left)} left"
        count = f"{self._done}/{self._total}"
        room = width - len(self._board) - len(count) - len(times) - 3
        line = Table.grid(padding=(0, 1, 0, 0))
        cells: list[Text | ProgressBar] = [Text(self._board, overflow="ellipsis", no_wrap=True)]
        if room >= _NARROWEST_BAR:
            cells.append(
                ProgressBar(total=max(self._total, 1), completed=self._done, width=min(room, _WIDEST_BAR))
            )
        cells += [Text(count, no_wrap=True), Text(times, no_wrap=True, overflow="ellipsis")]
        line.add_row(*cells)
        return line

    def _within(self) -> str:
        """Return what happens in the scenario: for whom it waits, how far it is, the step, the time."""
        now, clock = self.now, self._clock()
        parts = []
        if now.waits:
            limit = "" if now.waits_at_most is None else f" of {clock_words(now.waits_at_most)} at most"
            parts.append(f"waits for {one_line(now.waits)}, {clock_words(clock - now.waits_since)}{limit}")
        if now.reached is not None:
            done, total, what = now.reached
            parts.append(f"{done:g}/{total:g} {one_line(what, 40)}")
        spent = clock_words(clock - now.begun)
        left = self._left_here()
        parts.append(spent if not left else f"{spent}, about {clock_words(left)} left")
        if now.step is not None:
            number, steps, title = now.step
            parts.append(f"step {number}/{steps}: {one_line(title)}")
        return " · ".join(parts)


class Screen:
    """Keeps the moving lines at the bottom of a terminal; on anything else it draws nothing.

    Args:
        console: Where the lines go. It must not write to a stream that pytest takes away while a scenario runs.
        quiet: Draw nothing there either.
    """

    def __init__(self, console: Console, *, quiet: bool = False) -> None:
        self._run: RunProgress | None = None
        self._live: Live | None = None
        if not quiet and console.is_terminal and not console.is_dumb_terminal:
            self._live = Live(
                console=console,
                transient=True,
                refresh_per_second=_PER_SECOND,
                get_renderable=lambda: self._run or Text(""),
                # What scenarios print is pytest's to keep.
                redirect_stdout=False,
                redirect_stderr=False,
            )

    def begin(self, run: RunProgress) -> None:
        """Show a run from now on."""
        self._run = run
        self.resume()

    def end(self) -> None:
        """Show no run any more."""
        self.pause()
        self._run = None

    def pause(self) -> None:
        """Leave the terminal to someone else."""
        if self._live is not None:
            self._live.stop()

    def resume(self) -> None:
        """Take it back."""
        if self._live is not None and self._run is not None:
            self._live.start()


def clock_words(seconds: float) -> str:
    """Return seconds as a clock shows them: 0:07, 12:30, 1:02:03."""
    whole = max(0, int(seconds))
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _cropped(text: str, width: int) -> Text:
    line = Text(text, no_wrap=True, overflow="ellipsis")
    line.truncate(width, overflow="ellipsis")
    return line
