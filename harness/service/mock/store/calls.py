"""The mock's call log: what was asked, by whom, and what was answered."""

import hashlib
import json
import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import dataclass

_MAX_VALUE = 2048
_HASHED = ("Data", "License")

IN_THE_URL = "(in the URL)"
"""Beside the parameters of a call: names of the secret ones among them that came in its URL."""

_LEFT_OUT = frozenset(
    {
        "Signature",
        "SignatureNonce",
        "SignatureMethod",
        "SignatureVersion",
        "AccessKeyId",
        "Timestamp",
        "SecurityToken",
    }
)


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One request.

    Attributes:
        at_ms: Service time of the request.
        request_id: As answered.
        method: `GET` or `POST`.
        operation: `Action` as it was given.
        access_key_id: Who called, as claimed.
        status: HTTP status.
        code: The service's code as digits, or the gateway's error code.
        parameters: The rest of the parameters. `Data` is a session key and `License` a right to activate, so
            only their SHA-256 is kept.
        fault: Kind of the fault that struck the call; empty when none did.
        id: Number of the line; later calls have higher ones. 0 before it is written.
    """

    at_ms: int
    request_id: str
    method: str
    operation: str
    access_key_id: str
    status: int
    code: str
    parameters: Mapping[str, str]
    fault: str = ""
    id: int = 0


def loggable(parameters: Mapping[str, str], query: Collection[str] = ()) -> dict[str, str]:
    """Return the parameters that may stand in the log, bounded, with secrets replaced by their SHA-256.

    Args:
        parameters: All parameters of the call.
        query: Names of those that came in the URL; the secret ones among them are named under `IN_THE_URL`.
    """
    kept = {name[:64]: value[:_MAX_VALUE] for name, value in parameters.items() if name not in _LEFT_OUT}
    for name in _HASHED:
        if name in kept:
            kept[name] = "sha256:" + hashlib.sha256(parameters[name].encode("utf-8", "replace")).hexdigest()
    if exposed := [name for name in _HASHED if name in query]:
        kept[IN_THE_URL] = ", ".join(exposed)
    return kept


def write(db: sqlite3.Connection, record: CallRecord) -> int:
    """Append to the log and return the number of the line."""
    done = db.execute(
        "INSERT INTO call (at_ms, request_id, method, operation, access_key_id, status, code, parameters, id2, fault)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            record.at_ms,
            record.request_id,
            record.method,
            record.operation,
            record.access_key_id,
            record.status,
            record.code,
            json.dumps(record.parameters),
            record.parameters.get("Id2", ""),
            record.fault,
        ),
    )
    return done.lastrowid or 0


def read(
    db: sqlite3.Connection,
    *,
    limit: int | None = None,
    before: int | None = None,
    operation: str | None = None,
    id2: str | None = None,
) -> tuple[CallRecord, ...]:
    """Return the newest `limit` calls that fit, oldest of them first.

    Args:
        db: The store.
        limit: How many at most; None for all.
        before: Only lines with a lower number, to page back.
        operation: Only this operation.
        id2: Only calls about this device.
    """
    wanted = (("id < ?", before), ("operation = ?", operation), ("id2 = ?", id2))
    given = [(condition, value) for condition, value in wanted if value is not None]
    where = f"WHERE {' AND '.join(condition for condition, _ in given)}" if given else ""
    rows = db.execute(
        f"SELECT * FROM call {where} ORDER BY id DESC LIMIT ?",  # noqa: S608 - conditions are fixed texts
        (*(value for _, value in given), -1 if limit is None else limit),
    ).fetchall()
    return tuple(_record(row) for row in reversed(rows))


def _record(row: sqlite3.Row) -> CallRecord:
    return CallRecord(
        at_ms=row["at_ms"],
        request_id=row["request_id"],
        method=row["method"],
        operation=row["operation"],
        access_key_id=row["access_key_id"],
        status=row["status"],
        code=row["code"],
        parameters=json.loads(row["parameters"]),
        fault=row["fault"],
        id=row["id"],
    )
