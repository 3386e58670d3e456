"""Turns the records of one transport into entries: what they mean, and the bytes beside it."""

import re
from dataclasses import dataclass

from harness.traffic import module_words
from harness.traffic.bytes_shown import SHORT_APDU, folded
from harness.traffic.decode import Decoder, Meaning
from harness.traffic.entry import Direction, Entry, Kind, Raw
from harness.traffic.module_words import ModuleWords
from harness.traffic.probe_words import ProbeWords, without_payload
from harness.traffic.secret_bytes import masked, may_hide
from harness.traffic.secret_text import ModuleSecrets
from harness.transport.printable import safe_bytes, safe_text
from harness.transport.recording.record import Record

_TEXT_LIMIT = 1000
_LINE_LIMIT = 300  # bytes of a line of a console
_DIRECTIONS: dict[str, Direction] = {">": "out", "<": "in"}
_LINE_END = re.compile(rb"[\r\n]+")
_PIECES = 4096  # bytes of a line, or of an answer, that has not ended
_REPLY = re.compile(rb"\+ID2P [^%\r\n]{1,700} %[0-9A-F]{4}")
_NO_DATA = frozenset({"set-lines", "get-lines", "break", "set-speed"})
_END = b"\r\n"
_LEAKED = "(not shown: the device shows its key in this run)"


@dataclass(frozen=True, slots=True)
class _Input(Entry):
    """An input of a call of the probe; its text waits for the call."""

    line: bytes = b""


@dataclass(slots=True)
class _Held:
    """Bytes of one direction that are not whole yet."""

    t: int = 0
    direction: str = ""
    data: bytes = b""


class Follower:
    """Follows the records of one transport in the order of time.

    Args:
        source: Name of the transport.
        kind: What it is.
        leaked: Whether the device showed its key in the run, so that nothing of what it said may be shown.
    """

    def __init__(self, source: str, kind: Kind, *, leaked: bool = False) -> None:
        self._source = safe_text(source, 40)
        self._kind: Kind = kind
        self._leaked = leaked
        self._decoder = Decoder()
        self._module = ModuleWords()
        self._probe = ProbeWords()
        self._secrets = ModuleSecrets()
        self._held = _Held()
        self._op = ""
        self._address: int | None = None
        self._inputs: list[Entry] = []  # of a call that is not named yet, and what came in between

    def take(self, record: Record) -> list[Entry]:
        """Return what a record brings: the entries that are complete with it."""
        self._op, self._address = record.op, record.address
        if record.direction not in _DIRECTIONS:
            told = "" if self._leaked else safe_text(record.text, _TEXT_LIMIT)
            op = "" if record.op == "session" else record.op  # its words say so
            text = f"{_place(record)}{': '.join(filter(None, (op, told)))}"
            return self._ordered([*self._rest(), Entry(record.t, self._source, self._kind, "", text)])
        if record.op in ("read", "write"):
            return self._ordered(self._stream(record))
        if record.op in ("call", "session"):
            return [self._said(record)]
        if record.op in _NO_DATA:
            return self._ordered(
                [self._made(record.t, record.direction, _line_state(record.op, record.data))]
            )
        return self._ordered([self._bus(record)])

    def rest(self) -> list[Entry]:
        """Return what has begun, if any; it goes no further."""
        found = self._ordered(self._rest())
        held, self._inputs = self._inputs, []
        return [*found, *(self._told(entry, secret=True) for entry in held)]

    def go_on(self) -> None:
        """Forget the inputs of calls, which what came before has brought; a line that has begun goes on."""
        self._inputs = []

    def _said(self, record: Record) -> Entry:
        """Return what is recorded in words: the first line says what it is, the second what is in it."""
        text, _, inside = record.text.partition("\n")
        told = safe_text(text, _TEXT_LIMIT), safe_text(inside, _TEXT_LIMIT)
        return self._made(record.t, record.direction, *told, data=record.data)

    def _bus(self, record: Record) -> Entry:
        meaning = self._decoder.meaning(record)
        if meaning is not None:
            return self._meant(record.t, record.direction, meaning, record.data, _place(record))
        return self._bytes(record)

    def _meant(self, t: int, direction: str, meaning: Meaning, data: bytes, place: str = "") -> Entry:
        """Return an entry whose bytes mean something."""
        if direction == ">" and not meaning.apdu and may_hide(data):  # a frame that is no good one
            meaning = Meaning(meaning.words, hidden=True)
        shown, apdu = masked(data, meaning, out=direction == ">")
        words = f"{place}{meaning.words}"
        return self._made(t, direction, words, _detail(data, meaning), data=shown, apdu=apdu)

    def _bytes(self, record: Record) -> Entry:
        """Return an entry of bytes that nothing is known of."""
        data = record.data
        secret = record.direction == ">" and may_hide(data)
        words = f"{_place(record)}{record.op}, {len(data)} bytes{' (not shown)' if secret else ''}"
        detail, shown = ("", b"*" * len(data)) if secret else (folded(data), data)
        return self._made(record.t, record.direction, words, detail, data=shown)

    # ---- streams

    def _stream(self, record: Record) -> list[Entry]:
        found = self._rest() if self._held.data and self._held.direction != record.direction else []
        if self._kind == "bus" and (message := self._message(record)) is not None:
            return [*found, *message]
        if not self._held.data:
            self._held.t, self._held.direction = record.t, record.direction
        *lines, begun = _LINE_END.split(self._held.data + record.data)
        for line in lines:
            if line:
                found += self._line(self._held.t, record.direction, line)
            self._held.t = record.t
        self._held.data = begun
        if len(begun) > _PIECES:
            found += self._rest()
        return found

    def _message(self, record: Record) -> list[Entry] | None:
        """Return the message of a chip or a module, nothing while it is not whole; None for what is neither."""
        out = record.direction == ">"
        words = self._module.asked(record.data) if out else self._module.answered(record.data)
        meaning = Meaning(words) if words is not None else self._decoder.meaning(record)
        if meaning is not None:
            t, data = (self._held.t, self._held.data) if self._held.data else (record.t, b"")
            self._held.data = b""
            whole = data + record.data
            if words is None:
                return [self._meant(t, record.direction, meaning, whole)]
            shown = b"*" * len(whole) if words.endswith("(not shown)") else whole
            told = words.partition(", ")[0] if self._leaked else words
            return [self._made(t, record.direction, told, data=shown)]
        if not out and (self._module.begun or self._decoder.waiting):
            if not self._held.data:
                self._held.t, self._held.direction = record.t, record.direction
            self._held.data += record.data
            return [] if len(self._held.data) <= _PIECES else self._rest()
        text = record.data.strip(b"\r\n\t >")
        if (text and not text.isascii()) or module_words.is_message(record.data):
            return [self._bytes(record)]
        return None

    def _rest(self) -> list[Entry]:
        if not self._held.data:
            return []
        data, self._held.data = self._held.data, b""
        return self._line(self._held.t, self._held.direction, data, whole=False)

    def _line(self, t: int, direction: str, line: bytes, *, whole: bool = True) -> list[Entry]:
        if direction == ">":
            if self._probe.is_input(line):
                return [_Input(t, self._source, self._kind, "out", "an input of a call", line=line)]
            words, shown = self._probe.asked(line), self._secrets.sent(line)
            text = safe_bytes(shown, _LINE_LIMIT) if words is None else words
            return [self._made(t, direction, text, data=shown + _END)]
        found: list[Entry] = []
        at = 0
        for reply in _REPLY.finditer(line):
            words = self._probe.answered(reply[0])
            if words is not None:
                found += self._text(t, line[at : reply.start()])
                shown = without_payload(reply[0]) if self._probe.secret else reply[0]
                text = _LEAKED if self._leaked else words
                found.append(self._made(t, direction, text, data=shown + _END))
                at = reply.end()
        return [*found, *self._text(t, line[at:], whole=whole)]

    def _text(self, t: int, line: bytes, *, whole: bool = True) -> list[Entry]:
        if not line.strip():
            return []
        shown = self._secrets.came(line, whole=whole)
        text = _LEAKED if self._leaked else safe_bytes(shown, _LINE_LIMIT)
        return [self._made(t, "<", text, data=shown + _END)]

    # ---- inputs of calls of a probe

    def _ordered(self, entries: list[Entry]) -> list[Entry]:
        """Hold the inputs of a call of the probe back until the call is named, and all that comes in between."""
        found: list[Entry] = []
        for entry in entries:
            if not self._inputs and not isinstance(entry, _Input):
                found.append(entry)
                continue
            self._inputs.append(entry)
            named = entry.direction == "out" and " calls " in entry.text
            if named or len(self._inputs) > _INPUTS:
                held, self._inputs = self._inputs, []
                secret = self._probe.secret or not named
                found += [self._told(each, secret=secret) for each in held]
        return found

    def _told(self, entry: Entry, *, secret: bool) -> Entry:
        if not isinstance(entry, _Input):
            return entry
        words = ProbeWords().asked(entry.line, secret=secret or self._leaked)
        shown = without_payload(entry.line) if secret or self._leaked else entry.line
        return self._made(entry.t, ">", words or entry.text, data=shown + _END)

    # ---- entries

    def _made(
        self, t: int, direction: str, text: str, detail: str = "", *, data: bytes = b"", apdu: bytes = b""
    ) -> Entry:
        way = _DIRECTIONS.get(direction, "")
        if self._leaked:
            text, detail, data, apdu = text.partition(", vendor ")[0], "", b"", b""
        raw = Raw(self._op, data, apdu, self._address)
        return Entry(t, self._source, self._kind, way, text, detail, raw)


_INPUTS = 64  # entries that are held back at most
_LINES = ((1, "DTR"), (2, "RTS"))


def _line_state(op: str, data: bytes) -> str:
    """Return what an operation on the lines beside the data of a serial port means."""
    match op:
        case "set-lines" if len(data) == 2:
            told = [f"{name} {'on' if data[1] & bit else 'off'}" for bit, name in _LINES if data[0] & bit]
            return f"sets {', '.join(told) or 'no line'}"
        case "set-speed":
            return f"{int.from_bytes(data) or 'the usual'} bits per second"
        case "break":
            return f"break of {int.from_bytes(data)} ms"
    return f"{op} {data[:8].hex()}"


def _place(record: Record) -> str:
    return "" if record.address is None else f"[{record.address:#04x}] "


def _detail(data: bytes, meaning: Meaning) -> str:
    if meaning.hidden:
        return "(not shown)"
    # The lines of hex that some adapters take need not be printed as the hex of hex.
    text = data.strip()
    if text.isalnum():
        return safe_bytes(text, 2 * SHORT_APDU)
    return folded(data)
