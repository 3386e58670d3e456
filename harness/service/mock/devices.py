"""Devices as the service knows them: ID², key, state, and the product they belong to."""

import sqlite3
from dataclasses import dataclass
from enum import StrEnum

from harness.id2.keys import Key, KeyType
from harness.secret import Secret


class DeviceState(StrEnum):
    """The states of a device's ID².

    `UNKNOWN`: in the store, but the service answers as if it were not (18). `BURNT`: never used. `ACTIVATED`:
    used before, now bound to no product. `BOUND`: used, and belongs to one product. The last three are
    refused with 45, 46 and 50.

    Source: service.md 3, 4.4.
    """

    UNKNOWN = "unknown"
    BURNT = "burnt"
    ACTIVATED = "activated"
    BOUND = "bound"
    SUSPENDED = "suspended"
    DISCARDED = "discarded"
    EXPIRED = "expired"


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
    """

    id2: str
    key: Key
    state: DeviceState
    product_key: str | None = None
    licence_id: int | None = None
    activated_ms: int | None = None
    expires_ms: int | None = None

    def state_at(self, now_ms: int) -> DeviceState:
        """Return the state with the end of validity applied."""
        active = self.state in (DeviceState.ACTIVATED, DeviceState.BOUND)
        if active and self.expires_ms is not None and self.expires_ms <= now_ms:
            return DeviceState.EXPIRED
        return self.state


def insert(db: sqlite3.Connection, device: Device, now_ms: int, fingerprint: bytes | None = None) -> None:
    """Add a device."""
    secret = None if device.key.secret is None else device.key.secret.reveal()
    db.execute(
        "INSERT INTO device (id2, key_type, secret, public, state, product_key, licence_id, fingerprint,"
        " created_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            device.id2,
            device.key.key_type,
            secret,
            device.key.public,
            device.state,
            device.product_key,
            device.licence_id,
            fingerprint,
            now_ms,
        ),
    )


def find(db: sqlite3.Connection, id2: str) -> Device | None:
    """Look a device up by its ID²."""
    row = db.execute("SELECT * FROM device WHERE id2 = ?", (id2,)).fetchone()
    if row is None:
        return None
    secret = None if row["secret"] is None else Secret(row["secret"])
    return Device(
        id2=row["id2"],
        key=Key(KeyType(row["key_type"]), secret, row["public"]),
        state=DeviceState(row["state"]),
        product_key=row["product_key"],
        licence_id=row["licence_id"],
        activated_ms=row["activated_ms"],
        expires_ms=row["expires_ms"],
    )


def update(db: sqlite3.Connection, device: Device) -> None:
    """Write a device's state, product, licence and dates."""
    db.execute(
        "UPDATE device SET state = ?, product_key = ?, licence_id = ?, activated_ms = ?, expires_ms = ?"
        " WHERE id2 = ?",
        (
            device.state,
            device.product_key,
            device.licence_id,
            device.activated_ms,
            device.expires_ms,
            device.id2,
        ),
    )


def fingerprint_known(db: sqlite3.Connection, fingerprint: bytes) -> bool:
    """Tell whether a device with this fingerprint was provisioned before."""
    return (
        db.execute("SELECT 1 FROM device WHERE fingerprint = ? LIMIT 1", (fingerprint,)).fetchone()
        is not None
    )
