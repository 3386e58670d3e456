"""Calls of a module whose values are not written down, for carriers that talk on a transport of their own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from harness.carrier.errors import CarrierError
from harness.probe.secrecy import Secrecy, SecretBytes, WithheldError

_OUTCOME = "how a secret call of the module ended"
_LENGTH = "how long the secret answer of the module is"
_ANSWERED, _REFUSED, _LOST = range(3)


class SecretCalls:
    """Keeps the traffic of single calls out of the recording, and what a replay needs of them.

    Args:
        secrecy: Hides the traffic of the transport.
    """

    def __init__(self, secrecy: Secrecy) -> None:
        self._secrecy = secrecy

    def made(self, operation: str, call: Callable[[], bytes]) -> bytes:
        """Make a call of which no value is written down.

        Args:
            operation: Name of the function without `id2_client_`.
            call: Makes it, and returns what it gives.

        Returns:
            What it gives, as a value that does not show itself; in a replay stars in its place.

        Raises:
            WithheldError: A replay of a call that was neither answered nor refused.
            HarnessError: What the call raises.
        """
        keep = self._secrecy.number
        if self._secrecy.replayed:
            return self._withheld(operation)
        with self._hidden():
            try:
                value = call()
            except CarrierError as error:
                code = error.code or 0
                keep(_OUTCOME, lambda: _REFUSED)
                keep(_OUTCOME, lambda: code)
                raise
            except BaseException:
                keep(_OUTCOME, lambda: _LOST)
                raise
        keep(_OUTCOME, lambda: _ANSWERED)
        keep(_LENGTH, lambda: len(value))
        return SecretBytes(value, keep)

    @contextmanager
    def _hidden(self) -> Iterator[None]:
        self._secrecy.begin()
        try:
            yield
        finally:
            self._secrecy.end()

    def _withheld(self, operation: str) -> bytes:
        keep = self._secrecy.number
        outcome = keep(_OUTCOME, lambda: _LOST)
        if outcome == _REFUSED:
            raise CarrierError(operation, keep(_OUTCOME, lambda: 0))
        if outcome == _LOST:
            raise WithheldError(f"the call {operation}, which ended in an error,")
        return SecretBytes(b"*" * keep(_LENGTH, lambda: 0), keep)
