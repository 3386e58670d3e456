"""The places where a fault may reach into a simulated console board; the base class changes nothing."""

from collections.abc import Iterator
from typing import ClassVar

SignedParts = tuple[bytes, bytes, bytes, bytes]
"""ID, device random, challenge or timestamp, extra."""


class ConsoleHooks:
    """What a sound program does at each place; a fault overrides one. One object belongs to one board."""

    demo_carrier: ClassVar[bool] = False  # True: the firmware was built with the demo carrier
    checks_padding: ClassVar[bool] = True
    checks_server_code: ClassVar[bool] = True
    failing_test: ClassVar[str] = ""  # name of the unit test that fails

    def device_random(self, fresh: str) -> str:
        """Return the 16 hex digits of device random for the next code."""
        return fresh

    def signed(self, parts: SignedParts) -> bytes:
        """Return the message that is signed."""
        return b"".join(parts)

    def sign_input(self, padded: bytes, block_size: int) -> bytes:
        """Return what is encrypted to make SIGN."""
        del block_size
        return padded

    def code_type(self, number: int) -> int:
        """Return the TYPE that is printed; 0 and 2 are challenge codes, 1 and 3 timestamp codes."""
        return number

    def hash_number(self, number: int) -> int:
        """Return the HASH that is printed."""
        return number

    def printed_id(self, id_text: str) -> str:
        """Return the ID as it is printed."""
        return id_text

    def code_length(self, length: int) -> int:
        """Return the length that is printed before a code."""
        return length

    def report(self, text: str) -> str:
        """Return the validation report that is printed; `text` is the sound one."""
        return text

    def sent(self, text: Iterator[bytes]) -> Iterator[bytes]:
        """Return what leaves the serial line."""
        return text
