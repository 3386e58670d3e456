"""The chip's side of the FM1280 framing on SPI.

Choices where the published facts leave room:
    * A frame with a wrong length or LRC is dropped: the chip then has nothing to say and drives FF.
    * While the chip works on a command its state is 01, and it takes no other.
    * An answer can be read again from its start until the next command.

Source: device-protocol.md e.4.
"""

import time
from collections.abc import Callable
from functools import reduce
from operator import xor

from harness.simulator.chip.fm1280 import Reading
from harness.simulator.chip.model import ChipModel, ChipSession

_SEND, _RECEIVE, _STATE, _ID = 0x02, 0x03, 0x05, 0x9F
_READY, _BUSY = 0x00, 0x01
_CHIP_ID = bytes.fromhex("464D3132383000")
_LENGTHS = range(2, 1025)
_IDLE = b"\xff"  # what the host reads when the chip has nothing to say


class Fm1280SpiSlave:
    """A chip on the bus.

    Args:
        chip: The chip behind the framing.
        reading: What a read that is shorter than the answer does to the next one.
        busy: For how many questions for its state the chip is busy after each command.
        spoil: Changes each answer frame before it is read; what a faulty chip would send.
        clock: Monotonic seconds, for commands that take time.
    """

    def __init__(
        self,
        chip: ChipModel,
        *,
        reading: Reading = Reading.ANEW,
        busy: int = 0,
        spoil: Callable[[bytes], bytes] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._chip = chip
        self._session: ChipSession = chip.session()
        self._reading = reading
        self._busy = busy
        self._spoil = spoil or bytes
        self._clock = clock
        self._left = 0
        self._ready_at = 0.0
        self._answer = b""
        self._offset = 0

    def power_on(self) -> None:
        """Begin anew, as a chip does that gets its power: what it was working on is forgotten."""
        self._session = self._chip.session()
        self._left, self._ready_at = 0, 0.0
        self._answer, self._offset = b"", 0

    def transfer(self, data: bytes, length: int) -> bytes:
        """Take one transfer: the bytes that the host writes, then as many as it reads."""
        command, rest = data[:1], data[1:]
        given = b""
        if command == bytes((_ID,)):
            given = _CHIP_ID
        elif command == bytes((_STATE,)):
            given = bytes((self._state(),)) * max(1, length)
        elif command == bytes((_SEND,)) and not self._working():
            self._take(rest)
        elif command == bytes((_RECEIVE,)) and not self._working():
            given = self._answer[self._offset : self._offset + length]
            if self._reading is Reading.CONTINUES:
                self._offset += len(given)
        return given[:length].ljust(length, _IDLE)

    def _take(self, frame: bytes) -> None:
        self._answer, self._offset = b"", 0
        length = int.from_bytes(frame[:2], "big")
        if length not in _LENGTHS or len(frame) != length + 3 or reduce(xor, frame) != 0xFF:
            return
        command = frame[2:-1]
        delay = self._session.delay(command)
        if delay:
            self._ready_at = self._clock() + delay
        self._left = self._busy
        answer = self._session.process(command)
        body = len(answer).to_bytes(2, "big") + answer
        self._answer = self._spoil(body + bytes((reduce(xor, body, 0xFF),)))

    def _state(self) -> int:
        if self._left:
            self._left -= 1
            return _BUSY
        return _BUSY if self._working() else _READY

    def _working(self) -> bool:
        return self._left > 0 or (self._ready_at > 0.0 and self._clock() < self._ready_at)
