"""The small types that board file fields are made of, and the base of every section."""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from harness.id2 import ids
from harness.id2.errors import Id2Error

_HEX_OR_DECIMAL = re.compile(r"0[xX][0-9A-Fa-f]{1,16}|[0-9]{1,18}")
_HEX_WITHOUT_MARK = re.compile(r"(?P<digits>[0-9A-Fa-f]{1,4})[hH]?")


class Section(BaseModel):
    """A section of a board file: unknown keys are refused, values do not change after loading."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, str_strip_whitespace=True, defer_build=True
    )


def wrong(text: str) -> PydanticCustomError:
    """Return a validation error whose text goes to the reader as it is; it must not repeat a secret."""
    return PydanticCustomError("board_file", "{text}", {"text": text})


def _number(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _HEX_OR_DECIMAL.fullmatch(value.strip()):
        return int(value, 16) if value.strip()[:2].lower() == "0x" else int(value)
    # As lsusb prints it, 1e10 is a vendor id and no power of ten.
    if isinstance(value, str) and (bare := _HEX_WITHOUT_MARK.fullmatch(value.strip())):
        raise wrong(f"must be a number; hexadecimal starts with 0x: write 0x{bare['digits'].lower()}")
    raise wrong("must be a number, decimal or hexadecimal such as 0x71")


def _within(low: int, high: int) -> Callable[[int], int]:
    def check(value: int) -> int:
        if not low <= value <= high:
            raise wrong(f"{value:#x} is out of range; it must be {low:#x} to {high:#x}")
        return value

    return check


def _seven_bit(value: int) -> int:
    if 0x80 <= value <= 0xEF:
        raise wrong(f"{value:#x} is an 8-bit address; the 7-bit address of this chip is {value >> 1:#x}")
    if not 0x08 <= value <= 0x77:
        raise wrong(f"{value:#x} is not a 7-bit I²C device address; it must be 0x8 to 0x77")
    return value


def _printable(value: str) -> str:
    if not all(char.isprintable() or char == "\n" for char in value):
        raise wrong("holds control characters")
    return value


def _id2(value: str) -> str:
    try:
        found = ids.parse(value)
    except Id2Error as error:
        raise wrong(str(error)) from None
    if not found.provisioned:
        raise wrong("is the text of a device without an ID; leave the field out for such a device")
    return value


def _address(value: str) -> str:
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        raise wrong("must be an address of this machine, such as 127.0.0.1 or 0.0.0.0 for all") from None


def _env_name(value: str) -> str:
    # A person in a hurry pastes the key itself here; the message must not carry it on.
    if re.fullmatch(r"[0-9A-Fa-f]{16,}", value) or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,127}", value):
        raise wrong("must be the name of an environment variable (letters, digits, _), not a value")
    return value


def _path(value: str) -> str:
    if "\0" in value or "\n" in value:
        raise wrong("is not a path")
    return value


_NUMBER_SCHEMA = {"anyOf": [{"type": "integer"}, {"type": "string", "pattern": "^0[xX][0-9A-Fa-f]+$"}]}

Number = Annotated[int, BeforeValidator(_number), WithJsonSchema(_NUMBER_SCHEMA)]
"""A whole number, decimal or hexadecimal."""


@dataclass(frozen=True, slots=True)
class HexByCustom:
    """Marks a type whose numbers a person copies from a data sheet or from lsusb.

    Attributes:
        high: The highest value that such a number can have.
    """

    high: int


# In a report a person compares these with a data sheet, which writes them in hexadecimal.
_AS_HEX = PlainSerializer(hex, return_type=str, when_used="json")

Number8 = Annotated[
    int,
    AfterValidator(_within(0, 0xFF)),
    BeforeValidator(_number),
    WithJsonSchema(_NUMBER_SCHEMA),
    _AS_HEX,
    HexByCustom(0xFF),
]
"""A number of 8 bits."""

Number16 = Annotated[
    int,
    AfterValidator(_within(0, 0xFFFF)),
    BeforeValidator(_number),
    WithJsonSchema(_NUMBER_SCHEMA),
    _AS_HEX,
    HexByCustom(0xFFFF),
]
"""A number of 16 bits."""

I2cAddress = Annotated[
    int,
    AfterValidator(_seven_bit),
    BeforeValidator(_number),
    WithJsonSchema(_NUMBER_SCHEMA),
    _AS_HEX,
    HexByCustom(0x77),
]
"""A 7-bit I²C device address."""

Word = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=64)]
"""A lower-case name, safe in file names and on a command line."""

Tag = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*(=[A-Za-z0-9._-]+)?$", max_length=64),
]
"""What boards are chosen by: a word, or `key=value`."""

Text = Annotated[str, StringConstraints(max_length=1000), AfterValidator(_printable)]
"""Free text for people."""

PathText = Annotated[str, StringConstraints(min_length=1, max_length=4096), AfterValidator(_path)]
"""A path; relative ones start at the folder of the board file."""

EnvName = Annotated[str, AfterValidator(_env_name)]
"""Name of an environment variable."""

Address = Annotated[str, AfterValidator(_address)]
"""An IP address of this machine to listen on."""

Id2Text = Annotated[str, AfterValidator(_id2)]
"""An ID²: 24 upper-case hex digits, or the longer PUF form."""

Seconds = Annotated[float, Field(gt=0, le=3600)]
"""A time in seconds."""
