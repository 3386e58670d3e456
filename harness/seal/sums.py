r"""`SHA256SUMS`: a line for each file, as coreutils 9 writes and checks them.

A name with a backslash or a line end in it stands escaped (`\\`, `\n`, `\r`), and its line begins with a backslash.
A file whose whole name is `-` is written `./-`: sha256sum would read its input there. Lines are sorted by the bytes of
the names, so that the same files always give the same text.
"""

import os
import re
from collections.abc import Mapping

from harness.errors import UsageError

_LINE = re.compile(rb"(\\?)([0-9a-f]{64})  (.+)")
_ESCAPED = re.compile(rb"\\(.?)", re.DOTALL)
_PLAIN = {b"\\": b"\\", b"n": b"\n", b"r": b"\r"}


class BrokenSumsError(UsageError):
    """A text is not what `text` gives for any files; the message says where."""


def text(digests: Mapping[str, str]) -> bytes:
    """Return `SHA256SUMS` for files, given their SHA-256 in hex by path (`os.fsdecode`)."""
    names = sorted(map(os.fsencode, digests))
    return b"".join(_line(name, digests[os.fsdecode(name)]) for name in names)


def read(data: bytes) -> dict[str, str]:
    """Return the SHA-256 by path.

    Raises:
        BrokenSumsError: a line is no line of it, names a file twice or one outside, or is not in its place.
    """
    digests: dict[str, str] = {}
    last = b""
    if data and not data.endswith(b"\n"):
        raise BrokenSumsError("is truncated: its last line has no end")
    for number, line in enumerate(data.split(b"\n")[:-1], start=1):
        found = _LINE.fullmatch(line)
        name = _name(found[3], escaped=bool(found[1])) if found else b""
        if found is None or _line(name, found[2].decode()) != line + b"\n" or _leads_out(name):
            raise BrokenSumsError(f"line {number} is no line of a list of sums")
        if os.fsdecode(name) in digests:
            raise BrokenSumsError(f"line {number} names a file for the second time")
        if name < last:
            raise BrokenSumsError(f"is reordered: line {number} is not in its place")
        last = name
        digests[os.fsdecode(name)] = found[2].decode()
    return digests


def _line(name: bytes, digest: str) -> bytes:
    escaped = name.replace(b"\\", b"\\\\").replace(b"\n", b"\\n").replace(b"\r", b"\\r")
    mark = b"\\" if escaped != name else b""
    return b"%b%b  %b\n" % (mark, digest.encode(), b"./-" if name == b"-" else escaped)


def _name(text_: bytes, *, escaped: bool) -> bytes:
    name = _ESCAPED.sub(lambda found: _PLAIN.get(found[1], b"\\?"), text_) if escaped else text_
    return b"-" if name == b"./-" else name


def _leads_out(name: bytes) -> bool:
    return name.startswith(b"/") or any(part in {b"", b".", b".."} for part in name.split(b"/"))
