"""The mock's tables as a list of migrations: a file of an older version is brought up, one step a version.

Times are milliseconds since 1970 by the service's clock.
"""

APPLICATION_ID = 0x49443253
"""Marks a file as ours in SQLite's header ("ID2S")."""

_FIRST = """
CREATE TABLE access_key (
    id         TEXT PRIMARY KEY,
    secret     TEXT NOT NULL,
    policy     TEXT NOT NULL CHECK (policy IN ('full', 'read-only', 'verify')),
    created_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE product (
    product_key    TEXT PRIMARY KEY,
    product_secret TEXT NOT NULL,
    provision_id   BLOB NOT NULL UNIQUE,
    name           TEXT NOT NULL,
    console        TEXT NOT NULL CHECK (console IN ('id2', 'iot-platform')),
    algorithm      TEXT NOT NULL,
    otp_enabled    INTEGER NOT NULL DEFAULT 1 CHECK (otp_enabled IN (0, 1)),
    created_ms     INTEGER NOT NULL
) STRICT;

CREATE TABLE licence (
    id          INTEGER PRIMARY KEY,
    product_key TEXT NOT NULL REFERENCES product,
    years       INTEGER NOT NULL CHECK (years > 0),
    quantity    INTEGER NOT NULL CHECK (quantity > 0),
    used        INTEGER NOT NULL DEFAULT 0 CHECK (used BETWEEN 0 AND quantity),
    bought_ms   INTEGER NOT NULL
) STRICT;
CREATE INDEX licence_of_product ON licence (product_key);

CREATE TABLE device (
    id2          TEXT PRIMARY KEY,
    key_type     TEXT NOT NULL,
    secret       BLOB,
    public       BLOB NOT NULL,
    state        TEXT NOT NULL,
    product_key  TEXT REFERENCES product,
    licence_id   INTEGER REFERENCES licence,
    fingerprint  BLOB,
    created_ms   INTEGER NOT NULL,
    activated_ms INTEGER,
    expires_ms   INTEGER
) STRICT;
CREATE INDEX device_of_product ON device (product_key);
CREATE INDEX device_of_fingerprint ON device (fingerprint) WHERE fingerprint IS NOT NULL;

CREATE TABLE ledger (
    id          INTEGER PRIMARY KEY,
    at_ms       INTEGER NOT NULL,
    product_key TEXT NOT NULL REFERENCES product,
    id2         TEXT NOT NULL REFERENCES device,
    licence_id  INTEGER NOT NULL REFERENCES licence,
    reason      TEXT NOT NULL
) STRICT;
CREATE INDEX ledger_of_device ON ledger (id2, product_key);

CREATE TABLE challenge (
    challenge TEXT PRIMARY KEY,
    id2       TEXT NOT NULL,
    issued_ms INTEGER NOT NULL,
    spent_ms  INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE used_code (
    mark  BLOB PRIMARY KEY,
    id2   TEXT NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE nonce (
    access_key_id TEXT NOT NULL,
    nonce         TEXT NOT NULL,
    at_ms         INTEGER NOT NULL,
    PRIMARY KEY (access_key_id, nonce)
) STRICT, WITHOUT ROWID;

CREATE TABLE call (
    id            INTEGER PRIMARY KEY,
    at_ms         INTEGER NOT NULL,
    request_id    TEXT NOT NULL,
    method        TEXT NOT NULL,
    operation     TEXT NOT NULL,
    access_key_id TEXT NOT NULL,
    status        INTEGER NOT NULL,
    code          TEXT NOT NULL,
    parameters    TEXT NOT NULL
) STRICT;
"""

_TEMPORARY_KEYS = """
ALTER TABLE access_key ADD COLUMN account TEXT NOT NULL DEFAULT 'main';
ALTER TABLE access_key ADD COLUMN token TEXT;
ALTER TABLE access_key ADD COLUMN expires_ms INTEGER;
"""
"""Temporary AccessKeys (STS) are those with a security token and an end."""

MIGRATIONS: tuple[str, ...] = (_FIRST, _TEMPORARY_KEYS)
"""Script number n takes a store from `user_version` n to n + 1. Only ever append."""
