"""Turns the records of one transport into entries: what they mean, and the bytes beside it."""

import re

from harness.traffic.bytes_shown import SHORT_APDU, folded
from harness.traffic.decode import Decoder, Meaning
from harness.traffic.entry import Direction, Entry, Kind
from harness.transport.printable import safe_bytes, safe_text
from harness.transport.recording.recording import Record

_TEXT_LIMIT = 1000
_LINE_LIMIT = 300  # bytes of a line of a console
_DIRECTIONS: dict[str, Direction] = {">": "out", "<": "in"}
_LINE_END = re.compile(rb"[\r\n]+")
_PIECES = 4096  # bytes of a line that has not ended


class Follower:
    """Follows the records of one transport in the order of time.

    Args:
        source: Name of the transport.
        kind: What it is.
    """

    def __init__(self, source: str, kind: Kind) -> None:
        self._source = safe_text(source, 40)
        self._kind: Kind = kind
        self._decoder = Decoder()
        self._begun = b""
        self._begun_at = 0
        self._begun_direction = ""

    def take(self, record: Record) -> list[Entry]:
        """Return what a record brings: the entries that are complete with it."""
        if record.direction not in _DIRECTIONS:
            told = safe_text(record.text, _TEXT_LIMIT)
            text = f"{_place(record)}{record.op}: {told}" if told else f"{_place(record)}{record.op}"
            return [*self.rest(), Entry(record.t, self._source, self._kind, "", text)]
        if record.op in ("read", "write"):
            return self._stream(record)
        meaning = self._decoder.meaning(record)
        if meaning is None:
            return [self._entry(record, f"{_place(record)}{record.op}", folded(record.data))]
        return [self._entry(record, f"{_place(record)}{meaning.words}", _detail(record, meaning))]

    def rest(self) -> list[Entry]:
        """Return the line that has begun, if any; it goes no further."""
        if not self._begun:
            return []
        begun, self._begun = self._begun, b""
        return [self._line(self._begun_at, self._begun_direction, begun)]

    def _stream(self, record: Record) -> list[Entry]:
        meaning = self._decoder.meaning(record)
        if meaning is not None:
            return [*self.rest(), self._entry(record, meaning.words, _detail(record, meaning))]
        found: list[Entry] = []
        if self._begun and self._begun_direction != record.direction:
            found += self.rest()
        if not self._begun:
            self._begun_at, self._begun_direction = record.t, record.direction
        data = self._begun + record.data
        *lines, begun = _LINE_END.split(data)
        for line in lines:
            if line:
                found.append(self._line(self._begun_at, record.direction, line))
            self._begun_at = record.t
        self._begun = begun
        if len(begun) > _PIECES:
            found += self.rest()
        return found

    def _line(self, t: int, direction: str, data: bytes) -> Entry:
        return Entry(t, self._source, self._kind, _DIRECTIONS[direction], safe_bytes(data, _LINE_LIMIT))

    def _entry(self, record: Record, text: str, detail: str) -> Entry:
        return Entry(record.t, self._source, self._kind, _DIRECTIONS[record.direction], text, detail)


def _place(record: Record) -> str:
    return "" if record.address is None else f"[{record.address:#04x}] "


def _detail(record: Record, meaning: Meaning) -> str:
    if meaning.hidden:
        return ""
    # The lines of hex that some adapters take need not be printed as the hex of hex.
    if record.op in ("read", "write") and record.data.strip().isalnum():
        return safe_bytes(record.data.strip(), 2 * SHORT_APDU)
    return folded(record.data)
