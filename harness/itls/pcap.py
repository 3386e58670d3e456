"""A session as a pcapng file, for Wireshark and its kin: its records in a TCP connection that is made up around them.

No packet was captured: addresses, ports, sequence numbers and times are synthetic, one millisecond between packets. The
suites of iTLS are private, so no analyser opens the records even with the keys. With `CaptureLayer.PLAIN` the file has
the application data instead, and the analyser shows the MQTT in it.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto

from harness.itls.events import Direction, ObservedRecord
from harness.itls.key_schedule import SessionKeys
from harness.itls.packets import SECRETS, Connection, End, block, filled, interface, packet, section
from harness.itls.records import ContentType
from harness.itls.transcript import key_log_line

_LINK_RAW_IP = 101
_TLS_KEY_LOG = 0x544C534B
_STEP_US = 1000


class CaptureLayer(Enum):
    """What the TCP connection of the file carries."""

    WIRE = auto()
    """The records as they travelled."""
    PLAIN = auto()
    """The application data of the records, in clear."""


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports of the connection that is made up.

    Attributes:
        device: 1 to 65535.
        server: 1 to 65535; the analyser takes 1883 for MQTT.
    """

    device: int = 49152
    server: int = 1883


def pcapng(
    seen: Iterable[ObservedRecord],
    *,
    side: str = "server",
    layer: CaptureLayer = CaptureLayer.WIRE,
    ports: Ports | None = None,
    started_us: int = 0,
    comment: str = "",
    keys: SessionKeys | None = None,
) -> bytes:
    """Return a session as a pcapng file.

    Args:
        seen: Its records, oldest first.
        side: Who saw them: `server` or `client`.
        layer: What the connection carries.
        ports: Ports of both ends on 127.0.0.1.
        started_us: When it began, microseconds since 1970; times after it are synthetic.
        comment: Said of the file.
        keys: Notes the keys of the session in the file. Only for sessions whose keys may be known to every reader.
    """
    ends = ports or Ports()
    talk = Connection(End(ends.device), End(ends.server))
    packets = talk.open()
    for one in seen:
        data = one.wire if layer is CaptureLayer.WIRE else _application(one)
        from_device = (one.direction is Direction.IN) == (side == "server")
        packets += talk.say(data, from_client=from_device)
    packets += talk.close()
    out = [section(comment), interface(_LINK_RAW_IP)]
    if keys is not None:
        line = key_log_line(keys).encode() + b"\n"
        out.append(block(SECRETS, struct.pack("<II", _TLS_KEY_LOG, len(line)) + filled(line)))
    out += [packet(0, started_us + number * _STEP_US, data) for number, data in enumerate(packets)]
    return b"".join(out)


def _application(one: ObservedRecord) -> bytes:
    return one.plain if one.kind is ContentType.APPLICATION_DATA else b""
