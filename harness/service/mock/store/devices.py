"""Devices as the service knows them: ID², key, state, and the product they belong to."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from harness.id2.keys import Key, KeyType
from harness.secret import Secret
from harness.service.mock import validity

# Not the row itself is what is remembered: SQLite's rows take longer to compare than to read.
_COLUMNS = "id2, key_type, secret, public, state, product_key, licence_id, activated_ms, expires_ms, origin"
_AT_ONCE = 500
_FIND = f"SELECT {_COLUMNS} FROM device WHERE id2 = ?"  # noqa: S608 - fixed text


class DeviceState(StrEnum):
    """The states of a device's ID².

    `UNKNOWN`: in the store, but the service answers as if it were not (18). `BURNING`: handed to a production
    line that has not sent the receipt (44). `BURNT`: never used. `ACTIVATED`: used before, now bound to no
    product. `BOUND`: used, and belongs to one product. The last three are refused with 45, 46 and 50.

    Source: service.md 3, 4.4, 6.6.
    """

    UNKNOWN = "unknown"
    BURNING = "burning"
    BURNT = "burnt"
    ACTIVATED = "activated"
    BOUND = "bound"
    SUSPENDED = "suspended"
    DISCARDED = "discarded"
    EXPIRED = "expired"


class Origin(StrEnum):
    """Where an ID² came from, which decides what its first use costs.

    `REGISTERED`: made known by hand. `CHIP`: an ID² chip, with a licence inside. `BURNT`: a production line.
    `PROVISIONED`: handed out in the field. `DEBUG`: made by the debugging service.
    """

    REGISTERED = "registered"
    CHIP = "chip"
    BURNT = "burnt"
    PROVISIONED = "provisioned"
    DEBUG = "debug"


@dataclass(frozen=True, slots=True)
class Device:
    """A device.

    Attributes:
        id2: Its identifier.
        key: Its key; the public key alone for asymmetric devices whose private key is not known.
        state: State in the store; validity by date is on top, see `state_at`.
        product_key: The product it is bound to or was provisioned for, None before.
        licence_id: The licence that it uses, None before the first use.
        activated_ms: First use, None before.
        expires_ms: End of validity, None before the first use.
        origin: Where its ID² came from.
    """

    id2: str
    key: Key
    state: DeviceState
    product_key: str | None = None
    licence_id: int | None = None
    activated_ms: int | None = None
    expires_ms: int | None = None
    origin: Origin = Origin.REGISTERED

    def state_at(self, now_ms: int) -> DeviceState:
        """Return the state with the end of validity applied."""
        active = self.state in (DeviceState.ACTIVATED, DeviceState.BOUND)
        if active and self.expires_ms is not None and self.expires_ms <= now_ms:
            return DeviceState.EXPIRED
        return self.state

    def released_at(self, now_ms: int) -> bool:
        """Tell whether it expired so long ago that its ID² data is released."""
        return (
            self.expires_ms is not None
            and self.expires_ms + validity.RELEASE_MS <= now_ms
            and self.state_at(now_ms) is DeviceState.EXPIRED
        )


@dataclass(frozen=True, slots=True)
class DevicePage:
    """Some of the devices that fit a search.

    Attributes:
        devices: Those of this page, by ID².
        total: How many fit altogether.
    """

    devices: tuple[Device, ...]
    total: int


def insert(db: sqlite3.Connection, device: Device, now_ms: int, fingerprint: bytes | None = None) -> None:
    """Add a device."""
    secret = None if device.key.secret is None else device.key.secret.reveal()
    db.execute(
        "INSERT INTO device (id2, key_type, secret, public, state, product_key, licence_id, fingerprint, origin,"
        " created_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            device.id2,
            device.key.key_type,
            secret,
            device.key.public,
            device.state,
            device.product_key,
            device.licence_id,
            fingerprint,
            device.origin,
            now_ms,
        ),
    )


def find(db: sqlite3.Connection, id2: str) -> Device | None:
    """Look a device up by its ID²."""
    row = db.execute(_FIND, (id2,)).fetchone()
    return None if row is None else _device(*row)


def find_each(db: sqlite3.Connection, ids: Sequence[str]) -> dict[str, Device]:
    """Look many devices up by their ID²s; those that are not there are left out."""
    found: dict[str, Device] = {}
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        places = ", ".join("?" * len(some))
        rows = db.execute(f"SELECT {_COLUMNS} FROM device WHERE id2 IN ({places})", tuple(some))  # noqa: S608 - fixed text
        found |= {row["id2"]: _device(*row) for row in rows.fetchall()}
    return found


def search(
    db: sqlite3.Connection,
    *,
    product_key: str | None,
    state: DeviceState | None,
    text: str,
    now_ms: int,
    limit: int,
    offset: int,
) -> DevicePage:
    """Find devices: of a product, in a state (the end of validity applied), whose ID² starts with a text."""
    conditions: list[str] = []
    values: list[str | int] = []
    if product_key is not None:
        conditions.append("product_key = ?")
        values.append(product_key)
    if text:
        conditions.append("id2 >= ? AND id2 < ?")
        values += [text, text + "\U0010ffff"]
    if state is not None:
        condition, bound = _in_state(state, now_ms)
        conditions.append(condition)
        values += bound
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    total = db.execute(f"SELECT count(*) FROM device {where}", values).fetchone()[0]  # noqa: S608 - fixed texts
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM device {where} ORDER BY id2 LIMIT ? OFFSET ?",  # noqa: S608 - fixed texts
        (*values, limit, offset),
    )
    return DevicePage(tuple(_device(*row) for row in rows.fetchall()), total)


def update(db: sqlite3.Connection, device: Device) -> None:
    """Write a device's state, product, licence and dates."""
    db.execute(
        "UPDATE device SET state = ?, product_key = ?, licence_id = ?, activated_ms = ?, expires_ms = ?,"
        " origin = ? WHERE id2 = ?",
        (
            device.state,
            device.product_key,
            device.licence_id,
            device.activated_ms,
            device.expires_ms,
            device.origin,
            device.id2,
        ),
    )


def count_of_day(db: sqlite3.Connection, id2: str, day: int) -> int:
    """Return how often a device was counted on a day."""
    row = db.execute("SELECT calls_of_day FROM device WHERE id2 = ? AND day = ?", (id2, day)).fetchone()
    return 0 if row is None else int(row[0])


def count(db: sqlite3.Connection, id2: str, day: int) -> None:
    """Count one authentication of a device on a day."""
    db.execute(
        "UPDATE device SET calls_of_day = CASE day WHEN ? THEN calls_of_day + 1 ELSE 1 END, day = ? WHERE id2 = ?",
        (day, day, id2),
    )


def count_of_fingerprint(db: sqlite3.Connection, fingerprint: bytes) -> int:
    """Return how many ID²s were handed out to a device fingerprint."""
    row = db.execute("SELECT count(*) FROM device WHERE fingerprint = ?", (fingerprint,)).fetchone()
    return int(row[0])


def count_provisioned(db: sqlite3.Connection, product_key: str) -> int:
    """Return how many ID²s were handed out in the field for a product."""
    row = db.execute(
        "SELECT count(*) FROM device WHERE product_key = ? AND origin = ?", (product_key, Origin.PROVISIONED)
    ).fetchone()
    return int(row[0])


def _in_state(state: DeviceState, now_ms: int) -> tuple[str, list[str | int]]:
    if state is DeviceState.EXPIRED:
        return "(state = 'expired' OR state IN ('activated', 'bound') AND expires_ms <= ?)", [now_ms]
    if state in (DeviceState.ACTIVATED, DeviceState.BOUND):
        return "state = ? AND (expires_ms IS NULL OR expires_ms > ?)", [state, now_ms]
    return "state = ?", [state]


@lru_cache(maxsize=4096)
def _device(
    id2: str,
    key_type: str,
    secret: bytes | None,
    public: bytes,
    state: str,
    product_key: str | None,
    licence_id: int | None,
    activated_ms: int | None,
    expires_ms: int | None,
    origin: str,
) -> Device:
    return Device(
        id2,
        Key(KeyType(key_type), None if secret is None else Secret(secret), public),
        DeviceState(state),
        product_key,
        licence_id,
        activated_ms,
        expires_ms,
        Origin(origin),
    )
