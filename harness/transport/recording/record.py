"""What a recording holds: its header and its records."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class RecordingHeader:
    """The first line of a recording.

    Attributes:
        transport: Name of the transport in the board file.
        identity: What the transport was, as far as known before it was opened.
        capabilities: What it carries.
        wall: Wall-clock time (UTC) at `monotonic_ns`.
        monotonic_ns: The monotonic clock at `wall`.
    """

    transport: str
    identity: str
    capabilities: tuple[str, ...]
    wall: datetime
    monotonic_ns: int


@dataclass(frozen=True, slots=True)
class Record:
    """One record.

    Attributes:
        t: Monotonic nanoseconds.
        op: One of `format.OPERATIONS`.
        direction: `>` to the device, `<` from it, `!` an error, `#` a note.
        data: The bytes.
        address: The I2C address, where there is one.
        text: The text, for `!` and `#` and where the recorder says more than the bytes.
    """

    t: int
    op: str
    direction: str
    data: bytes = b""
    address: int | None = None
    text: str = ""
