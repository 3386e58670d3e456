"""What may be used once only: challenges, timestamp codes, and the nonces of signed requests."""

import secrets
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

CHALLENGE_BYTES = 16
"""A challenge is these many random bytes as upper-case hex: 32 characters, the most a device takes."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """A challenge that was issued: for which device, when, and whether it was used."""

    id2: str
    issued_ms: int
    spent: bool


def issue_challenge(
    db: sqlite3.Connection,
    id2: str,
    now_ms: int,
    random: Callable[[int], bytes] = secrets.token_bytes,
) -> str:
    """Make a new challenge for a device and remember it."""
    challenge = random(CHALLENGE_BYTES).hex().upper()
    db.execute("INSERT INTO challenge (challenge, id2, issued_ms) VALUES (?, ?, ?)", (challenge, id2, now_ms))
    return challenge


def find_challenge(db: sqlite3.Connection, challenge: str) -> Challenge | None:
    """Look a challenge up; None when the service never issued it."""
    row = db.execute(
        "SELECT id2, issued_ms, spent_ms FROM challenge WHERE challenge = ?", (challenge,)
    ).fetchone()
    return None if row is None else Challenge(row["id2"], row["issued_ms"], row["spent_ms"] is not None)


def spend_challenge(db: sqlite3.Connection, challenge: str, now_ms: int) -> None:
    """Mark a challenge as used."""
    db.execute(
        "UPDATE challenge SET spent_ms = ? WHERE challenge = ? AND spent_ms IS NULL", (now_ms, challenge)
    )


def code_used(db: sqlite3.Connection, mark: bytes) -> bool:
    """Tell whether a timestamp code with this mark was accepted before."""
    return db.execute("SELECT 1 FROM used_code WHERE mark = ?", (mark,)).fetchone() is not None


def use_code(
    db: sqlite3.Connection, mark: bytes, id2: str, now_ms: int, expires_ms: int | None = None
) -> None:
    """Remember a code as accepted: for good, or until it is too old anyway."""
    db.execute(
        "INSERT INTO used_code (mark, id2, at_ms, expires_ms) VALUES (?, ?, ?, ?)",
        (mark, id2, now_ms, expires_ms),
    )


def use_nonce(db: sqlite3.Connection, access_key_id: str, nonce: str, now_ms: int) -> bool:
    """Remember a nonce; False when this AccessKey used it before."""
    done = db.execute(
        "INSERT INTO nonce (access_key_id, nonce, at_ms) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (access_key_id, nonce, now_ms),
    )
    return done.rowcount == 1
