"""What is changed in a message or record, as pure functions.

Source: device-protocol.md a.4, b.3, b.6, c.1, h.3; RFC 5246 6.2.3.
"""

import base64
import binascii
from collections.abc import Callable
from dataclasses import replace

from harness.itls.extensions import Ext, Extension
from harness.itls.messages import ServerHello
from harness.itls.misbehaviour.hooks import Change
from harness.itls.suites import BLOCK_SIZE

_LONG_PADDING = 15 * BLOCK_SIZE
_LANE = 4
_SEPARATOR = "~"

HelloChange = Callable[[ServerHello], ServerHello]
TailChange = Callable[[bytes, bytes], bytes]


def flipped(data: bytes, at: int) -> bytes:
    """Flip one bit of the byte at `at`."""
    return data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :]


def altered(part: int, parts: int) -> Change:
    """Flip one bit of one byte: `part` 0 is the first, `parts` - 1 the last, the others lie between."""
    return lambda data: flipped(data, (len(data) - 1) * part // (parts - 1))


def exchanged(data: bytes) -> bytes:
    """Exchange two bytes that differ, four apart, so that sums and parities of bytes and words stay."""
    for distance in (_LANE, 1):
        for at in range(len(data) - distance):
            to = at + distance
            if data[at] != data[to]:
                return data[:at] + data[to : to + 1] + data[at + 1 : to] + data[at : at + 1] + data[to + 1 :]
    return flipped(data, 0)


def resized(size: int) -> Change:
    """Bring 32 or 48 bytes to `size` bytes, at most twice as many."""
    return lambda data: (data + data)[:size]


def extension(number: Ext, change: Change) -> HelloChange:
    """Change the content of one extension of the ServerHello."""

    def changed(hello: ServerHello) -> ServerHello:
        extensions = tuple(
            Extension(number, change(one.data)) if one.number == number else one for one in hello.extensions
        )
        return replace(hello, extensions=extensions)

    return changed


def without(number: Ext) -> HelloChange:
    """Leave one extension of the ServerHello out."""
    return lambda hello: replace(
        hello, extensions=tuple(one for one in hello.extensions if one.number != number)
    )


def repeated(number: Ext) -> HelloChange:
    """Append one extension of the ServerHello once more."""
    return lambda hello: replace(
        hello, extensions=hello.extensions + tuple(one for one in hello.extensions if one.number == number)
    )


def signature(change: Change) -> HelloChange:
    """Change the signature of the server code."""

    def changed(code: bytes) -> bytes:
        head, mark, sign = code.rpartition(_SEPARATOR.encode())
        try:
            return head + mark + base64.b64encode(change(base64.b64decode(sign, validate=True)))
        except (binascii.Error, IndexError):
            return code + b"?"  # the authority of a test may give any text as code

    return extension(Ext.AUTH_CODE, changed)


def code_field(index: int, change: Callable[[str], str]) -> HelloChange:
    """Change one field of the server code."""

    def changed(code: bytes) -> bytes:
        fields = code.decode("latin-1").split(_SEPARATOR)
        fields[index] = change(fields[index])
        return _SEPARATOR.join(fields).encode("latin-1")

    return extension(Ext.AUTH_CODE, changed)


def other_digit(text: str) -> str:
    """Change the last hex digit."""
    return text[:-1] + ("0" if text[-1:] != "0" else "1")


def mac(change: Change) -> TailChange:
    """Change the MAC of a record; its padding stays."""
    return lambda mac, padding: change(mac) + padding


def padding(change: Change) -> TailChange:
    """Lengthen the padding of a record, which may have up to 255 bytes, and change it; the MAC stays."""

    def changed(mac: bytes, padding: bytes) -> bytes:
        count = len(padding) + _LONG_PADDING - BLOCK_SIZE
        return mac + change(bytes((count - 1,)) * count)

    return changed


def padding_too_long(mac: bytes, padding: bytes) -> bytes:
    """Have the padding say that it is longer than the record."""
    return mac + b"\xff" * len(padding)


def sealed_with(padding: Callable[[int], bytes]) -> Callable[[bytes, Change], bytes]:
    """Put other padding behind the pre-master secret; `padding` makes one block of the given size."""

    # ECB: what is encrypted with one more block is the wanted ciphertext, and a block of padding that is left out.
    def sealed(premaster: bytes, seal: Change) -> bytes:
        block = len(seal(b"?"))
        return seal(premaster + padding(block))[:-block]

    return sealed


def other_version(version: str) -> Change:
    """Change the version in the header of a record; the MAC is made over 03 03."""
    return lambda record: record[:1] + bytes.fromhex(version) + record[3:]
