"""Products: what a console creates, in which region and edition, and who may register under it.

Source: service.md 2.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

from harness.errors import UsageError
from harness.id2.keys import KeyType
from harness.secret import Secret
from harness.service.mock.store.access import MAIN_ACCOUNT

DEFAULT_REGION = "cn-shanghai"
PUBLIC_INSTANCE = "-"
"""How the consoles show the instance id of the IoT Platform's public instance."""

_SELECT = (
    "SELECT product_key, product_secret, name, console, algorithm, otp_enabled, account, region, edition, node_type,"
    " instance_id, registration, auto_renew, created_ms FROM product"
)


class Console(StrEnum):
    """Where a product was created: ID²'s own console, or that of the IoT Platform.

    Source: service.md 2.
    """

    ID2 = "id2"
    IOT_PLATFORM = "iot-platform"


class Edition(StrEnum):
    """`BASIC`: 10 authentications a device and day. `STANDARD`: as many as wanted.

    Source: service.md 3 (rate limit).
    """

    STANDARD = "standard"
    BASIC = "basic"


class NodeType(StrEnum):
    """What a product of the IoT Platform is: a device, or a gateway with devices behind it."""

    DEVICE = "device"
    GATEWAY = "gateway"


class Registration(StrEnum):
    """How devices get into a product of the IoT Platform: by themselves, or only those of a list.

    Source: service.md 2.2.
    """

    AUTO = "auto"
    WHITELIST = "whitelist"


@dataclass(frozen=True, slots=True)
class Product:
    """A product as its console shows it.

    Attributes:
        product_key: Its key.
        product_secret: Its secret, in the form of a provisioning token.
        name: Name in the console.
        console: Where it was created; fixed.
        algorithm: Device authentication algorithm; field provisioning hands out keys of it.
        otp_enabled: Field provisioning is on.
        account: Whose it is.
        region: Where it is; its licences are bound to it.
        edition: Whether authentications a day are limited.
        node_type: IoT Platform only; fixed.
        instance_id: IoT Platform only; `-` is the public instance.
        registration: IoT Platform only: automatic or by whitelist.
        auto_renew: Expired devices use another licence when they call again.
        created_ms: When it was created.
    """

    product_key: str
    product_secret: Secret
    name: str
    console: Console
    algorithm: KeyType
    otp_enabled: bool = True
    account: str = field(default=MAIN_ACCOUNT, kw_only=True)
    region: str = field(default=DEFAULT_REGION, kw_only=True)
    edition: Edition = field(default=Edition.STANDARD, kw_only=True)
    node_type: NodeType | None = field(default=None, kw_only=True)
    instance_id: str | None = field(default=None, kw_only=True)
    registration: Registration = field(default=Registration.AUTO, kw_only=True)
    auto_renew: bool = field(default=True, kw_only=True)
    created_ms: int = field(default=0, kw_only=True)


def insert(db: sqlite3.Connection, product: Product, provision_id: bytes) -> None:
    """Add a product; `provision_id` is the SHA-256 of the provisioning key inside its secret (32 bytes)."""
    db.execute(
        "INSERT INTO product (product_key, product_secret, provision_id, name, console, algorithm, otp_enabled,"
        " account, region, edition, node_type, instance_id, registration, auto_renew, created_ms)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            product.product_key,
            product.product_secret.reveal().decode(),
            provision_id,
            product.name,
            product.console,
            product.algorithm,
            int(product.otp_enabled),
            product.account,
            product.region,
            product.edition,
            product.node_type,
            product.instance_id,
            product.registration,
            int(product.auto_renew),
            product.created_ms,
        ),
    )


def update(db: sqlite3.Connection, product: Product) -> None:
    """Write what may change after creation: algorithm (and with it the secret), switches, registration."""
    db.execute(
        "UPDATE product SET product_secret = ?, algorithm = ?, otp_enabled = ?, registration = ?, auto_renew = ?"
        " WHERE product_key = ?",
        (
            product.product_secret.reveal().decode(),
            product.algorithm,
            int(product.otp_enabled),
            product.registration,
            int(product.auto_renew),
            product.product_key,
        ),
    )


def find(db: sqlite3.Connection, product_key: str) -> Product | None:
    """Look a product up by its ProductKey."""
    return _product(db.execute(_SELECT + " WHERE product_key = ?", (product_key,)).fetchone())


def known(db: sqlite3.Connection, product_key: str) -> Product:
    """Return a product.

    Raises:
        UsageError: There is none.
    """
    found = find(db, product_key)
    if found is None:
        raise UsageError(f"product {product_key} does not exist")
    return found


def find_by_provision_id(db: sqlite3.Connection, provision_id: bytes) -> Product | None:
    """Look a product up by the provisioning id that its devices send."""
    return _product(db.execute(_SELECT + " WHERE provision_id = ?", (provision_id,)).fetchone())


def list_all(db: sqlite3.Connection) -> tuple[Product, ...]:
    """Return all products, oldest first."""
    rows = db.execute(_SELECT + " ORDER BY created_ms, rowid").fetchall()
    return tuple(product for row in rows if (product := _product(row)) is not None)


def name_taken(db: sqlite3.Connection, name: str, console: Console, account: str) -> bool:
    """Tell whether the account has a product of this name in this console."""
    return (
        db.execute(
            "SELECT 1 FROM product WHERE name = ? AND console = ? AND account = ? LIMIT 1",
            (name, console, account),
        ).fetchone()
        is not None
    )


def whitelist(db: sqlite3.Connection, product_key: str) -> tuple[str, ...]:
    """Return the DeviceNames that may register, in alphabetical order."""
    rows = db.execute("SELECT name FROM whitelist WHERE product_key = ? ORDER BY name", (product_key,))
    return tuple(row["name"] for row in rows)


def whitelist_add(db: sqlite3.Connection, product_key: str, names: Iterable[str]) -> None:
    """Add DeviceNames; those that are there already stay."""
    db.executemany(
        "INSERT INTO whitelist (product_key, name) VALUES (?, ?) ON CONFLICT DO NOTHING",
        [(product_key, name) for name in names],
    )


def whitelist_remove(db: sqlite3.Connection, product_key: str, names: Iterable[str]) -> None:
    """Take DeviceNames off; those that are not there are no error."""
    db.executemany(
        "DELETE FROM whitelist WHERE product_key = ? AND name = ?", [(product_key, name) for name in names]
    )


def _product(row: sqlite3.Row | None) -> Product | None:
    return None if row is None else _of(*row)


@lru_cache(maxsize=1024)
def _of(
    product_key: str,
    product_secret: str,
    name: str,
    console: str,
    algorithm: str,
    otp_enabled: int,
    account: str,
    region: str,
    edition: str,
    node_type: str | None,
    instance_id: str | None,
    registration: str,
    auto_renew: int,
    created_ms: int,
) -> Product:
    # A product is read with every call and changes hardly ever; equal rows are equal products.
    return Product(
        product_key=product_key,
        product_secret=Secret(product_secret),
        name=name,
        console=Console(console),
        algorithm=KeyType(algorithm),
        otp_enabled=bool(otp_enabled),
        account=account,
        region=region,
        edition=Edition(edition),
        node_type=None if node_type is None else NodeType(node_type),
        instance_id=instance_id,
        registration=Registration(registration),
        auto_renew=bool(auto_renew),
        created_ms=created_ms,
    )
