"""Numbers that data sheets and lsusb print in hexadecimal, written without 0x: both readings are shown."""

from collections.abc import Iterable, Iterator
from typing import Annotated, get_args, get_origin

from pydantic import BaseModel

from harness.board.models import BoardFile
from harness.settings.problems import Loc, Problem
from harness.settings.words import HexByCustom
from harness.settings.yaml_file import Document, Scalar


def advice(board: BoardFile, document: Document) -> list[Problem]:
    """Return a doubt for each such number whose digits could also be meant in hexadecimal."""
    return [
        Problem(loc, _doubt(written, value))
        for loc, value, high in _numbers(board, ())
        if (written := _written(document, loc)) is not None and _reads_twice(written, high)
    ]


def _numbers(section: BaseModel, loc: Loc) -> Iterator[tuple[Loc, int, int]]:
    """Give place, value and highest possible value of each number that is printed in hexadecimal by custom."""
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        at = (*loc, name)
        if not isinstance(value, int):
            yield from _inside(value, at)
        elif (mark := _mark(field.metadata) or _mark_in(field.annotation)) is not None:
            yield at, value, mark.high


def _inside(value: object, loc: Loc) -> Iterator[tuple[Loc, int, int]]:
    if isinstance(value, BaseModel):
        yield from _numbers(value, loc)
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _inside(each, (*loc, key))
    elif isinstance(value, tuple | list):
        for place, each in enumerate(value):
            yield from _inside(each, (*loc, place))


def _mark(metadata: Iterable[object]) -> HexByCustom | None:
    return next((each for each in metadata if isinstance(each, HexByCustom)), None)


def _mark_in(annotation: object) -> HexByCustom | None:
    """Find the mark in an annotation such as `Annotated[int, …] | None`."""
    if get_origin(annotation) is Annotated:
        return _mark(get_args(annotation)[1:])
    return next((mark for each in get_args(annotation) if (mark := _mark_in(each))), None)


def _written(document: Document, loc: Loc) -> str | None:
    """Return the text of a field as it stands in the file; None for one that is not there."""
    node = document.find(loc)
    return node.text if isinstance(node, Scalar) else None


def _reads_twice(written: str, high: int) -> bool:
    digits = written.strip()
    return digits.isdecimal() and int(digits) != int(digits, 16) <= high


def _doubt(written: str, value: int) -> str:
    digits = written.strip()
    meant = int(digits, 16)
    width = 4 if len(digits) > 2 or value > 0xFF else 2
    return (
        f"{digits} without 0x is decimal, which is 0x{value:0{width}x}; lsusb and data sheets print hexadecimal: "
        f"write 0x{meant:0{width}x} if that is meant, or 0x{value:0{width}x} to say that it is not"
    )
