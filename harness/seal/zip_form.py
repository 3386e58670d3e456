"""The one form of zip that a report is packed in; every byte but the packed data follows from names, sizes and CRCs.

Source: PKWARE APPNOTE 6.3.10, 4.3.
"""

import stat
import struct
from dataclasses import dataclass

DATE = (1980, 1, 1, 0, 0, 0)
SYSTEM = 3  # Unix
LEVEL = 6
FILE_MODE = (stat.S_IFREG | 0o644) << 16
FOLDER_MODE = (stat.S_IFDIR | 0o755) << 16 | 0x10
MOST_ENTRIES = 60_000
MOST_BYTES = 2**32 - 2**20
"""Bytes of all files of one zip; beyond, its form would be another one."""

LOCAL, CENTRAL, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
STORED, DEFLATED = 0, 8
LOCAL_FIELDS = struct.Struct("<4sHHHHHIIIHH")
CENTRAL_FIELDS = struct.Struct("<4sBBHHHHHIIIHHHHHII")
END_FIELDS = struct.Struct("<4sHHHHIIH")
UTF8 = 0x800
ENCRYPTED = 0x1

_VERSION = 20
_DOS_DATE = 1 << 5 | 1


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry, as the table at the end of a zip tells it.

    Attributes:
        name: Its name's bytes.
        method: How it is packed.
        crc: CRC-32 of its content.
        packed: Bytes that it takes in the zip.
        size: Bytes that it has.
        offset: Where it begins in the zip.
    """

    name: bytes
    method: int
    crc: int
    packed: int
    size: int
    offset: int

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.name.endswith(b"/")

    @property
    def _flags(self) -> int:
        return 0 if self.name.isascii() else UTF8

    def local(self) -> bytes:
        """Return the header before its content."""
        fields = (LOCAL, _VERSION, self._flags, self.method, 0, _DOS_DATE, self.crc, self.packed, self.size)
        return LOCAL_FIELDS.pack(*fields, len(self.name), 0) + self.name

    def central(self) -> bytes:
        """Return its line in the table."""
        mode = FOLDER_MODE if self.is_folder else FILE_MODE
        head = (CENTRAL, _VERSION, SYSTEM, _VERSION, self._flags, self.method, 0, _DOS_DATE)
        sizes = (self.crc, self.packed, self.size, len(self.name))
        return CENTRAL_FIELDS.pack(*head, *sizes, 0, 0, 0, 0, mode, self.offset) + self.name


def end(entries: int, size: int, offset: int) -> bytes:
    """Return the end of a zip, given the number of entries and the size and place of their table."""
    return END_FIELDS.pack(END, 0, 0, entries, entries, size, offset, 0)
