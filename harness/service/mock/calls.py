"""The mock's call log: what was asked, by whom, and what was answered."""

import hashlib
import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

_MAX_VALUE = 2048
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
        parameters: The rest of the parameters. `Data` is a session key, so only its SHA-256 is kept.
    """

    at_ms: int
    request_id: str
    method: str
    operation: str
    access_key_id: str
    status: int
    code: str
    parameters: Mapping[str, str]


def loggable(parameters: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters that may stand in the log, bounded, with `Data` replaced by its SHA-256."""
    kept = {name[:64]: value[:_MAX_VALUE] for name, value in parameters.items() if name not in _LEFT_OUT}
    if "Data" in kept:
        kept["Data"] = "sha256:" + hashlib.sha256(parameters["Data"].encode()).hexdigest()
    return kept


def write(db: sqlite3.Connection, record: CallRecord) -> None:
    """Append to the log."""
    db.execute(
        "INSERT INTO call (at_ms, request_id, method, operation, access_key_id, status, code, parameters)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            record.at_ms,
            record.request_id,
            record.method,
            record.operation,
            record.access_key_id,
            record.status,
            record.code,
            json.dumps(record.parameters),
        ),
    )


def read(db: sqlite3.Connection) -> tuple[CallRecord, ...]:
    """Return the log, oldest first."""
    return tuple(
        CallRecord(
            at_ms=row["at_ms"],
            request_id=row["request_id"],
            method=row["method"],
            operation=row["operation"],
            access_key_id=row["access_key_id"],
            status=row["status"],
            code=row["code"],
            parameters=json.loads(row["parameters"]),
        )
        for row in db.execute("SELECT * FROM call ORDER BY id")
    )
