"""Bytes of a record as people read them: hex, without what only fills."""

import re

SHORT_APDU = 270
"""Bytes that are shown: any short APDU, whole."""

_RUN = re.compile(rb"([\x00-\xff])\1{7,}", re.DOTALL)  # bytes that only fill


def folded(data: bytes, limit: int = SHORT_APDU) -> str:
    """Return bytes as spaced hex, the beginning of them; a long run of one byte is that byte and its number."""
    parts, at = [], 0
    for run in _RUN.finditer(data[:limit]):
        length = run.end() - run.start()
        if run.end() == limit:  # it may go on behind what is looked at
            length = len(data[run.start() :]) - len(data[run.start() :].lstrip(run[1]))
        parts += [data[at : run.start()].hex(" "), f"{run[1].hex()} \u00d7 {length}"]
        at = run.start() + length
    parts.append(data[at : max(at, limit)].hex(" "))
    if len(data) > max(at, limit):
        parts.append(f"… ({len(data)} bytes)")
    return " ".join(filter(None, parts))
