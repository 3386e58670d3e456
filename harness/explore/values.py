"""The arguments of steps, written so that a person can read and repeat them: texts and bytes, also long ones."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

LONGEST = 4096
"""Characters or bytes of one argument; every limit of the API lies below."""


class Written(BaseModel):
    """A value or a step as it stands in a file: unknown fields are refused, nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class RepeatedText(Written):
    """The same characters several times."""

    repeat: Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[ -~]*$")]
    times: int = Field(ge=0, le=LONGEST)


class Earlier(Written):
    """A text that the board or the service gave in an earlier step; a fixed one when there was none."""

    earlier: Literal["device-challenge", "password"]


Text = (
    Annotated[str, StringConstraints(max_length=LONGEST, pattern=r"^[ -~]*$")]
    | Annotated[RepeatedText, Field()]
    | Annotated[Earlier, Field()]
)
"""A text argument."""


class Hex(Written):
    """Bytes in hexadecimal, several times when `times` says so."""

    hex: Annotated[str, StringConstraints(max_length=2 * LONGEST, pattern=r"^([0-9A-Fa-f]{2})*$")]
    times: int = Field(default=1, ge=0, le=LONGEST)


class Counted(Written):
    """As many bytes as `bytes` says, each one more than the one before; `start` is the first."""

    bytes: int = Field(ge=0, le=LONGEST)
    start: int = Field(default=1, ge=0, le=255)


Data = Annotated[Hex, Field()] | Annotated[Counted, Field()]
"""A bytes argument."""


def data_of(value: Hex | Counted) -> bytes:
    """Return the bytes that are meant."""
    if isinstance(value, Hex):
        return bytes.fromhex(value.hex) * value.times
    return bytes((value.start + place) % 256 for place in range(value.bytes))
