"""The `probe` section of a board file: how the console reaches the probe in the firmware."""

from enum import StrEnum

from pydantic import Field

from harness.settings.words import Seconds, Section


class LineEnd(StrEnum):
    """What ends a line that goes to the board."""

    LF = "lf"
    CR = "cr"
    CRLF = "crlf"

    @property
    def data(self) -> bytes:
        """The bytes."""
        return {LineEnd.LF: b"\n", LineEnd.CR: b"\r", LineEnd.CRLF: b"\r\n"}[self]


class Pace(Section):
    """How slowly lines go to a board whose UART loses what comes too fast."""

    at_once: int = Field(default=16, ge=1, le=1024, description="At most so many bytes at once.")
    pause_s: Seconds = Field(default=0.002, description="Seconds between two such pieces.")


class Probe(Section):
    """The probe in the firmware, on the console. `probe: {}` is enough for most boards."""

    line_end: LineEnd = Field(
        default=LineEnd.LF, description="What ends a line that goes to the board: lf, cr or crlf."
    )
    prefix: str = Field(
        default="",
        pattern=r"^[\x20-\x7e]{0,40}$",
        description="A word before each line, for a shell that wants one; a blank follows it.",
    )
    answer_s: Seconds = Field(
        default=0.3,
        description="Seconds without an answer after which a line is sent again; the link grows more patient by "
        "itself with a board that answers late.",
    )
    call_s: Seconds = Field(
        default=10.0, description="Seconds that a call may take, where a scenario sets no limit of its own."
    )
    start_s: Seconds = Field(
        default=10.0,
        description="Seconds from a start of the board to the hello of its probe; nothing is sent to a starting board "
        "before, lest a boot loader takes it for a key.",
    )
    pace: Pace | None = Field(
        default=None, description="For a board whose UART loses what comes too fast; left out: at full speed."
    )
