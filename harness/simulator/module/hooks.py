"""The places where a fault may reach into a simulated module; the base class changes nothing."""

from collections.abc import Iterator
from typing import ClassVar

from harness.carrier.module import wire
from harness.carrier.module.wire import ByteOrder
from harness.id2.keys import Key
from harness.simulator.bus.stream import Output


class ModuleHooks:
    """What a sound module does at each place; a fault overrides one. One object belongs to one module."""

    protocols: ClassVar[frozenset[str]] = frozenset(("socket", "at"))  # that show the fault
    pause: ClassVar[float] = 0.0  # seconds before every answer
    challenge_max: ClassVar[int] = 32
    extra_max: ClassVar[int] = 512
    checks_padding: ClassVar[bool] = True
    checks_server_code: ClassVar[bool] = True
    needs_init: ClassVar[bool] = True
    counts_apart: ClassVar[bool] = True  # False: all connections have one count of inits
    serves_at_once: ClassVar[bool] = True  # False: a connection waits until the one before has ended
    answers_unknown: ClassVar[bool] = True

    def code_type(self, number: int) -> int:
        """Return the TYPE of a code; 0 and 2 are challenge codes, 1 and 3 timestamp codes."""
        return number

    def device_random(self, fresh: str) -> str:
        """Return the 16 hex digits of device random for the next code."""
        return fresh

    def told_id(self, id_text: str) -> str:
        """Return the ID that the next get_id gives."""
        return id_text

    def key(self, key: Key) -> Key:
        """Return the key that is used."""
        return key

    def signed_extra(self, extra: bytes) -> bytes:
        """Return what of the extra is signed."""
        return extra

    def message(self, command: int, status: int, body: bytes, order: ByteOrder) -> bytes:
        """Return an answer of the socket protocol."""
        return wire.pack(command, status, body, order)

    def sent(self, message: bytes) -> Iterator[Output]:
        """Yield what leaves the module for one answer of the socket protocol."""
        yield Output(message, self.pause)
