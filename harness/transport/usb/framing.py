"""How an APDU lies in the bytes of a USB pipe."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from harness.errors import DeviceError


class PipeFraming(StrEnum):
    """Where a message ends."""

    PLAIN = "plain"  # with the transfer: a packet that is not full, or an empty one
    LENGTH_PREFIXED = "length-prefixed"  # its length stands before it


@dataclass(frozen=True, slots=True)
class LengthPrefix:
    """A length before the message; it counts the message only.

    Attributes:
        size: Bytes of the length field, 1 to 4.
        order: Byte order of the length field.
    """

    size: int = 2
    order: Literal["big", "little"] = "big"

    @property
    def longest(self) -> int:
        """Bytes of the longest message that the field can announce."""
        return int((1 << 8 * self.size) - 1)

    def frame(self, message: bytes) -> bytes:
        """Return the message with its length before it.

        Raises:
            OverflowError: the message is longer than the field can say.
        """
        return len(message).to_bytes(self.size, self.order) + message

    def total(self, start: bytes) -> int | None:
        """Return the bytes of the whole frame, None while `start` is shorter than the length field."""
        if len(start) < self.size:
            return None
        return self.size + int.from_bytes(start[: self.size], self.order)

    def message(self, frame: bytes, place: str) -> bytes:
        """Return the message of a whole frame; padding behind it is cut off.

        Raises:
            DeviceError: the frame is shorter than it says.
        """
        total = self.total(frame)
        if total is None or len(frame) < total:
            said = "no length" if total is None else f"{total - self.size} bytes"
            raise DeviceError(
                f"{place}: the answer announces {said}, {max(0, len(frame) - self.size)} came",
                hint="check length_size and length_order in the board file",
            )
        return frame[self.size : total]
