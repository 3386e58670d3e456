"""The FM1280 chip driver over I²C: APDUs in frames, polling, waiting-time extensions, repeats.

The vendor's driver reads a frame as one I²C transaction and decides the length on the way. A Linux bus
cannot do that: the number of bytes is fixed before the read starts. `Reading` lists the ways around it; the
first one is right for a chip that starts its frame with each read and for one that goes on where it stopped,
hence the default.
Source: device-protocol.md e.4.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from pydantic import Field

from harness.chip.apdu import MAX_ANSWER, shorten
from harness.chip.channel import ApduChannel
from harness.chip.errors import FrameTimeoutError, FramingError
from harness.chip.fm1280_frame import (
    LENGTH_SIZE,
    OVERHEAD,
    DriverCode,
    Fm1280Command,
    Fm1280Status,
    Frame,
    FrameError,
    frame_size,
    parse,
)
from harness.chip.framing import Framing, FramingContext
from harness.errors import BenchError, HarnessError
from harness.hostload import clock as host_clock
from harness.transport.base import Capability, I2cRead, I2cWrite, Transport, require
from harness.transport.errors import I2cNack

DEFAULT_ADDRESS = 0x71  # 7 bits; the vendor writes it as 0xE2 / 0xE3

_WITH_EXTENSIONS = 7.5
"""How many times the time limit one command may take in all when the chip asks for more time: a minute at 8 s."""


class Reading(StrEnum):
    """How a frame whose length is not known beforehand is read."""

    ONE_READ = "one-read"  # as many bytes as the longest answer has; what lies behind the frame is ignored
    HEAD_THEN_REST = (
        "head-then-rest"  # two bytes of length, then the rest: for a chip that goes on where it stopped
    )
    HEAD_THEN_WHOLE = (
        "head-then-whole"  # two bytes, then the frame again: for a chip that starts anew with each read
    )


@dataclass(frozen=True, slots=True)
class Limits:
    """Time limits (seconds) and counts of the driver.

    Attributes:
        answer: For the answer to a command; each waiting-time extension starts it anew. The vendor's value.
        total: For one command with all its extensions and repeats.
        write: For the chip to take a frame that it first refuses (no acknowledge) because it is busy.
        frame_delay: Shortest pause between two frames on the bus. The vendor's value.
        poll_pause: Pause before asking again a chip that did not acknowledge.
        repeats: How often a frame with a wrong length or check byte is asked for again.
    """

    answer: float = 8.0
    total: float = 60.0
    write: float = 1.0
    frame_delay: float = 0.005
    poll_pause: float = 0.001
    repeats: int = 3


class Fm1280I2c(ApduChannel):
    """An FM1280 chip on an I²C bus.

    Args:
        transport: A transport with the I²C capability.
        address: 7-bit bus address.
        limits: Time limits and counts.
        reading: How frames are read.
        read_size: Bytes of one read in `Reading.ONE_READ`.
        ask_atr: Ask for the ATR on `open`, as the vendor's driver does.
        clock: Monotonic seconds; replaced in tests.
        pause: Waits for some seconds; the bus itself needs these pauses, replaced in tests.

    Attributes:
        atr: What the chip answered on `open`; empty before.
        extensions: Waiting-time extensions of the last command.
        repeated: Frames of the last command that had to be asked for again.

    Raises:
        UsageError: the transport is no I²C bus.
    """

    def __init__(
        self,
        transport: Transport,
        address: int = DEFAULT_ADDRESS,
        *,
        limits: Limits | None = None,
        reading: Reading = Reading.ONE_READ,
        read_size: int = OVERHEAD + MAX_ANSWER,
        ask_atr: bool = True,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        require(transport, {Capability.I2C})
        self._transport = transport
        self._address = address
        self._limits = limits or Limits()
        self._reading = reading
        self._read_size = read_size
        self._ask_atr = ask_atr
        self._clock = clock
        self._pause = pause
        self._next_frame = 0.0
        self._acknowledged = False
        self.atr = b""
        self.extensions = 0
        self.repeated = 0

    @property
    def name(self) -> str:
        """Name of the transport below."""
        return self._transport.name

    def open(self) -> None:
        """Open the bus and, where the settings ask for it, fetch the ATR.

        Raises:
            BenchError: the bus cannot be opened, or nothing answers at the address.
            FramingError: the chip answers, but not with an ATR frame.
        """
        self._acknowledged = False
        self._next_frame = 0.0
        self._transport.open()
        if not self._ask_atr:
            return
        try:
            self.atr = self._exchange(Fm1280Command.GET_ATR, b"")
        except HarnessError:
            self._transport.close()
            raise

    def close(self) -> None:
        """Close the transport."""
        self._transport.close()

    def transmit(self, command: bytes) -> bytes:
        """Send one I-block and return the payload of the answer.

        Raises:
            FrameError: the command is longer than a frame holds (1021 bytes).
            FramingError: time limit, broken frames beyond the allowed repeats, or an unknown status.
            BenchError: nothing at this address has acknowledged since the bus was opened.
        """
        return self._exchange(Fm1280Command.I_BLOCK, command)

    def _exchange(self, kind: Fm1280Command, payload: bytes) -> bytes:
        frame = Frame(kind, payload).to_bytes()
        self.extensions = self.repeated = 0
        self._write(frame)
        limits = self._limits
        started = timer = self._clock()
        while True:
            now = self._clock()
            if now - timer > limits.answer:
                raise self._too_late(f"no answer within {limits.answer:g} s")
            if now - started > limits.total:
                raise self._too_late(
                    f"no answer within {limits.total:g} s in all, {self.extensions} extensions", spoke=True
                )
            try:
                answer = parse(self._read())
            except I2cNack:
                self._pause(limits.poll_pause)
                continue
            except FrameError as problem:
                if self.repeated == limits.repeats:
                    raise self._broken(problem) from problem
                self.repeated += 1
                self._write(Frame(Fm1280Command.NAK).to_bytes())
                timer = self._clock()
                continue
            if answer.flag == Fm1280Status.OK:
                return answer.payload
            if answer.flag != Fm1280Status.WAIT:
                raise FramingError(
                    f"the chip's frame has the unknown status {answer.flag:02X}: {shorten(answer.payload)}",
                    code=answer.flag,
                    transport=self.name,
                    spoke=True,
                )
            self.extensions += 1
            timer = self._clock()

    def _write(self, frame: bytes) -> None:
        deadline = self._clock() + self._limits.write
        while True:
            self._keep_frame_delay()
            try:
                self._transport.do(I2cWrite(self._address, frame))
            except I2cNack as nack:
                if self._clock() >= deadline:
                    raise self._not_taken() from nack
                self._pause(self._limits.poll_pause)
            else:
                self._frame_passed()
                return

    def _read(self) -> bytes:
        """Read one frame, or what stands in its place."""
        self._keep_frame_delay()
        if self._reading is Reading.ONE_READ:
            raw = self._read_bytes(self._read_size)
        else:
            head = self._read_bytes(LENGTH_SIZE)
            size = frame_size(head)
            if self._reading is Reading.HEAD_THEN_WHOLE:
                raw = self._read_bytes(size)
            else:
                raw = head + self._read_bytes(size - LENGTH_SIZE)
        self._frame_passed()
        return raw

    def _read_bytes(self, count: int) -> bytes:
        return self._transport.do(I2cRead(self._address, count))

    def _keep_frame_delay(self) -> None:
        left = self._next_frame - self._clock()
        if left > 0:
            self._pause(left)

    def _frame_passed(self) -> None:
        self._acknowledged = True
        self._next_frame = self._clock() + self._limits.frame_delay

    def _too_late(self, what: str, *, spoke: bool = False) -> HarnessError:
        return FrameTimeoutError(
            f"driver error {DriverCode.TIMEOUT} (timeout): {what} from the chip at {self._address:#04x}",
            code=DriverCode.TIMEOUT,
            hint="the chip took the command and stayed busy: does it know the command, is its supply stable?",
            transport=self.name,
            spoke=spoke,
        )

    def _broken(self, problem: FrameError) -> HarnessError:
        return FramingError(
            f"driver error {problem.code} ({problem.code.name}) after {self.repeated} repeats: {problem}",
            code=problem.code,
            hint="check pull-ups and bus speed (400 kHz at most); try another `reading` for this chip",
            transport=self.name,
            spoke=problem.spoke,
        )

    def _not_taken(self) -> HarnessError:
        if self._acknowledged:
            return FrameTimeoutError(
                f"driver error {DriverCode.TIMEOUT} (timeout): the chip at {self._address:#04x} "
                f"did not take a frame for {self._limits.write:g} s",
                code=DriverCode.TIMEOUT,
                transport=self.name,
            )
        return BenchError(
            f"nothing acknowledges at I²C address {self._address:#04x} on {self.name}",
            hint="check the chip's supply, SDA and SCL, and the address (7 bits) in the board file",
            transport=self.name,
        )


class ReadsFrames(Framing):
    """A framing whose driver reads frames of a length that it does not know beforehand."""

    reading: Reading = Field(
        default=Reading.ONE_READ,
        description="how the driver reads a frame whose length it does not know yet. If a chip answers with frame "
        "errors, try the next one.",
    )

    @classmethod
    def carries_every_command(cls) -> bool:
        """Tell that it does."""
        return True


class Fm1280(ReadsFrames):
    """Frames over I²C. Source: device-protocol.md e.4."""

    @classmethod
    def needs(cls) -> frozenset[Capability]:
        """Return I²C."""
        return frozenset({Capability.I2C})

    def channel(self, context: FramingContext) -> ApduChannel:
        """Return the way to the chip."""
        limits = Limits(answer=context.timeout, total=_WITH_EXTENSIONS * context.timeout)
        if context.stands_in:
            limits = replace(limits, frame_delay=0.0)  # the pause between frames is for the chip's silicon
        address = DEFAULT_ADDRESS if context.address is None else context.address
        return Fm1280I2c(context.transport, address, limits=limits, reading=self.reading, clock=host_clock)
