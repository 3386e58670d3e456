"""Production-line burning: vendors, burn licences, the ID²s that a line retrieves, and the receipts for them.

An ID² that was retrieved answers 44 until its receipt has come; then it is burnt and can be activated. The
vendor's own interface is a Java library whose wire form and signed texts are not published: these here are the
mock's own.

Source: service.md 6.6.
"""

import binascii
import secrets
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from harness.errors import UsageError
from harness.id2 import ciphers
from harness.id2.codes import ServiceCode
from harness.id2.keys import Key, KeyType
from harness.secret import Secret
from harness.service.mock.request import Refused
from harness.service.mock.store import devices
from harness.service.mock.store.devices import Device, DeviceState, Origin

VERSION = "1.0.0"
"""`apiVersion` of the vendor's Java library, part of the signed text."""

QUOTA_MAX = 1_000_000
ID_PREFIX = "00FFFFFE"
"""How the identifiers of the mock's production lines begin: not as those of field provisioning."""

BURNABLE = tuple(kind for kind in KeyType if kind.symmetric and kind is not KeyType.SM1_128)
"""Key types that the mock makes for a line: those whose check value it can compute."""

KeySource = Literal[0, 1]
"""What proves a receipt: 0 the check value under the ID² key, 1 a signature by the licence's key."""


@dataclass(frozen=True, slots=True)
class Vendor:
    """A chip or module vendor: 4 hex digits, and a name."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class BurnLicence:
    """The right to burn so many ID²s of one key type for one product code.

    Attributes:
        licence: What a production line sends.
        vendor: Vendor code.
        product_code: The vendor's product (chip or module model).
        key_type: Type of the ID² keys.
        public_key: PEM; ID² keys travel encrypted under it, and the line signs with its private half.
        quota: How many may be retrieved.
        retrieved: How many were.
    """

    licence: str
    vendor: str
    product_code: str
    key_type: KeyType
    public_key: str
    quota: int
    retrieved: int


@dataclass(frozen=True, slots=True)
class BurnItem:
    """One ID² for a production line.

    Attributes:
        id2: The identifier.
        private_key: Its key, encrypted under the licence's public key (RSA, PKCS#1 v1.5).
        kcv: Check value: the padded identifier, encrypted under the ID² key.
    """

    id2: str
    private_key: bytes
    kcv: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """A production line's word that an ID² is in its chip.

    Attributes:
        id2: The identifier.
        key_source: What `proof` is made with.
        proof: The check value that the chip computed (0), or a signature over the identifier (1).
    """

    id2: str
    key_source: KeySource
    proof: bytes


def signed_text(licence: str, count: int) -> bytes:
    """Return what a line signs to retrieve: version, count and licence (RSA, PKCS#1 v1.5, SHA-256)."""
    return f"{VERSION}{count}{licence}".encode()


def check_value(key: Key, id2: str) -> bytes:
    """Return the check value that a chip computes over its identifier, as in provisioning data."""
    return ciphers.ecb_encrypt(key, ciphers.pad(id2.encode(), key.key_type.block_size))


def load_public_key(pem: str) -> rsa.RSAPublicKey:
    """Read the public key of a burn licence.

    Raises:
        UsageError: Not an RSA public key in PEM, or too short for the keys that it has to carry.
    """
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, binascii.Error):
        raise UsageError("burn licence: the public key is not PEM") from None
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < 1024:
        raise UsageError("burn licence: the public key must be RSA of 1024 bits or more")
    return key


def insert_vendor(db: sqlite3.Connection, vendor: Vendor, now_ms: int) -> None:
    """Add a vendor."""
    db.execute(
        "INSERT INTO vendor (code, name, created_ms) VALUES (?, ?, ?)", (vendor.code, vendor.name, now_ms)
    )


def list_vendors(db: sqlite3.Connection) -> tuple[Vendor, ...]:
    """Return all vendors by code."""
    rows = db.execute("SELECT code, name FROM vendor ORDER BY code")
    return tuple(Vendor(row["code"], row["name"]) for row in rows.fetchall())


def vendor_known(db: sqlite3.Connection, code: str) -> bool:
    """Tell whether a vendor is registered."""
    return db.execute("SELECT 1 FROM vendor WHERE code = ?", (code,)).fetchone() is not None


def new_licence() -> str:
    """Make up the text of a burn licence."""
    return "BURN" + secrets.token_hex(14).upper()


def insert_licence(db: sqlite3.Connection, made: BurnLicence, now_ms: int) -> None:
    """Add a burn licence."""
    db.execute(
        "INSERT INTO burn_licence (licence, vendor, product_code, key_type, public_key, quota, created_ms)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (made.licence, made.vendor, made.product_code, made.key_type, made.public_key, made.quota, now_ms),
    )


def known_licence(db: sqlite3.Connection, licence: str) -> BurnLicence:
    """Return a burn licence by its text.

    Raises:
        Refused: 15, there is none.
    """
    row = db.execute("SELECT * FROM burn_licence WHERE licence = ?", (licence,)).fetchone()
    if row is None:
        raise Refused(ServiceCode.NO_BURN_LICENCE)
    return _licence(row)


def list_licences(db: sqlite3.Connection) -> tuple[BurnLicence, ...]:
    """Return all burn licences, oldest first."""
    rows = db.execute("SELECT * FROM burn_licence ORDER BY created_ms, licence")
    return tuple(_licence(row) for row in rows.fetchall())


def retrieve(db: sqlite3.Connection, licence: BurnLicence, count: int, now_ms: int) -> tuple[BurnItem, ...]:
    """Make `count` new ID²s for a licence; the caller has checked signature and number.

    Raises:
        Refused: 16, the licence has not so many left.
    """
    done = db.execute(
        "UPDATE burn_licence SET retrieved = retrieved + ? WHERE licence = ? AND retrieved + ? <= quota",
        (count, licence.licence, count),
    )
    if done.rowcount != 1:
        raise Refused(ServiceCode.NO_QUOTA)
    public = load_public_key(licence.public_key)
    return tuple(_new_item(db, licence, public, now_ms) for _ in range(count))


def require_signature(licence: BurnLicence, text: bytes, signature: bytes) -> None:
    """Check a signature by the private half of the licence's key.

    Raises:
        Refused: 14.
    """
    try:
        load_public_key(licence.public_key).verify(signature, text, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        raise Refused(ServiceCode.CRYPTO) from None


def give_back(db: sqlite3.Connection, licence: BurnLicence, receipts: Sequence[Receipt], now_ms: int) -> None:
    """Take receipts, all or none: their ID²s are burnt from now on.

    Raises:
        Refused: 13 for an ID² that was not retrieved with this licence, 12 for one whose receipt came before,
            14 for a proof that is wrong.
    """
    burnt: list[Device] = []
    for receipt in receipts:
        row = db.execute(
            "SELECT returned_ms FROM burn WHERE id2 = ? AND licence = ?", (receipt.id2, licence.licence)
        ).fetchone()
        device = devices.find(db, receipt.id2)
        if row is None or device is None:
            raise Refused(ServiceCode.NO_CHIP)
        if row["returned_ms"] is not None or any(one.id2 == receipt.id2 for one in burnt):
            raise Refused(ServiceCode.BOUND_ELSEWHERE)
        if receipt.key_source == 1:
            require_signature(licence, receipt.id2.encode(), receipt.proof)
        elif not secrets.compare_digest(receipt.proof, check_value(device.key, device.id2)):
            raise Refused(ServiceCode.CRYPTO)
        burnt.append(device)
    for device in burnt:
        devices.update(db, replace(device, state=DeviceState.BURNT))
        db.execute("UPDATE burn SET returned_ms = ? WHERE id2 = ?", (now_ms, device.id2))


def _new_item(
    db: sqlite3.Connection, licence: BurnLicence, public: rsa.RSAPublicKey, now_ms: int
) -> BurnItem:
    id2 = ID_PREFIX + secrets.token_hex(8).upper()
    key = Key(licence.key_type, Secret(secrets.token_bytes(licence.key_type.key_size)))
    devices.insert(db, Device(id2, key, DeviceState.BURNING, origin=Origin.BURNT), now_ms)
    db.execute(
        "INSERT INTO burn (id2, licence, retrieved_ms) VALUES (?, ?, ?)", (id2, licence.licence, now_ms)
    )
    return BurnItem(id2, public.encrypt(key.reveal(), padding.PKCS1v15()), check_value(key, id2))


def _licence(row: sqlite3.Row) -> BurnLicence:
    return BurnLicence(
        licence=row["licence"],
        vendor=row["vendor"],
        product_code=row["product_code"],
        key_type=KeyType(row["key_type"]),
        public_key=row["public_key"],
        quota=row["quota"],
        retrieved=row["retrieved"],
    )
