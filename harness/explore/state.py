"""The state of a device within one sequence, and what follows from it for every function alike."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from harness.explore.expected import ANYTHING, Answer, Expected, giving, refusal, shown
from harness.explore.values import Earlier, RepeatedText
from harness.explore.world import World
from harness.id2.codes import ResultCode

CHALLENGE = "55B83408399FA660F05C82E4F25333DC"
"""What stands for an earlier device challenge when there was none: the constant of id2_app."""

PASSWORD = "000000000000"  # noqa: S105 - digits of the right form, the password of nobody

BAD = int(ResultCode.BAD_PARAMETERS)
EXCESS = int(ResultCode.EXCESS_DATA)
GENERIC = int(ResultCode.GENERIC)
SHORT = int(ResultCode.SHORT_BUFFER)
NO_ID = int(ResultCode.ITEM_NOT_FOUND)
UNIMPLEMENTED = int(ResultCode.NOT_IMPLEMENTED)
UNSUPPORTED = int(ResultCode.NOT_SUPPORTED)

_SAME_TICK_S = 0.0015
"""Seconds between two answers that may have been made in the same millisecond."""

Judge = Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class Call:
    """A step, ready to be carried out.

    Attributes:
        function: The function of the API, or what happens to the board.
        arguments: Its arguments by name.
        expected: What may come of it.
        learn: Takes the answer into the state.
        secret: Whether the answer is a secret.
        hidden: The arguments that are not shown.
        size: Bytes of the buffer for the answer; None for one that is long enough.
        cut_after_ms: Milliseconds after which the power is cut in the middle of such calls; None for no cut.
    """

    function: str
    arguments: dict[str, Any]
    expected: Expected
    learn: Callable[[Answer], None] = lambda _: None
    secret: bool = False
    hidden: tuple[str, ...] = ()
    size: int | None = None
    cut_after_ms: int | None = None

    @property
    def words(self) -> str:
        """The call as a person reads it."""
        told = (
            f"{name}={shown(value, secret=name in self.hidden) if value is not None else 'none'}"
            for name, value in self.arguments.items()
        )
        into = "" if self.size is None else f" into {self.size} bytes"
        cut = "" if self.cut_after_ms is None else f" until the power is cut after {self.cut_after_ms} ms"
        return f"{self.function}({', '.join(told)}){into}{cut}"


@dataclass(slots=True)
class State:
    """What a sequence has done to a device so far.

    Attributes:
        world: What is known of the device.
        fewest: The fewest inits that can be open.
        most: The most inits that can be open; not `fewest` only where nobody says that they are counted.
        challenge: The last device challenge.
        password: The last time-based password.
        session_key: The session key of the last OTP code since the last start; empty for none.
        attempts: Calls for provisioning since the last start.
    """

    world: World
    fewest: int = 0
    most: int = 0
    challenge: str = CHALLENGE
    password: str = PASSWORD
    session_key: bytes = b""
    attempts: int = 0
    _seen: dict[tuple[object, ...], object] = field(default_factory=dict)
    _randoms: dict[str, float] = field(default_factory=dict)

    # ---- the start
    def started(self) -> None:
        """Take a start of the board: nothing is open, and a session for provisioning is gone."""
        self.fewest = self.most = self.attempts = 0
        self.session_key = b""

    def opened(self) -> None:
        """Take an init that went well."""
        self.fewest = self.fewest + 1 if self.world.counted else 1
        self.most += 1

    def closed(self) -> None:
        """Take a cleanup."""
        self.fewest = max(0, self.fewest - 1) if self.world.counted else 0
        self.most = max(0, self.most - 1)

    # ---- what holds for all functions
    def expect(self, words: str, value: Judge, wrong: set[int], *also: int, early: bool = False) -> Expected:
        """Return what a function may answer that needs an init and nothing else.

        Args:
            words: What its value is.
            value: Judges a value.
            wrong: The codes for what is wrong with the arguments; empty when they are right.
            also: Codes that are allowed with right arguments too.
            early: Whether every release refuses it before init; 2.0 computes some values without one.
        """
        if not self.most:
            refused = self.world.counted or (early and self.world.sdk_client)
            return refusal(GENERIC, *wrong) if refused else ANYTHING
        if wrong and not self.world.strict:
            return ANYTHING
        if wrong:
            return refusal(*wrong, *({GENERIC} if not self.fewest else ()))
        return giving(words, value, *also, *({GENERIC} if not self.fewest else ()))

    def expect_of_key(
        self, words: str, value: Judge, wrong: set[int], *also: int, early: bool = False
    ) -> Expected:
        """Return what a function may answer that needs the ID² key as well; see `expect`."""
        if self.most and not self.world.identity.id2:
            return refusal()
        return self.expect(words, value, wrong, *also, early=early)

    # ---- what earlier answers say
    def same(self, *what: object) -> Judge:
        """Return a judge that wants the value that came for `what` before; the first one decides."""

        def judge(value: Any) -> str:
            first = self._seen.setdefault(what, value)
            return "" if value == first else "it differs from what the same call gave before"

        return judge

    def fresh(self, kind: str, random: str) -> str:
        """Return what is wrong with a random value that the device drew: it came before in this sequence.

        Of the Demo carrier one that comes again within a millisecond is known defect k.4, which has scenarios.
        """
        if not self.world.draws_randoms:
            return ""
        text, now = f"{kind} {random}", time.monotonic()
        before = self._randoms.setdefault(text, now)
        if before == now:
            return ""
        if self.world.demo and now - before < _SAME_TICK_S:
            self.world.findings.add("k.4")
            return ""
        return f"its {kind} came before in this sequence"

    def text(self, value: "str | RepeatedText | Earlier") -> str:
        """Return the text that an argument means now."""
        if isinstance(value, RepeatedText):
            return value.repeat * value.times
        if isinstance(value, Earlier):
            return self.challenge if value.earlier == "device-challenge" else self.password
        return value
