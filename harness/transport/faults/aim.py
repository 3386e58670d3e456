"""Decides which fault of a plan strikes which operation."""

import threading
from dataclasses import dataclass

from harness.transport.base import (
    Exchange,
    I2cWrite,
    Operation,
    SendBreak,
    SetLines,
    SetSpeed,
    SpiTransfer,
    StreamRead,
    StreamWrite,
)
from harness.transport.faults.plan import Fault, FaultKind, FaultPlan, Side

REQUESTS = (StreamWrite, I2cWrite, SetLines, SendBreak, SetSpeed)
"""Operations that send something and bring nothing."""

_WITH_BOTH = (Exchange, SpiTransfer)
_REQUEST = frozenset({Side.ANY, Side.REQUEST})
_ANSWER = frozenset({Side.ANY, Side.ANSWER})
_BOTH = frozenset(Side)


@dataclass(slots=True)
class Aim:
    """A fault that is to strike one operation, or the rest of one stream answer.

    Attributes:
        index: Which fault of the plan.
        fault: The fault.
        count: How many operations of its side had succeeded before.
        told: Whether it has been told of.
    """

    index: int
    fault: Fault
    count: int
    told: bool = False


class Aiming:
    """Counts the operations of one transport and aims the faults of a plan at them; threads may share it."""

    def __init__(self, plan: FaultPlan) -> None:
        """Begin to count."""
        self._plan = plan
        self._lock = threading.Lock()
        self._counts = dict.fromkeys(Side, 0)
        self._strikes = [0] * len(plan.faults)

    def aim(self, operation: Operation) -> Aim | None:
        """Return the fault that strikes this operation, which then counts as done; None when none does."""
        sides = _sides(operation)
        with self._lock:
            for index, fault in enumerate(self._plan.faults):
                if fault.side not in sides or (
                    fault.kind is FaultKind.NAK and isinstance(operation, StreamRead)
                ):
                    continue
                count = self._counts[fault.side]
                past = count - fault.after
                if past < 0 or past % fault.every or (fault.times and self._strikes[index] >= fault.times):
                    continue
                if self._plan.draw(index, count, "chance", 100) < fault.chance:
                    self._strikes[index] += 1
                    self._advance(sides, 1)
                    return Aim(index, fault, count)
        return None

    def count(self, operation: Operation) -> None:
        """Count an operation that succeeded."""
        with self._lock:
            self._advance(_sides(operation), 1)

    def take_back(self, aim: Aim, operation: Operation) -> None:
        """Forget an operation that a fault was aimed at and that gave it nothing to strike."""
        with self._lock:
            self._strikes[aim.index] -= 1
            self._advance(_sides(operation), -1)

    def _advance(self, sides: frozenset[Side], by: int) -> None:
        for side in sides:
            self._counts[side] += by


def _sides(operation: Operation) -> frozenset[Side]:
    if isinstance(operation, REQUESTS) or (isinstance(operation, SpiTransfer) and not operation.length):
        return _REQUEST
    return _BOTH if isinstance(operation, _WITH_BOTH) else _ANSWER
