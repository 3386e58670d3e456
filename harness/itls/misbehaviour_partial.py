"""Misbehaviour of which a board sees the half only when it compares the half: one part altered, the rest as it is due.

A board may compare the first bytes of a code, the last block, or a sum of all bytes. Each case alters one byte in
another place, so that whatever part is compared, one case leaves that part right; the last of each kind exchanges two
bytes, so that every sum and parity stays.

Source: device-protocol.md a.4, b.3, b.6, c.1, h.3; RFC 5246 6.2.3, 7.4.9.
"""

import base64
import binascii
from collections.abc import Callable
from dataclasses import replace

from harness.itls.extensions import Ext, Extension
from harness.itls.messages import ServerHello
from harness.itls.misbehaviour_case import (
    BAD_FINISHED,
    BAD_RECORD,
    BAD_SERVER_HELLO,
    REFUSES,
    REFUSES_DATA,
    REFUSES_FINISHED,
    Misbehaviour,
    Strikes,
)
from harness.itls.records import ContentType
from harness.itls.server import ServerHooks
from harness.itls.suites import BLOCK_SIZE
from harness.severity import Severity

CODE_PARTS = 6
"""Bytes of a server code's signature that are altered: two in each block of 16, or one in each block of 8."""

FINISHED_PARTS = 5
MAC_PARTS = 5
_LONG_PADDING = 15 * BLOCK_SIZE
_LANE = 4
_SEPARATOR = "~"

Change = Callable[[bytes], bytes]


def altered(part: int, parts: int) -> Change:
    """Return what flips one bit of one byte: `part` 0 is the first, `parts` - 1 the last, the others lie between."""

    def change(data: bytes) -> bytes:
        at = (len(data) - 1) * part // (parts - 1)
        return data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :]

    return change


def exchanged(data: bytes) -> bytes:
    """Exchange two bytes that differ, four apart, so that sums and parities of bytes and words stay."""
    for distance in (_LANE, 1):
        for at in range(len(data) - distance):
            if data[at] != data[at + distance]:
                middle = data[at + 1 : at + distance]
                return (
                    data[:at]
                    + data[at + distance : at + distance + 1]
                    + middle
                    + data[at : at + 1]
                    + data[at + distance + 1 :]
                )
    return altered(0, 2)(data)


class _Code(ServerHooks):
    """Changes the server code as text."""

    def __init__(self, change: Callable[[str], str]) -> None:
        self._change = change

    def server_hello(self, hello: ServerHello) -> ServerHello:
        return replace(
            hello,
            extensions=tuple(
                Extension(one.number, self._change(one.data.decode("latin-1")).encode("latin-1"))
                if one.number == Ext.AUTH_CODE
                else one
                for one in hello.extensions
            ),
        )


def _signature(change: Change) -> Callable[[str], str]:
    def changed(code: str) -> str:
        head, mark, sign = code.rpartition(_SEPARATOR)
        try:
            return head + mark + base64.b64encode(change(base64.b64decode(sign, validate=True))).decode()
        except binascii.Error:
            return code + "?"  # the authority of a test may give any text as code

    return changed


def _field(index: int, change: Callable[[str], str]) -> Callable[[str], str]:
    def changed(code: str) -> str:
        fields = code.split(_SEPARATOR)
        fields[index] = change(fields[index])
        return _SEPARATOR.join(fields)

    return changed


def _other_digit(text: str) -> str:
    return text[:-1] + ("0" if text[-1:] != "0" else "1")


class _Finished(ServerHooks):
    def __init__(self, change: Change) -> None:
        self._change = change

    def finished(self, verify_data: bytes) -> bytes:
        return self._change(verify_data)


class _Tail(ServerHooks):
    """Changes MAC and padding of the first record of a kind under keys."""

    def __init__(self, kind: ContentType, change: Callable[[bytes, bytes], bytes]) -> None:
        self._kind = kind
        self._change = change
        self._done = False

    def tail(self, kind: ContentType, mac: bytes, padding: bytes) -> bytes:
        if self._done or kind is not self._kind:
            return mac + padding
        self._done = True
        return self._change(mac, padding)


def _mac(change: Change) -> Callable[[bytes, bytes], bytes]:
    return lambda mac, padding: change(mac) + padding


def _padding(change: Change) -> Callable[[bytes, bytes], bytes]:
    """Lengthen the padding, which may have up to 255 bytes, and alter it; the MAC is right."""

    def changed(mac: bytes, padding: bytes) -> bytes:
        count = len(padding) + _LONG_PADDING - BLOCK_SIZE
        return mac + change(bytes((count - 1,)) * count)

    return changed


def _padding_too_long(mac: bytes, padding: bytes) -> bytes:
    return mac + b"\xff" * len(padding)


class _SealedWrongly(ServerHooks):
    """Puts wrong padding behind the pre-master secret before it is encrypted."""

    # ECB: what is encrypted with one more block is the wanted ciphertext, and a block of padding that is left out.

    def __init__(self, padding: Callable[[int], bytes]) -> None:
        self._padding = padding

    def sealed(self, premaster: bytes, seal: Callable[[bytes], bytes]) -> bytes:
        block = len(seal(b"?"))
        return seal(premaster + self._padding(block))[:-block]


def _of_code(name: str, summary: str, change: Callable[[str], str]) -> Misbehaviour:
    return Misbehaviour(
        name,
        summary,
        REFUSES,
        Severity.CRITICAL,
        lambda: _Code(change),
        Strikes.SERVER_HELLO,
        must_not_establish=True,
        expected_alerts=BAD_SERVER_HELLO,
    )


def _of_finished(name: str, summary: str, hooks: Callable[[], ServerHooks]) -> Misbehaviour:
    return Misbehaviour(
        name,
        summary,
        REFUSES_FINISHED,
        Severity.CRITICAL,
        hooks,
        Strikes.FINISHED,
        must_not_establish=True,
        expected_alerts=BAD_FINISHED,
    )


def _of_data(name: str, summary: str, change: Callable[[bytes, bytes], bytes]) -> Misbehaviour:
    return Misbehaviour(
        name,
        summary,
        REFUSES_DATA,
        Severity.CRITICAL,
        lambda: _Tail(ContentType.APPLICATION_DATA, change),
        Strikes.DATA,
        must_not_establish=False,
        expected_alerts=BAD_RECORD,
    )


def _finished_tail(change: Callable[[bytes, bytes], bytes]) -> Callable[[], ServerHooks]:
    return lambda: _Tail(ContentType.HANDSHAKE, change)


def _of_premaster(name: str, summary: str, padding: Callable[[int], bytes]) -> Misbehaviour:
    return Misbehaviour(
        name,
        summary,
        REFUSES,
        Severity.MAJOR,
        lambda: _SealedWrongly(padding),
        Strikes.SERVER_HELLO,
        must_not_establish=True,
        expected_alerts=BAD_SERVER_HELLO,
    )


SERVER_CODES = (
    *(
        _of_code(
            f"server-code-part-{part}",
            f"One bit of the server code's signature is wrong, {part} fifths into it.",
            _signature(altered(part, CODE_PARTS)),
        )
        for part in range(CODE_PARTS)
    ),
    _of_code(
        "server-code-exchanged",
        "Two bytes of the server code's signature have changed places.",
        _signature(exchanged),
    ),
    _of_code(
        "server-code-type-0",
        "The server code says that it is of type 0, a device's; server codes are of type 10 or 11.",
        _field(0, lambda _: "0"),
    ),
    _of_code(
        "server-code-type-12",
        "The server code says that it is of type 12; server codes are of type 10 or 11.",
        _field(0, lambda _: "12"),
    ),
    _of_code(
        "server-code-other-devrand",
        "The server code names another device random than it is signed over.",
        _field(2, _other_digit),
    ),
)
"""Server codes of which a part is right."""

FINISHED = (
    *(
        _of_finished(
            f"finished-part-{part}",
            f"One bit of the server's Finished is wrong, {part} quarters into it.",
            lambda part=part: _Finished(altered(part, FINISHED_PARTS)),  # type: ignore[misc]
        )
        for part in range(FINISHED_PARTS)
    ),
    _of_finished(
        "finished-exchanged",
        "Two bytes of the server's Finished have changed places.",
        lambda: _Finished(exchanged),
    ),
    *(
        _of_finished(
            f"finished-mac-part-{part}",
            f"One bit of the MAC of the record with the server's Finished is wrong, {part} quarters into it.",
            _finished_tail(_mac(altered(part, MAC_PARTS))),
        )
        for part in range(MAC_PARTS)
    ),
    _of_finished(
        "finished-mac-exchanged",
        "Two bytes of the MAC of the record with the server's Finished have changed places.",
        _finished_tail(_mac(exchanged)),
    ),
    *(
        _of_finished(
            f"finished-padding-{place}",
            f"The padding of the record with the server's Finished is wrong: {what}. Its MAC is right.",
            _finished_tail(_padding(change)),
        )
        for place, what, change in (
            ("first", "its first byte differs from the others", altered(0, 2)),
            ("middle", "a byte in the middle differs from the others", altered(1, 3)),
            (
                "zero",
                "all bytes but the last are zero",
                lambda padding: bytes(len(padding) - 1) + padding[-1:],
            ),
        )
    ),
    _of_finished(
        "finished-padding-too-long",
        "The padding of the record with the server's Finished says that it is longer than the record.",
        _finished_tail(_padding_too_long),
    ),
)
"""What is wrong with a part of the server's Finished, of its MAC, or with its padding."""

RECORDS = (
    *(
        _of_data(
            f"record-mac-part-{part}",
            f"One bit of the MAC of the first record with application data is wrong, {part} quarters into it.",
            _mac(altered(part, MAC_PARTS)),
        )
        for part in (0, 2, 4)
    ),
    _of_data(
        "record-padding",
        "The padding of the first record with application data is wrong: its first byte differs. Its MAC is right.",
        _padding(altered(0, 2)),
    ),
)
"""The same for the first application data."""

PREMASTERS = (
    _of_premaster(
        "premaster-padding-mixed",
        "The padding of the pre-master secret has a wrong first byte.",
        lambda block: bytes((block ^ 1,)) + bytes((block,)) * (block - 1),
    ),
    _of_premaster(
        "premaster-padding-zeros",
        "Of the padding of the pre-master secret only the last byte is right, the others are zero.",
        lambda block: bytes(block - 1) + bytes((block,)),
    ),
    _of_premaster(
        "premaster-padding-too-long",
        "The padding of the pre-master secret says that it is longer than a block.",
        lambda block: bytes((block + 1,)) * block,
    ),
    _of_premaster(
        "premaster-padding-00",
        "The padding of the pre-master secret is a block of zeros; what SDK 3.1.0 makes of it has 64 bytes, not 48.",
        bytes,
    ),
)
"""Pre-master secrets of the right length whose padding is wrong."""

PARTIAL = (*SERVER_CODES, *FINISHED, *RECORDS, *PREMASTERS)
"""All of them."""
