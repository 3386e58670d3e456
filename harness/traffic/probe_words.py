"""Lines of ID2P/1 in words: which C function is called, with how much, and what it gives.

What a call takes or gives stands in the words unless the function deals in secrets. Source: docs/probe-protocol.md.
"""

import re

from harness.probe.functions import FUNCTIONS
from harness.probe.lines import REPLY, Kind, Reply
from harness.transport.printable import safe_text

SECRET = frozenset({"sec", "dky", "oac", "lod", "prv", "sik", "kpi", "dec", "kpc"})
"""Functions whose inputs or result are keys, secrets, or what was encrypted under a key."""

_REQUEST = re.compile(
    rb"id2p (?P<seq>[0-9A-F]{2}) (?P<verb>[a-z]{2,3})(?P<words>(?: [!-~]{1,400}){0,6}?)(?: %[0-9A-F]{4})?\s*\Z"
)
_PAYLOAD = re.compile(rb" [tx]:[!-$&-~]+")
_SHOWN = 120  # characters of a payload
_NOT_UNDERSTOOD = {
    "1": "check sum",
    "2": "no such verb",
    "3": "an argument",
    "4": "a slot",
    "5": "no such function",
    "6": "line too long",
    "7": "number used before",
    "8": "nothing to repeat",
}


class ProbeWords:
    """Follows the calls of one console."""

    def __init__(self) -> None:
        self._function = ""

    @property
    def secret(self) -> bool:
        """Whether the last call deals in secrets."""
        return self._function in SECRET

    @staticmethod
    def is_input(line: bytes) -> bool:
        """Tell whether a line fills a slot: what it is for, the next call says."""
        found = _REQUEST.search(line)
        return found is not None and found["verb"] == b"put"

    def asked(self, line: bytes, *, secret: bool = False) -> str | None:
        """Return a request in words; None when the line is none.

        Args:
            line: The line, without its end.
            secret: Whether the payload of an input must not be shown.
        """
        found = _REQUEST.search(line)
        if found is None:
            return None
        words = safe_text(found["words"].decode("ascii")).split()
        beginning = f"probe {found['seq'].decode()}"
        match found["verb"].decode(), words:
            case "hi", _:
                return f"{beginning} hello"
            case "run", [function, *arguments]:
                self._function = function
                return " ".join((beginning, "calls", called(function), *arguments))
            case "put", [slot, offset, payload]:
                return f"{beginning} fills slot {slot} from {offset}: {_payload(payload, secret=secret)}"
            case "get", [offset, count]:
                return f"{beginning} asks for {count} bytes of the result from {offset}"
            case "rep", _:
                return f"{beginning} asks for the end of the call again"
            case "clr", _:
                self._function = ""
                return f"{beginning} empties slots and result"
        return f"{beginning} {' '.join((found['verb'].decode(), *words))}"

    def answered(self, line: bytes) -> str | None:
        """Return a reply in words; None when no whole reply stands in the line."""
        found = REPLY.search(line)
        reply = None if found is None else Reply.read(found[0])
        if reply is None:
            return None
        beginning, words = f"probe {reply.seq:02X}", [safe_text(word) for word in reply.words]
        name = called(self._function) if self._function else "the call"
        match reply.kind, words:
            case Kind.HELLO, _:
                return f"{beginning} says hello: {' '.join(words)}"
            case Kind.ACKNOWLEDGED, _:
                return f"{beginning} {name} begins"
            case Kind.NOT_UNDERSTOOD, [number]:
                return f"{beginning} not understood: {number} {_NOT_UNDERSTOOD.get(number, '')}".rstrip()
            case Kind.DATA, [offset, payload]:
                return f"{beginning} result from {offset}: {_payload(payload, secret=self.secret)}"
            case Kind.REFUSED, [code, *_]:
                return f"{beginning} {name} returns {code}"
            case Kind.DONE, [code, length, _, *rest]:
                payload = next((word for word in rest if word[:2] in ("t:", "x:")), "")
                shown = f": {_payload(payload, secret=self.secret)}" if payload else ""
                over = next(
                    (f", {word[2:]} bytes beyond the buffer" for word in rest if word[:2] == "w="), ""
                )
                return f"{beginning} {name} returns {code}, {length} bytes{shown}{over}"
        return f"{beginning} {reply.kind.value} {' '.join(words)}".rstrip()


def called(function: str) -> str:
    """Return the C functions that three letters stand for; of those of the probe itself, what they are for."""
    known = FUNCTIONS.get(function)
    if known is None:
        return function
    return " ".join(known.calls) or f"{function} ({known.purpose})"


def without_payload(line: bytes) -> bytes:
    """Return a line, as long as it is, with stars for what it carries."""
    return _PAYLOAD.sub(lambda found: found[0][:3] + b"*" * (len(found[0]) - 3), line)


def _payload(payload: str, *, secret: bool) -> str:
    data = payload[2:]
    if secret:
        return f"{'*' * min(len(data), _SHOWN)} (not shown)"
    return data if len(data) <= _SHOWN else f"{data[:_SHOWN]}… ({len(data)} characters)"
