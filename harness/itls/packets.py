"""What capture files are made of: the blocks of pcapng, and the packets of a TCP connection that is made up.

Source: the pcapng file format (IETF draft-ietf-opsawg-pcapng); RFC 791, RFC 9293.
"""

import struct
from dataclasses import dataclass

SECRETS = 10
"""Type of the block that holds the keys of a capture."""

_SECTION, _INTERFACE, _PACKET = 0x0A0D0D0A, 1, 6
_BYTE_ORDER = 0x1A2B3C4D
_OPT_COMMENT, _OPT_NAME, _OPT_DESCRIPTION, _OPT_APPLICATION, _OPT_RESOLUTION = 1, 2, 3, 4, 9
_NANOSECONDS = b"\x09"
_SYN, _FIN, _PSH, _ACK = 2, 1, 8, 16
_TCP_HEADER, _IP_HEADER, _TCP = 20, 20, 6
_MOST = 65535 - _TCP_HEADER - _IP_HEADER


def section(comment: str = "") -> bytes:
    """Return the beginning of a file; the comment is said of all of it."""
    options = _option(_OPT_COMMENT, comment.encode()) if comment else b""
    options += _option(_OPT_APPLICATION, b"id2-harness") + bytes(4)
    return block(_SECTION, struct.pack("<IHHq", _BYTE_ORDER, 1, 0, -1) + options)


def interface(link_type: int, name: str = "", description: str = "", *, nanoseconds: bool = False) -> bytes:
    """Return an interface; the first one has number 0. Times are microseconds unless nanoseconds are asked for."""
    options = _option(_OPT_NAME, name.encode()) if name else b""
    options += _option(_OPT_DESCRIPTION, description.encode()) if description else b""
    options += _option(_OPT_RESOLUTION, _NANOSECONDS) if nanoseconds else b""
    return block(_INTERFACE, struct.pack("<HHI", link_type, 0, 0) + options + (bytes(4) if options else b""))


def packet(on: int, at: int, data: bytes, comment: str = "") -> bytes:
    """Return a packet.

    Args:
        on: Number of its interface.
        at: When it passed, since 1970, in the unit of the interface.
        data: Its bytes.
        comment: Said of it.
    """
    head = struct.pack("<IIIII", on, at >> 32, at & 0xFFFFFFFF, len(data), len(data))
    options = _option(_OPT_COMMENT, comment.encode()) + bytes(4) if comment else b""
    return block(_PACKET, head + filled(data) + options)


def block(kind: int, body: bytes) -> bytes:
    """Return a block of pcapng."""
    size = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + size + body + size


def filled(data: bytes) -> bytes:
    """Return data filled up to whole words."""
    return data + bytes(-len(data) % 4)


def _option(code: int, data: bytes) -> bytes:
    cut = data[:0xFFFF]
    return struct.pack("<HH", code, len(cut)) + filled(cut)


@dataclass(frozen=True, slots=True)
class End:
    """An end of a connection: four bytes of address, and a port."""

    port: int
    address: bytes = bytes((127, 0, 0, 1))


class Connection:
    """A TCP connection as IP packets: each is acknowledged by the next of the other side."""

    def __init__(self, client: End, server: End) -> None:
        self._ends = {True: client, False: server}
        self._next = {True: 1000, False: 2000}

    def open(self) -> list[bytes]:
        """Return the packets of the handshake."""
        return [
            self._packet(b"", _SYN, from_client=True),
            self._packet(b"", _SYN | _ACK, from_client=False),
            self._packet(b"", _ACK, from_client=True),
        ]

    def say(self, data: bytes, *, from_client: bool) -> list[bytes]:
        """Return the packets that carry data."""
        pieces = (data[at : at + _MOST] for at in range(0, len(data), _MOST))
        return [self._packet(piece, _PSH | _ACK, from_client=from_client) for piece in pieces]

    def close(self) -> list[bytes]:
        """Return the packets of the end."""
        return [
            self._packet(b"", _FIN | _ACK, from_client=True),
            self._packet(b"", _FIN | _ACK, from_client=False),
            self._packet(b"", _ACK, from_client=True),
        ]

    def _packet(self, data: bytes, flags: int, *, from_client: bool) -> bytes:
        here, there = self._ends[from_client], self._ends[not from_client]
        acknowledged = self._next[not from_client] if flags & _ACK else 0
        head = struct.pack(
            ">HHIIBBHHH",
            here.port,
            there.port,
            self._next[from_client],
            acknowledged,
            _TCP_HEADER // 4 << 4,
            flags,
            0xFFFF,
            0,
            0,
        )
        sent = len(data) + bool(flags & (_SYN | _FIN))
        self._next[from_client] = (self._next[from_client] + sent) & 0xFFFFFFFF
        pseudo = here.address + there.address + struct.pack(">BBH", 0, _TCP, len(head) + len(data))
        segment = head[:16] + _checksum(pseudo + head + data) + head[18:] + data
        return _ip(segment, here.address, there.address) + segment


def _ip(segment: bytes, source: bytes, target: bytes) -> bytes:
    head = struct.pack(">BBHHHBBH", 0x45, 0, _IP_HEADER + len(segment), 0, 0x4000, 64, _TCP, 0)
    head += source + target
    return head[:10] + _checksum(head) + head[12:]


def _checksum(data: bytes) -> bytes:
    padded = data + b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f">{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return (total ^ 0xFFFF).to_bytes(2, "big")
