"""Device-side adaptation verifications: what was judged, kept until the store goes.

Source: service.md 7.
"""

import json
import sqlite3
from dataclasses import dataclass, replace
from typing import Any

from harness.id2.adaptation import Cause, Item, ItemVerdict, Reason, Verdict, passed
from harness.id2.decryption import Decryption, DecryptionCause

_REASONS_MAX = 20
_DETAIL_MAX = 500


@dataclass(frozen=True, slots=True)
class Adaptation:
    """One verification.

    Attributes:
        id: Its number.
        at_ms: When the report was judged, service time.
        id2: The ID² that the report names; bounded, and not to be trusted when the report failed.
        key_type: Algorithm of the device's key in the store; empty when the device is not known.
        sdk_version: As the report says it.
        built: Build date, as the report says it.
        items: Verdict on each item.
        decryption: Verdict on the device's decryption; None before it.
        decided_ms: When that was judged, service time.
        by_hand: A person answered for the device; no log was judged.
    """

    id: int
    at_ms: int
    id2: str
    key_type: str
    sdk_version: str
    built: str
    items: tuple[ItemVerdict, ...]
    decryption: Decryption | None = None
    decided_ms: int | None = None
    by_hand: bool = False

    @property
    def report_passed(self) -> bool:
        """True when every required item of the report passed."""
        return passed(self.items)

    @property
    def complete(self) -> bool:
        """True when the report and the decryption passed."""
        return self.report_passed and self.decryption is not None and self.decryption.passed

    def to_record(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        decryption = self.decryption
        return {
            "id": self.id,
            "at_ms": self.at_ms,
            "id2": self.id2,
            "key_type": self.key_type,
            "sdk_version": self.sdk_version,
            "built": self.built,
            "report_passed": self.report_passed,
            "items": [
                {
                    "item": each.item.value,
                    "verdict": each.verdict.value,
                    "reasons": [{"cause": why.cause.value, "detail": why.detail} for why in each.reasons],
                }
                for each in self.items
            ],
            "decryption": None
            if decryption is None
            else {
                "passed": decryption.passed,
                "cause": decryption.cause.value,
                "detail": decryption.detail,
                "server_code": decryption.server_code,
                "by_hand": self.by_hand,
                "at_ms": self.decided_ms,
            },
            "complete": self.complete,
        }


def insert(db: sqlite3.Connection, made: Adaptation) -> Adaptation:
    """Add a verification; its number is given here."""
    bounded = replace(
        made,
        id2=made.id2[:64],
        sdk_version=made.sdk_version[:128],
        built=made.built[:128],
        items=tuple(_bounded(each) for each in made.items),
    )
    text = json.dumps(bounded.to_record())
    at = db.execute(
        "INSERT INTO adaptation (at_ms, id2, record) VALUES (?, ?, ?)",
        (made.at_ms, json.dumps(bounded.id2), text),
    ).lastrowid
    return replace(bounded, id=at or 0)


def update(db: sqlite3.Connection, changed: Adaptation) -> None:
    """Write a verification back."""
    db.execute("UPDATE adaptation SET record = ? WHERE id = ?", (json.dumps(changed.to_record()), changed.id))


def find(db: sqlite3.Connection, number: int) -> Adaptation | None:
    """Look a verification up by its number."""
    row = db.execute("SELECT id, record FROM adaptation WHERE id = ?", (number,)).fetchone()
    return None if row is None else _read(row)


def recent(db: sqlite3.Connection, limit: int) -> tuple[Adaptation, ...]:
    """Return the last verifications, newest first."""
    rows = db.execute("SELECT id, record FROM adaptation ORDER BY id DESC LIMIT ?", (limit,))
    return tuple(_read(row) for row in rows)


def _read(row: sqlite3.Row) -> Adaptation:
    record = json.loads(row["record"])
    decryption = record["decryption"]
    return Adaptation(
        id=row["id"],
        at_ms=record["at_ms"],
        id2=record["id2"],
        key_type=record["key_type"],
        sdk_version=record["sdk_version"],
        built=record["built"],
        items=tuple(
            ItemVerdict(
                Item(each["item"]),
                Verdict(each["verdict"]),
                tuple(Reason(Cause(why["cause"]), why["detail"]) for why in each["reasons"]),
            )
            for each in record["items"]
        ),
        decryption=None
        if decryption is None
        else Decryption(
            DecryptionCause(decryption["cause"]), decryption["detail"], decryption["server_code"]
        ),
        decided_ms=None if decryption is None else decryption["at_ms"],
        by_hand=decryption is not None and decryption["by_hand"],
    )


def _bounded(verdict: ItemVerdict) -> ItemVerdict:
    reasons = tuple(replace(why, detail=why.detail[:_DETAIL_MAX]) for why in verdict.reasons[:_REASONS_MAX])
    return replace(verdict, reasons=reasons)
