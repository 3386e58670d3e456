"""Products and their licences: what is bought, what is used, and by whom."""

import sqlite3
from dataclasses import dataclass
from enum import StrEnum

from harness.id2.keys import KeyType
from harness.secret import Secret


class Console(StrEnum):
    """Where a product was created: ID²'s own console, or that of the IoT Platform.

    Source: service.md 2.
    """

    ID2 = "id2"
    IOT_PLATFORM = "iot-platform"


@dataclass(frozen=True, slots=True)
class Product:
    """A product as its console shows it."""

    product_key: str
    product_secret: Secret
    name: str
    console: Console
    algorithm: KeyType
    otp_enabled: bool


@dataclass(frozen=True, slots=True)
class Licence:
    """One licence out of a purchase: which purchase, and how many years it is valid from first use."""

    id: int
    years: int


@dataclass(frozen=True, slots=True)
class Counters:
    """The licence counters of a product.

    Attributes:
        purchased: All that was bought.
        used: First calls of new devices, and field provisionings.
        unused: What is left.
        expired: Devices of the product whose validity has ended.

    Source: service.md 3.
    """

    purchased: int
    used: int
    unused: int
    expired: int


def insert(db: sqlite3.Connection, product: Product, provision_id: bytes, now_ms: int) -> None:
    """Add a product; `provision_id` is the SHA-256 of the provisioning key inside its secret (32 bytes)."""
    db.execute(
        "INSERT INTO product (product_key, product_secret, provision_id, name, console, algorithm,"
        " otp_enabled, created_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            product.product_key,
            product.product_secret.reveal().decode(),
            provision_id,
            product.name,
            product.console,
            product.algorithm,
            int(product.otp_enabled),
            now_ms,
        ),
    )


def find(db: sqlite3.Connection, product_key: str) -> Product | None:
    """Look a product up by its ProductKey."""
    return _product(db.execute("SELECT * FROM product WHERE product_key = ?", (product_key,)).fetchone())


def find_by_provision_id(db: sqlite3.Connection, provision_id: bytes) -> Product | None:
    """Look a product up by the provisioning id that its devices send."""
    return _product(db.execute("SELECT * FROM product WHERE provision_id = ?", (provision_id,)).fetchone())


def set_otp(db: sqlite3.Connection, product_key: str, *, enabled: bool) -> bool:
    """Switch field provisioning on or off; False when there is no such product."""
    done = db.execute("UPDATE product SET otp_enabled = ? WHERE product_key = ?", (int(enabled), product_key))
    return done.rowcount == 1


def buy(db: sqlite3.Connection, product_key: str, quantity: int, years: int, now_ms: int) -> None:
    """Add a purchase of `quantity` licences, valid `years` years from first use each."""
    db.execute(
        "INSERT INTO licence (product_key, years, quantity, bought_ms) VALUES (?, ?, ?, ?)",
        (product_key, years, quantity, now_ms),
    )


def take_licence(db: sqlite3.Connection, product_key: str) -> Licence | None:
    """Use one licence of the oldest purchase that has one left; None when the product has none.

    Call it inside the transaction that makes the use true: then no licence is used twice and none is lost.
    """
    row = db.execute(
        "UPDATE licence SET used = used + 1 WHERE id ="
        " (SELECT id FROM licence WHERE product_key = ? AND used < quantity ORDER BY id LIMIT 1)"
        " RETURNING id, years",
        (product_key,),
    ).fetchone()
    return None if row is None else Licence(row["id"], row["years"])


def find_licence(db: sqlite3.Connection, licence_id: int) -> Licence:
    """Return a licence that a device refers to."""
    row = db.execute("SELECT id, years FROM licence WHERE id = ?", (licence_id,)).fetchone()
    return Licence(row["id"], row["years"])


def write_ledger(
    db: sqlite3.Connection, product_key: str, id2: str, licence: Licence, *, reason: str, now_ms: int
) -> None:
    """Record which device used a licence, and why."""
    db.execute(
        "INSERT INTO ledger (at_ms, product_key, id2, licence_id, reason) VALUES (?, ?, ?, ?, ?)",
        (now_ms, product_key, id2, licence.id, reason),
    )


def counters(db: sqlite3.Connection, product_key: str, now_ms: int) -> Counters:
    """Count the licences of a product."""
    row = db.execute(
        "SELECT coalesce(sum(quantity), 0) AS purchased, coalesce(sum(used), 0) AS used FROM licence"
        " WHERE product_key = ?",
        (product_key,),
    ).fetchone()
    expired = db.execute(
        "SELECT count(*) FROM device WHERE product_key = ? AND (state = 'expired' OR expires_ms <= ?)",
        (product_key, now_ms),
    ).fetchone()[0]
    return Counters(row["purchased"], row["used"], row["purchased"] - row["used"], expired)


def _product(row: sqlite3.Row | None) -> Product | None:
    if row is None:
        return None
    return Product(
        product_key=row["product_key"],
        product_secret=Secret(row["product_secret"]),
        name=row["name"],
        console=Console(row["console"]),
        algorithm=KeyType(row["algorithm"]),
        otp_enabled=bool(row["otp_enabled"]),
    )
