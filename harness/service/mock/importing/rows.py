"""What a file to import holds: a row for each thing, or what is wrong with the row."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import get_args

from harness.errors import UsageError
from harness.id2 import ids
from harness.id2.errors import Id2Error
from harness.id2.keys import Key, KeyType
from harness.service.mock.admin.devices import NewDevice
from harness.service.mock.seed import SeedAccessKey, SeedProduct, SeedState
from harness.service.mock.store.devices import DeviceState

ROWS_MAX = 20_000
_ID_DIGITS = 24
_STATES: frozenset[str] = frozenset(get_args(SeedState))


class Thing(StrEnum):
    """What a row makes."""

    ACCESS_KEY = "access-key"
    PRODUCT = "product"
    DEVICE = "device"


class Why(StrEnum):
    """What is wrong with a row; `SAID` is what the service itself says about its values."""

    ID = "id"
    NO_ID = "no-id"
    KEY_TYPE = "key-type"
    NO_KEY = "no-key"
    KEY = "key"
    KEY_ELSEWHERE = "key-elsewhere"
    STATE = "state"
    COLUMNS = "columns"
    TWICE = "twice"
    OTHER_KEY = "other-key"
    SAID = "said"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a row, without the values that were given: a key may stand in the wrong place.

    Attributes:
        why: Which sort.
        values: What its text says besides.
    """

    why: Why
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Row:
    """One thing of a file.

    Attributes:
        line: Where it begins in the file, from 1.
        thing: What it makes.
        name: What identifies it; empty when that cannot be read.
        about: Key type, policy, or the product's name.
        given: The thing itself; None when it cannot be read.
        problem: Why it cannot be read, or None.
    """

    line: int
    thing: Thing
    name: str
    about: str
    given: NewDevice | SeedProduct | SeedAccessKey | None
    problem: Problem | None = None


class BadFileError(UsageError):
    """A file that is not imported at all; the message says in English what is wrong.

    Attributes:
        why: Key of the text that says so; empty when only the message does.
        values: Values in it.
    """

    def __init__(self, message: str, why: str = "", **values: object) -> None:
        super().__init__(message)
        self.why = why
        self.values: Mapping[str, object] = values


def device_row(
    line: int,
    *,
    id2: str,
    key_type: str,
    key: str | Key,
    public: str = "",
    state: str = "",
    chip: bool = False,
) -> Row:
    """Return the row of a device whose values are text as it was written.

    Args:
        line: Where it stands.
        id2: Its ID²; hex digits in any case.
        key_type: Name of the type of its key.
        key: The key, or the text of a symmetric or private one; empty when `public` is given.
        public: Public key, enough to verify codes.
        state: State of its ID²; burnt when empty.
        chip: It is an ID² chip.
    """
    name = id2.upper() if len(id2) == _ID_DIGITS else id2
    try:
        if not ids.parse(name).provisioned:
            return _wrong(line, Why.NO_ID)
    except Id2Error:
        return _wrong(line, Why.ID, length=len(id2))
    try:
        kind = KeyType.parse(key_type)
    except Id2Error:
        return _wrong(line, Why.KEY_TYPE, name=name, known=", ".join(KeyType))
    if not key and not public:
        return _wrong(line, Why.NO_KEY, name=name)
    if state and state not in _STATES:
        return _wrong(line, Why.STATE, name=name, known=", ".join(sorted(_STATES)))
    try:
        parsed = (
            key if isinstance(key, Key) else Key.parse(kind, key) if key else Key.parse_public(kind, public)
        )
    except (Id2Error, UnicodeError):
        return _wrong(line, Why.KEY, name=name, about=kind.value, digits=2 * kind.key_size)
    made = NewDevice(name, parsed, DeviceState(state or DeviceState.BURNT), chip)
    return Row(line, Thing.DEVICE, name, kind.value, made)


def _wrong(line: int, why: Why, *, name: str = "", about: str = "", **values: object) -> Row:
    if about:
        values["key_type"] = about
    return Row(line, Thing.DEVICE, name, about, None, Problem(why, values))
