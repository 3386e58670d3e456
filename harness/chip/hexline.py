"""APDUs as lines of hex text over any byte stream: one command a line, one answer line back.

Spaces inside a line, upper or lower case, CR, LF and blank lines are all accepted from the device.
"""

import time
from collections.abc import Callable

from pydantic import Field

from harness.chip.apdu import MAX_ANSWER
from harness.chip.channel import ApduChannel
from harness.chip.errors import AnswerError, AnswerTimeoutError
from harness.chip.framing import Framing, FramingContext
from harness.errors import BenchError, HarnessError
from harness.hostload import clock as host_clock
from harness.transport.base import Capability, StreamRead, StreamWrite, Transport, require

_MAX_LINE = 4 * MAX_ANSWER  # two digits and some spaces for each byte of the longest answer
_MAX_SKIPPED = 65536  # blank or stale bytes that one command may have to read past
_CHUNK = 4096
_HEX = frozenset(b"0123456789abcdefABCDEF")
_SPACE = frozenset(b" \t")
_SHOWN = 60


class HexLine(ApduChannel):
    """One hex APDU a line over a stream transport.

    Args:
        transport: A transport with the stream capability.
        timeout: Seconds to wait for the whole answer line.
        settle: Seconds of silence to wait for after opening, for adapters that print a banner; 0 for none.
        clock: Monotonic seconds; replaced in tests.

    Raises:
        UsageError: the transport is not a stream.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        timeout: float = 8.0,
        settle: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        require(transport, {Capability.STREAM})
        self._transport = transport
        self._timeout = timeout
        self._settle = settle
        self._clock = clock
        self._pending = bytearray()
        self._heard = False
        self._stale = False

    @property
    def name(self) -> str:
        """Name of the transport below."""
        return self._transport.name

    def open(self) -> None:
        """Open the transport; swallow a banner where `settle` asks for it."""
        self._pending.clear()
        self._heard = False
        self._stale = False
        self._transport.open()
        if self._settle > 0:
            try:
                self._drain(self._settle)
            except HarnessError:
                self._transport.close()
                raise

    def close(self) -> None:
        """Close the transport."""
        self._transport.close()

    def transmit(self, command: bytes) -> bytes:
        """Send one command line and return the bytes of the answer line.

        Raises:
            AnswerError: the line is no hex, is too long, came unasked, or did not end in time.
            BenchError: nothing has come since the channel was opened.
        """
        self._clear_line()
        self._transport.do(StreamWrite(command.hex().upper().encode() + b"\n"))
        try:
            return _decode(self._read_line(), self.name)
        except (AnswerError, BenchError):
            self._stale = True
            raise

    def _read_line(self) -> bytes:
        deadline = self._clock() + self._timeout
        skipped = 0
        while True:
            end = _line_end(self._pending)
            if (len(self._pending) if end < 0 else end) > _MAX_LINE:
                raise AnswerError(
                    f"answer line longer than {_MAX_LINE} characters: {_printable(self._pending)}",
                    hint="is the serial rate right, and does this port really speak one hex APDU a line?",
                    transport=self.name,
                )
            if end >= 0:
                line = bytes(self._pending[:end]).strip()
                del self._pending[: end + 1]
                skipped += end + 1
                if line:
                    return line
                if skipped > _MAX_SKIPPED:
                    raise AnswerError(
                        f"{skipped} bytes of blank lines instead of an answer", transport=self.name
                    )
                continue
            left = deadline - self._clock()
            if left <= 0:
                raise self._silence()
            chunk = self._transport.do(StreamRead(_CHUNK, left))
            self._heard = self._heard or bool(chunk)
            self._pending += chunk

    def _silence(self) -> AnswerTimeoutError | BenchError:
        if self._pending.strip():
            return AnswerTimeoutError(
                f"the answer line did not end within {self._timeout:g} s; so far {_printable(self._pending)}",
                transport=self.name,
            )
        if self._heard:
            return AnswerTimeoutError(f"no answer within {self._timeout:g} s", transport=self.name)
        return BenchError(
            f"no answer within {self._timeout:g} s, and nothing was ever heard on {self.name}",
            hint="check cable, power and rate, and that the far end speaks one hex APDU a line",
            transport=self.name,
        )

    def _clear_line(self) -> None:
        """Take what came since the last answer: dropped after an error, an error of its own otherwise."""
        unasked = self._pending + self._drain(0)
        dropping, self._stale = self._stale, False
        self._pending.clear()
        if unasked.strip() and not dropping:
            raise AnswerError(
                f"the device sent more than one answer line: {_printable(unasked)} came unasked",
                transport=self.name,
            )

    def _drain(self, quiet: float) -> bytes:
        """Read until nothing came for `quiet` seconds; bounded, so that a babbling device cannot hold us."""
        drained = bytearray()
        while chunk := self._transport.do(StreamRead(_CHUNK, quiet)):
            self._heard = True
            drained += chunk
            if len(drained) > _MAX_SKIPPED:
                self._stale = True
                raise AnswerError(
                    f"the device does not stop sending: {len(drained)} bytes, last {_printable(chunk)}",
                    transport=self.name,
                )
        return bytes(drained)


def _line_end(data: bytearray) -> int:
    """Return where the first line ends: at LF or CR, so that CR, LF and CRLF all work; -1 for no end."""
    ends = [at for at in (data.find(b"\n"), data.find(b"\r")) if at >= 0]
    return min(ends, default=-1)


def _decode(line: bytes, name: str) -> bytes:
    digits = bytes(byte for byte in line if byte not in _SPACE)
    for position, byte in enumerate(line):
        if byte not in _HEX and byte not in _SPACE:
            raise AnswerError(
                f"the answer is no hex: {_printable(line)}, character {position + 1} is {chr(byte)!a}",
                transport=name,
            )
    if len(digits) % 2:
        raise AnswerError(f"the answer has an odd number of hex digits: {_printable(line)}", transport=name)
    return bytes.fromhex(digits.decode())


def _printable(data: bytes | bytearray) -> str:
    """Return what the device sent as a quoted, escaped, bounded piece of text."""
    cut = ascii(bytes(data[:_SHOWN]).decode("latin-1"))
    return cut if len(data) <= _SHOWN else f"{cut}… ({len(data)} bytes)"


class HexLines(Framing):
    """One hex line each way."""

    settle_s: float = Field(
        default=0.0,
        description="seconds of silence to wait for after opening, for an adapter that prints a banner or resets its "
        "board.",
        ge=0,
        le=60,
    )

    @classmethod
    def needs(cls) -> frozenset[Capability]:
        """Return a byte stream."""
        return frozenset({Capability.STREAM})

    @classmethod
    def carries_every_command(cls) -> bool:
        """Tell that it does."""
        return True

    def channel(self, context: FramingContext) -> ApduChannel:
        """Return the way to the chip."""
        return HexLine(context.transport, timeout=context.timeout, settle=self.settle_s, clock=host_clock)
