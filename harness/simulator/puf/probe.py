"""A probe in a simulated firmware: the device's side of ID2P/1, for functions that are given to it.

Source: docs/probe-protocol.md.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from harness.probe.lines import EMPTY_CRC, NO_SEQ, crc16, payload, value_of
from harness.simulator.puf.api import Arguments, Returned

BANNER = b"id2 probe: this firmware carries out test commands, do not ship it\r\n"

_LINE = 79
_SLOTS = {"a": 1056, "b": 520, "c": 136}
_RESULT = 1040
_FIRST = 40
_PIECE = 128
_CLIENT_GROUP = 1
_LONGEST = 400  # bytes that are kept of a line

_BAD_CRC, _NO_VERB, _BAD_ARGUMENT, _BAD_SLOT, _NO_FUNCTION, _TOO_LONG, _SEQ_USED, _NOTHING = range(1, 9)
_REQUEST = re.compile(rb"(id2p ([0-9A-F]{2}) ([ -~]+)) %([0-9A-F]{4})")
_SEQ = re.compile(rb"id2p ([0-9A-F]{2}) ")
_WORD = re.compile(r"([a-z])=(-)?(\d{0,10})")


class _RefusalError(Exception):
    def __init__(self, number: int) -> None:
        super().__init__(str(number))
        self.number = number


class SimulatedProbe:
    """The probe from one start of the firmware to the next.

    Args:
        names: Functions that the firmware has, by their three letters.
        call: Calls one of them.
        boot: Which start of the firmware this is.
    """

    def __init__(
        self, names: Mapping[str, object], call: Callable[[str, Arguments], Returned], boot: int
    ) -> None:
        self._names = tuple(names)
        self._call = call
        self._boot = boot & 0xFFFF
        self._line = bytearray()
        self._filled = dict.fromkeys(_SLOTS, b"")
        self._result = b""
        self._final: tuple[int, str, str] | None = None
        self._last: tuple[int, bytes] | None = None
        self._said: list[bytes] = []
        self.calls: Counter[str] = Counter()

    def greeting(self) -> Iterator[bytes]:
        """Give what the firmware prints when its probe starts."""
        yield b"\r\n" + BANNER
        yield self._reply(NO_SEQ, "HI", self._hello())

    def take(self, data: bytes) -> Iterator[bytes]:
        """Take bytes of the console, and give the replies to the lines that end in them."""
        for byte in data:
            if byte in b"\r\n":
                line = bytes(self._line)
                self._line.clear()
                yield from self._answered(line)
            elif len(self._line) < _LONGEST:
                self._line.append(byte)

    def _answered(self, line: bytes) -> Iterator[bytes]:
        seq_seen = _SEQ.match(line)
        if not line.startswith(b"id2p"):
            return
        seq = int(seq_seen[1], 16) if seq_seen else NO_SEQ
        found = _REQUEST.fullmatch(line)
        if len(line) > _LINE:
            yield self._reply(seq, "NK", str(_TOO_LONG))
            return
        if found is None or int(found[4], 16) != crc16(found[1]):
            if seq == NO_SEQ and line == b"id2p 00 hi":  # a person may leave the check sum out
                yield self._reply(NO_SEQ, "HI", self._hello())
                return
            yield self._reply(seq, "NK", str(_BAD_CRC))
            return
        verb, *words = found[3].decode().split()
        if self._last is not None and self._last[0] == seq and verb not in ("hi", "rep"):
            if self._last[1] == found[4]:
                yield from self._said
            else:
                yield self._reply(seq, "NK", str(_SEQ_USED))
            return
        replies: list[bytes] = []
        if seq != NO_SEQ and verb != "rep":
            self._last, self._said = (seq, found[4]), replies
        for reply in self._carried_out(seq, verb, words):
            replies.append(reply)
            yield reply

    def _carried_out(self, seq: int, verb: str, words: list[str]) -> Iterator[bytes]:
        verbs: dict[str, Callable[..., Iterator[bytes]]] = {
            "hi": self._hi,
            "put": self._put,
            "run": self._run,
            "get": self._get,
            "rep": self._rep,
        }
        try:
            if verb == "clr":
                self._filled, self._result, self._final = dict.fromkeys(_SLOTS, b""), b"", None
                yield self._reply(seq, "OK", f"0 0 {EMPTY_CRC:04X}")
            else:
                yield from verbs.get(verb, self._unknown)(seq, *words)
        except _RefusalError as refusal:
            yield self._reply(seq, "NK", str(refusal.number))
        except (TypeError, ValueError):
            yield self._reply(seq, "NK", str(_BAD_ARGUMENT))

    def _unknown(self, seq: int, *words: str) -> Iterator[bytes]:
        del words
        yield self._reply(seq, "NK", str(_NO_VERB))

    def _hi(self, seq: int) -> Iterator[bytes]:
        yield self._reply(seq, "HI", self._hello())

    def _put(self, seq: int, slot: str, offset: str, text: str) -> Iterator[bytes]:
        at, data = int(offset), value_of(text)
        if slot not in _SLOTS or at > len(self._filled[slot]) or at + len(data) > _SLOTS[slot]:
            raise _RefusalError(_BAD_SLOT)
        filled = self._filled[slot] = self._filled[slot][:at] + data
        yield self._reply(seq, "OK", f"0 {len(filled)} {crc16(filled):04X}")

    def _run(self, seq: int, name: str, words: str = "") -> Iterator[bytes]:
        if name != "fns" and name not in self._names:
            raise _RefusalError(_NO_FUNCTION)
        call = self._arguments(words)
        yield self._reply(seq, "AK", "")
        self.calls[name] += 1
        if name == "fns":
            names = ".".join(("fns", *self._names)).encode()
            returned, room = Returned(data=names), _RESULT
        else:
            returned, room = self._call(name, call), call.room or 0
        length = len(returned.data) if returned.length is None else returned.length
        self._result = returned.data[:room] if returned.rc >= 0 else b""
        first = f" {payload(self._result[:_FIRST])}" if self._result else ""
        kind = "OK" if returned.rc >= 0 else "ER"
        self._final = (seq, kind, f"{returned.rc} {length} {crc16(self._result):04X}{first}")
        yield self._reply(*self._final)

    def _arguments(self, words: str) -> Arguments:
        inputs: dict[str, bytes | None] = dict.fromkeys(_SLOTS)
        lengths = dict.fromkeys(_SLOTS, 0)
        room: int | None = None
        no_length = False
        for word in filter(None, words.split(",")):
            found = _WORD.fullmatch(word)
            if found is None:
                raise _RefusalError(_BAD_ARGUMENT)
            letter, is_null, number = found[1], found[2] is not None, int(found[3] or 0)
            if letter in _SLOTS:
                lengths[letter] = number
                if not is_null and number > len(self._filled[letter]):
                    raise _RefusalError(_BAD_SLOT)
                inputs[letter] = None if is_null else self._filled[letter][:number]
            elif letter == "o":
                if number > _RESULT:
                    raise _RefusalError(_BAD_ARGUMENT)
                room = None if is_null else number
            elif letter == "l":
                no_length = is_null
            elif letter not in "kmnp":
                raise _RefusalError(_BAD_ARGUMENT)
        return Arguments(inputs["a"], inputs["b"], inputs["c"], lengths, room, no_length)

    def _get(self, seq: int, offset: str, count: str) -> Iterator[bytes]:
        at = int(offset)
        if at > len(self._result):
            raise _RefusalError(_BAD_SLOT)
        piece = self._result[at : at + min(int(count), _PIECE)]
        yield self._reply(seq, "D", f"{at} {payload(piece)}")

    def _rep(self, seq: int) -> Iterator[bytes]:
        del seq  # the answer carries that of the call
        if self._final is None:
            raise _RefusalError(_NOTHING)
        yield self._reply(*self._final)

    def _hello(self) -> str:
        slots = ",".join(map(str, _SLOTS.values()))
        return f"p=1 l={_LINE} in={slots} o={_RESULT} g={_CLIENT_GROUP:08X} n=-"

    def _reply(self, seq: int, kind: str, words: str) -> bytes:
        text = f"+ID2P {seq:02X} {self._boot:04X} {kind}{' ' if words else ''}{words}".encode()
        return b"\r\n%b %%%04X\r\n" % (text, crc16(text))
