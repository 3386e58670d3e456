"""Fault plans: what shall go wrong on a transport, as data. `fault_syntax.py` reads them, `faulty.py` carries them out.

The same plan over the same operations strikes in the same places: what it leaves to chance follows from its seed.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

ALWAYS = "always"
"""As `times`: the fault never ends."""


class FaultKind(StrEnum):
    """What goes wrong. Each kind has one meaning on every bus; docs/faults-and-replay.md has the table."""

    NAK = "nak"  # the device does not take the request
    TIMEOUT = "timeout"  # the request arrives, its answer is lost
    FLIP = "flip"  # one bit of the answer is wrong
    TRUNCATE = "truncate"  # the end of the answer is lost
    DELAY = "delay"  # the request waits on its way
    DUPLICATE = "duplicate"  # the request arrives twice
    DISCONNECT = "disconnect"  # the device is gone until it is opened again
    BROWNOUT = "brownout"  # the device has no power for a while, and starts anew


ANSWER_KINDS = frozenset({FaultKind.TIMEOUT, FaultKind.FLIP, FaultKind.TRUNCATE})
"""Kinds that spoil an answer, so that requests alone give them nothing to strike."""


class Side(StrEnum):
    """Which operations a fault strikes and counts."""

    ANY = "any"
    REQUEST = "request"  # those that send something
    ANSWER = "answer"  # those that bring something


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a plan.

    Attributes:
        kind: What goes wrong.
        after: How many operations of its side succeed before it may strike.
        times: How often it strikes; 0 for always.
        every: It strikes at each so-many-th operation after `after`.
        chance: Percentage of the operations that it strikes, drawn from the plan's seed.
        side: Which operations it strikes and counts.
        bit: For flip: number of the bit, 0 is the lowest bit of the first byte; None draws one.
        keep: For truncate: how many bytes stay; None draws a number.
        ms: For delay and brownout: milliseconds.
    """

    kind: FaultKind
    after: int = 0
    times: int = 1
    every: int = 1
    chance: int = 100
    side: Side = Side.ANY
    bit: int | None = None
    keep: int | None = None
    ms: int = 0

    def __str__(self) -> str:
        """Return the fault as a plan says it, without what is left at its default."""
        plain = Fault(self.kind, side=default_side(self.kind))
        words = [str(self.kind)]
        for name in SETTINGS[self.kind]:
            value = getattr(self, name)
            if value != getattr(plain, name):
                shown = ALWAYS if name == "times" and value == 0 else value
                words.append(f"{name}={shown}")
        return " ".join(words)


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """Faults with a seed.

    Attributes:
        faults: The faults; of several that would strike the same operation, the first one does.
        seed: Decides what the faults leave to chance.
    """

    faults: tuple[Fault, ...] = ()
    seed: int = 0

    def draw(self, fault: int, count: int, purpose: str, below: int) -> int:
        """Return a number from 0 to `below` - 1 that follows from the seed, the fault and the operation alone."""
        text = f"{self.seed}/{fault}/{count}/{purpose}".encode()
        return int.from_bytes(hashlib.sha256(text).digest()[:8]) % below

    def __str__(self) -> str:
        return "; ".join([f"seed {self.seed}", *map(str, self.faults)])


_COMMON = ("after", "times", "every", "chance", "side")
_OWN: Mapping[FaultKind, tuple[str, ...]] = MappingProxyType(
    {
        FaultKind.FLIP: ("bit",),
        FaultKind.TRUNCATE: ("keep",),
        FaultKind.DELAY: ("ms",),
        FaultKind.BROWNOUT: ("ms",),
    }
)
SETTINGS: Mapping[FaultKind, tuple[str, ...]] = MappingProxyType(
    {kind: (*_OWN.get(kind, ()), *_COMMON) for kind in FaultKind}
)
"""The settings of each kind, in the order in which a plan is printed."""


def default_side(kind: FaultKind) -> Side:
    """Return which operations a kind strikes when the plan does not say."""
    if kind in ANSWER_KINDS:
        return Side.ANSWER
    return Side.REQUEST if kind is FaultKind.DUPLICATE else Side.ANY
