"""Bounded growth: nonces, challenges, timestamp codes and calls that can decide nothing any more are deleted.

A little with every so many calls, so that no single call pays for all.
"""

import sqlite3

from harness.service.mock.settings import Settings

EVERY = 64
"""A sweep comes with every so many calls, and takes more rows of each table than so many calls can add."""

_BATCH = 4 * EVERY

_NONCES = (
    "DELETE FROM nonce WHERE (access_key_id, nonce) IN"
    " (SELECT access_key_id, nonce FROM nonce WHERE at_ms < ? ORDER BY at_ms LIMIT ?)"
)
_CHALLENGES = (
    "DELETE FROM challenge WHERE challenge IN"
    " (SELECT challenge FROM challenge WHERE issued_ms < ? ORDER BY issued_ms LIMIT ?)"
)
_CODES = (
    "DELETE FROM used_code WHERE mark IN"
    " (SELECT mark FROM used_code WHERE expires_ms < ? ORDER BY expires_ms LIMIT ?)"
)


def after_call(db: sqlite3.Connection, number: int, floor_ms: int, settings: Settings) -> None:
    """Tidy up when it is time.

    Args:
        db: The store, inside the call's transaction.
        number: The call's line in the log.
        floor_ms: `Clock.floor_ms()`.
        settings: How long each thing can still decide something.
    """
    if number % EVERY:
        return
    # A request may be dated a whole skew ahead, and is accepted until a whole skew after its date.
    db.execute(_NONCES, (floor_ms - 2 * settings.clock_skew_s * 1000, _BATCH))
    # A challenge that is gone and one that is too old or used are answered alike.
    db.execute(_CHALLENGES, (floor_ms - settings.challenge_lifetime_s * 1000, _BATCH))
    db.execute(_CODES, (floor_ms, _BATCH))
    db.execute("DELETE FROM call WHERE id <= ?", (number - settings.call_log_max,))
