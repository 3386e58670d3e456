"""What a connection tells: the records that it saw, and what they meant."""

import time
from dataclasses import dataclass, field
from enum import Enum

from harness.itls.alerts import AlertMessage
from harness.itls.key_schedule import SessionKeys
from harness.itls.records import ContentType


class Direction(Enum):
    """Which way a record went, seen from the side that notes it."""

    IN = "in"
    OUT = "out"


@dataclass(frozen=True, slots=True)
class ObservedRecord:
    """One record for whoever keeps a transcript.

    Attributes:
        direction: Which way.
        kind: What is in it.
        plain: Its content in clear.
        wire: The record as it travelled, with its header; what a hook made of it, if one did.
        sequence: Its number under keys; None when it travelled in clear.
        t: When it was noted, monotonic nanoseconds.
    """

    direction: Direction
    kind: ContentType
    plain: bytes
    wire: bytes
    sequence: int | None
    t: int = field(default_factory=time.monotonic_ns, compare=False)


@dataclass(frozen=True, slots=True)
class Established:
    """The handshake is complete; application data may flow."""

    keys: SessionKeys


@dataclass(frozen=True, slots=True)
class Provisioned:
    """The device took an ID² over the wire."""

    id2: str


@dataclass(frozen=True, slots=True)
class DataReceived:
    """Application data."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Alerted:
    """The peer sent an alert."""

    message: AlertMessage


@dataclass(frozen=True, slots=True)
class StreamEnded:
    """Nothing more comes.

    Attributes:
        clean: The peer said close_notify.
    """

    clean: bool


Event = Established | Provisioned | DataReceived | Alerted | StreamEnded
