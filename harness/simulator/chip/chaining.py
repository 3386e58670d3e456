"""Commands that carry long data in numbered blocks: P1 counts them, the first one says what to do.

Source: device-protocol.md e.2.
"""

from harness.simulator.chip.hooks import Check, ChipHooks
from harness.simulator.chip.model import Received, Refuse
from harness.simulator.chip.status import Sw

HEAD_SIZE = 5  # mode, algorithm, KID, total length (2)
MAX_BLOCK = 0xF0
_MARKS = (0x00, 0x01)  # P2: more follow, last


def require_mark(received: Received, hooks: ChipHooks) -> None:
    """Refuse a P2 that is neither 00 nor 01."""
    if received.p2 not in _MARKS and Check.P1P2 not in hooks.skipped:
        raise Refuse(Sw.P1P2)


def require_size(received: Received, most: int, hooks: ChipHooks) -> None:
    """Refuse a command without data, or with more than one block may hold."""
    if not 1 <= len(received.data) <= most and Check.LENGTH not in hooks.skipped:
        raise Refuse(Sw.LENGTH)


def starts_anew(received: Received, expected: int | None, hooks: ChipHooks) -> bool:
    """Tell whether this command is block 0 of a new operation, or the block that is expected next.

    Args:
        received: The command.
        expected: Number of the next block of the running operation, None when nothing runs.
        hooks: Where the check may be broken.

    Raises:
        Refuse: 6985 for a further block when nothing runs, 6A86 for a wrong number.
    """
    if Check.P1P2 in hooks.skipped:
        return expected is None
    if received.p1 == 0:
        return True
    if expected is None:
        raise Refuse(Sw.CONDITIONS)
    if received.p1 != expected:
        raise Refuse(Sw.P1P2)
    return False
