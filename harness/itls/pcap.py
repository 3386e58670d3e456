"""A session as a pcapng file, for Wireshark and its kin: its records in a TCP connection that is made up around them.

No packet was captured: addresses, ports, sequence numbers and times are synthetic, one millisecond between packets. The
suites of iTLS are private, so no analyser opens the records even with the keys. With `CaptureLayer.PLAIN` the file has
the application data instead, and the analyser shows the MQTT in it.

Source: the pcapng file format (IETF draft-ietf-opsawg-pcapng); RFC 791, RFC 9293.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto

from harness.itls.events import Direction, ObservedRecord
from harness.itls.key_schedule import SessionKeys
from harness.itls.records import ContentType
from harness.itls.transcript import key_log_line

_SECTION, _INTERFACE, _PACKET, _SECRETS = 0x0A0D0D0A, 1, 6, 10
_BYTE_ORDER = 0x1A2B3C4D
_LINK_RAW_IP = 101
_TLS_KEY_LOG = 0x544C534B
_OPT_COMMENT, _OPT_APPLICATION = 1, 4
_STEP_US = 1000
_SYN, _FIN, _PSH, _ACK = 2, 1, 8, 16
_TCP_HEADER, _IP_HEADER, _TCP = 20, 20, 6
_MOST = 65535 - _TCP_HEADER - _IP_HEADER
_LOOPBACK = bytes((127, 0, 0, 1))


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
    talk = _Talk(ports or Ports(), started_us)
    talk.open()
    for one in seen:
        data = one.wire if layer is CaptureLayer.WIRE else _application(one)
        from_device = (one.direction is Direction.IN) == (side == "server")
        for at in range(0, len(data), _MOST):
            talk.say(data[at : at + _MOST], from_device=from_device)
    talk.close()
    options = _option(_OPT_COMMENT, comment.encode()) if comment else b""
    options += _option(_OPT_APPLICATION, b"id2-harness") + bytes(4)
    out = [
        _block(_SECTION, struct.pack("<IHHq", _BYTE_ORDER, 1, 0, -1) + options),
        _block(_INTERFACE, struct.pack("<HHI", _LINK_RAW_IP, 0, 0)),
    ]
    if keys is not None:
        line = key_log_line(keys).encode() + b"\n"
        out.append(_block(_SECRETS, struct.pack("<II", _TLS_KEY_LOG, len(line)) + _filled(line)))
    out += talk.packets
    return b"".join(out)


def _application(one: ObservedRecord) -> bytes:
    return one.plain if one.kind is ContentType.APPLICATION_DATA else b""


class _Talk:
    """A TCP connection packet by packet: each is acknowledged by the next of the other side."""

    def __init__(self, ports: Ports, started_us: int) -> None:
        self.packets: list[bytes] = []
        self._ports = {True: ports.device, False: ports.server}
        self._next = {True: 1000, False: 2000}
        self._at = started_us

    def open(self) -> None:
        self._packet(b"", _SYN, from_device=True)
        self._packet(b"", _SYN | _ACK, from_device=False)
        self._packet(b"", _ACK, from_device=True)

    def say(self, data: bytes, *, from_device: bool) -> None:
        self._packet(data, _PSH | _ACK, from_device=from_device)

    def close(self) -> None:
        self._packet(b"", _FIN | _ACK, from_device=True)
        self._packet(b"", _FIN | _ACK, from_device=False)
        self._packet(b"", _ACK, from_device=True)

    def _packet(self, data: bytes, flags: int, *, from_device: bool) -> None:
        acknowledged = self._next[not from_device] if flags & _ACK else 0
        head = struct.pack(
            ">HHIIBBHHH",
            self._ports[from_device],
            self._ports[not from_device],
            self._next[from_device],
            acknowledged,
            _TCP_HEADER // 4 << 4,
            flags,
            0xFFFF,
            0,
            0,
        )
        self._next[from_device] += len(data) + bool(flags & (_SYN | _FIN))
        pseudo = _LOOPBACK * 2 + struct.pack(">BBH", 0, _TCP, len(head) + len(data))
        segment = head[:16] + _checksum(pseudo + head + data) + head[18:] + data
        packet = _ip(segment) + segment
        stamp = struct.pack("<IIIII", 0, self._at >> 32, self._at & 0xFFFFFFFF, len(packet), len(packet))
        self.packets.append(_block(_PACKET, stamp + _filled(packet)))
        self._at += _STEP_US


def _ip(segment: bytes) -> bytes:
    head = (
        struct.pack(">BBHHHBBH", 0x45, 0, _IP_HEADER + len(segment), 0, 0x4000, 64, _TCP, 0) + _LOOPBACK * 2
    )
    return head[:10] + _checksum(head) + head[12:]


def _checksum(data: bytes) -> bytes:
    padded = data + b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f">{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return (total ^ 0xFFFF).to_bytes(2, "big")


def _option(code: int, data: bytes) -> bytes:
    cut = data[:0xFFFF]
    return struct.pack("<HH", code, len(cut)) + _filled(cut)


def _filled(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def _block(kind: int, body: bytes) -> bytes:
    size = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + size + body + size
