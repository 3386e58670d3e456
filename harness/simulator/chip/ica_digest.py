"""ComputeDigest of the standard chip.

Source: device-protocol.md e.2.
"""

from cryptography.hazmat.primitives import hashes

from harness.simulator.chip.chaining import MAX_BLOCK, require_mark, starts_anew
from harness.simulator.chip.hooks import Check, ChipHooks
from harness.simulator.chip.model import Received, Refuse
from harness.simulator.chip.status import Sw

_LAST = 0x01
_TYPES: dict[int, type[hashes.HashAlgorithm]] = {
    0x00: hashes.SHA1,
    0x01: hashes.SHA224,
    0x02: hashes.SHA256,
    0x03: hashes.SHA384,
    0x04: hashes.SHA512,
    0x05: hashes.SM3,
}


class DigestUnit:
    """The hash part of one session."""

    def __init__(self, hooks: ChipHooks) -> None:
        self._hooks = hooks
        self._context: hashes.Hash | None = None
        self._next_block = 0
        self._pieces: list[bytes] = []

    def reset(self) -> None:
        """Forget a chain that was not finished."""
        self._context = None

    def run(self, received: Received) -> bytes:
        """Take one block; the digest comes with the last one, P2 = 01."""
        context, self._context = self._context, None  # any refusal ends the chain
        require_mark(received, self._hooks)
        anew = starts_anew(received, self._next_block if context else None, self._hooks)
        data = received.data
        if context is None or anew:
            self._require_length(received, 1, 1 + MAX_BLOCK)
            kind = _TYPES.get(data[0] if data else 0)
            if kind is None:
                raise Refuse(Sw.ALGORITHM)
            context, data = hashes.Hash(kind()), data[1:]
            self._next_block = 0
            self._pieces = []
        else:
            self._require_length(received, 0, MAX_BLOCK)
        context.update(data)
        self._pieces.append(data)
        self._next_block = (self._next_block + 1) & 0xFF
        if received.p2 == _LAST:
            return self._hooks.digest(self._pieces, context.finalize())
        self._context = context
        return b""

    def _require_length(self, received: Received, least: int, most: int) -> None:
        if not least <= len(received.data) <= most and Check.LENGTH not in self._hooks.skipped:
            raise Refuse(Sw.LENGTH)
