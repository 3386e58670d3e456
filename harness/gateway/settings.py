"""The limits and choices of a gateway, each a named setting; what the real one does is not always documented."""

import math
from dataclasses import dataclass

from harness.errors import UsageError

_ABOVE_ZERO = ("handshake_s", "connect_s", "idle_s", "stalled_s", "linger_s")
_AT_LEAST = {
    "connections": 1,
    "connections_per_peer": 1,
    "handshake_bytes": 1024,
    "connect_bytes": 256,
    "write_buffer": 1024,
    "packet_bytes": 1024,
    "names_per_id2": 1,
    "records_per_s": 1,
    "handshakes_per_second": 1,
    "keep_sessions": 0,
    "keep_records": 0,
    "keep_bytes": 0,
    "keep_total_bytes": 0,
}


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """Limits and choices of one gateway.

    Attributes:
        handshake_s: Time for the handshake, from accepting the connection on. The vendor's client itself waits
            20 seconds for an answer.
        connect_s: Time for the MQTT CONNECT, from the end of the handshake on.
        idle_s: How long a session may send nothing. MQTT keep-alive is the broker's to watch.
        stalled_s: How long a device may leave unread what is sent to it.
        linger_s: How long a session that is over waits for the device's end, so that a last alert is not lost.
        connections: Most connections at once; more are closed at once.
        connections_per_peer: The same for one IP address.
        handshake_bytes: Most bytes of a device before its handshake is complete.
        connect_bytes: Longest MQTT CONNECT.
        write_buffer: Most bytes that wait for one device to read them; a device that lets more store up is dropped.
        records_per_s: Records of one device in a second, with as many at once; beyond that it is read more slowly.
            None: as fast as they come.
        packet_bytes: Longest MQTT packet, either way, of devices that are kept apart; the platform has 256 KiB.
        isolate: With a broker: a device publishes on and subscribes to its own topics only (`OwnTopics`).
        names_per_id2: How many DeviceNames of a product one ID² may take, for as long as the gateway runs. What the
            platform allows is not published.
        echo: Without a broker: send back what comes.
        echo_max_fragment: Answer a device that asks for shorter records, and keep to it.
        activates: The first handshake that succeeds activates the device, as the first `Verify` does. Off: a
            device that was never activated gets 164.
        region: The region that this access point serves; products of another one are 172 there. None: all.
        handshakes_per_second: Handshakes of one product in a second of the service's clock; more get 173. None: no
            limit.
        keep_sessions: How many sessions are remembered; the oldest that ended go first.
        keep_records: How many records of a session are remembered.
        keep_bytes: How many bytes of a session are remembered, of each stream.
        keep_total_bytes: How many bytes of all sessions together; beyond that, sessions that ended are forgotten
            first, and then nothing more is kept.

    Raises:
        UsageError: A number is below what makes sense, or is none (`nan`, `inf`).
    """

    handshake_s: float = 20.0
    connect_s: float = 20.0
    idle_s: float = 1800.0
    stalled_s: float = 30.0
    linger_s: float = 2.0
    connections: int = 8192
    connections_per_peer: int = 4096
    handshake_bytes: int = 32 * 1024
    connect_bytes: int = 16 * 1024
    write_buffer: int = 1024 * 1024
    records_per_s: float | None = 5000.0
    packet_bytes: int = 1024 * 1024
    isolate: bool = True
    names_per_id2: int = 1
    echo: bool = False
    echo_max_fragment: bool = True
    activates: bool = True
    region: str | None = None
    handshakes_per_second: int | None = None
    keep_sessions: int = 512
    keep_records: int = 4096
    keep_bytes: int = 4 * 1024 * 1024
    keep_total_bytes: int = 128 * 1024 * 1024

    def __post_init__(self) -> None:
        for name in _ABOVE_ZERO:
            value = getattr(self, name)
            # Not a number is not above 0 either, though it is not below; and what is endless is no limit.
            if not (value > 0 and math.isfinite(value)):
                raise UsageError(f"gateway setting {name} must be a number above 0, not {value}")
        for name, least in _AT_LEAST.items():
            value = getattr(self, name)
            if value is not None and not (value >= least and math.isfinite(value)):
                raise UsageError(f"gateway setting {name} must be {least} or more, and finite, not {value}")


REMEMBERS_NOTHING = GatewaySettings(keep_sessions=0, keep_records=0, keep_bytes=0, keep_total_bytes=0)
"""For a gateway that runs for months and that nobody asks for its sessions."""
