"""Burn lists: a device a line, as spreadsheets and burning tools write them.

The first line may name the columns, in any order; columns that are not known are left out and told. Without it they are
ID², key, or ID², key type, key. Comma, semicolon, tab or blanks stand between them; `#` begins a line of words.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass

from harness.id2.keys import KeyType
from harness.service.mock.importing.rows import ROWS_MAX, BadFileError, Problem, Row, Thing, Why, device_row

_NAMES = {
    "id2": ("id2", "id²", "id", "device_id", "deviceid", "设备id"),
    "key_type": ("key_type", "keytype", "type", "algorithm", "密钥类型", "算法"),
    "key": ("key", "id2_key", "private_key", "id2key", "密钥"),
    "public": ("public_key", "public", "公钥"),
    "state": ("state", "status", "状态"),
}
_COLUMN = {name: column for column, names in _NAMES.items() for name in names}
_DELIMITERS = ",;\t"
_SHOWN_MAX = 20


@dataclass(frozen=True, slots=True)
class BurnList:
    """What was read.

    Attributes:
        rows: A row for each device.
        ignored: Names of columns that are not read.
    """

    rows: tuple[Row, ...]
    ignored: tuple[str, ...]


def read(text: str, key_type: KeyType | None) -> BurnList:
    """Read a burn list.

    Args:
        text: The file.
        key_type: Of lines that name none; None when each must.

    Raises:
        BadFileError: It has no line, too many, or no column for ID² or key.
    """
    lines = _cells(text)
    if not lines:
        raise BadFileError("the file has no line with a device", "import.empty")
    columns, ignored = _columns(lines[0][1])
    if columns:
        lines = lines[1:]
        if "key" not in columns and "public" not in columns:
            raise BadFileError("the file has no column for keys", "import.no_column")
    if len(lines) > ROWS_MAX:
        raise BadFileError(f"the file has more than {ROWS_MAX} lines", "import.too_many", most=ROWS_MAX)
    return BurnList(tuple(_row(line, cells, columns, key_type) for line, cells in lines), ignored)


def _cells(text: str) -> list[tuple[int, list[str]]]:
    """Return the cells of each line that has some, with its number."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    sample = next((line for line in lines if line.strip() and not line.lstrip().startswith("#")), "")
    delimiter = max(_DELIMITERS, key=sample.count)
    found: list[tuple[int, list[str]]] = []
    if delimiter not in sample:
        for number, line in enumerate(lines, 1):
            if line.strip() and not line.lstrip().startswith("#"):
                found.append((number, line.split()))
        return found
    reader = csv.reader((f"{line}\n" for line in lines), delimiter=delimiter)
    begins = 1
    while True:
        try:
            cells = [cell.strip() for cell in next(reader)]
        except StopIteration:
            return found
        except csv.Error:
            cells = [""]
            found.append((begins, cells))
        else:
            if any(cells) and not cells[0].startswith("#"):
                found.append((begins, cells))
        begins = reader.line_num + 1


def _columns(first: Sequence[str]) -> tuple[dict[str, int], tuple[str, ...]]:
    """Return the place of each known column, and the others, when a line names columns."""
    names = [cell.strip('\ufeff "').casefold().replace(" ", "_") for cell in first]
    if not any(_COLUMN.get(name) == "id2" for name in names):
        return {}, ()
    places: dict[str, int] = {}
    ignored: list[str] = []
    for place, name in enumerate(names):
        column = _COLUMN.get(name)
        if column is None or column in places:
            ignored.append(first[place][:_SHOWN_MAX])
        else:
            places[column] = place
    return places, tuple(ignored)


def _row(line: int, cells: Sequence[str], columns: dict[str, int], key_type: KeyType | None) -> Row:
    by_default = "" if key_type is None else key_type.value
    if columns:
        given = {name: cells[place] if place < len(cells) else "" for name, place in columns.items()}
        return device_row(
            line,
            id2=given["id2"],
            key_type=given.get("key_type", "") or by_default,
            key=given.get("key", ""),
            public=given.get("public", ""),
            state=given.get("state", "").casefold(),
        )
    match [cell for cell in cells if cell]:
        case [id2, key]:
            return device_row(line, id2=id2, key_type=by_default, key=key)
        case [id2, kind, key]:
            return device_row(line, id2=id2, key_type=kind, key=key)
        case found:
            return Row(line, Thing.DEVICE, "", "", None, Problem(Why.COLUMNS, {"count": len(found)}))
