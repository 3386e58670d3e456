"""The base of every table of codes: a number that knows what it means and what to do."""

from enum import IntEnum
from typing import Self


class Code(IntEnum):
    """A number with a meaning and a hint."""

    meaning: str
    hint: str

    def __new__(cls, value: int, meaning: str, hint: str = "") -> Self:
        """Make a member of one row: number, meaning, hint."""
        """Make a member of one row: number, meaning, hint."""
        member = int.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        member.hint = hint
        return member
