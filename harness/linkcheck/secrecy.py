"""What must not be readable from outside a session, and whether it is."""

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from harness.gateway.session_record import SessionRecord

_SHORTEST = 6
"""Bytes of the shortest text that is worth looking for: anything shorter is found by chance."""


def forms(value: bytes) -> tuple[bytes, ...]:
    """Return the ways in which a value may be written: raw, hex in either case, base64."""
    written = value.hex()
    return (value, written.encode(), written.upper().encode(), base64.b64encode(value).rstrip(b"="))


def shown_in(stream: bytes, secrets: Mapping[str, bytes]) -> list[str]:
    """Return the names of the values that stand in a stream in any of their forms; never the values."""
    return [
        name
        for name, value in secrets.items()
        if len(value) >= _SHORTEST and any(form in stream for form in forms(value))
    ]


def spaced_hex_shown_in(text: bytes, secrets: Mapping[str, bytes]) -> list[str]:
    """Return the names of the values that stand in printed text, hex dumps with blanks, commas or 0x included."""
    dense = re.sub(rb"0[xX]|[\s,:]", b"", text).lower()
    dumped = [
        name for name, value in secrets.items() if len(value) >= _SHORTEST and value.hex().encode() in dense
    ]
    return list(dict.fromkeys([*shown_in(text, secrets), *dumped]))


@dataclass(frozen=True, slots=True)
class Overheard:
    """What an eavesdropper and a reader of the console could have, and what must not be in it.

    Attributes:
        wire: The streams of all connections of the run.
        printed: What the console has printed since the run began; None when there is none.
        keys: Secrets by what they are.
        contents: What was said inside the sessions.
    """

    wire: bytes = field(repr=False)
    printed: bytes | None = field(repr=False)
    keys: Mapping[str, bytes] = field(repr=False)
    contents: Mapping[str, bytes] = field(repr=False)

    def on_the_wire(self) -> list[str]:
        """Return the names of the secrets and contents that stand in clear in the streams."""
        return shown_in(self.wire, {**self.keys, **self.contents})

    def on_the_console(self) -> list[str]:
        """Return the names of the secrets that stand on the console; contents may."""
        return spaced_hex_shown_in(self.printed or b"", self.keys)


def streams_of(records: Iterable[SessionRecord]) -> bytes:
    """Return the bytes of all sessions as they went over the wire, both ways."""
    return b"\n".join(stream for record in records for stream in (record.wire_in, record.wire_out))


def session_secrets(records: Iterable[SessionRecord]) -> dict[str, bytes]:
    """Return the keys of all sessions by name."""
    found: dict[str, bytes] = {}
    for record in records:
        if record.keys is not None:
            keys, number = record.keys, record.number
            found |= {
                f"master secret of session {number}": keys.master.reveal(),
                f"client key of session {number}": keys.client.cipher.reveal(),
                f"client MAC key of session {number}": keys.client.mac.reveal(),
                f"server key of session {number}": keys.server.cipher.reveal(),
                f"server MAC key of session {number}": keys.server.mac.reveal(),
            }
    return found
