"""Unpacking a zip that anybody may have made: nothing outside the folder, nothing without bounds, nothing hidden.

A zip that is not exactly as `harness pack` writes it is told, entry by entry; where unpacking it could do harm, it is
not unpacked.
"""

import os
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from harness.disk import writing
from harness.errors import BenchError
from harness.seal import zip_names
from harness.seal.problems import Findings
from harness.seal.zip_form import (
    CENTRAL,
    CENTRAL_FIELDS,
    DEFLATED,
    ENCRYPTED,
    END,
    END_FIELDS,
    FILE_MODE,
    FOLDER_MODE,
    LOCAL_FIELDS,
    MOST_BYTES,
    MOST_ENTRIES,
    STORED,
    Entry,
    end,
)

_LONGEST_COMMENT = 0xFFFF
_RATIO = 200
_FREE = 256 * 1024 * 1024
"""Bytes that any zip may come to, whatever it takes itself."""
_CHUNK = 1 << 18
_NO_FORM = "this is no zip as harness pack makes them"


class _HarmfulError(Exception):
    """Unpacking would do harm, or cannot be done; the findings say why."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the table with what only a foreign zip has."""

    entry: Entry
    told: bytes
    mode: int
    flags: int
    extra: int
    comment: int


def unpack(path: Path, into: Path, findings: Findings) -> Path | None:
    """Unpack the zip at `path` below the folder `into`; return the one folder in it.

    Args:
        path: The zip.
        into: An empty folder.
        findings: Takes all that is wrong with it.

    Returns:
        The unpacked run folder; None when it was not unpacked.

    Raises:
        BenchError: the zip cannot be read, or the disk refuses.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            lines = _table(file, size, findings)
            root = _require_harmless(lines, size, findings)
            _check_form(file, lines, findings)
            for line in lines:
                _extract(file, line.entry, into, findings)
    except _HarmfulError:
        return None
    except OSError as error:
        raise BenchError(f"{path}: cannot be read: {(error.strerror or str(error)).lower()}") from error
    return into / root


def _table(file: BinaryIO, size: int, findings: Findings) -> list[_Line]:
    """Return the lines of the table at the end."""
    start = max(0, size - END_FIELDS.size - _LONGEST_COMMENT)
    file.seek(start)
    tail = file.read()
    at = tail.rfind(END)
    if at < 0 or len(tail) - at < END_FIELDS.size:
        findings.wrong("truncated", "zip", f"it has no end: {_NO_FORM}")
        raise _HarmfulError
    _, disk, first, here, count, length, offset, comment = END_FIELDS.unpack_from(tail, at)
    behind = len(tail) - at - END_FIELDS.size
    if behind:
        word = "has a comment" if comment == behind else f"has {behind} bytes behind its end"
        findings.wrong("added", "zip", f"{word}: {_NO_FORM}")
    before = start + at - offset - length
    if before > 0:
        findings.wrong(
            "added", "zip", f"has {before} bytes in front or between, of which no entry tells: {_NO_FORM}"
        )
    if disk or first or here != count or before < 0 or count > MOST_ENTRIES:
        findings.wrong(
            "changed", "zip", f"its end contradicts itself, or it has more than {MOST_ENTRIES} entries"
        )
        raise _HarmfulError
    if before > 0:
        raise _HarmfulError
    file.seek(offset)
    table = file.read(length)
    if tail[at : at + END_FIELDS.size] != end(count, length, offset) and not behind:
        findings.wrong("changed", "zip", f"its end is not as it should be: {_NO_FORM}")
    lines: list[_Line] = []
    place = 0
    while len(lines) < count:
        line, place = _line(table, place, findings)
        lines.append(line)
    if place != length:
        findings.wrong("added", "zip", f"its table has more than its {count} entries: {_NO_FORM}")
    return lines


def _line(table: bytes, place: int, findings: Findings) -> tuple[_Line, int]:
    if len(table) - place < CENTRAL_FIELDS.size or table[place : place + 4] != CENTRAL:
        findings.wrong("truncated", "zip", "its table is cut, or damaged")
        raise _HarmfulError
    fields = CENTRAL_FIELDS.unpack_from(table, place)
    flags, method, crc, packed, size = fields[4], fields[5], fields[8], fields[9], fields[10]
    name_length, extra, comment, mode, offset = fields[11], fields[12], fields[13], fields[16], fields[17]
    begin = place + CENTRAL_FIELDS.size
    stop = begin + name_length + extra + comment
    name = table[begin : begin + name_length]
    entry = Entry(name, method, crc, packed, size, offset)
    return _Line(entry, table[place:stop], mode, flags, extra, comment), stop


def _require_harmless(lines: list[_Line], size: int, findings: Findings) -> str:
    """Return the name of the one folder in which all entries lie."""
    names = [_text(line.entry.name) for line in lines]
    wrong = zip_names.problems(names)
    for name, why in wrong.items():
        findings.wrong("unsafe", name, why)
    harmful = bool(wrong)
    for line, name in zip(lines, names, strict=True):
        kind = line.mode >> 16 & 0o170000
        if line.flags & ENCRYPTED:
            findings.wrong("unsafe", name, "is encrypted")
            harmful = True
        if kind and kind not in {FILE_MODE >> 16 & 0o170000, FOLDER_MODE >> 16 & 0o170000}:
            findings.wrong("unsafe", name, "is a link or a device")
            harmful = True
        if line.entry.method not in {STORED, DEFLATED}:
            findings.wrong("unsafe", name, f"is packed by method {line.entry.method}, which is not taken")
            harmful = True
    total = sum(line.entry.size for line in lines)
    if total > MOST_BYTES or (total > _FREE and total > _RATIO * size):
        findings.wrong("unsafe", "zip", f"would come to {total} bytes out of {size}: it is not unpacked")
        harmful = True
    roots = {name.partition("/")[0] for name in names}
    if len(roots) != 1 or any("/" not in name for name in names):
        findings.wrong("changed", "zip", f"holds {len(roots)} things at its top, not the one folder of a run")
        harmful = True
    if harmful:
        raise _HarmfulError
    return roots.pop()


def _check_form(file: BinaryIO, lines: list[_Line], findings: Findings) -> None:
    """Check that the entries lie one behind the other with nothing between, and each header is as it should be."""
    place = 0
    for line in lines:
        entry, name = line.entry, _text(line.entry.name)
        if line.extra or line.comment:
            findings.wrong("added", name, f"has an extra field or a comment in the zip: {_NO_FORM}")
        elif line.told != entry.central():
            findings.wrong("changed", name, f"its date, mode or flags in the zip are others: {_NO_FORM}")
        if entry.offset != place:
            findings.wrong("reordered", name, f"does not begin where the entry before ends: {_NO_FORM}")
            raise _HarmfulError
        header = entry.local()
        file.seek(place)
        told = file.read(len(header))
        if told != header:
            findings.wrong("changed", name, "its two headers in the zip say different things")
            if len(told) < LOCAL_FIELDS.size or told[LOCAL_FIELDS.size :] != entry.name or any(told[28:30]):
                raise _HarmfulError
        place += len(header) + entry.packed
    file.seek(0, os.SEEK_END)
    table = sum(len(line.told) for line in lines)
    if place + table > file.tell():
        findings.wrong("truncated", "zip", "its entries reach into its table")
        raise _HarmfulError
    file.seek(place)
    if lines and file.read(len(CENTRAL)) != CENTRAL:
        findings.wrong("added", "zip", f"has bytes between the last entry and the table: {_NO_FORM}")


def _extract(file: BinaryIO, entry: Entry, into: Path, findings: Findings) -> None:
    target = into / _text(entry.name)
    if entry.is_folder:
        with writing(target):
            target.mkdir(parents=True, exist_ok=True)
        if entry.size or entry.packed:
            findings.wrong("changed", _text(entry.name), "is a folder with content")
        return
    file.seek(entry.offset + len(entry.local()))
    with writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        out = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    crc = 0
    with os.fdopen(out, "wb") as stream:

        def write(piece: bytes) -> None:
            nonlocal crc
            crc = zlib.crc32(piece, crc)
            with writing(target):
                stream.write(piece)

        whole = _inflate(file, entry, write)
        with writing(target):
            stream.flush()
    if not whole or crc != entry.crc:
        findings.wrong("changed", _text(entry.name), "cannot be unpacked: its content in the zip is damaged")


def _inflate(file: BinaryIO, entry: Entry, write: Callable[[bytes], None]) -> bool:
    """Unpack the content of an entry, at most as much as it says; return whether it came to exactly that."""
    packed, left = entry.packed, entry.size
    inflater = None if entry.method == STORED else zlib.decompressobj(-zlib.MAX_WBITS)
    pending = b""
    while packed or pending:
        piece = pending or file.read(min(packed, _CHUNK))
        if not piece:
            return False
        packed -= 0 if pending else len(piece)
        if inflater is None:
            made, pending = piece, b""
        else:
            try:
                made = inflater.decompress(piece, min(left + 1, _CHUNK))
            except zlib.error:
                return False
            pending = inflater.unconsumed_tail
            if inflater.unused_data or (inflater.eof and packed):
                return False
        left -= len(made)
        if left < 0:
            return False
        write(made)
    return left == 0 and (inflater is None or inflater.eof)


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")
