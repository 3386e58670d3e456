"""Explores a board for a time: draws sequences, shrinks the first contradiction, and sees whether it comes again."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis.configuration import set_hypothesis_home_dir
from hypothesis.errors import Flaky
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants
from hypothesis.reporting import with_reporter
from hypothesis.stateful import run_state_machine_as_test

from harness.errors import HarnessError
from harness.explore.driver import Driver, Taken, UnderTest
from harness.explore.machine import machine, steps_of
from harness.explore.shrink import reduced
from harness.explore.steps import Step

LONGEST = 40
"""Steps of one sequence at the most."""

_FRESH = 8  # a reset takes long: each so-many-th sequence begins with one, and each that is looked at again
_QUICK_S = 1.0  # seconds of a sequence
_FRUITLESS = 40  # tries of hypothesis that make a sequence no shorter, after which it need not go on
_PER_ROUND = 20  # sequences for each start of hypothesis, whose memory of them goes with it
_CONFIRMED = 3  # times that a contradiction is tried again before it counts as seen once
_SHRINKING = 0.5  # share of the time that shrinking may take
_LEAST_TO_SHRINK_S = 5.0
_MOST_TO_SHRINK_S = 300.0


class ContradictionError(Exception):
    """A step answered what ID² does not allow; it ends the sequence, and has hypothesis shrink it."""


class _OverError(BaseException):
    """The time is over; no error of the board, so that hypothesis must let it through."""


class _StoppedError(BaseException):
    """The board is out of reach, or something beside it broke."""

    def __init__(self, error: HarnessError) -> None:
        super().__init__()
        self.error = error


@dataclass(frozen=True, slots=True)
class Limits:
    """How far an exploration goes; it ends with the first limit.

    Attributes:
        seconds: How long it lasts.
        steps: How many steps; None for as many as the time allows.
    """

    seconds: float
    steps: int | None = None


@dataclass(slots=True)
class Outcome:
    """What came of an exploration.

    Attributes:
        sequences: How many sequences were carried out.
        steps: How many steps were.
        seconds: How long it took.
        found: The shortest sequence that contradicts ID² and did so again; None for none.
        once: The sequences that contradicted ID² once, and not again.
        drawn: Steps of the sequence as it was drawn.
    """

    sequences: int = 0
    steps: int = 0
    seconds: float = 0.0
    found: list[Taken] | None = None
    once: list[list[Taken]] = field(default_factory=list)
    drawn: int = 0


class Explorer:
    """Explores one board.

    Args:
        driver: Carries the steps out.
        board: The board.
        number: The seed: the same one draws the same sequences.
        progress: Told of seconds passed, seconds in all, sequences and steps so far.
    """

    def __init__(
        self,
        driver: Driver,
        board: UnderTest,
        number: int,
        progress: Callable[[float, float], None] = lambda _, __: None,
    ) -> None:
        self._driver = driver
        self._kinds = list(
            steps_of(
                driver.world.functions,
                board.events,
                sizes_buffers=board.sizes_buffers,
                service=board.far_end is not None,
                cuts_power=board.cuts_power,
            )
        )
        self._number = number
        self._progress = progress
        self._trail: list[Taken] = []
        self._failing: list[Taken] | None = None
        self._drawn: list[Step] = []
        self._before: list[Step] = []
        self._fruitless = 0
        self._began = 0.0
        self._ends = 0.0
        self._most_steps: int | None = None
        self._shrink_until = 0.0
        self.outcome = Outcome()

    def run(self, limits: Limits) -> Outcome:
        """Explore until a contradiction is found and shrunk, or a limit is reached.

        Raises:
            HarnessError: The board is out of reach, or something beside it broke.
        """
        self._began = began = time.monotonic()
        self._ends, self._most_steps = began + limits.seconds, limits.steps
        outcome = self.outcome
        number = self._number
        try:
            while outcome.found is None and not self._over:
                self._round(number)
                number = number * 6364136223846793005 + 1442695040888963407 & (1 << 63) - 1
                self._progress(time.monotonic() - began, limits.seconds)
                if self._failing is not None:
                    self._judge(self._failing)
                    self._failing = None
        finally:
            outcome.steps = self._driver.steps
            outcome.seconds = time.monotonic() - began
        return outcome

    @property
    def _over(self) -> bool:
        """Whether a limit is reached."""
        steps = self._most_steps
        return time.monotonic() >= self._ends or (steps is not None and self._driver.steps >= steps)

    @property
    def _quick(self) -> bool:
        """Whether the board is quick enough for the many tries by which hypothesis shrinks."""
        return time.monotonic() - self._began < _QUICK_S * max(1, self.outcome.sequences)

    def _round(self, number: int) -> None:
        """Have hypothesis draw some sequences; the shortest contradiction is kept as it goes."""
        drawn = machine(iter(self._kinds), self._begin, self._take)
        seed(number)(drawn)
        chosen = settings(
            max_examples=_PER_ROUND,
            stateful_step_count=LONGEST,
            deadline=None,
            database=None,
            phases=(Phase.generate, Phase.shrink) if self._quick else (Phase.generate,),
            verbosity=Verbosity.quiet,
            suppress_health_check=tuple(HealthCheck),
            report_multiple_bugs=False,
            print_blob=False,
        )
        try:
            with _by_itself():
                run_state_machine_as_test(drawn, settings=chosen)
        except (ContradictionError, Flaky, _OverError):
            pass  # what came of it stands in `_failing`
        except _StoppedError as stopped:
            raise stopped.error from None

    def _begin(self) -> None:
        self._trail = []
        thorough = True
        if self._failing is None:
            if self.outcome.sequences and self._over:
                raise _OverError
            self.outcome.sequences += 1
            thorough = self.outcome.sequences % _FRESH == 1
        else:
            self._fruitless += 1
            if time.monotonic() >= self._shrink_until or self._fruitless > _FRUITLESS:
                raise _OverError
        try:
            self._driver.begin(thorough=thorough)
        except HarnessError as error:
            raise _StoppedError(error) from None

    def _take(self, step: Step) -> None:
        if self._failing is None and self._trail and self._over:
            raise _OverError
        try:
            one = self._driver.take(step)
        except HarnessError as error:
            raise _StoppedError(error) from None
        if one is None:
            return
        self._trail.append(one)
        if not one.problem:
            return
        if self._failing is None:
            self._drawn = [each.step for each in self._trail]
            self._before = list(self._driver.history)
            room = max(_LEAST_TO_SHRINK_S, _SHRINKING * (self._ends - time.monotonic()))
            self._shrink_until = time.monotonic() + min(_MOST_TO_SHRINK_S, room)
        if self._failing is None or len(self._trail) < len(self._failing):
            self._fruitless = 0
        if self._failing is None or len(self._trail) <= len(self._failing):
            self._failing = list(self._trail)
        raise ContradictionError

    def _judge(self, failing: list[Taken]) -> None:
        """Decide whether a contradiction counts: it must come again, be it after all that went before it."""
        outcome = self.outcome
        steps = [one.step for one in failing]
        candidates = [steps, self._drawn] if len(steps) < len(self._drawn) else [steps]
        if len(self._before) > len(self._drawn):
            candidates.append(self._before)
        outcome.found = self._look_again(candidates)
        if outcome.found is None:
            outcome.once.append(failing)
        else:
            outcome.drawn = len(self._drawn)

    def _look_again(self, candidates: list[list[Step]]) -> list[Taken] | None:
        """Return the first candidate that contradicts again on a board just started, shortened; None for none."""
        for steps in candidates:
            for _ in range(_CONFIRMED):
                again = self._contradicts(steps)
                if again is not None:
                    until = max(self._shrink_until, time.monotonic() + _LEAST_TO_SHRINK_S)
                    return reduced(again, self._contradicts, until)
        return None

    def _contradicts(self, steps: list[Step]) -> list[Taken] | None:
        taken = self._driver.run(steps)
        return taken if taken and taken[-1].problem else None


@contextmanager
def _by_itself() -> Iterator[None]:
    """Keep hypothesis to what it is asked for: no file in the user's folder, no word, and draws of the seed alone.

    It would mix constants of the modules that happen to be loaded into what it draws, so that a seed would mean other
    sequences after another import.
    """
    own: Any = getattr(providers, "_get_local_constants", None)
    with tempfile.TemporaryDirectory(prefix="harness-explore-") as folder:
        set_hypothesis_home_dir(folder)
        if own is not None:
            providers._get_local_constants = Constants  # noqa: SLF001 - there is no setting for it
        try:
            with with_reporter(lambda _: None):
                yield
        finally:
            if own is not None:
                providers._get_local_constants = own  # noqa: SLF001
            set_hypothesis_home_dir(None)
