"""Carries out a fault plan on any transport: the same plan, the same operations, the same faults."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from harness.errors import BenchError
from harness.transport.base import (
    Exchange,
    I2cRead,
    I2cWrite,
    Middleware,
    Operation,
    SpiTransfer,
    StreamRead,
    StreamWrite,
    Transport,
)
from harness.transport.errors import I2cNack
from harness.transport.faults.aim import REQUESTS, Aim, Aiming
from harness.transport.faults.plan import Fault, FaultKind, FaultPlan
from harness.transport.printable import hex_bytes
from harness.transport.recording.recorder import parts

_STREAM_REACH = 4
"""What is drawn for a stream's answer lies in its first bytes, which the shortest status word on a line has too."""

_SHOWN = 8  # bytes of a request in a strike's words
_RELEASED = b"\xff"  # what a master reads from an I²C bus that nobody drives


@dataclass(frozen=True, slots=True)
class Strike:
    """A fault that has struck.

    Attributes:
        transport: Name of the transport.
        fault: The fault of the plan.
        count: How many operations of the fault's side had succeeded before.
        operation: What was struck, in words.
        detail: What exactly was done to it; empty when the fault says it all.
    """

    transport: str
    fault: Fault
    count: int
    operation: str
    detail: str = ""

    def __str__(self) -> str:
        detail = f": {self.detail}" if self.detail else ""
        return f"fault {self.fault} struck {self.operation}, after {self.count}{detail}"


class Faulty(Middleware):
    """A transport on which things go wrong as its plan says.

    What counts as one operation: a read, a write or an exchange that succeeded; on a stream a write, and all
    that comes between two writes as one answer, however it is cut into pieces. So neither polling nor the
    pieces that a serial line happens to deliver move a fault to another place. Counts go on when the
    transport is opened again.

    Args:
        inner: The transport.
        plan: What shall go wrong.
        on_strike: Told each fault as it strikes: for the recording and the journal.
        clock: Monotonic seconds; replaced in tests.
    """

    def __init__(
        self,
        inner: Transport,
        plan: FaultPlan,
        *,
        on_strike: Callable[[Strike], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(inner)
        self.plan = plan
        self._on_strike = on_strike
        self._clock = clock
        self._aiming = Aiming(plan)
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._gone = False
        self._dark_until: float | None = None
        self._answer_begun = False  # of a stream: since the last write
        self._answer_seen = 0
        self._answer_aim: Aim | None = None

    def open(self) -> None:
        """Open the inner transport; a device that was disconnected is there again."""
        self.inner.open()
        self._closed.clear()
        self._gone = False
        self._dark_until = None
        self._end_answer()

    def close(self) -> None:
        """Close the inner transport and wake whoever a fault delays."""
        self._closed.set()
        self.inner.close()

    def do(self, operation: Operation) -> bytes:
        """Carry out one operation, with what the plan does to it.

        Raises:
            I2cNack: the device does not acknowledge, by itself or by the plan.
            BenchError: as the inner transport, or as the plan says.
        """
        if self._gone:
            raise self._gone_error()
        if self._is_dark(operation):
            return self._in_the_dark(operation)
        if isinstance(operation, StreamRead):
            return self._read_stream(operation)
        aim = self._aiming.aim(operation)
        if aim is None:
            answer = self.inner.do(operation)
            self._aiming.count(operation)
        else:
            answer = self._strike(aim, operation)
        if isinstance(operation, StreamWrite):
            self._end_answer()
        return answer

    def _strike(self, aim: Aim, operation: Operation) -> bytes:
        match aim.fault.kind:
            case FaultKind.NAK:
                self._tell(aim, operation)
                raise self._not_taken(operation)
            case FaultKind.TIMEOUT:
                self._answer_to(aim, operation)
                self._tell(aim, operation)
                raise self._no_answer(operation)
            case FaultKind.DELAY:
                self._tell(aim, operation)
                self._closed.wait(aim.fault.ms / 1000)
            case FaultKind.DUPLICATE:
                self._tell(aim, operation)
                self.inner.do(operation)
            case FaultKind.DISCONNECT:
                self._disconnect(aim, operation)
            case FaultKind.BROWNOUT:
                self._lose_power(aim, operation)
                return self._in_the_dark(operation)
            case FaultKind.FLIP | FaultKind.TRUNCATE:
                return self._spoil(aim, operation, self._answer_to(aim, operation))
        return self.inner.do(operation)

    def _answer_to(self, aim: Aim, operation: Operation) -> bytes:
        """Return the answer that is to be spoilt; a busy device gives none, and the fault waits for the next."""
        try:
            return self.inner.do(operation)
        except I2cNack:
            self._aiming.take_back(aim, operation)
            raise

    def _spoil(self, aim: Aim, operation: Operation, answer: bytes) -> bytes:
        if not answer:
            return answer
        fault = aim.fault
        if fault.kind is FaultKind.FLIP:
            bits = 8 * len(answer)
            bit = self.plan.draw(aim.index, aim.count, "bit", bits) if fault.bit is None else fault.bit % bits
            self._tell(aim, operation, f"bit {bit} of {len(answer)} bytes")
            return _flipped(answer, bit)
        keep = fault.keep
        if keep is None:
            keep = self.plan.draw(aim.index, aim.count, "keep", len(answer))
        kept = answer[:keep]
        self._tell(aim, operation, f"{len(kept)} of {len(answer)} bytes stay")
        # A master of I²C or SPI reads as many bytes as it clocks: the missing ones read as a bus nobody drives.
        clocked = isinstance(operation, (I2cRead, SpiTransfer))
        return kept.ljust(len(answer), _RELEASED) if clocked else kept

    def _read_stream(self, operation: StreamRead) -> bytes:
        try:
            data = self.inner.do(operation)
        except BenchError:
            if self._gone:
                raise self._gone_error() from None
            if self._is_dark(operation):
                return b""
            raise
        if not data:
            return data
        if not self._answer_begun:
            self._answer_begun = True
            self._answer_aim = self._aiming.aim(operation)
            if self._answer_aim is None:
                self._aiming.count(operation)
        start, self._answer_seen = self._answer_seen, self._answer_seen + len(data)
        aim = self._answer_aim
        return data if aim is None else self._strike_stream(aim, operation, data, start)

    def _strike_stream(self, aim: Aim, operation: StreamRead, data: bytes, start: int) -> bytes:
        """Do to one piece of a stream's answer, which begins at its byte `start`, what the fault says."""
        fault = aim.fault
        match fault.kind:
            case FaultKind.TIMEOUT:
                self._tell_once(aim, operation)
                return b""
            case FaultKind.FLIP:
                bit = fault.bit
                if bit is None:
                    bit = self.plan.draw(aim.index, aim.count, "bit", 8 * _STREAM_REACH)
                if start <= bit // 8 < start + len(data):
                    self._tell_once(aim, operation, f"bit {bit} of the answer")
                    return _flipped(data, bit - 8 * start)
            case FaultKind.TRUNCATE:
                keep = fault.keep
                if keep is None:
                    keep = self.plan.draw(aim.index, aim.count, "keep", _STREAM_REACH)
                if start + len(data) > keep:
                    self._tell_once(aim, operation, f"{keep} bytes of the answer stay")
                    return data[: max(0, keep - start)]
            case FaultKind.DELAY if not aim.told:
                self._tell_once(aim, operation)
                self._closed.wait(fault.ms / 1000)
            case FaultKind.DISCONNECT:
                self._disconnect(aim, operation)
            case FaultKind.BROWNOUT if not aim.told:
                self._lose_power(aim, operation)
                return b""
            case _:
                pass
        return data

    def _end_answer(self) -> None:
        self._answer_begun = False
        self._answer_seen = 0
        self._answer_aim = None

    def _disconnect(self, aim: Aim, operation: Operation) -> None:
        self._gone = True
        self._tell(aim, operation)
        self.inner.close()
        raise self._gone_error()

    def _lose_power(self, aim: Aim, operation: Operation) -> None:
        self._dark_until = self._clock() + aim.fault.ms / 1000
        aim.told = True
        self._tell(aim, operation)
        self.inner.close()

    def _is_dark(self, operation: Operation) -> bool:
        """Tell whether the power is off; the first to ask after its time finds the device started anew."""
        with self._lock:
            if self._dark_until is None:
                return False
            if self._clock() < self._dark_until:
                return True
            if not self._closed.is_set():
                self.inner.open()
            self._dark_until = None
        if isinstance(operation, StreamRead):
            self._end_answer()
        return False

    def _in_the_dark(self, operation: Operation) -> bytes:
        if isinstance(operation, (I2cRead, I2cWrite)):
            raise self._not_taken(operation)
        if isinstance(operation, StreamRead):
            self._closed.wait(self._dark_left(operation.timeout))
            return b""
        if isinstance(operation, REQUESTS):
            return b""
        raise self._no_answer(operation)

    def _dark_left(self, at_most: float) -> float:
        until = self._dark_until
        return 0.0 if until is None else max(0.0, min(at_most, until - self._clock()))

    def _tell_once(self, aim: Aim, operation: Operation, detail: str = "") -> None:
        if not aim.told:
            aim.told = True
            self._tell(aim, operation, detail)

    def _tell(self, aim: Aim, operation: Operation, detail: str = "") -> None:
        if self._on_strike is not None:
            self._on_strike(Strike(self.name, aim.fault, aim.count, _words(operation), detail))

    def _not_taken(self, operation: Operation) -> BenchError:
        message = f"{self.name}: {_words(operation)}: not acknowledged (fault plan)"
        if isinstance(operation, (I2cRead, I2cWrite)):
            return I2cNack(message, transport=self.name)
        return BenchError(
            f"{self.name}: {_words(operation)}: the device did not take the request (fault plan)",
            transport=self.name,
        )

    def _no_answer(self, operation: Operation) -> BenchError:
        limit = f" within {operation.timeout:g} s" if isinstance(operation, Exchange) else ""
        return BenchError(
            f"{self.name}: {_words(operation)}: no answer{limit} (fault plan)", transport=self.name
        )

    def _gone_error(self) -> BenchError:
        return BenchError(
            f"{self.name}: the device is gone (fault plan)",
            hint="it is there again when the transport is opened again",
            transport=self.name,
        )


def _words(operation: Operation) -> str:
    name, address, sent = parts(operation)
    words = [f"the {name}"]
    if isinstance(operation, I2cRead):
        words.append(f"of {operation.length} bytes")
    if sent is not None:
        words.append(f"of {hex_bytes(sent, _SHOWN)}")
    if address is not None:
        words.append(f"at address {address:#04x}")
    return " ".join(words)


def _flipped(data: bytes, bit: int) -> bytes:
    spoiled = bytearray(data)
    spoiled[bit // 8] ^= 1 << (bit % 8)
    return bytes(spoiled)
