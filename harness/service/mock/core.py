"""The mock without its HTTP server: parameters in, answer out, one transaction a call."""

import logging
import sqlite3
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from harness.id2.codes import ServiceCode
from harness.service.mock import calls, envelope, gateway, operations
from harness.service.mock.calls import CallRecord
from harness.service.mock.clock import Clock
from harness.service.mock.envelope import Reply
from harness.service.mock.gateway import Stopped
from harness.service.mock.request import Data, Refused, Request
from harness.service.mock.settings import Settings
from harness.service.mock.store import Store

_LOG = logging.getLogger(__name__)
_SUCCESS = 200


@dataclass(frozen=True, slots=True)
class Core:
    """Store, clock and choices of one mock service."""

    store: Store
    clock: Clock
    settings: Settings

    def handle(self, method: str, parameters: Mapping[str, str]) -> Reply:
        """Answer one call.

        The nonce, the operation's effects and the line in the call log are one transaction: what was answered
        is stored, and what was stored was answered or the connection broke.

        Args:
            method: `GET` or `POST`, as signed.
            parameters: Query and form together, decoded.
        """
        form = "JSON" if parameters.get("Format", "").upper() == "JSON" else "XML"
        request_id = str(uuid.uuid4()).upper()
        now_ms = self.clock.now_ms()
        try:
            with self.store.transaction() as db:
                reply, code = self._decide(
                    db, method, parameters, form=form, request_id=request_id, now_ms=now_ms
                )
                calls.write(
                    db,
                    CallRecord(
                        at_ms=now_ms,
                        request_id=request_id,
                        method=method,
                        operation=parameters.get("Action", "")[:64],
                        access_key_id=parameters.get("AccessKeyId", "")[:64],
                        status=reply.status,
                        code=code,
                        parameters=calls.loggable(parameters),
                    ),
                )
        except sqlite3.OperationalError as error:
            # Another process holds the store, or the disk is full; nothing of this call was kept.
            busy = "locked" in str(error)
            _LOG.warning("the store refuses a call: %s", error)
            return self._answer(
                parameters["Action"], form, request_id, ServiceCode.BUSY if busy else ServiceCode.SYSTEM, None
            )
        except Exception:  # noqa: BLE001 - a defect of the mock is an answer with status 500, as the cloud's would be
            _LOG.exception("a call failed inside the mock")
            message = "The request processing has failed due to some unknown error."
            return self.refusal(Stopped(500, "InternalError", message), form=form, request_id=request_id)
        return reply

    def refusal(self, stopped: Stopped, *, form: str = "XML", request_id: str = "") -> Reply:
        """Render a refusal of the gateway."""
        return envelope.gateway_error(
            form,
            request_id or str(uuid.uuid4()).upper(),
            status=stopped.status,
            code=stopped.code,
            message=stopped.message,
            host_id=self.settings.host_id,
        )

    def _decide(
        self,
        db: sqlite3.Connection,
        method: str,
        parameters: Mapping[str, str],
        *,
        form: str,
        request_id: str,
        now_ms: int,
    ) -> tuple[Reply, str]:
        """Return the answer and its code as the call log keeps it."""
        try:
            gateway.check_form(parameters)
            policy = gateway.authenticate(db, method, parameters, now_ms, self.settings)
        except Stopped as stopped:
            return self.refusal(stopped, form=form, request_id=request_id), stopped.code
        operation = parameters["Action"]
        data: Data | None = None
        code = _SUCCESS if operation in self.settings.rights[policy] else ServiceCode.RAM_RIGHT.value
        if code == _SUCCESS:
            try:
                data = operations.run(Request(db, operation, parameters, now_ms, self.settings))
            except Refused as refused:
                code = refused.code
        return self._answer(operation, form, request_id, code, data), str(code)

    def _answer(self, operation: str, form: str, request_id: str, code: int, data: Data | None) -> Reply:
        return envelope.answer(
            form, operation, request_id, int(code), data, native=self.settings.native_types
        )
