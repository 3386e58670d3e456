"""AccessKeys, permanent and temporary (STS), of the mock's accounts.

A temporary AccessKey is one with a security token and an end; every call signed with it carries the token.

Source: service.md 4.1 (RAM).
"""

import secrets
import sqlite3
import string
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from harness.secret import Secret
from harness.service.access_key import AccessKey

MAIN_ACCOUNT = "main"
_ALPHABET = string.ascii_letters + string.digits


class Policy(StrEnum):
    """What an AccessKey may do: the three RAM policies of ID².

    Source: service.md 4.1 (RAM).
    """

    FULL = "full"
    READ_ONLY = "read-only"
    VERIFY = "verify"


@dataclass(frozen=True, slots=True)
class AccessKeyRecord:
    """An AccessKey with all that the gateway asks about it.

    Attributes:
        key: Id, secret, and the security token of a temporary one.
        policy: What it may do.
        account: Whose it is.
        active: False after it was disabled.
        expires_ms: End of a temporary AccessKey, milliseconds since 1970.
    """

    key: AccessKey
    policy: Policy
    account: str
    active: bool
    expires_ms: int | None


@dataclass(frozen=True, slots=True)
class AccessKeyInfo:
    """What a list of AccessKeys shows: no secret.

    Attributes:
        id: AccessKey id.
        policy: What it may do.
        account: Whose it is.
        active: False after it was disabled.
        created_ms: When it was made, milliseconds since 1970.
        temporary: It has a security token (STS).
        expires_ms: End of a temporary one, milliseconds since 1970.
    """

    id: str
    policy: Policy
    account: str
    active: bool
    created_ms: int
    temporary: bool
    expires_ms: int | None


@dataclass(frozen=True, slots=True)
class StsCredentials:
    """A temporary AccessKey as STS hands it out.

    Attributes:
        access_key: Id, which begins with `STS.`, secret, and the security token that goes with every call.
        expires_ms: End, milliseconds since 1970.
    """

    access_key: AccessKey
    expires_ms: int

    @property
    def token(self) -> Secret:
        """The security token."""
        assert self.access_key.token is not None
        return self.access_key.token


def new() -> AccessKey:
    """Make up an AccessKey in the cloud's form: 24 and 30 characters."""
    return AccessKey("LTAI" + _letters(20), Secret(_letters(30)))


def insert(
    db: sqlite3.Connection, key: AccessKey, policy: Policy, now_ms: int, *, account: str = MAIN_ACCOUNT
) -> None:
    """Add an AccessKey."""
    db.execute(
        "INSERT INTO access_key (id, secret, policy, created_ms, account) VALUES (?, ?, ?, ?, ?)",
        (key.id, key.secret.reveal().decode(), policy, now_ms, account),
    )


def insert_temporary(
    db: sqlite3.Connection, policy: Policy, now_ms: int, *, lifetime_s: int, account: str = MAIN_ACCOUNT
) -> StsCredentials:
    """Make up a temporary AccessKey and add it."""
    token = "CAIS" + _letters(300)
    made = AccessKey("STS." + _letters(25), Secret(_letters(44)), Secret(token))
    expires_ms = now_ms + lifetime_s * 1000
    db.execute(
        "INSERT INTO access_key (id, secret, policy, created_ms, account, token, expires_ms)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            made.id,
            made.secret.reveal().decode(),
            policy,
            now_ms,
            account,
            token,
            expires_ms,
        ),
    )
    return StsCredentials(made, expires_ms)


def lookup(db: sqlite3.Connection, key_id: str) -> AccessKeyRecord | None:
    """Look an AccessKey up by its id, temporary and disabled ones too."""
    row = db.execute(
        "SELECT id, secret, policy, account, active, token, expires_ms FROM access_key WHERE id = ?",
        (key_id,),
    ).fetchone()
    return None if row is None else _record(*row)


@lru_cache(maxsize=1024)
def _record(
    key_id: str,
    secret: str,
    policy: str,
    account: str,
    active: int,
    token: str | None,
    expires_ms: int | None,
) -> AccessKeyRecord:
    return AccessKeyRecord(
        key=AccessKey(key_id, Secret(secret), None if token is None else Secret(token)),
        policy=Policy(policy),
        account=account,
        active=active == 1,
        expires_ms=expires_ms,
    )


def find(db: sqlite3.Connection, key_id: str) -> tuple[AccessKey, Policy] | None:
    """Look an AccessKey and its policy up by its id."""
    found = lookup(db, key_id)
    return None if found is None else (found.key, found.policy)


def token_exists(db: sqlite3.Connection, token: str) -> bool:
    """Tell whether a security token belongs to any AccessKey."""
    return db.execute("SELECT 1 FROM access_key WHERE token = ?", (token,)).fetchone() is not None


def list_all(db: sqlite3.Connection) -> tuple[AccessKeyInfo, ...]:
    """Return all AccessKeys without their secrets, oldest first."""
    rows = db.execute(
        "SELECT id, policy, account, active, created_ms, token IS NOT NULL AS temporary, expires_ms"
        " FROM access_key ORDER BY rowid"
    )
    return tuple(
        AccessKeyInfo(
            id=row["id"],
            policy=Policy(row["policy"]),
            account=row["account"],
            active=row["active"] == 1,
            created_ms=row["created_ms"],
            temporary=row["temporary"] == 1,
            expires_ms=row["expires_ms"],
        )
        for row in rows
    )


def delete(db: sqlite3.Connection, key_id: str) -> bool:
    """Delete an AccessKey; False when there is none."""
    return db.execute("DELETE FROM access_key WHERE id = ?", (key_id,)).rowcount == 1


def set_active(db: sqlite3.Connection, key_id: str, *, active: bool) -> bool:
    """Enable or disable an AccessKey; False when there is none."""
    return db.execute("UPDATE access_key SET active = ? WHERE id = ?", (active, key_id)).rowcount == 1


def first_full(db: sqlite3.Connection) -> AccessKey | None:
    """Return the oldest permanent AccessKey of the main account that may do everything."""
    row = db.execute(
        "SELECT id, secret FROM access_key WHERE policy = ? AND account = ? AND token IS NULL AND active = 1"
        " ORDER BY rowid LIMIT 1",
        (Policy.FULL, MAIN_ACCOUNT),
    ).fetchone()
    return None if row is None else AccessKey(row["id"], Secret(row["secret"]))


def _letters(count: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(count))
