"""The last part of a console's output, in bounded memory, addressed by offsets from the opening on."""

from bisect import bisect_left

from harness.transport.secret_lines import STARS

_STAMPS = 4096


class Window:
    """Keeps at least the last `size` bytes, at most twice as many. Offsets count from the first byte ever.

    Not thread-safe: the console holds its lock around each call.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self.data = bytearray()
        self.start = 0
        self._ends: list[int] = []
        self._stamps: list[int] = []

    @property
    def end(self) -> int:
        """The offset after the last byte: how many bytes have come."""
        return self.start + len(self.data)

    def append(self, chunk: bytes, stamp: int) -> None:
        """Add a chunk that came at `stamp` (monotonic nanoseconds), and forget the oldest bytes."""
        data = self.data
        data += chunk
        if len(data) > 2 * self._size:
            surplus = len(data) - self._size
            del data[:surplus]
            self.start += surplus
        self._ends.append(self.start + len(data))
        self._stamps.append(stamp)
        if len(self._ends) > 2 * _STAMPS:
            del self._ends[:_STAMPS]
            del self._stamps[:_STAMPS]

    def bytes(self, start: int, end: int | None = None) -> bytes:
        """Return the bytes from offset `start` to `end`, as far as they are still here."""
        first = max(start - self.start, 0)
        last = len(self.data) if end is None else max(end - self.start, 0)
        return bytes(self.data[first:last])

    def hide(self, start: int) -> None:
        """Put a star for each byte from offset `start` on, but for blanks and line ends."""
        first = max(start - self.start, 0)
        self.data[first:] = self.data[first:].translate(STARS)

    def stamp(self, offset: int) -> int:
        """Return when the byte before `offset` came; of long ago, the oldest stamp that is still here."""
        ends = self._ends
        if len(ends) < 2 or offset > ends[-2]:
            return self._stamps[-1] if ends else 0
        return self._stamps[bisect_left(ends, offset)]
