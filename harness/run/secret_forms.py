"""The forms in which a secret may stand in what a device, a program or a service says.

Beside the bytes themselves: hexadecimal with any separators, base64 (also URL-safe, and inside of something longer),
percent-encoded, reversed, as UTF-16, escaped as in JSON. A secret that is itself hexadecimal text or PEM is looked for
as the bytes that it stands for, too.
"""

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cached_property
from urllib.parse import quote_from_bytes

SHORTEST = 6
"""Bytes below which a secret is not looked for: it would blot out ordinary words."""

_BETWEEN = rb"(?:[\s:,;._|-]{0,8}(?:0x|\\x|%)?)"
_SEPARATORS = b" \t\r\n\v\f:,;._|%-"
_PEM_LINE = re.compile(r"^[A-Za-z0-9+/=]{16,}$", re.MULTILINE)


def plain_forms(value: bytes) -> list[bytes]:
    """Return the byte strings to look for, the longest first; hexadecimal with separators is `Hexadecimal`'s part."""
    found: dict[bytes, None] = {}
    for content in contents(value):
        found.update(dict.fromkeys(_forms(content)))
    found.update(dict.fromkeys(_lines_of_pem(value)))
    return sorted((form for form in found if len(form) >= SHORTEST), key=len, reverse=True)


def contents(value: bytes) -> list[bytes]:
    """Return the byte strings that a secret stands for: itself, and what it is the hexadecimal or PEM form of."""
    found = [value]
    text = value.decode("ascii", errors="replace").strip()
    with suppress(ValueError):
        if len(text) >= 2 * SHORTEST:
            found.append(bytes.fromhex(text))
    if text.startswith("-----BEGIN "):
        with suppress(binascii.Error, ValueError):
            body = "".join(_PEM_LINE.findall(text))
            found.append(base64.b64decode(body, validate=True))
    return [*found, *(content[::-1] for content in found)]


class Hexadecimal:
    """Finds a byte string as hexadecimal digits of either case, with spaces, colons, `0x` and the like between them."""

    def __init__(self, content: bytes) -> None:
        self._digits = content.hex().encode()
        self._content = content

    @cached_property
    def _pattern(self) -> re.Pattern[bytes]:
        return re.compile(_BETWEEN.join(b"%02x" % byte for byte in self._content), re.IGNORECASE)

    def hide(self, data: bytes, squeezed: bytes, stars: Callable[[int], bytes]) -> bytes:
        """Return the data with stars for each place.

        Args:
            data: Where to look.
            squeezed: What `squeeze` makes of it.
            stars: Gives what to write for so many bytes.
        """
        if self._digits not in squeezed:
            return data
        return self._pattern.sub(lambda hit: stars(len(hit[0])), data)


def squeeze(data: bytes) -> bytes:
    """Return data in lower case without what may stand between hexadecimal digits."""
    return data.lower().replace(b"\\x", b"").replace(b"0x", b"").translate(None, _SEPARATORS)


def _forms(content: bytes) -> Iterator[bytes]:
    yield content
    yield content.hex().encode()
    yield content.hex().upper().encode()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield encode(content)
        for offset in range(3):
            # Only the characters that no neighbour has a part in.
            whole = encode(bytes(offset) + content)
            yield whole[-(-8 * offset // 6) : 8 * (offset + len(content)) // 6]
    yield content.decode("latin-1").encode()  # its bytes, read as characters
    quoted = quote_from_bytes(content, safe="")
    yield quoted.encode()
    yield re.sub("%[0-9A-F]{2}", lambda hit: hit[0].lower(), quoted).encode()
    with suppress(UnicodeDecodeError):
        text = content.decode()
        yield text.encode("utf-16-le")
        yield text.encode("utf-16-be")
        yield json.dumps(text)[1:-1].encode()
        yield json.dumps(text, ensure_ascii=False)[1:-1].encode()
        yield "".join(f"\\u{ord(character):04x}" for character in text).encode()


def _lines_of_pem(value: bytes) -> list[bytes]:
    text = value.decode("ascii", errors="replace")
    return [line.encode() for line in _PEM_LINE.findall(text)] if "-----BEGIN " in text else []
