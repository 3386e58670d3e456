"""The PIN of the standard chip: verify, update, unblock, with counters that outlive sessions.

Choices where the published facts leave room: a PIN has 4 to 16 bytes; update takes the new PIN, after a
verification in the same session; unblock takes the 8 bytes of the unblock code and the new PIN. Class 84
calls for secure messaging, which is not modelled: the data is taken as it is.

Source: device-protocol.md e.2 (63Cx, 6983).
"""

import hmac

from harness.simulator.chip.hooks import ChipHooks
from harness.simulator.chip.model import Refuse
from harness.simulator.chip.status import Sw

TRIES = 3
_SIZES = range(4, 17)


class PinUnit:
    """The PIN of one chip."""

    def __init__(self, pin: bytes, unblock_code: bytes, hooks: ChipHooks) -> None:
        self._hooks = hooks
        self._pin = pin
        self._unblock_code = unblock_code
        self._pin_tries = TRIES
        self._unblock_tries = TRIES

    def require_state(self, *, verified: bool) -> None:
        """Answer the question without a PIN: nothing to do, or how many tries are left."""
        if not self._pin_tries:
            raise Refuse(Sw.LOCKED)
        if not verified:
            raise Refuse(Sw.PIN_TRIES | self._pin_tries)

    def verify(self, pin: bytes) -> None:
        """Compare a PIN; a wrong one costs a try."""
        if not self._pin_tries:
            raise Refuse(Sw.LOCKED)
        if len(pin) not in _SIZES:
            raise Refuse(Sw.LENGTH)
        if not self._hooks.pin_matches(pin, self._pin):
            self._pin_tries = self._hooks.pin_tries(self._pin_tries - 1)
            raise Refuse(Sw.PIN_TRIES | self._pin_tries)
        self._pin_tries = TRIES

    def update(self, pin: bytes) -> None:
        """Replace the PIN."""
        if len(pin) not in _SIZES:
            raise Refuse(Sw.LENGTH)
        self._pin = pin

    def unblock(self, data: bytes) -> None:
        """Set a new PIN and a full counter; a wrong unblock code costs one of its own tries."""
        if not self._unblock_tries:
            raise Refuse(Sw.LOCKED)
        size = len(self._unblock_code)
        code, pin = data[:size], data[size:]
        if len(pin) not in _SIZES:
            raise Refuse(Sw.LENGTH)
        if not hmac.compare_digest(code, self._unblock_code):
            self._unblock_tries -= 1
            raise Refuse(Sw.PIN_TRIES | self._unblock_tries)
        self._pin, self._pin_tries, self._unblock_tries = pin, TRIES, TRIES
