"""Reading and writing the vectors of TLS: numbers big-endian, vectors with their length in front."""

from harness.id2.codes import ItlsAlert
from harness.itls.errors import ItlsError


class Reader:
    """Reads a message from front to back and never past its end.

    Every method raises `ItlsError` (decode_error) when the message is too short.
    """

    __slots__ = ("_at", "_data", "_what")

    def __init__(self, data: bytes, what: str) -> None:
        self._data = data
        self._what = what
        self._at = 0

    @property
    def left(self) -> int:
        """How many bytes are not read yet."""
        return len(self._data) - self._at

    def take(self, count: int, field: str) -> bytes:
        """Return the next `count` bytes."""
        end = self._at + count
        if end > len(self._data):
            raise ItlsError(
                f"{self._what}: {field} needs {count} bytes at offset {self._at}; {self.left} are left",
                ItlsAlert.DECODE_ERROR,
            )
        data = self._data[self._at : end]
        self._at = end
        return data

    def number(self, size: int, field: str) -> int:
        """Return the next number of `size` bytes."""
        return int.from_bytes(self.take(size, field), "big")

    def vector(self, size: int, field: str) -> bytes:
        """Return the next vector, whose length has `size` bytes."""
        return self.take(self.number(size, f"the length of {field}"), field)

    def end(self) -> None:
        """Check that all was read."""
        if self.left:
            raise ItlsError(f"{self._what}: {self.left} bytes too many at its end", ItlsAlert.DECODE_ERROR)


def vector(size: int, data: bytes) -> bytes:
    """Return `data` with its length in `size` bytes in front."""
    return len(data).to_bytes(size, "big") + data
