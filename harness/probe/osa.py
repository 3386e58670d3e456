"""The OSA of a board, called through its probe: time, sleep, memory, texts, mutex, semaphore, thread.

Source: docs/probe-protocol.md, groups osa, mutex, semaphore and thread; SDK 3.1.0 include/osa/ls_osa.h.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import IntEnum

from harness.portcheck.clock import Reading
from harness.portcheck.waits import Wait
from harness.probe.link import Answer, ProbeLink
from harness.probe.numbers import numbers_in

MUTEX_STEPS = 6
"""Steps of a mutex: create, lock, unlock, lock, unlock, destroy."""

_CYCLE_S = 0.005  # a cycle of taking and giving back memory, at the slowest
_BLOCK_S = 0.002  # a block of the heap, at the slowest


class Format(IntEnum):
    """The formats that the SDK gives to ls_osa_snprintf, by their number in the call `fmt`."""

    UPPER_HEX_8 = 0
    STRING_OF_LENGTH = 1
    STRING = 2
    SIGNED = 3
    UNSIGNED = 4
    HEX_2 = 5
    CHARACTER = 6
    HEX_8_AND_STRING = 7


@dataclass(frozen=True, slots=True)
class Cycles:
    """What became of blocks that were taken and given back one after the other.

    Attributes:
        given: How many were had.
        wrong: Bytes that were not 0 at first (calloc), or did not keep what was written into them.
        refused: How often NULL came.
    """

    given: int
    wrong: int
    refused: int


@dataclass(frozen=True, slots=True)
class Exhausted:
    """What became of blocks that were taken until there were no more, and then given back.

    Attributes:
        blocks: How many were had.
        damaged: How many of them did not keep what was written into them.
    """

    blocks: int
    damaged: int


@dataclass(frozen=True, slots=True)
class SemaphoreWait:
    """What a wait for a semaphore came to.

    Attributes:
        rc: What ls_osa_sem_wait returned; that of the probe when no semaphore could be made.
        wait: How long it took.
    """

    rc: int
    wait: Wait


class Osa:
    """The OSA functions of a board.

    Args:
        link: The probe of the board.
        now: Monotonic seconds.
    """

    def __init__(self, link: ProbeLink, now: Callable[[], float]) -> None:
        self._link = link
        self._now = now

    def read_time(self) -> Reading:
        """Return what ls_osa_get_time_ms says, with the moments between which it was asked."""
        before = self._now()
        answer = self._link.call("tim")
        after = self._now()
        high, low = numbers_in(answer, 2)
        return Reading(before, after, struct.unpack(">q", struct.pack(">II", high, low))[0])

    def sleep(self, ms: int) -> Wait:
        """Have ls_osa_msleep called.

        Args:
            ms: Milliseconds.
        """
        before = self._now()
        answer = self._link.call("slp", k=ms, limit=2 * ms / 1000 + 10)
        after = self._now()
        return Wait("ls_osa_msleep", ms, numbers_in(answer, 2), after - before)

    def calloc_cycles(self, count: int, size: int, cycles: int) -> Cycles:
        """Take and give back `count` times `size` bytes of ls_osa_calloc, `cycles` times."""
        return self._cycles("cal", count, size, cycles)

    def malloc_cycles(self, size: int, cycles: int) -> Cycles:
        """Take and give back `size` bytes of ls_osa_malloc, `cycles` times."""
        return self._cycles("mal", 1, size, cycles)

    def _cycles(self, function: str, count: int, size: int, cycles: int) -> Cycles:
        limit = 10 + cycles * _CYCLE_S
        return Cycles(*numbers_in(self._link.call(function, k=count, m=size, n=cycles, limit=limit), 3))

    def exhaust(self, size: int, most: int) -> Exhausted:
        """Take blocks of `size` bytes of ls_osa_malloc until NULL comes or there are `most`, and give all back."""
        answer = self._link.call("exh", k=size, m=most, limit=10 + most * _BLOCK_S)
        return Exhausted(*numbers_in(answer, 2))

    def snprintf(
        self, form: Format, size: int, *, number: int = 0, text: str = "", precision: int = 0
    ) -> Answer:
        """Have ls_osa_snprintf write into a buffer; the data of the answer is the whole buffer, which held A5.

        With a negative result no buffer comes. It is written once more then for the buffer alone, which an older
        probe does not give: its data stay empty.

        Args:
            form: The format.
            size: Bytes of the buffer.
            number: What is formatted by the formats of numbers; negative for `Format.SIGNED`.
            text: What is formatted by the formats of texts.
            precision: Characters of the text, for `Format.STRING_OF_LENGTH`.
        """

        def write(only_buffer: int) -> Answer:
            return self._link.call(
                "fmt", k=form, m=number, a=text.encode("ascii"), n=precision, p=only_buffer, out=size
            )

        answer = write(0)
        if answer.rc >= 0:
            return answer
        again = write(1)
        return replace(answer, data=again.data, overwritten=max(answer.overwritten, again.overwritten))

    def print(self, text: str) -> None:
        """Have ls_osa_print print a line.

        Args:
            text: It, without its end.
        """
        self._link.call("prt", a=text.encode("ascii"))

    def mutex(self) -> int:
        """Return how many of the steps of a mutex went well, of `MUTEX_STEPS`."""
        answer = self._link.call("mtx")
        return answer.data[0] if answer.data else 0

    def wait_in_vain(self, ms: int) -> SemaphoreWait:
        """Wait for a semaphore that nobody posts.

        Args:
            ms: Milliseconds.
        """
        return self._wait("smw", ms)

    def wait_for_post(self, ms: int) -> SemaphoreWait:
        """Wait for a semaphore that was posted before.

        Args:
            ms: Milliseconds.
        """
        return self._wait("smp", ms)

    def _wait(self, function: str, ms: int) -> SemaphoreWait:
        before = self._now()
        answer = self._link.call(function, k=ms, limit=2 * ms / 1000 + 10)
        after = self._now()
        return SemaphoreWait(answer.rc, Wait("ls_osa_sem_wait", ms, (answer.length,), after - before))

    def thread(self, stack: int, count: int, ms: int, *, locked_out: bool = False) -> int | None:
        """Return how far a thread came that counts and sleeps a millisecond after each; None when none was made.

        Args:
            stack: Bytes of its stack.
            count: Where it ends.
            ms: Milliseconds that it is given.
            locked_out: Whether its creator holds the mutex meanwhile that it counts under.
        """
        limit = ms / 1000 + 10
        answer = self._link.call("thr", k=stack, m=count, n=ms, p=int(locked_out), limit=limit)
        return None if answer.rc < 0 else numbers_in(answer, 1)[0]
