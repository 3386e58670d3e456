"""Records of version 2 of a recording: packed and unpacked. The format is described in `format.py`."""

import struct
from collections.abc import Iterator
from functools import cache

from harness.transport.recording.format import (
    DIRECTIONS,
    HEAD,
    NOWHERE,
    OPERATIONS,
    PAYLOAD_LIMIT,
    TEXT_FIRST,
    TEXT_LENGTH,
    Direction,
    code_of,
)
from harness.transport.recording.record import Record
from harness.transport.recording.stored import Stored

_NEAR, _FAR = 4096, 256 * 1024  # bytes of the first reading, and of those after it
_WAYS = frozenset(map(ord, DIRECTIONS))
_STAMP = struct.Struct("<qI2xH")  # a head without the address


class DamagedError(Exception):
    """These bytes are no record; says why."""


def with_text(
    op: str, direction: Direction, text: str, at: int, data: bytes = b"", address: int = NOWHERE
) -> bytes:
    """Return a record with a text.

    Args:
        op: The operation.
        direction: The way.
        text: The text.
        at: Monotonic nanoseconds.
        data: The bytes that come behind the text.
        address: The I2C address, `NOWHERE` for none.
    """
    words = text.encode(errors="surrogatepass")
    payload = TEXT_LENGTH.pack(len(words)) + words + data
    return HEAD.pack(at, len(payload), address, code_of(op, direction, told=True)) + payload


@cache
def _codes(operations: int) -> frozenset[int]:
    """Return what the last number of a head may be; recordings are opened after each scenario."""
    return frozenset(
        number | way << 8 | told for number in range(operations) for way in _WAYS for told in (0, TEXT_FIRST)
    )


class BinaryRecords:
    """The records of a stored recording, from any one on.

    Args:
        stored: The recording.
        operations: The operations by their numbers, as its header has them.
    """

    def __init__(self, stored: Stored, operations: tuple[str, ...] = OPERATIONS) -> None:
        self._stored = stored
        self._operations = operations
        self._codes = _codes(len(operations))

    def packed(self, at: int, end: int | None = None) -> Iterator[tuple[int, bytes]]:
        """Give offset and bytes of each record from an offset on; what is not whole at the end is left out.

        Args:
            at: Where a record begins.
            end: Where to stop; the end of the recording when left out.

        Raises:
            DamagedError: A head is none.
            BenchError: The file cannot be read.
        """
        end = self._stored.size if end is None else end
        block, begin, size = b"", at, _NEAR  # what is in memory, its offset, and how much is read next
        while at < end:
            place = at - begin
            if len(block) - place < HEAD.size:
                block, begin, place, size = self._stored.read(at, size), at, 0, _FAR
                if len(block) < HEAD.size:
                    return
            length = HEAD.size + _payload(block, place)
            if len(block) - place < length:
                block, begin, place = self._stored.read(at, max(size, length)), at, 0
                if len(block) < length:
                    return
            yield at, block[place : place + length]
            at += length

    def heads(self, at: int) -> Iterator[tuple[int, int]]:
        """Give offset and stamp of each whole record from an offset on, and nothing of what is in it.

        Raises:
            DamagedError: A head is none.
            BenchError: The file cannot be read.
        """
        for offsets, stamps in self.blocks(at):
            yield from zip(offsets, stamps, strict=True)

    def blocks(self, at: int) -> Iterator[tuple[list[int], list[int]]]:
        """Give offsets and stamps of whole records from an offset on, of many at once: there may be millions.

        Raises:
            DamagedError: A head is none.
            BenchError: The file cannot be read.
        """
        unpack, head, size, wanted = _STAMP.unpack_from, HEAD.size, self._stored.size, _NEAR
        while at + head <= size:
            block, wanted = self._stored.read(at, wanted), _FAR
            place, last = 0, len(block) - head
            if last < 0:
                return
            offsets: list[int] = []
            stamps: list[int] = []
            is_whole = True
            while place <= last:
                t, length, code = unpack(block, place)
                if code not in self._codes or length > PAYLOAD_LIMIT:
                    is_whole = False
                    break
                offsets.append(at + place)
                stamps.append(t)
                place += head + length
            at += place
            if at > size:
                offsets.pop()
                stamps.pop()
            if offsets:
                yield offsets, stamps
            if not is_whole:
                raise DamagedError("not a record")

    def unpacked(self, record: bytes) -> Record:
        """Return what a whole record says.

        Raises:
            DamagedError: It is none.
        """
        t, _, address, code = HEAD.unpack_from(record)
        operation, way = code & 0xFF, code >> 8 & 0x7F
        if way not in _WAYS or operation >= len(self._operations):
            raise DamagedError("not a record: an operation or a way that is none")
        text, begin = "", HEAD.size
        if code & TEXT_FIRST:
            text, begin = _text(record)
        place = None if address == NOWHERE else address
        return Record(t, self._operations[operation], chr(way), record[begin:], place, text)


def _payload(block: bytes, place: int) -> int:
    """Return how many bytes follow the head that begins there."""
    _, length, _, code = HEAD.unpack_from(block, place)
    if length > PAYLOAD_LIMIT or code >> 8 & 0x7F not in _WAYS:
        raise DamagedError("not a record")
    return int(length)


def _text(record: bytes) -> tuple[str, int]:
    """Return the text of a record and where its data begin."""
    begin = HEAD.size + TEXT_LENGTH.size
    if len(record) < begin:
        raise DamagedError("not a record: its text has no length")
    end = begin + TEXT_LENGTH.unpack_from(record, HEAD.size)[0]
    if end > len(record):
        raise DamagedError("not a record: its text is longer than itself")
    try:
        return record[begin:end].decode(errors="surrogatepass"), end
    except UnicodeDecodeError as error:
        raise DamagedError("not a record: its text is not UTF-8") from error
