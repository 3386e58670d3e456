"""Licences: orders, what each device used, renewal, and the counters of a product.

An order belongs to one product and region, or to the account's pool, out of which an assignment makes an order
of a product. What is used is counted in the order itself, in the same transaction as its effect, and the table
refuses more uses than were bought.

Source: service.md 3.
"""

import secrets
import sqlite3
from dataclasses import dataclass
from enum import StrEnum

from harness.service.mock import validity
from harness.service.mock.store.products import Product

CHIP_YEARS = 5
"""Validity of the licence that comes with an ID² chip. Source: service.md 1.3, 3."""


class OrderKind(StrEnum):
    """How licences came: bought, as a free trial, or inside an ID² chip."""

    PURCHASE = "purchase"
    TRIAL = "trial"
    CHIP = "chip"


class Reason(StrEnum):
    """What a licence was used for."""

    ACTIVATION = "activation"
    PROVISIONING = "provisioning"
    RENEWAL = "renewal"


@dataclass(frozen=True, slots=True)
class Order:
    """Licences that came together.

    Attributes:
        id: Its number.
        product_key: The product that it is bound to; None for the account's pool.
        kind: How it came.
        years: Validity of each licence from first use.
        quantity: How many.
        used: How many are used.
        assigned: How many of a pool went to products.
        region: Where they are valid.
        account: Whose they are.
        code: What `Activate` takes as `License`.
        source_id: The pool that it was assigned from; None when it was bought as it is.
        bought_ms: When.
    """

    id: int
    product_key: str | None
    kind: OrderKind
    years: int
    quantity: int
    used: int
    assigned: int
    region: str
    account: str
    code: str
    source_id: int | None
    bought_ms: int

    @property
    def left(self) -> int:
        """How many can still be used or assigned."""
        return self.quantity - self.used - self.assigned


@dataclass(frozen=True, slots=True)
class Licence:
    """One licence out of an order: which order, and how many years it is valid from first use."""

    id: int
    years: int


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One use of one licence."""

    id: int
    at_ms: int
    product_key: str
    id2: str
    order_id: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class Counters:
    """The licence counters of a product, or of all products and pools together.

    Attributes:
        purchased: All that was bought, trials and chips included.
        used: First calls of new devices, field provisionings and renewals.
        unused: What is left.
        expired: Devices whose validity has ended.
        expiring_1_month: Devices whose validity ends within the next month.
        expiring_3_months: The same within three months.

    Source: service.md 3.
    """

    purchased: int
    used: int
    unused: int
    expired: int
    expiring_1_month: int
    expiring_3_months: int


def buy(
    db: sqlite3.Connection,
    product: Product | None,
    quantity: int,
    years: int,
    now_ms: int,
    *,
    kind: OrderKind = OrderKind.PURCHASE,
    account: str = "",
    region: str = "",
    used: int = 0,
    source_id: int | None = None,
) -> Order:
    """Add an order: for a product, or for the pool of an account in a region."""
    row = db.execute(
        "INSERT INTO licence (product_key, account, region, kind, code, source_id, years, quantity, used, bought_ms)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING *",
        (
            product.product_key if product else None,
            product.account if product else account,
            product.region if product else region,
            kind,
            "LIC" + secrets.token_hex(14).upper(),
            source_id,
            years,
            quantity,
            used,
            now_ms,
        ),
    ).fetchone()
    return _order(row)


def assign(db: sqlite3.Connection, pool: Order, product: Product, quantity: int, now_ms: int) -> Order:
    """Make `quantity` licences of a pool an order of a product; the caller has checked that they are there."""
    db.execute("UPDATE licence SET assigned = assigned + ? WHERE id = ?", (quantity, pool.id))
    return buy(db, product, quantity, pool.years, now_ms, kind=pool.kind, source_id=pool.id)


def orders(db: sqlite3.Connection, product_key: str | None = None) -> tuple[Order, ...]:
    """Return the orders, oldest first: of one product, or all, the account's pools among them."""
    if product_key is None:
        rows = db.execute("SELECT * FROM licence ORDER BY id")
    else:
        rows = db.execute("SELECT * FROM licence WHERE product_key = ? ORDER BY id", (product_key,))
    return tuple(_order(row) for row in rows.fetchall())


def find_order(db: sqlite3.Connection, order_id: int) -> Order | None:
    """Look an order up by its number."""
    row = db.execute("SELECT * FROM licence WHERE id = ?", (order_id,)).fetchone()
    return None if row is None else _order(row)


def find_by_code(db: sqlite3.Connection, code: str) -> Order | None:
    """Look an order up by its authorisation code."""
    row = db.execute("SELECT * FROM licence WHERE code = ?", (code,)).fetchone()
    return None if row is None else _order(row)


def take(db: sqlite3.Connection, product_key: str) -> Licence | None:
    """Use one licence of the oldest order of a product that has one left; None when the product has none.

    Call it inside the transaction that makes the use true: then no licence is used twice and none is lost.
    """
    row = db.execute(
        "UPDATE licence SET used = used + 1 WHERE id ="
        " (SELECT id FROM licence WHERE product_key = ? AND used + assigned < quantity ORDER BY id LIMIT 1)"
        " RETURNING id, years",
        (product_key,),
    ).fetchone()
    return None if row is None else Licence(row["id"], row["years"])


def take_of(db: sqlite3.Connection, order_id: int) -> Licence | None:
    """Use one licence of this order; None when it has none left."""
    row = db.execute(
        "UPDATE licence SET used = used + 1 WHERE id = ? AND used + assigned < quantity RETURNING id, years",
        (order_id,),
    ).fetchone()
    return None if row is None else Licence(row["id"], row["years"])


def for_renewal(db: sqlite3.Connection, product: Product) -> int | None:
    """Return the order that the next renewal of a product's device uses; None when there is none.

    The product's own before the account's pool, and of these the shortest validity first.

    Source: service.md 3 (auto-renew).
    """
    for where, values in (
        ("product_key = ?", (product.product_key,)),
        ("product_key IS NULL AND account = ? AND region = ?", (product.account, product.region)),
    ):
        row = db.execute(
            f"SELECT id FROM licence WHERE {where} AND used + assigned < quantity ORDER BY years, id LIMIT 1",  # noqa: S608 - `where` is one of two texts above
            values,
        ).fetchone()
        if row is not None:
            return int(row["id"])
    return None


def years_of(db: sqlite3.Connection, order_id: int) -> int:
    """Return the validity of an order that a device refers to."""
    return int(db.execute("SELECT years FROM licence WHERE id = ?", (order_id,)).fetchone()[0])


def unused(db: sqlite3.Connection, product_key: str) -> int:
    """Count what a product has left."""
    row = db.execute(
        "SELECT coalesce(sum(quantity - used - assigned), 0) FROM licence"
        " WHERE product_key = ? AND used + assigned < quantity",
        (product_key,),
    ).fetchone()
    return int(row[0])


def write_ledger(
    db: sqlite3.Connection, product_key: str, id2: str, licence: Licence, *, reason: Reason, now_ms: int
) -> None:
    """Record which device used a licence, and why."""
    db.execute(
        "INSERT INTO ledger (at_ms, product_key, id2, licence_id, reason) VALUES (?, ?, ?, ?, ?)",
        (now_ms, product_key, id2, licence.id, reason),
    )


def ledger(db: sqlite3.Connection, product_key: str | None, limit: int) -> tuple[LedgerEntry, ...]:
    """Return the newest uses, newest first: of one product, or of all."""
    if product_key is None:
        rows = db.execute("SELECT * FROM ledger ORDER BY id DESC LIMIT ?", (limit,))
    else:
        rows = db.execute(
            "SELECT * FROM ledger WHERE product_key = ? ORDER BY id DESC LIMIT ?", (product_key, limit)
        )
    return tuple(
        LedgerEntry(
            id=row["id"],
            at_ms=row["at_ms"],
            product_key=row["product_key"],
            id2=row["id2"],
            order_id=row["licence_id"],
            reason=Reason(row["reason"]),
        )
        for row in rows.fetchall()
    )


def counters(db: sqlite3.Connection, product_key: str | None, now_ms: int) -> Counters:
    """Count the licences of a product; of everything when `product_key` is None."""
    if product_key is None:
        # What a pool assigned is bought once, in the pool.
        bought = db.execute(
            "SELECT coalesce(sum(quantity) FILTER (WHERE source_id IS NULL), 0), coalesce(sum(used), 0) FROM licence"
        ).fetchone()
    else:
        bought = db.execute(
            "SELECT coalesce(sum(quantity), 0), coalesce(sum(used), 0) FROM licence WHERE product_key = ?",
            (product_key,),
        ).fetchone()
    purchased, used = int(bought[0]), int(bought[1])
    return Counters(
        purchased,
        used,
        purchased - used,
        _ending(db, product_key, 0, now_ms),
        _ending(db, product_key, now_ms, validity.months_later(now_ms, 1)),
        _ending(db, product_key, now_ms, validity.months_later(now_ms, 3)),
    )


def _ending(db: sqlite3.Connection, product_key: str | None, after_ms: int, until_ms: int) -> int:
    if product_key is None:
        where, values = "product_key IN (SELECT product_key FROM product)", list[str]()
    else:
        where, values = "product_key = ?", [product_key]
    row = db.execute(
        f"SELECT count(*) FROM device WHERE {where} AND expires_ms > ? AND expires_ms <= ?",  # noqa: S608 - `where` is one of two texts above
        (*values, after_ms, until_ms),
    ).fetchone()
    return int(row[0])


def _order(row: sqlite3.Row) -> Order:
    return Order(
        id=row["id"],
        product_key=row["product_key"],
        kind=OrderKind(row["kind"]),
        years=row["years"],
        quantity=row["quantity"],
        used=row["used"],
        assigned=row["assigned"],
        region=row["region"],
        account=row["account"],
        code=row["code"],
        source_id=row["source_id"],
        bought_ms=row["bought_ms"],
    )
