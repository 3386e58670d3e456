"""The FM1280 chip driver over SPI: APDUs in frames, and a state to ask for instead of an acknowledge.

The chip is read from the start of its answer at each transfer, or goes on where it stopped; `Reading` lists the ways
around not knowing the length beforehand, as on I²C.
Source: device-protocol.md e.4.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from harness.chip.channel import ApduChannel
from harness.chip.errors import FrameTimeoutError, FramingError
from harness.chip.fm1280 import Reading, ReadsFrames
from harness.chip.framing import FramingContext
from harness.errors import BenchError, HarnessError
from harness.hostload import clock as host_clock
from harness.transport.base import Capability, SpiTransfer, Transport, require

ID_LENGTH = 7
MIN_DATA, MAX_DATA = 2, 1024
_LENGTH_SIZE = 2
_OVERHEAD = _LENGTH_SIZE + 1  # length and LRC
_READY = 0
_ABSENT = frozenset({0x00, 0xFF})  # what an input line reads that nothing drives


class SpiCommand(IntEnum):
    """The first byte of a transfer."""

    SEND = 0x02
    RECEIVE = 0x03
    READ_STATE = 0x05
    READ_ID = 0x9F


class SpiFrameError(ValueError):
    """The bytes are not one frame."""


@dataclass(frozen=True, slots=True)
class SpiLimits:
    """Time limits (seconds) of the driver.

    Attributes:
        answer: For the answer to a command.
        write: For the chip to become ready for a command.
        poll_pause: Pause before asking a busy chip for its state again.
    """

    answer: float = 8.0
    write: float = 1.0
    poll_pause: float = 0.001


def check_byte(data: bytes) -> int:
    """Return LRC: 0xFF and all bytes of length and data, joined by XOR."""
    value = 0xFF
    for byte in data:
        value ^= byte
    return value


def build(data: bytes) -> bytes:
    """Return `LenHi LenLo data LRC`.

    Raises:
        SpiFrameError: the data have fewer than 2 or more than 1024 bytes.
    """
    if not MIN_DATA <= len(data) <= MAX_DATA:
        raise SpiFrameError(f"{len(data)} bytes of data, a frame holds {MIN_DATA} to {MAX_DATA}")
    body = len(data).to_bytes(_LENGTH_SIZE, "big") + data
    return body + bytes((check_byte(body),))


def frame_size(head: bytes) -> int:
    """Return how many bytes the whole frame has, from its first two.

    Raises:
        SpiFrameError: fewer than two bytes, or a length outside 2 to 1024.
    """
    if len(head) < _LENGTH_SIZE:
        raise SpiFrameError(f"{len(head)} bytes, the length alone has {_LENGTH_SIZE}")
    length = int.from_bytes(head[:_LENGTH_SIZE], "big")
    if not MIN_DATA <= length <= MAX_DATA:
        raise SpiFrameError(f"the length is {length}, allowed are {MIN_DATA} to {MAX_DATA}")
    return length + _OVERHEAD


def parse(raw: bytes) -> bytes:
    """Return the data of a frame; bytes after its end are ignored: a host may have to read more than there is.

    Raises:
        SpiFrameError: length out of bounds, bytes missing, or LRC wrong.
    """
    size = frame_size(raw)
    if len(raw) < size:
        raise SpiFrameError(f"the length says {size} bytes in all, {len(raw)} came")
    body, check = raw[: size - 1], raw[size - 1]
    expected = check_byte(body)
    if check != expected:
        raise SpiFrameError(f"LRC is {check:02X}, the bytes give {expected:02X}")
    return body[_LENGTH_SIZE:]


class Fm1280Spi(ApduChannel):
    """An FM1280 chip on an SPI bus.

    Args:
        transport: A transport with the SPI capability.
        limits: Time limits.
        reading: How an answer is read whose length is not known yet.
        clock: Monotonic seconds; replaced in tests.
        pause: Waits for some seconds; a chip that is working has to be asked again, replaced in tests.

    Attributes:
        chip_id: The seven bytes that the chip gave on `open`; empty before.

    Raises:
        UsageError: the transport is no SPI bus.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        limits: SpiLimits | None = None,
        reading: Reading = Reading.ONE_READ,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        require(transport, {Capability.SPI})
        self._transport = transport
        self._limits = limits or SpiLimits()
        self._reading = reading
        self._clock = clock
        self._pause = pause
        self.chip_id = b""

    @property
    def name(self) -> str:
        """Name of the transport below."""
        return self._transport.name

    def open(self) -> None:
        """Open the bus and read the chip's id.

        Raises:
            BenchError: the bus cannot be opened, or nothing drives its input.
        """
        self._transport.open()
        try:
            found = self._transfer(SpiCommand.READ_ID, length=ID_LENGTH)
            if len(set(found)) == 1 and found[0] in _ABSENT:
                raise BenchError(
                    f"nothing answers on the SPI bus {self.name}: its input stays at {found[0]:02X}",
                    hint="check the chip's supply, MISO and the chip select, and the mode (FM1280: 3)",
                    transport=self.name,
                )
        except HarnessError:
            self._transport.close()
            raise
        self.chip_id = found

    def close(self) -> None:
        """Close the transport."""
        self._transport.close()

    def transmit(self, command: bytes) -> bytes:
        """Send one APDU and return the answer.

        Raises:
            FramingError: the command is no 2 to 1024 bytes, the chip stays busy, or its frame is broken.
        """
        try:
            frame = build(command)
        except SpiFrameError as problem:
            raise FramingError(f"the command cannot be sent: {problem}", transport=self.name) from problem
        self._await_ready(self._limits.write, "to take a command")
        self._transfer(SpiCommand.SEND, frame)
        self._await_ready(self._limits.answer, "to answer")
        try:
            return parse(self._receive())
        except SpiFrameError as problem:
            raise FramingError(
                f"a broken frame (the vendor's driver would return -10): {problem}",
                hint="check wiring and clock (18 MHz at most), and the mode; try another `reading` for this chip",
                transport=self.name,
            ) from problem

    def _receive(self) -> bytes:
        if self._reading is Reading.ONE_READ:
            return self._transfer(SpiCommand.RECEIVE, length=MAX_DATA + _OVERHEAD)
        head = self._transfer(SpiCommand.RECEIVE, length=_LENGTH_SIZE)
        size = frame_size(head)
        if self._reading is Reading.HEAD_THEN_WHOLE:
            return self._transfer(SpiCommand.RECEIVE, length=size)
        return head + self._transfer(SpiCommand.RECEIVE, length=size - _LENGTH_SIZE)

    def _await_ready(self, limit: float, what: str) -> None:
        deadline = self._clock() + limit
        while (state := self._transfer(SpiCommand.READ_STATE, length=1)[0]) != _READY:
            if self._clock() >= deadline:
                raise FrameTimeoutError(
                    f"the chip was not ready {what} within {limit:g} s (state {state:02X})",
                    hint="does the chip know the command, is its supply stable?",
                    code=state,
                    transport=self.name,
                )
            self._pause(self._limits.poll_pause)

    def _transfer(self, command: SpiCommand, data: bytes = b"", length: int = 0) -> bytes:
        return self._transport.do(SpiTransfer(bytes((command,)) + data, length))


class Fm1280OverSpi(ReadsFrames):
    """The chip's other frames, over SPI. Source: device-protocol.md e.4."""

    @classmethod
    def needs(cls) -> frozenset[Capability]:
        """Return SPI."""
        return frozenset({Capability.SPI})

    def channel(self, context: FramingContext) -> ApduChannel:
        """Return the way to the chip."""
        limits = SpiLimits(answer=context.timeout)
        return Fm1280Spi(context.transport, limits=limits, reading=self.reading, clock=host_clock)
