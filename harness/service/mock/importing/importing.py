"""A file to import: read, judged against what the service has, and put in all at once."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from harness.errors import UsageError
from harness.id2.keys import KeyType
from harness.service.mock import seed
from harness.service.mock.admin.admin import Admin
from harness.service.mock.admin.devices import NewDevice
from harness.service.mock.importing import board_file, burn_list
from harness.service.mock.importing.rows import ROWS_MAX, BadFileError, Problem, Row, Thing, Why, device_row
from harness.service.mock.store.devices import Device

_SEED = re.compile(r"^[\s{\"']*(access_keys|products|devices)[\"']?\s*:", re.MULTILINE)
_LOOKED_AT = 4_096
_ODD_OF = 50
"""Of so many characters of a text none or one is a control character."""

_BOARD = re.compile(r"^(version|name|plan|transports|device)\s*:", re.MULTILINE)


class FileKind(StrEnum):
    """What can be imported."""

    BURN_LIST = "burn-list"
    SEED = "seed"
    BOARD = "board"


class Outcome(StrEnum):
    """What becomes of a row: made new, there already just so, or not to be imported."""

    NEW = "new"
    SAME = "same"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class FileToImport:
    """What a file holds.

    Attributes:
        kind: What it is.
        rows: A row for each thing in it.
        ignored: Columns that are not read.
    """

    kind: FileKind
    rows: tuple[Row, ...]
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """A row, and what becomes of it."""

    row: Row
    outcome: Outcome
    problem: Problem | None = None


def read(
    text: str, file: str, *, kind: FileKind | None = None, key_type: KeyType | None = None, key: str = ""
) -> FileToImport:
    """Read a file.

    Args:
        text: What it holds.
        file: What errors call it.
        kind: What it is; found out when left out.
        key_type: For a burn list: of lines that name none.
        key: For a board file: the key of its device.

    Raises:
        BadFileError: Nothing in it can be imported.
        UsageError: A seed or board file that cannot be read.
    """
    _require_text(text)
    found = kind or _kind(text)
    match found:
        case FileKind.BURN_LIST:
            listed = burn_list.read(text, key_type)
            return FileToImport(found, listed.rows, listed.ignored)
        case FileKind.BOARD:
            return FileToImport(found, (board_file.read(text, file, key),))
        case FileKind.SEED:
            return FileToImport(found, _seed_rows(text, file))


def judge(rows: Sequence[Row], admin: Admin) -> tuple[Judged, ...]:
    """Say what becomes of each row; nothing is made."""
    first: dict[tuple[Thing, str], Row] = {}
    there = admin.find_devices([row.name for row in rows if isinstance(row.given, NewDevice)])
    judged: list[Judged] = []
    for row in rows:
        before = first.setdefault((row.thing, row.name), row) if row.given is not None else row
        if row.problem is not None:
            judged.append(Judged(row, Outcome.WRONG, row.problem))
        elif before is not row:
            same = before.given == row.given
            twice = Problem(Why.TWICE, {"line": before.line})
            judged.append(Judged(row, Outcome.SAME if same else Outcome.WRONG, None if same else twice))
        else:
            judged.append(_judged(row, admin, there))
    return tuple(judged)


def put_in(judged: Sequence[Judged], admin: Admin) -> int:
    """Make what is new, devices all or none, and return how many things that were.

    Raises:
        UsageError: Something else was made meanwhile under the same name.
    """
    new = [each.row.given for each in judged if each.outcome is Outcome.NEW]
    for given in new:
        if isinstance(given, seed.SeedAccessKey | seed.SeedProduct):
            seed.plant_one(given, admin)
    admin.add_devices([given for given in new if isinstance(given, NewDevice)])
    return len(new)


def _judged(row: Row, admin: Admin, devices: Mapping[str, Device]) -> Judged:
    given = row.given
    if isinstance(given, NewDevice):
        there = devices.get(given.id2)
        if there is None:
            return Judged(row, Outcome.NEW)
        if there.key == given.key:
            return Judged(row, Outcome.SAME)
        return Judged(row, Outcome.WRONG, Problem(Why.OTHER_KEY))
    assert given is not None
    try:
        new = seed.plant_one(given, admin, only_check=True)
    except UsageError as error:
        return Judged(row, Outcome.WRONG, Problem(Why.SAID, {"message": error.message}))
    return Judged(row, Outcome.NEW if new else Outcome.SAME)


def _require_text(text: str) -> None:
    """Refuse what is no text: a picture or an archive would be a burn list of hundreds of wrong rows."""
    beginning = text[:_LOOKED_AT]
    odd = sum(
        not letter.isprintable() and not letter.isspace() and letter != "\ufeff" for letter in beginning
    )
    if odd * _ODD_OF > len(beginning):
        raise BadFileError("the file is no text", "import.no_text")


def _kind(text: str) -> FileKind:
    if _SEED.search(text):
        return FileKind.SEED
    return FileKind.BOARD if _BOARD.search(text) else FileKind.BURN_LIST


def _seed_rows(text: str, file: str) -> tuple[Row, ...]:
    planted, document = seed.parse(text, file)
    count = len(planted.access_keys) + len(planted.products) + len(planted.devices)
    if not count:
        raise BadFileError("the seed has no AccessKey, product or device", "import.empty")
    if count > ROWS_MAX:
        raise BadFileError(f"the file has more than {ROWS_MAX} things", "import.too_many", most=ROWS_MAX)
    rows = [
        Row(document.line_of(("access_keys", number)), Thing.ACCESS_KEY, key.id, key.policy, key)
        for number, key in enumerate(planted.access_keys)
    ]
    rows += [
        Row(document.line_of(("products", number)), Thing.PRODUCT, made.product_key, made.name, made)
        for number, made in enumerate(planted.products)
    ]
    rows += [
        device_row(
            document.line_of(("devices", number)),
            id2=device.id,
            key_type=device.key_type,
            key=device.key.get_secret_value(),
            state=device.state,
        )
        for number, device in enumerate(planted.devices)
    ]
    return tuple(rows)
