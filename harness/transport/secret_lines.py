"""Lines of a console that print secrets by themselves: user, password and PSK of the link SDKs, dumps of their packets.

Source: consoles.md A2: the codes 0317, 0318 and 031A, and the rows of 030A.
"""

import re

_TAG = re.compile(rb"\[LK-(?:0317|0318|031A|030A)\]")
_BEGIN = b"[LK-03"
_OVERLAP = 8  # bytes of a tag that a chunk may end in, all but its last one
_END = re.compile(rb"[\r\n]")

STARS = bytes(byte if byte in b" \r\n" else 0x2A for byte in range(256))
"""Table that puts a star for each byte but blanks and line ends."""


class SecretLines:
    """Puts stars into what stands behind such a code, up to the end of its line, however the line comes in pieces."""

    def __init__(self) -> None:
        self._tail = b""
        self._within = False

    def hide(self, chunk: bytes) -> bytes:
        """Return the next piece of a stream, as long as it is, without what is secret in it."""
        before, self._tail = self._tail, (self._tail + chunk)[-_OVERLAP:]
        if not self._within and _BEGIN not in chunk and _BEGIN not in before + chunk[:_OVERLAP]:
            return chunk
        hidden = bytearray()
        at = 0
        while at < len(chunk):
            if self._within:
                found = _END.search(chunk, at)
                end = len(chunk) if found is None else found.start()
                hidden += chunk[at:end].translate(STARS)
                self._within = found is None
            else:
                found = _TAG.search(before + chunk, at)
                end = len(chunk) if found is None else found.end() - len(before)
                hidden += chunk[at:end]
                self._within = found is not None
            at = end
        return bytes(hidden)
