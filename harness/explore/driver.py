"""Carries sequences out on a board, and holds every answer to the model."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from harness.carrier.base import AuthMode, Carrier
from harness.carrier.errors import CarrierError
from harness.errors import BenchError, DeviceError
from harness.explore.expected import Answer
from harness.explore.far_end import FarEnd
from harness.explore.model import Model
from harness.explore.state import Call
from harness.explore.steps import (
    BoardEvent,
    Event,
    IntoBufferCall,
    OtpCodeCall,
    OtpLoadCall,
    PlainCall,
    PowerCutCall,
    ServiceCall,
    Step,
)
from harness.explore.world import World
from harness.probe.errors import CallLostError, CrashedError
from harness.probe.secrecy import is_secret, revealed

MOST_INITS = 512
"""How many inits are taken back to bring a board that cannot be reset to a known state."""


_ALWAYS = ("init", "cleanup")
_FRESHENING = (
    Event.POWER_CYCLE,
    Event.RESET,
    Event.REOPEN,
)  # some memory outlives a reset, and tells of the past


class UnderTest(Protocol):
    """The board that is explored."""

    events: frozenset[Event]
    """What can be done to it."""

    far_end: FarEnd | None
    """The service that its codes can be sent to; None for none."""

    sizes_buffers: bool
    """Whether `into_buffer` can be called."""

    def into_buffer(self, function: str, arguments: Mapping[str, Any], size: int) -> object:
        """Call a function with an output buffer of `size` bytes; return and raise what its carrier would."""

    cuts_power: bool
    """Whether `until_cut` can be called."""

    def until_cut(self, make: Callable[[], None], seconds: float) -> None:
        """Call `make` again and again until the power is cut after some seconds; return when the board is back.

        What it raises once the power may be gone says nothing.
        """

    def carrier(self) -> Carrier:
        """Return its carrier as it is now; no init is called."""

    def happen(self, event: Event) -> None:
        """Do something to the board, and return when it can be called again.

        Raises:
            BenchError: It could not be done.
        """

    def has_room(self, call: Call) -> bool:
        """Tell whether the way to the board has room for the arguments and the answer of a call."""

    def starts(self) -> int:
        """Return how many starts of the board were seen; always the same where nothing shows them."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that was carried out.

    Attributes:
        step: The step.
        call: What it was: the function and its arguments.
        expected: What might come of it.
        got: What came of it.
        problem: What is wrong with that; empty when it was expected.
    """

    step: Step
    call: str
    expected: str
    got: str
    problem: str = ""


class Driver:
    """Carries steps out, each sequence from a known state on.

    Args:
        board: The board.
        world: What is known of it.
        keep: Gives a number that is no secret, which a replay needs: what was counted, or what was kept of it.

    Attributes:
        world: What is known of it.
        steps: How many steps were carried out.
        history: Those since the board was started anew.
    """

    def __init__(
        self,
        board: UnderTest,
        world: World,
        keep: Callable[[str, Callable[[], int]], int] = lambda _, now: now(),
    ) -> None:
        self.world = world
        self.steps = 0
        self.history: list[Step] = []
        self._board = board
        self._keep = keep
        self._original = world.identity
        self._model = Model(world, world.identity)

    def begin(self, *, thorough: bool = True) -> None:
        """Bring the board to the state in which every sequence begins: nothing is open, its identity is the first one.

        Args:
            thorough: Whether it is started anew for it, where that can be done.

        Raises:
            BenchError: It cannot be brought there.
        """
        self._close_known()
        event = next((one for one in _FRESHENING if one in self._board.events), None)
        if event is None:
            self._close_all()
        elif thorough or event is Event.REOPEN:
            self._board.happen(event)
            self.history = []
        self._model = Model(self.world, self._original)
        self._give_back()

    def end(self) -> None:
        """Leave the board as it was found: nothing is open, and its identity is the first one.

        Raises:
            BenchError: It cannot be brought there.
        """
        self.begin()

    def run(self, steps: Iterable[Step]) -> list[Taken]:
        """Carry out a sequence from the beginning, up to its end or its first contradiction."""
        self.begin()
        taken: list[Taken] = []
        for step in steps:
            one = self.take(step)
            if one is not None:
                taken.append(one)
                if one.problem:
                    break
        return taken

    def can_take(self, step: Step) -> bool:
        """Tell whether the board can be asked for a step: an event that can happen, a function that is called."""
        if isinstance(step, BoardEvent):
            return step.step in self._board.events
        if isinstance(step, PowerCutCall):
            return self._board.cuts_power and step.function in self.world.functions
        if isinstance(step, ServiceCall):
            return self._board.far_end is not None
        if isinstance(step, IntoBufferCall):
            return self._board.sizes_buffers and step.function in self.world.functions
        return step.step in self.world.functions or step.step in _ALWAYS

    def take(self, step: Step) -> Taken | None:
        """Carry out one step; None when it cannot be built for this device.

        Raises:
            BenchError: The board is out of reach.
        """
        call = self._model.call(step) if self.can_take(step) else None
        if call is None or not self._board.has_room(call):
            return None
        self.steps += 1
        self.history.append(step)
        if call.cut_after_ms is not None:
            return self._cut(step, call, call.cut_after_ms)
        answer = self._happens(Event(step.step)) if isinstance(step, BoardEvent) else self._answer(call)
        is_hidden = is_secret(answer.value)
        answer = replace(answer, value=revealed(answer.value))
        problem = self._kept(call, answer) if is_hidden else call.expected.contradiction(answer)
        if not answer.lost and not answer.broken:
            call.learn(answer)
        return Taken(step, call.words, call.expected.words, answer.words(secret=call.secret), problem)

    def _cut(self, step: Step, call: Call, after_ms: int) -> Taken:
        """Make a call again and again until the power is cut, and judge what it answered before."""
        answers: list[Answer] = []
        self._board.until_cut(lambda: answers.append(self._called(call)), after_ms / 1000)
        call.learn(Answer())
        for answer in answers:
            if problem := call.expected.contradiction(answer):
                return Taken(step, call.words, call.expected.words, answer.words(secret=call.secret), problem)
        return Taken(step, call.words, call.expected.words, f"{len(answers)} answers, then the power cut")

    def _kept(self, call: Call, answer: Answer) -> str:
        """Return what is wrong with a secret answer; a replay does not have it, so that this is kept with the run."""
        seen: list[str] = []

        def contradicts() -> int:
            seen.append(call.expected.contradiction(answer))
            return int(bool(seen[0]))

        wrong = self._keep("whether a secret answer contradicts", contradicts)
        return "".join(seen) or ("it is not the one that was expected" if wrong else "")

    def _happens(self, event: Event) -> Answer:
        self._board.happen(event)
        return Answer()

    def _answer(self, call: Call) -> Answer:
        starts = self._board.starts()
        try:
            answer = self._called(call)
        except (CallLostError, CrashedError) as error:
            self._model.restarted()
            return Answer(lost=f"the board started anew by itself: {error.message}")
        if self._board.starts() != starts:
            self._model.restarted()
            return Answer(lost="the board started anew by itself")
        return answer

    def _called(self, call: Call) -> Answer:
        try:
            return Answer(value=self._value(call))
        except CarrierError as error:
            return Answer(code=error.code or -1)
        except CrashedError:
            raise
        except DeviceError as error:
            return Answer(broken=error.message)

    def _value(self, call: Call) -> object:
        if call.size is not None:
            return self._board.into_buffer(call.function, call.arguments, call.size)
        carrier = self._board.carrier()
        if call.function == "service":
            assert self._board.far_end is not None
            return self._board.far_end.authenticate(
                self.world.identity, lambda random: _sign(carrier, call, random), **call.arguments
            )
        return getattr(carrier, call.function)(**_as_api(call))

    def _close_known(self) -> None:
        """Take back the inits that the last sequence left open: a reset must not find any."""
        try:
            for _ in range(self._model.most_inits):
                self._board.carrier().cleanup()
        except (DeviceError, CallLostError):
            return  # the sequence before was judged; what follows begins anew

    def _close_all(self) -> None:
        """Take inits back until the client says that there is none."""
        carrier = self._board.carrier()
        if not self.world.counted:
            carrier.cleanup()
            return
        for _ in range(MOST_INITS):
            try:
                carrier.get_version()
            except CarrierError:
                return
            carrier.cleanup()
        raise BenchError(
            f"the client is still open after {MOST_INITS} calls of cleanup, and nothing resets the board",
            hint="write a controller that resets the board into the board file",
        )

    def _give_back(self) -> None:
        """Give the device its first identity back, when a sequence has given it another one."""
        if self.world.identity.id2 == self._original.id2:
            return
        if self._original.key is None or not self._original.id2:
            self._original = (
                self.world.identity
            )  # it had none: what it has now is where the next sequence begins
            self._model = Model(self.world, self._original)
            return
        for step in (
            PlainCall(step="init"),
            OtpCodeCall(step="get_otp_auth_code"),
            OtpLoadCall(step="load_otp_data", identity=0),
            PlainCall(step="cleanup"),
        ):
            self.take(step)
        if self.world.identity.id2 != self._original.id2:
            raise BenchError(
                "the device does not take back the ID that it had",
                hint="provision it anew; it now has an ID of the harness, made up for exploring",
            )


def _sign(carrier: Carrier, call: Call, random: str) -> str:
    text = call.arguments["extra"]
    extra = None if text is None else text.encode()
    if call.arguments["timestamp"]:
        return carrier.get_timestamp_auth_code(random, extra)
    return carrier.get_challenge_auth_code(random, extra)


def _as_api(call: Call) -> dict[str, object]:
    if "mode" in call.arguments:
        return {**call.arguments, "mode": AuthMode(call.arguments["mode"])}
    return call.arguments
