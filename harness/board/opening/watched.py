"""The way to a chip, watched: what was never heard, or is there no more, says nothing about a device.

A chip that gives no sound answer is asked once more before anybody is accused: the channel is opened anew and a
harmless command is sent. Nothing comes back: the chip is unplugged, without power or hung, which is for the person at
the bench. Something comes back: the chip is there, and what it did stands.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from harness.chip.channel import ApduChannel
from harness.chip.errors import AnswerError, ChipTimeoutError, FramingError
from harness.errors import BenchError, DeviceError, HarnessError
from harness.hostload import Host, Span, host, overloaded
from harness.transport.errors import Silent

_SHORTEST = 2  # bytes of an answer: a status word
_PAUSE = 0.1  # seconds between two questions whether the chip is there
_LONGEST_LOOK = 10.0  # seconds; a chip that is needed longer to come back is not there
_SOUND_IN_A_ROW = 2  # the first answer may be the late one to the command before
_LEAST = 0.25  # seconds of lateness that are worth talking of
_UNFAIR = 0.2  # share of a wait that the host may be late, where the wait itself does not count that out


@dataclass(slots=True)
class Hearing:
    """Whether a chip has given a sound answer since the board was taken; kept over all its sessions."""

    heard: bool = False


class WatchedChannel(ApduChannel):
    """A channel that tells a chip that did wrong from one that is not there.

    Args:
        inner: The channel.
        probe: A harmless command.
        timeout: Seconds that the chip has for an answer, as the board file declares.
        hearing: Whether this chip was ever heard.
        machine: The host, for its lateness; this one when left out.
        clock: Monotonic seconds.
        pause: Waits between two questions: a chip on a bus tells nobody that it is back.
    """

    def __init__(
        self,
        inner: ApduChannel,
        *,
        probe: bytes,
        timeout: float,
        hearing: Hearing,
        machine: Host | None = None,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.inner = inner
        self._probe = probe
        self._timeout = timeout
        self._hearing = hearing
        self._host = machine or host()
        self._clock = clock
        self._pause = pause
        self._lost = False

    @property
    def name(self) -> str:
        """Name of the transport below."""
        return self.inner.name

    def open(self) -> None:
        """Open the channel.

        Raises:
            BenchError: it cannot be opened, or nothing that was ever sound came from there.
            DeviceError: a chip that is there answers wrongly.
        """
        begin = self._host.glance()
        self._lost = False
        try:
            self.inner.open()
        except (DeviceError, Silent) as error:
            judged = self._judged(error, "the opening", self._host.since(begin))
            self.inner.close()
            raise judged from error

    def close(self) -> None:
        """Close the channel."""
        self.inner.close()

    def transmit(self, command: bytes) -> bytes:
        """Send one command and return the answer.

        Raises:
            BenchError: the chip was never heard, is there no more, or the host was too late to judge by.
            DeviceError: a chip that is there answers wrongly, or not in its time.
        """
        if self._lost:
            self.open()
            if command != self._probe:
                self.transmit(self._probe)  # a chip that was without power has forgotten what was selected
        begin = self._host.glance()
        try:
            answer = self.inner.transmit(command)
        except (DeviceError, Silent) as error:
            shown = f"command {command[:4].hex(' ').upper()}"
            raise self._judged(error, shown, self._host.since(begin)) from error
        except BenchError:
            self._lost = True  # what is gone may come back, and is opened anew for the next command
            self.inner.close()
            raise
        if len(answer) >= _SHORTEST:
            self._hearing.heard = True
        elif not self._hearing.heard:
            raise self._unheard(f"an answer of {len(answer)} bytes")
        return answer

    def _judged(self, error: DeviceError | Silent, what: str, span: Span) -> HarnessError:
        """Return what an error comes to."""
        if isinstance(error, FramingError) and error.spoke:
            self._hearing.heard = True
            return error
        late = isinstance(error, ChipTimeoutError | Silent)
        # The drivers of chips count the host's lateness out of their deadlines; whatever else waits does not.
        unfair = isinstance(error, Silent) and span.late >= max(_LEAST, _UNFAIR * span.elapsed)
        if late and (unfair or span.hopeless):
            return overloaded(f"{self.name}: {what}", span, self._timeout, transport=self.name)
        if not self._hearing.heard:
            return self._unheard(error.message) if isinstance(error, DeviceError) else error
        if not late and not isinstance(error, FramingError):
            return error  # bytes came that no empty line makes
        try:
            seconds, absent = self._look()
        except HarnessError:  # what was asked cannot be asked here, as in a replay of a run without it
            return error
        if absent is not None:
            self._lost = True
            self.inner.close()  # the line itself may be open still, and is opened for the next command
            return BenchError(
                f"{error.message}; opened anew, no sound answer comes either ({absent.message}): "
                "the device is unplugged, without power, or hung",
                hint="check cable, contacts and supply, and power-cycle the board; then run again",
                transport=self.name,
                code=error.code,
            )
        if not late:
            return error
        return ChipTimeoutError(
            f"{what} was not answered within {self._timeout:g} s: {error.message}; the device is there: opened anew, "
            f"it answered {self._probe[:4].hex(' ').upper()} after {seconds:.1f} s",
            hint="does the chip know the command? if it only needs longer, declare it as chip.timeout_s",
            transport=self.name,
            code=error.code,
        )

    def _unheard(self, what: str) -> BenchError:
        return BenchError(
            f"nothing sound was ever heard from the chip on {self.name}: {what}",
            hint="check cable, supply, address and rate, and that framing, command_set and transport of the board "
            "file are those of this chip; `harness trace` shows what came",
            transport=self.name,
        )

    def _look(self) -> tuple[float, HarnessError | None]:
        """Open the channel anew and send the probe, for as long as a command may take.

        Returns:
            After how many seconds it was answered, and what went wrong when it was not.
        """
        begin = self._clock()
        problem: HarnessError | None = None
        sound = 0
        patience = min(self._timeout, _LONGEST_LOOK)
        opened = False
        while problem is None or self._clock() - begin <= patience:
            try:
                if not opened:
                    self.inner.close()
                    self.inner.open()
                    opened = True
                if len(self.inner.transmit(self._probe)) >= _SHORTEST:
                    sound += 1
                    if sound == _SOUND_IN_A_ROW:
                        return self._clock() - begin, None
                    continue
                problem = BenchError("an answer without a status word")
            except DeviceError as error:
                # What came late for the command before is out of the way now; a session goes on where it was.
                problem = error
                opened = not isinstance(error, ChipTimeoutError)
            except BenchError as error:
                problem, opened = error, False
            sound = 0
            self._pause(_PAUSE)
        return self._clock() - begin, None if _speaks(problem) else problem


def _speaks(problem: HarnessError) -> bool:
    """Tell whether an error shows that something is there that speaks, however wrongly."""
    return (isinstance(problem, AnswerError) and not isinstance(problem, ChipTimeoutError)) or (
        isinstance(problem, FramingError) and problem.spoke
    )
