"""What the records of a transport mean: the frames of FM1280, CCID, hex lines and lengths are taken off the APDUs.

Each record is looked at once, and what is kept of those before is bounded.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from harness.chip import fm1280_frame, fm1280_spi
from harness.chip.fm1280_frame import Fm1280Command, Fm1280Status, FrameError
from harness.traffic.apdu_words import ApduWords
from harness.transport.recording.record import Record

_MOST_PENDING = 4096  # bytes of an answer that is not complete
_HEX_LINE = re.compile(rb"\s*((?:[0-9A-Fa-f]{2} ?){2,270})\s*\r?\n?\Z")
_CCID_HEADER, _CCID_TRANSFER, _CCID_DATA = 10, 0x6F, 0x80
_STATES = {Fm1280Status.OK: "ok", Fm1280Status.WAIT: "more time asked for"}


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a record means.

    Attributes:
        words: What it says.
        hidden: Whether its bytes hold what nobody should read.
        apdu: The command or the answer of a chip in it, out of its frame.
    """

    words: str
    hidden: bool = False
    apdu: bytes = b""


_Unwrap = Callable[[bytes], bytes | None]
"""Takes a whole message out of its frame; None when it is none, or not whole."""


def _hex_line(data: bytes) -> bytes | None:
    found = _HEX_LINE.match(data)
    return None if found is None else bytes.fromhex(found[1].decode())


def _ccid(data: bytes) -> bytes | None:
    if len(data) < _CCID_HEADER or data[0] not in (_CCID_TRANSFER, _CCID_DATA):
        return None
    size = int.from_bytes(data[1:5], "little")
    return data[_CCID_HEADER : _CCID_HEADER + size] if len(data) >= _CCID_HEADER + size else None


def _prefixed(size: int, order: str) -> _Unwrap:
    def unwrap(data: bytes) -> bytes | None:
        length = int.from_bytes(data[:size], "little" if order == "little" else "big")
        # Reports of fixed length are filled up behind the message.
        return data[size : size + length] if size < size + length <= len(data) else None

    return unwrap


def _plain(data: bytes) -> bytes | None:
    return data


_STREAMS: tuple[_Unwrap, ...] = (
    _hex_line,
    _ccid,
    _prefixed(2, "big"),
    _prefixed(2, "little"),
    _prefixed(1, "big"),
    _prefixed(4, "big"),
    _prefixed(4, "little"),
    _plain,
)


class Decoder:
    """Follows the records of one transport."""

    def __init__(self) -> None:
        self._apdus = ApduWords()
        self._unwrap: _Unwrap | None = None
        self._pending = b""
        self._head = b""
        self._receives = False

    def meaning(self, record: Record) -> Meaning | None:
        """Return what a record means; None for a note, an error, and what is no known traffic of a chip."""
        if record.direction not in (">", "<") or not record.data:
            return None
        out = record.direction == ">"
        match record.op:
            case "exchange":
                return self._command(record.data) if out else self._answer(record.data)
            case "i2c-write":
                self._head = b""
                return self._fm1280(record.data, out=True)
            case "i2c-read":
                return self._fm1280_read(record.data)
            case "spi":
                return self._spi_out(record.data) if out else self._spi_in(record.data)
            case "write":
                return self._stream_out(record.data)
            case "read":
                return self._stream_in(record.data)
            case "card-reset":
                return Meaning("ATR")
        return None

    @property
    def waiting(self) -> bool:
        """Whether an answer over a stream has begun and is not whole."""
        return self._unwrap is not None and bool(self._pending)

    def _command(self, raw: bytes, frame: str = "") -> Meaning | None:
        spoken = self._apdus.command(raw)
        return None if spoken is None else Meaning(frame + spoken.words, spoken.hidden, raw)

    def _answer(self, raw: bytes, frame: str = "") -> Meaning | None:
        words = self._apdus.answer(raw)
        return Meaning(frame + words, self._apdus.hides(raw), raw) if words else None

    # ---- FM1280 over I²C

    def _fm1280_read(self, data: bytes) -> Meaning | None:
        if len(data) == fm1280_frame.LENGTH_SIZE:
            try:
                size = fm1280_frame.frame_size(data)
            except FrameError:
                return None
            self._head = data
            return Meaning(f"FM1280 frame of {size} bytes begins")
        head, self._head = self._head, b""
        # Some drivers read on behind the length, others read the whole frame again.
        return self._fm1280(data, out=False) or (self._fm1280(head + data, out=False) if head else None)

    def _fm1280(self, data: bytes, *, out: bool) -> Meaning | None:
        try:
            frame = fm1280_frame.parse(data)
        except FrameError as error:
            return Meaning(f"FM1280 frame, {error}") if error.spoke else None
        if out:
            if frame.flag == Fm1280Command.GET_ATR:
                return Meaning("FM1280 GET ATR")
            if frame.flag == Fm1280Command.NAK:
                return Meaning("FM1280 NAK: repeat your last frame")
            return self._command(frame.payload, "FM1280 ")
        state = _STATES.get(Fm1280Status(frame.flag)) if frame.flag in tuple(Fm1280Status) else None
        if state is None:
            return Meaning(f"FM1280 status {frame.flag:02X}, {len(frame.payload)} bytes")
        if frame.flag == Fm1280Status.WAIT or not frame.payload:
            return Meaning(f"FM1280 {state}")
        if frame.payload[:1] == b"\x3b":
            return Meaning("FM1280 ATR")
        return self._answer(frame.payload, "FM1280 ")

    # ---- FM1280 over SPI

    def _spi_out(self, data: bytes) -> Meaning | None:
        self._receives = data[0] == fm1280_spi.SpiCommand.RECEIVE
        if data[0] == fm1280_spi.SpiCommand.READ_STATE:
            return Meaning("FM1280 asks for the state")
        if data[0] == fm1280_spi.SpiCommand.READ_ID:
            return Meaning("FM1280 asks for the chip's number")
        if self._receives:
            return Meaning("FM1280 asks for the answer")
        if data[0] != fm1280_spi.SpiCommand.SEND:
            return None
        try:
            return self._command(fm1280_spi.parse(data[1:]), "FM1280 ")
        except fm1280_spi.SpiFrameError:
            return None

    def _spi_in(self, data: bytes) -> Meaning | None:
        if not self._receives:
            return None
        for start in (0, 1):  # with or without the byte that came while the command went out
            try:
                return self._answer(fm1280_spi.parse(data[start:]), "FM1280 ")
            except fm1280_spi.SpiFrameError:
                continue
        return None

    # ---- streams: serial, socket, USB

    def _stream_out(self, data: bytes) -> Meaning | None:
        self._pending, self._unwrap = b"", None
        for unwrap in _STREAMS:
            raw = unwrap(data)
            if not raw:
                continue
            spoken = self._apdus.command(raw)
            # Text of a console could be taken for anything; only what a command set knows is a command.
            if spoken is not None and spoken.known:
                self._unwrap = unwrap
                return Meaning(spoken.words, spoken.hidden, raw)
        return None

    def _stream_in(self, data: bytes) -> Meaning | None:
        if self._unwrap is None:
            return None
        self._pending = (self._pending + data)[:_MOST_PENDING]
        if self._unwrap is _hex_line and not self._pending.rstrip(b" ").endswith(b"\n"):
            return None
        raw = self._unwrap(self._pending)
        if raw is None:
            return None
        self._pending, self._unwrap = b"", None
        return self._answer(raw)
