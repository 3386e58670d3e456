"""The chip's side of the FM1280 framing on I²C.

Choices where the published facts leave room:
    * A frame with a wrong length or check byte, or an unknown command, is dropped: the chip then has
      nothing to say and does not acknowledge its read address.
    * GET ATR (30) resets the session, as a chip that was just powered.
    * NAK (BA) brings the last frame once more.
    * While it works on a command for a while, the chip does not acknowledge.

Source: device-protocol.md e.4.
"""

import time
from collections import deque
from collections.abc import Callable
from enum import StrEnum
from functools import reduce
from operator import xor

from harness.simulator.chip.framing_hooks import FramingHooks
from harness.simulator.chip.model import ChipModel, ChipSession

ADDRESS = 0x71  # 7 bits; E2 and E3 on the wire
_I_BLOCK, _GET_ATR, _NAK = 0x02, 0x30, 0xBA
_OK, _WAIT = 0x00, 0xF2
_HEAD = 4  # length (2), NAD, CMD or STA
_OVERHEAD = 3  # NAD, CMD or STA, BCC: what the length counts beside the payload
_LENGTHS = range(3, 1025)
_IDLE = b"\xff"  # what a host reads behind the end of a frame
_ATR = bytes.fromhex("3B6900000000464D31323830")


class NotAcknowledged(Exception):  # noqa: N818 - a state of the bus, not an error
    """The slave does not answer to its address now."""


class Reading(StrEnum):
    """What a read that is shorter than the frame does to the next read.

    The published driver reads a frame in one go and does not show which chips do.
    """

    ANEW = "anew"  # the next read starts at the first byte again
    CONTINUES = "continues"  # the next read goes on where this one stopped


def build_frame(flag: int, payload: bytes) -> bytes:
    """Return `LenLo LenHi NAD CMD|STA payload BCC`."""
    body = (len(payload) + _OVERHEAD).to_bytes(2, "little") + bytes((0, flag)) + payload
    return body + bytes((reduce(xor, body),))


def read_frame(raw: bytes) -> tuple[int, bytes] | None:
    """Return command and payload of a frame from the host, None when it is no sound frame."""
    if len(raw) < _HEAD + 1:
        return None
    length = int.from_bytes(raw[:2], "little")
    if length not in _LENGTHS or len(raw) != length + 2 or reduce(xor, raw):
        return None
    return raw[3], raw[_HEAD:-1]


class Fm1280Slave:
    """A chip on the bus.

    Args:
        chip: The chip behind the framing.
        hooks: Where a fault may change the framing.
        extensions: Waiting-time extensions before each answer.
        reading: What a short read does.
        atr: Answer to GET ATR.
        clock: Monotonic seconds, for commands that take time.
    """

    def __init__(
        self,
        chip: ChipModel,
        hooks: FramingHooks | None = None,
        *,
        extensions: int = 0,
        reading: Reading = Reading.ANEW,
        atr: bytes = _ATR,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._chip = chip
        self._hooks = hooks or FramingHooks()
        self._extensions = extensions
        self._reading = reading
        self._atr = atr
        self._clock = clock
        self._session: ChipSession = chip.session()
        self._frames: deque[bytes] = deque()
        self._offset = 0
        self._endless = False
        self._answer = b""  # the last answer frame, without what a fault does to it
        self._repeats = 0
        self._ready_at = 0.0

    def power_on(self) -> None:
        """Begin anew, as a chip does that gets its power: what it was working on is forgotten."""
        self._session = self._chip.session()
        self._frames.clear()
        self._offset, self._endless, self._ready_at = 0, False, 0.0

    def write(self, data: bytes) -> None:
        """Take one write transaction.

        Raises:
            NotAcknowledged: the slave does not answer to its address now.
        """
        if not self._hooks.acknowledges() or self._working():
            raise NotAcknowledged
        self._frames.clear()
        self._offset = 0
        self._endless = False
        frame = read_frame(data)
        if frame is None:
            return
        command, payload = frame
        if command == _I_BLOCK:
            delay = self._session.delay(payload)
            if delay:
                self._ready_at = self._clock() + delay
            self._queue(
                build_frame(_OK, self._session.process(payload)), self._hooks.extensions(self._extensions)
            )
        elif command == _GET_ATR:
            self._session = self._chip.session()
            self._queue(build_frame(_OK, self._atr), 0)
        elif command == _NAK and self._answer:
            self._repeats += 1
            self._frames.append(self._hooks.frame(self._answer, self._repeats))

    def read(self, length: int) -> bytes:
        """Give one read transaction its bytes.

        Raises:
            NotAcknowledged: the slave does not answer to its address now, or has nothing to say.
        """
        if not self._hooks.acknowledges() or self._working() or not self._frames:
            raise NotAcknowledged
        frame = self._frames[0]
        end = self._offset + length
        taken = frame[self._offset : end].ljust(length, _IDLE)
        if end >= len(frame):
            if not self._endless:
                self._frames.popleft()
            self._offset = 0
        elif self._reading is Reading.CONTINUES:
            self._offset = end
        return taken

    def _queue(self, answer: bytes, waits: int | None) -> None:
        self._answer, self._repeats = answer, 0
        wait_frame = build_frame(_WAIT, b"")
        self._endless = waits is None
        self._frames.extend([wait_frame] * (1 if waits is None else waits))
        self._frames.append(self._hooks.frame(answer, 0))

    def _working(self) -> bool:
        return self._ready_at > 0.0 and self._clock() < self._ready_at
