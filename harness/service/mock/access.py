"""AccessKeys of the mock's one account."""

import secrets
import sqlite3
import string
from enum import StrEnum

from harness.secret import Secret
from harness.service.access_key import AccessKey

_ALPHABET = string.ascii_letters + string.digits


class Policy(StrEnum):
    """What an AccessKey may do: the three RAM policies of ID².

    Source: service.md 4.1 (RAM).
    """

    FULL = "full"
    READ_ONLY = "read-only"
    VERIFY = "verify"


def new() -> AccessKey:
    """Make up an AccessKey in the cloud's form: 24 and 30 characters."""
    return AccessKey("LTAI" + _letters(20), Secret(_letters(30)))


def insert(db: sqlite3.Connection, key: AccessKey, policy: Policy, now_ms: int) -> None:
    """Add an AccessKey."""
    db.execute(
        "INSERT INTO access_key (id, secret, policy, created_ms) VALUES (?, ?, ?, ?)",
        (key.id, key.secret.reveal().decode(), policy, now_ms),
    )


def find(db: sqlite3.Connection, key_id: str) -> tuple[AccessKey, Policy] | None:
    """Look an AccessKey up by its id."""
    row = db.execute("SELECT id, secret, policy FROM access_key WHERE id = ?", (key_id,)).fetchone()
    return None if row is None else (AccessKey(row["id"], Secret(row["secret"])), Policy(row["policy"]))


def first_full(db: sqlite3.Connection) -> AccessKey | None:
    """Return the oldest AccessKey that may do everything."""
    row = db.execute(
        "SELECT id, secret FROM access_key WHERE policy = ? ORDER BY rowid LIMIT 1", (Policy.FULL,)
    ).fetchone()
    return None if row is None else AccessKey(row["id"], Secret(row["secret"]))


def _letters(count: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(count))
