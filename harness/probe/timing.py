"""How long calls take, by a clock that can be played back."""

from collections.abc import Callable

from harness.hostload import Duration, host
from harness.probe.link import Answer


def timed(now: Callable[[], float], call: Callable[[], Answer]) -> tuple[Answer, Duration]:
    """Make a call; return its answer, and the seconds until it had come with those that this computer was late by.

    Args:
        now: Monotonic seconds.
        call: The call.
    """
    machine = host()
    begin, before = machine.moment(), now()
    answer = call()
    elapsed = now() - before
    return answer, Duration(elapsed, min(elapsed, machine.since(begin).late))
