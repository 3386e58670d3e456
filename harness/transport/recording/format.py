"""The format of a recording, one for every bus: each operation of a transport, both ways, with monotonic stamps.

A recording of version 2, `NAME.rec`, is a header, which is one line of JSON, and behind its line end records in binary:

    {"format": "id2-recording", "version": 2, "transport": "console", "identity": "/dev/ttyUSB0",
     "capabilities": ["stream"], "operations": ["read", "write", …],
     "anchor": {"wall": "2026-11-22T18:00:00.000000Z", "monotonic_ns": 123}}

    offset  bytes  of each record; every number has its lowest byte first
         0      8  time.monotonic_ns, signed
         8      4  bytes that follow the head
        12      2  I2C address, 0xffff for none
        14      1  operation: its place in the header's `operations`, from 0
        15      1  ASCII `>` to the device, `<` from it, `!` an error, `#` a note; plus 0x80 when a text comes first
        16         with 0x80: four bytes, the length of the text, and the text in UTF-8; then the data as they are

While its writer lives, and when it was killed, the newest records stand in `NAME.rec.tail`:

    offset  bytes
         0      8  `id2-tail`
         8      8  how many bytes of records are in it, the lowest first; 0 for none
        16      8  where in the recording they belong
        24     40  zeros
        64         the records

A tail with records goes in place of what the recording has from that offset on. One that was closed has none.

Version 1, `NAME.jsonl`, is JSON Lines, the header, then one record a line:

    {"t":456,"op":"write","d":">","x":"6c730a"}

`t` is the stamp, `op` the operation, `d` the way, `x` the data in hex, `a` the I2C address, `m` the text.

A stream read that brought nothing leaves no record. The operations whose data are no bytes of the device's own:

    set-lines   `>` two bytes: which lines are set, and to what; DTR is bit 0, RTS bit 1
    get-lines   `<` one byte of `base.Line` flags
    break       `>` the milliseconds, four bytes, the highest first
    set-speed   `>` bits per second, four bytes, the highest first; 0 are those of the board file
    card-reset  `<` the ATR

Two operations belong to no transport, and stand in recordings of their own beside those of the transports:

    call        `>` a call to the ID² service and `<` its answer, as a text, without what is secret
    session     a record of iTLS as it travelled, and what it says as a text; `<` from the device

Between the notes `hidden: begin` and `hidden: end` something secret went over: each byte but blanks and line ends is a
star there.
"""

import os
import struct
from pathlib import Path
from typing import Literal

FORMAT = "id2-recording"
VERSION = 2
SUFFIX = ".rec"
SUFFIXES = (SUFFIX, ".jsonl")
"""Suffixes of recordings, that of now first."""

OPERATIONS = (
    "read",
    "write",
    "i2c-read",
    "i2c-write",
    "exchange",
    "card-reset",
    "spi",
    "set-lines",
    "get-lines",
    "break",
    "set-speed",
    "note",
    "open",
    "close",
    "call",
    "session",
)
"""Every operation that a record may be of."""

HIDDEN, SHOWN = "hidden: begin", "hidden: end"
"""Notes around what was secret."""

SCENARIO = "scenario "
"""Beginning of the note that marks a scenario's start; its name follows."""

Direction = Literal[">", "<", "!", "#"]
DIRECTIONS = "><!#"

HEAD = struct.Struct("<qIHH")
"""Stamp, bytes that follow, address, and the operation with 256 times the way."""

NOWHERE = 0xFFFF
"""The address of a record that has none."""

TEXT_FIRST = 0x8000
"""In the last number of a head: the payload begins with a text."""

TEXT_LENGTH = struct.Struct("<I")

PIECE = 65536
"""Bytes of data in one record, so that readers get bounded ones; more stands in several records."""

PAYLOAD_LIMIT = 1 << 20
"""Bytes behind a head; more is an error, so that a foreign file cannot fill the memory."""

TAIL_HEAD = struct.Struct("<8sQQ40x")
TAIL_MAGIC = b"id2-tail"
TAIL_SIZE = 128 * 1024
"""Bytes of a tail, with its head."""


def tail_of(path: Path) -> Path:
    """Return where the newest records of a recording stand while its writer lives."""
    return path.with_name(f"{path.name}.tail")


def code_of(op: str, direction: Direction, *, told: bool = False) -> int:
    """Return the last number of a head.

    Args:
        op: The operation.
        direction: The way.
        told: Whether the payload begins with a text.
    """
    return OPERATIONS.index(op) | ord(direction) << 8 | (TEXT_FIRST if told else 0)


def recordings_in(folder: Path) -> list[Path]:
    """Return the recordings of a folder by name; of a name that is there twice the newer form."""
    try:
        with os.scandir(
            folder
        ) as entries:  # a glob takes many times as long, and one would come after each scenario
            names = sorted(each.name for each in entries)
    except OSError:
        return []
    found: dict[str, Path] = {}
    for suffix in SUFFIXES:
        for name in names:
            if name.endswith(suffix):
                found.setdefault(name.removesuffix(suffix), folder / name)
    return [found[name] for name in sorted(found)]


def recording_at(folder: Path, name: str) -> Path:
    """Return the path of the recording of this name: of the form that is there, else of the form of now."""
    paths = [folder / f"{name}{suffix}" for suffix in SUFFIXES]
    return next((path for path in paths if os.path.lexists(path)), paths[0])
