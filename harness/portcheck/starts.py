"""What a board says of its start: the cause of the reset, and how long ago it was.

Source: docs/probe-protocol.md, group board.
"""

from enum import StrEnum

from harness.portcheck.clock import Reading, between


class Cause(StrEnum):
    """Why a board started, as its probe says it."""

    POWER_ON = "power-on"
    PIN = "pin"
    SOFTWARE = "software"
    WATCHDOG = "watchdog"
    BROWN_OUT = "brown-out"
    OTHER = "other"


class Reset(StrEnum):
    """What reset a board."""

    SOFTWARE = "software"
    WATCHDOG = "watchdog"
    CONTROLLER = "a controller"


# Some controllers know no reset by software but the watchdog's, and some benches reset by the supply.
_PLAUSIBLE = {
    Reset.SOFTWARE: {Cause.SOFTWARE, Cause.WATCHDOG, Cause.OTHER},
    Reset.WATCHDOG: {Cause.WATCHDOG, Cause.OTHER},
    Reset.CONTROLLER: {Cause.PIN, Cause.POWER_ON, Cause.BROWN_OUT, Cause.OTHER},
}


def cause_problems(reset: Reset, said: str) -> list[str]:
    """Return why the cause that a board tells cannot be that of a reset; empty when it can.

    Args:
        reset: What reset it.
        said: What it says.
    """
    if said not in {cause.value for cause in Cause}:
        return [f"{said[:40]!a} is no cause of a reset; there is {', '.join(Cause)}"]
    if Cause(said) in _PLAUSIBLE[reset]:
        return []
    return [f"reset by {reset}, the board says that the cause was {said}"]


def uptime_problems(first: Reading, second: Reading, quantum: float, limit: float) -> list[str]:
    """Return how the time since the start does not grow as time does; empty when it does.

    Args:
        first: What the board said, in milliseconds.
        second: The same, later in the same start.
        quantum: Milliseconds that its clock may stand still.
        limit: Millionths by which it may run fast or slow.
    """
    bounds = between(first, second, quantum)
    if bounds is None or not bounds.beyond(limit):
        return []
    least, most = second.before - first.after, second.after - first.before
    return [
        f"the time since the start went from {first.ms} ms to {second.ms} ms in {least:.3f} to {most:.3f} s"
    ]


def restart_problems(before: Reading, after: Reading, quantum: float, limit: float) -> list[str]:
    """Return how the time since the start did not begin anew with the board; empty when it did.

    Args:
        before: What the board said before it started anew, in milliseconds.
        after: What it said afterwards.
        quantum: Milliseconds that its clock may stand still.
        limit: Millionths by which it may run fast or slow.
    """
    passed = after.after - before.before
    if after.ms <= passed * 1000 * (1 + limit / 1_000_000) + quantum:
        return []
    return [f"the board started anew within {passed:.3f} s and says that it has been up for {after.ms} ms"]
