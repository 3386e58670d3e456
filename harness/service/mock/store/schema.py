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
ALTER TABLE access_key ADD COLUMN active INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1));
"""
"""Temporary AccessKeys (STS) are those with a security token and an end."""

_CONSOLES = """
ALTER TABLE product ADD COLUMN account TEXT NOT NULL DEFAULT 'main';
ALTER TABLE product ADD COLUMN region TEXT NOT NULL DEFAULT 'cn-shanghai';
ALTER TABLE product ADD COLUMN edition TEXT NOT NULL DEFAULT 'standard' CHECK (edition IN ('standard', 'basic'));
ALTER TABLE product ADD COLUMN node_type TEXT CHECK (node_type IN ('device', 'gateway'));
ALTER TABLE product ADD COLUMN instance_id TEXT;
ALTER TABLE product ADD COLUMN registration TEXT NOT NULL DEFAULT 'auto' CHECK (registration IN ('auto', 'whitelist'));
ALTER TABLE product ADD COLUMN auto_renew INTEGER NOT NULL DEFAULT 1 CHECK (auto_renew IN (0, 1));
UPDATE product SET node_type = 'device', instance_id = '-' WHERE console = 'iot-platform';
CREATE INDEX product_of_name ON product (name);

CREATE TABLE whitelist (
    product_key TEXT NOT NULL REFERENCES product,
    name        TEXT NOT NULL,
    PRIMARY KEY (product_key, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE licence_3 (
    id          INTEGER PRIMARY KEY,
    product_key TEXT REFERENCES product,
    account     TEXT NOT NULL,
    region      TEXT NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN ('purchase', 'trial', 'chip')),
    code        TEXT NOT NULL UNIQUE,
    source_id   INTEGER REFERENCES licence,
    years       INTEGER NOT NULL CHECK (years > 0),
    quantity    INTEGER NOT NULL CHECK (quantity > 0),
    used        INTEGER NOT NULL DEFAULT 0 CHECK (used >= 0),
    assigned    INTEGER NOT NULL DEFAULT 0 CHECK (assigned >= 0),
    bought_ms   INTEGER NOT NULL,
    CHECK (used + assigned <= quantity)
) STRICT;
INSERT INTO licence_3
    SELECT id, product_key, 'main', 'cn-shanghai', 'purchase', 'LIC' || hex(randomblob(14)), NULL, years, quantity,
           used, 0, bought_ms
    FROM licence;
DROP TABLE licence;
ALTER TABLE licence_3 RENAME TO licence;
CREATE INDEX licence_left ON licence (product_key, id) WHERE used + assigned < quantity;
CREATE INDEX licence_of_product ON licence (product_key);

ALTER TABLE device ADD COLUMN origin TEXT NOT NULL DEFAULT 'registered';
ALTER TABLE device ADD COLUMN day INTEGER NOT NULL DEFAULT 0;
ALTER TABLE device ADD COLUMN calls_of_day INTEGER NOT NULL DEFAULT 0;
UPDATE device SET origin = 'provisioned' WHERE fingerprint IS NOT NULL;
DROP INDEX device_of_product;
CREATE INDEX device_of_product ON device (product_key, expires_ms);

ALTER TABLE used_code ADD COLUMN expires_ms INTEGER;
CREATE INDEX used_code_of_time ON used_code (expires_ms) WHERE expires_ms IS NOT NULL;
CREATE INDEX challenge_of_time ON challenge (issued_ms);
CREATE INDEX nonce_of_time ON nonce (at_ms);

ALTER TABLE call ADD COLUMN id2 TEXT NOT NULL DEFAULT '';
ALTER TABLE call ADD COLUMN fault TEXT NOT NULL DEFAULT '';
UPDATE call SET id2 = coalesce(json_extract(parameters, '$.Id2'), '');

CREATE TABLE vendor (
    code       TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    created_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE burn_licence (
    licence      TEXT PRIMARY KEY,
    vendor       TEXT NOT NULL REFERENCES vendor,
    product_code TEXT NOT NULL,
    key_type     TEXT NOT NULL,
    public_key   TEXT NOT NULL,
    quota        INTEGER NOT NULL CHECK (quota > 0),
    retrieved    INTEGER NOT NULL DEFAULT 0 CHECK (retrieved BETWEEN 0 AND quota),
    created_ms   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE burn (
    id2          TEXT PRIMARY KEY REFERENCES device,
    licence      TEXT NOT NULL REFERENCES burn_licence,
    retrieved_ms INTEGER NOT NULL,
    returned_ms  INTEGER
) STRICT, WITHOUT ROWID;
"""
"""Products by both consoles' rules, licences of an account, renewal, the production line, bounded growth."""

_ADAPTATIONS = """
CREATE TABLE adaptation (
    id     INTEGER PRIMARY KEY,
    at_ms  INTEGER NOT NULL,
    id2    TEXT NOT NULL,
    record TEXT NOT NULL
) STRICT;
"""
"""Device-side adaptation verifications, each a JSON record: it is read whole and never searched."""

MIGRATIONS: tuple[str, ...] = (_FIRST, _TEMPORARY_KEYS, _CONSOLES, _ADAPTATIONS)
"""Script number n takes a store from `user_version` n to n + 1. Only ever append."""
