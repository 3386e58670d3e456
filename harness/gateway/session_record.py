"""What the gateway knows of one session, frozen: what scenarios judge and reports show."""

from dataclasses import dataclass, field
from typing import Literal

from harness.errors import DeviceError
from harness.gateway.other_protocols import OtherProtocol
from harness.itls.alerts import AlertMessage
from harness.itls.events import ObservedRecord
from harness.itls.key_schedule import SessionKeys
from harness.itls.suites import Suite

Stage = Literal["connected", "hello", "challenged", "provisioned", "admitted", "established", "closed"]
"""How far a session has come, in this order but for `provisioned`, which comes before `challenged`."""

Ending = Literal["open", "clean", "cut", "reset", "alert", "timeout"]
"""`open`: it has not ended. `clean`: one side said close_notify. `cut`: the stream ended without it. `reset`: by a TCP
reset. `alert`: by a fatal alert of either side. `timeout`: a limit of the gateway, whose name is in the error."""


class SessionTimeoutError(DeviceError):
    """No session was as it was waited for within the time limit."""


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """One session as it stood when it was asked for. Times are monotonic nanoseconds.

    Attributes:
        number: Counts up from 0 with each connection to one gateway.
        peer: Address and port of the device.
        opened_ns: When the connection was accepted.
        established_ns: When the handshake was complete.
        closed_ns: When the session was over.
        product_key: As the device's last hello names it; None before. No printable ASCII is `?`.
        id2: The same for the ID²; `F` only for a device without one.
        provisioned: The ID² that was handed out on this connection.
        suite: What was agreed.
        stage: How far it has come.
        reached: The last stage before `closed`.
        alert_sent: The last alert that the gateway sent; a fatal one stays.
        alert_received: The last alert that the device sent; a fatal one stays.
        ended: How it ended.
        error: Why it ended, where there is more to say.
        misbehaviour: Name of what the gateway did wrong on purpose; empty for nothing.
        mqtt_client_id: As in the device's CONNECT.
        mqtt_device_name: DeviceName out of its user name.
        seen: Every record, with its content in clear; bounded.
        wire_in: The stream from the device; bounded.
        wire_out: The stream to the device; bounded.
        bytes_in: Length of the stream from the device, whole.
        bytes_out: Length of the stream to the device, whole.
        received: Application data from the device; bounded.
        sent: Application data to the device; bounded.
        truncated: Something was left out of the bounded ones.
        keys: What protects the session, for its export; hidden from `repr`.
        other_protocol: What came instead of iTLS, where that was recognised.
    """

    number: int
    peer: str
    opened_ns: int
    established_ns: int | None
    closed_ns: int | None
    product_key: str | None
    id2: str | None
    provisioned: str | None
    suite: Suite | None
    stage: Stage
    reached: Stage
    alert_sent: AlertMessage | None
    alert_received: AlertMessage | None
    ended: Ending
    error: str
    misbehaviour: str
    mqtt_client_id: str | None
    mqtt_device_name: str | None
    seen: tuple[ObservedRecord, ...] = field(repr=False)
    wire_in: bytes = field(repr=False)
    wire_out: bytes = field(repr=False)
    bytes_in: int
    bytes_out: int
    received: bytes = field(repr=False)
    sent: bytes = field(repr=False)
    truncated: bool
    keys: SessionKeys | None = field(repr=False)
    other_protocol: OtherProtocol | None = None

    def __str__(self) -> str:
        parts = [f"session {self.number} from {self.peer}", self.reached]
        if self.id2 is not None:
            parts.append(f"ID² {self.id2}")
        if self.misbehaviour:
            parts.append(f"misbehaving: {self.misbehaviour}")
        if self.alert_sent is not None:
            parts.append(f"sent {self.alert_sent}")
        if self.alert_received is not None:
            parts.append(f"received {self.alert_received}")
        ending = self.ended if not self.error else f"{self.ended}: {self.error}"
        return ", ".join((*parts, ending))
