"""A wire that sends no authentication which the ledger has not counted."""

from collections.abc import Mapping

from harness.errors import BenchError, UsageError
from harness.service import answers
from harness.service.answers import MalformedAnswerError
from harness.service.errors import ServiceUnavailable
from harness.service.real.ledger import Ledger
from harness.service.wire import Wire, WrappedWire

AUTHENTICATIONS = frozenset({"Verify", "VerifyAndEncrypt", "GetServerAuthCodeAndEncryptData", "Activate"})
"""Operations that are counted. The documentation rations "authentications", which are the operations that judge an
auth code; a challenge by itself is none. Whether the cloud counts refused ones is not known, so they are counted."""

_SUCCESS = 200


class RationedWire(WrappedWire):
    """Counts every authentication in the ledger before it is sent; refuses what is over the ration."""

    def __init__(self, wire: Wire, ledger: Ledger) -> None:
        """Wrap `wire`, which is closed along with this one; the ledger is not."""
        super().__init__(wire)
        self._ledger = ledger

    def call(self, operation: str, parameters: Mapping[str, str]) -> tuple[int, bytes]:
        """Count and send one call.

        Raises:
            RationSpent: The device has had its authentications of today; nothing was sent.
            BenchError: The ledger cannot be used; nothing was sent.
            ServiceUnavailable: As the wire. When the call never left this machine, it is not counted.
            UsageError: As the wire, before anything was sent; it is not counted.
            MalformedAnswerError: As the wire.
        """
        if operation not in AUTHENTICATIONS:
            return self._wire.call(operation, parameters)
        id2 = parameters.get("Id2", "")
        entry = self._ledger.take(id2, operation)
        try:
            status, body = self._wire.call(operation, parameters)
        except (ServiceUnavailable, UsageError) as error:
            if isinstance(error, UsageError) or not error.sent:
                self._ledger.give_back(entry)
            raise
        if _succeeded(status, body):
            try:
                self._ledger.remember_activated(id2, parameters.get("ProductKey", ""))
            except BenchError:
                # The answer counts for more; without the note the next run asks for --destructive once more.
                return status, body
        return status, body


def _succeeded(status: int, body: bytes) -> bool:
    if status != _SUCCESS:
        return False
    try:
        return answers.parse_envelope(body).code == _SUCCESS
    except MalformedAnswerError:
        return False
