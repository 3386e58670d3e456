"""Lines of a console that print secrets by themselves: user, password and PSK of the link SDKs, dumps of their packets.

Source: consoles.md A2: the codes 0317, 0318 and 031A, and the rows of 030A; the demo of dynamic registration of Link
SDK 4.x prints the DeviceSecret on a line of its own.
"""

import re

# The auth codes of the vendor's test program say `device secret` as well, behind the name of a function.
_TAG = re.compile(rb"\[LK-(?:0317|0318|031A|030A)\]|(?<![ -~])device ?secret ?: ?", re.IGNORECASE)
_LINK, _LOWER, _UPPER = b"[LK-03", b"ecret", b"ECRET"
"""Each tag has one of them in it."""

_OVERLAP = 20  # bytes of a tag that a chunk may end in, with the one before it
_END = re.compile(rb"[\r\n]")
_OTHERS = re.compile(rb"\[[ \d.:/,-]{4,28}\]|[<(][A-Z\d]{1,10}[>)] |\b[A-Z]/[\w.-]+")
_KEPT = 512

STARS = bytes(byte if byte in b" \r\n" else 0x2A for byte in range(256))
"""Table that puts a star for each byte but blanks and line ends."""


class SecretLines:
    """Puts stars into what stands behind such a code, up to the end of its line, however the line comes in pieces.

    A line that the log of somebody else has come into goes on behind that: the next one is hidden as well.
    """

    def __init__(self) -> None:
        self._tail = b""
        self._within = False
        self._goes_on = False  # behind a line that somebody else has printed into
        self._line = bytearray()  # what is hidden of it, to tell whether somebody else prints into it

    def hide(self, chunk: bytes) -> bytes:
        """Return the next piece of a stream, as long as it is, without what is secret in it."""
        before = self._tail
        joined = before + chunk
        self._tail = joined[-_OVERLAP:]
        # Each chunk of each stream passes here, and nearly all go on at once: no loop, and one search a sign.
        if not self._within and _LINK not in joined and _LOWER not in joined and _UPPER not in joined:
            return chunk
        hidden = bytearray()
        at = 0
        while at < len(chunk):
            if self._within:
                found = _END.search(chunk, at)
                end = len(chunk) if found is None else found.start()
                self._line += chunk[at : min(end, at + _KEPT)]
                hidden += chunk[at:end].translate(STARS)
                if found is not None:
                    end = self._next_line(chunk, end, hidden)
            else:
                tagged = _first(before, chunk, at)
                end = len(chunk) if tagged is None else tagged
                hidden += chunk[at:end]
                self._within = tagged is not None
                self._goes_on = False
            at = end
        return bytes(hidden)

    def _next_line(self, chunk: bytes, end: int, hidden: bytearray) -> int:
        """Pass the end of a hidden line; return where the next one begins."""
        hidden += chunk[end : end + 1]
        if self._goes_on and not self._line.strip():
            return end + 1  # the rest of the line end before
        self._within = self._goes_on = _OTHERS.search(self._line) is not None
        self._line.clear()
        return end + 1


def _first(before: bytes, chunk: bytes, at: int) -> int | None:
    """Return where the first tag ends that ends in a chunk from an offset on; None for none."""
    begin = len(before) + at if at else 0
    for found in _TAG.finditer(before + chunk, begin):
        if found.end() > len(before) + at:
            return found.end() - len(before)
    return None
