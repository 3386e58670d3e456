"""What went over the wires of a run as one pcapng file, an interface for each of them, for Wireshark and its kin.

The recorder sees operations, not packets. I²C transfers and APDUs are as they were; the TCP connections of streams, of
links and of service calls, and the USB packets of a reader, are made up around what they carried. Each packet has
our words as its comment. Bytes that must not be shown are stars here too.
"""

import re
from collections.abc import Callable, Mapping
from urllib.parse import quote

from harness.itls.packets import Connection, End, interface, packet, section
from harness.traffic.entry import Entry
from harness.traffic.usb_packets import Class, Reports, UsbConversation

_RAW_IP, _I2C, _UPPER_PDU, _USB = 101, 209, 252, 220
_TAG_DISSECTOR, _TAG_DIRECTION, _TAG_END = 12, 35, 0
_COMMENT_LIMIT = 1000
_HERE = bytes((192, 0, 2, 1))  # an address that documents may use (RFC 5737), as all the others
_SERVICE = End(80, bytes((192, 0, 2, 2)))
_GATEWAY = End(443, _HERE)
_DEVICES = 10  # the last byte of the address of the first transport
_FIRST_PORT = 49152
_STREAM_PORT = 27100  # from here on no analyser takes a port for a protocol
_SESSION = re.compile(r"session (\d{1,9})\b")
_CALL = re.compile(r"(?P<operation>\w{1,60}): (?P<code>[^\s,]{1,80})(?P<rest>.*)", re.DOTALL)
_REQUEST_ID = re.compile(r", request (\S+)")


class Capture:
    """Writes one file.

    Args:
        write: Takes the bytes of the file in order.
        offset: What is added to monotonic nanoseconds to give those since 1970.
        identity_of: What each source is, for people.
        usb: The sources that are USB interfaces.
        reports: How those of HID carry their messages.
        comment: Said of the whole file.
    """

    def __init__(
        self,
        write: Callable[[bytes], None],
        *,
        offset: int,
        identity_of: Mapping[str, str],
        usb: Mapping[str, Class],
        comment: str,
        reports: Mapping[str, Reports] | None = None,
    ) -> None:
        self._write = write
        self._offset = offset
        self._identity_of = identity_of
        self._usb_classes = usb
        self._reports = reports or {}
        self._interfaces: dict[tuple[str, int], int] = {}
        self._streams: dict[str, Connection] = {}
        self._sessions: dict[str, Connection] = {}
        self._calls: dict[str, list[Connection]] = {}
        self._usb: dict[str, UsbConversation] = {}
        self._ports = _FIRST_PORT
        self._last = offset
        self.packets = 0
        write(section(comment))

    def take(self, entry: Entry) -> None:
        """Write what went over a wire; entries come in the order of time."""
        self._last = max(self._last, entry.t + self._offset)
        match entry.kind, entry.direction, entry.raw.op:
            case "service", "out" | "in", _:
                self._call(entry)
            case "link", _, _:
                self._session(entry)
            case _, "", _:
                self._event(entry)
            case _, _, "i2c-read" | "i2c-write" if entry.raw.address is not None:
                reads = entry.direction == "in"
                # Bus 0, the flags of the message as Linux has them (1 reads), the address as it stands on the wire.
                head = bytes((0, 0, 0, 0, reads, entry.raw.address << 1 & 0xFE | reads))
                self._packet(entry.source, _I2C, entry, head + entry.raw.data)
            case _, _, "read" | "write":
                self._stream(entry)
            case _, _, "card-reset":
                self._upper(entry, "iso7816.atr", entry.raw.data)
            case _, _, "exchange":
                self._exchange(entry)
            case _:
                self._event(entry)
        if entry.raw.apdu and entry.raw.op != "exchange":
            self._upper(entry, "iso7816", entry.raw.apdu, f"{entry.source} APDU")

    def close(self) -> None:
        """End what is open."""
        for name, stream in self._streams.items():
            self._ip(name, self._last, stream.close(), "the recording ends")
        for session in self._sessions.values():
            self._ip("link", self._last, session.close(), "the recording ends")

    # ---- what has no packet format of its own

    def _event(self, entry: Entry) -> None:
        told = f"{entry.text}: {entry.raw.data[:64].hex(' ')}" if entry.raw.data else entry.text
        self._upper(entry, "syslog", f"<14>{entry.source}: {told}".encode(), f"{entry.source} events")

    def _upper(self, entry: Entry, dissector: str, data: bytes, on: str = "") -> None:
        """Write data for a dissector that is named, with its direction."""
        head = _tag(_TAG_DISSECTOR, dissector.encode())
        if entry.direction:
            head += _tag(_TAG_DIRECTION, int(entry.direction == "in").to_bytes(4, "big"))
        self._packet(on or entry.source, _UPPER_PDU, entry, head + _tag(_TAG_END, b"") + data)

    def _exchange(self, entry: Entry) -> None:
        apdu = entry.raw.apdu or entry.raw.data
        usb = self._usb_classes.get(entry.source)
        if usb is not None:
            talk = self._usb.get(entry.source)
            at = entry.t + self._offset
            if talk is None:
                talk = self._usb[entry.source] = UsbConversation(
                    usb, len(self._usb) + 1, self._reports.get(entry.source)
                )
                for each in talk.descriptors(at):
                    self._bytes(entry.source, _USB, at, each, "descriptors, made up")
            for each in talk.packets(at, apdu, out=entry.direction == "out"):
                self._packet(entry.source, _USB, entry, each)
        self._upper(entry, "iso7816", apdu, f"{entry.source} APDU" if usb is not None else "")

    # ---- what is a TCP connection here

    def _stream(self, entry: Entry) -> None:
        at = entry.t + self._offset
        stream = self._streams.get(entry.source)
        if stream is None:
            place = min(_DEVICES + len(self._streams), 254)
            device = End(_STREAM_PORT + len(self._streams), bytes((192, 0, 2, place)))
            stream = self._streams[entry.source] = Connection(self._client(), device)
            self._ip(entry.source, at, stream.open(), "made up")
        packets = stream.say(entry.raw.data, from_client=entry.direction == "out")
        self._ip(entry.source, at, packets, _comment(entry))

    def _session(self, entry: Entry) -> None:
        at = entry.t + self._offset
        found = _SESSION.match(entry.text)
        if found is None:
            self._event(entry)
            return
        number = found[1]
        session = self._sessions.get(number)
        if session is None:
            session = self._sessions[number] = Connection(
                self._client(bytes((192, 0, 2, _DEVICES))), _GATEWAY
            )
            self._ip("link", at, session.open(), _comment(entry))
        if entry.direction:
            packets = session.say(entry.raw.data, from_client=entry.direction == "in")
            self._ip("link", at, packets, _comment(entry))
        elif entry.text.startswith(f"session {number} ended"):
            del self._sessions[number]
            self._ip("link", at, session.close(), _comment(entry))

    def _call(self, entry: Entry) -> None:
        at = entry.t + self._offset
        if entry.direction == "out":
            operation, _, parameters = entry.text.partition(" ")
            call = Connection(self._client(), _SERVICE)
            self._calls.setdefault(operation, []).append(call)
            body = parameters.replace(" ", "&").encode()
            head = (
                f"POST / HTTP/1.1\r\nHost: id2-service.invalid\r\nx-acs-action: {quote(operation)}\r\n"
                f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            self._ip("service", at, call.open(), "made up")
            self._ip("service", at, call.say(head.encode() + body, from_client=True), _comment(entry))
            return
        found = _CALL.match(entry.text)
        waiting = self._calls.get(found["operation"], []) if found is not None else []
        if found is None or not waiting:
            self._event(entry)
            return
        call = waiting.pop(0)
        if found["code"] != "unavailable":
            request = _REQUEST_ID.search(found["rest"])
            code = found["code"] if found["code"].isdigit() else f'"{quote(found["code"])}"'
            body = f'{{"Code":{code},"RequestId":"{request[1] if request else ""}"}}'.encode()
            status = "200 OK" if found["code"].isdigit() else "400 Bad Request"
            head = (
                f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            self._ip("service", at, call.say(head.encode() + body, from_client=False), _comment(entry))
        self._ip("service", at, call.close(), "" if found["code"] != "unavailable" else _comment(entry))

    def _client(self, address: bytes = _HERE) -> End:
        """Return an end with a port that no other connection of late has."""
        self._ports = self._ports + 1 if self._ports < 65535 else _FIRST_PORT
        return End(self._ports, address)

    def _ip(self, on: str, at: int, packets: list[bytes], comment: str) -> None:
        for each in packets:
            self._bytes(on, _RAW_IP, at, each, comment)

    # ---- blocks

    def _packet(self, on: str, link_type: int, entry: Entry, data: bytes) -> None:
        self._bytes(on, link_type, entry.t + self._offset, data, _comment(entry))

    def _bytes(self, on: str, link_type: int, at: int, data: bytes, comment: str) -> None:
        number = self._interfaces.get((on, link_type))
        if number is None:
            number = self._interfaces[on, link_type] = len(self._interfaces)
            described = self._identity_of.get(on, "")
            self._write(interface(link_type, on, described, nanoseconds=True))
        self._write(packet(number, max(at, 0), data, comment))
        self.packets += 1


def _comment(entry: Entry) -> str:
    return entry.text[:_COMMENT_LIMIT]


def _tag(number: int, data: bytes) -> bytes:
    filled = data + bytes(-len(data) % 4)
    return number.to_bytes(2, "big") + len(filled).to_bytes(2, "big") + filled
