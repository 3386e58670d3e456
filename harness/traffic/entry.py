"""One thing that went over a wire of a run, in words, and excerpts of them."""

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["bus", "console", "service", "link"]
Direction = Literal["out", "in", ""]


@dataclass(frozen=True, slots=True)
class Raw:
    """Bytes as they went over a wire, with stars for what must not be shown.

    Attributes:
        op: The operation, as in recordings.
        data: The bytes.
        apdu: The command or the answer of a chip in them, out of its frame.
        address: The I²C address, where there is one.
    """

    op: str = ""
    data: bytes = b""
    apdu: bytes = b""
    address: int | None = None


NOTHING = Raw()
"""Of what has no bytes."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What went over a wire at one moment.

    Attributes:
        t: Monotonic nanoseconds, the clock of the run.
        source: Name of the transport, or of what else spoke; safe to print.
        kind: What it is: the bus of a chip or a module, a console, the ID² service, a link of iTLS.
        direction: `out` to the device or the service, `in` from it, empty for what happened on the way.
        text: It in words, on one line and safe to print.
        detail: Its bytes, folded, bounded and safe to print; empty when the words say everything.
        raw: Its bytes, for a capture file.
    """

    t: int
    source: str
    kind: Kind
    direction: Direction
    text: str
    detail: str = ""
    raw: Raw = field(default=NOTHING, repr=False)


@dataclass(frozen=True, slots=True)
class Excerpt:
    """What went over all wires of a run in a span of time.

    Attributes:
        entries: In the order of time.
        left_out: How many more records there are.
        gap: Before which of the entries they are left out.
    """

    entries: tuple[Entry, ...] = ()
    left_out: int = 0
    gap: int = 0
