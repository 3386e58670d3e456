"""The mock without its HTTP server: a request in, an answer out, when all of it is stored."""

import logging
import secrets
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from harness.id2.codes import ServiceCode
from harness.service.mock import gateway
from harness.service.mock.clock import Clock
from harness.service.mock.faults import Fault, FaultKind, Faults, spoil
from harness.service.mock.gateway import Throttle
from harness.service.mock.http import envelope
from harness.service.mock.http.envelope import Reply
from harness.service.mock.http.incoming import Incoming
from harness.service.mock.request import Data, GatewayRefused, Refused, Request
from harness.service.mock.settings import Settings
from harness.service.mock.store import calls, housekeeping
from harness.service.mock.store.calls import CallRecord
from harness.service.mock.store.store import Store

_LOG = logging.getLogger(__name__)
_SUCCESS = 200
_NO_ANSWER = 0
_LOSES_THE_ANSWER = (FaultKind.DROP, FaultKind.HTTP_500, FaultKind.GARBAGE)
_SPOILS = (FaultKind.WRONG_SERVER_CODE, FaultKind.WRONG_CIPHERTEXT)
_PAGE = b"<html><head><title>502</title></head><body>upstream went away</body></html>"


@dataclass(frozen=True, slots=True)
class Core:
    """Store, clock, choices, fault switches and randomness of one mock service."""

    store: Store
    clock: Clock
    settings: Settings
    faults: Faults = field(default_factory=Faults)
    throttle: Throttle = field(default_factory=Throttle)
    random: Callable[[int], bytes] = secrets.token_bytes

    def handle(self, incoming: Incoming, fault: Fault | None = None) -> Reply:
        """Answer one call.

        The nonce, the operation's effects and the line in the call log are one transaction: what was answered
        is stored, and what was stored was answered or the connection broke.

        Args:
            incoming: The request.
            fault: What goes wrong with it on purpose; its latency is the caller's to wait.
        """
        form = incoming.form
        request_id = new_request_id()
        try:
            with self.store.transaction() as db:
                reply = self._kept(db, incoming, fault, request_id)
        except sqlite3.OperationalError as error:
            # Another process holds the store, or the disk is full; nothing of this call was kept.
            busy = "locked" in str(error)
            _LOG.warning("the store refuses a call: %s", error)
            code_now = ServiceCode.BUSY if busy else ServiceCode.SYSTEM
            return self._answer(incoming.operation, form, request_id, code_now, None)
        except Exception:  # noqa: BLE001 - a defect of the mock is an answer with status 500, as the cloud's would be
            _LOG.exception("a call failed inside the mock")
            return self.refusal(_internal_error(), form=form, request_id=request_id)
        return replace(reply, cut=True) if fault is not None and fault.kind is FaultKind.TRUNCATE else reply

    def handle_all(self, together: Sequence[Incoming]) -> list[Reply]:
        """Answer calls that came at once: one transaction for all of them, as each costs writes of the disk.

        Nothing is answered before all are stored. When one of them cannot be, each gets a transaction of its own.
        """
        if len(together) > 1:
            try:
                with self.store.transaction() as db:
                    return [self._kept(db, each, None, new_request_id()) for each in together]
            except Exception as error:  # noqa: BLE001 - whose it is, and what it means, each call's own turn tells
                _LOG.info("calls that came at once are answered one by one: %s", error)
        return [self.handle(each) for each in together]

    def _kept(
        self, db: sqlite3.Connection, incoming: Incoming, fault: Fault | None, request_id: str
    ) -> Reply:
        """Answer one call, and write all of it into the transaction."""
        form = incoming.form
        now_ms = self.clock.now_ms()
        if fault is not None and fault.kind in _LOSES_THE_ANSWER and not fault.after_effect:
            reply, code = self._lost(fault.kind, form, request_id)
        else:
            reply, code = self._decide(db, incoming, fault, request_id=request_id, now_ms=now_ms)
            if fault is not None and fault.kind in _LOSES_THE_ANSWER:
                reply, code = self._lost(fault.kind, form, request_id)
        line = calls.write(
            db,
            CallRecord(
                at_ms=now_ms,
                request_id=request_id,
                method=incoming.method,
                operation=incoming.operation[:64],
                access_key_id=_claimed_key(incoming)[:64],
                status=reply.status,
                code=code,
                parameters=calls.loggable(incoming.parameters, incoming.query),
                fault="" if fault is None else fault.kind.value,
            ),
        )
        housekeeping.after_call(db, line, self.clock.floor_ms(), self.settings)
        return reply

    def refusal(self, refused: GatewayRefused, *, form: str = "XML", request_id: str = "") -> Reply:
        """Render a refusal of the gateway."""
        return envelope.gateway_error(
            form, request_id or new_request_id(), refused, host_id=self.settings.host_id
        )

    def _decide(
        self,
        db: sqlite3.Connection,
        incoming: Incoming,
        fault: Fault | None,
        *,
        request_id: str,
        now_ms: int,
    ) -> tuple[Reply, str]:
        """Return the answer and its code as the call log keeps it."""
        from harness.service.mock import operations  # noqa: PLC0415 - a run has its service before the first call

        form = incoming.form
        try:
            claim = gateway.check_form(incoming)
            caller = gateway.authenticate(db, claim, now_ms, self.settings)
            if self.settings.user_calls_per_second is not None:
                self.throttle.check(caller.key.id, self.settings.user_calls_per_second, now_ms)
        except GatewayRefused as refused:
            return self.refusal(refused, form=form, request_id=request_id), refused.code
        operation = incoming.operation
        data: Data | None = None
        code = _SUCCESS if operation in self.settings.rights[caller.policy] else ServiceCode.RAM_RIGHT.value
        given = fault.code if fault is not None and fault.kind is FaultKind.CODE else None
        if given is not None and (fault is None or not fault.after_effect):
            return self._answer(operation, form, request_id, given, None), str(given)
        if code == _SUCCESS:
            request = Request(
                db, operation, incoming.parameters, now_ms, self.settings, caller.account, self.random
            )
            try:
                data = operations.run(request)
            except Refused as refused:
                code = refused.code
        if given is not None:
            data, code = None, given
        if data is not None and fault is not None and fault.kind in _SPOILS:
            data = spoil(fault.kind, data)
        return self._answer(operation, form, request_id, code, data), str(code)

    def _lost(self, kind: FaultKind, form: str, request_id: str) -> tuple[Reply, str]:
        """Return what comes instead of an answer, and how the call log calls it."""
        if kind is FaultKind.HTTP_500:
            refused = _internal_error()
            return self.refusal(refused, form=form, request_id=request_id), refused.code
        if kind is FaultKind.GARBAGE:
            return Reply(_SUCCESS, "text/html", _PAGE, request_id), kind.value
        return Reply(_NO_ANSWER, "", b"", request_id), kind.value

    def _answer(self, operation: str, form: str, request_id: str, code: int, data: Data | None) -> Reply:
        return envelope.answer(
            form, operation, request_id, int(code), data, native=self.settings.native_types
        )


def new_request_id() -> str:
    """Make up the name of a call: a random UUID (version 4) in upper case."""
    digits = secrets.token_hex(16).upper()
    # With the marks of version and variant; the class UUID takes three times as long.
    variant = "89AB"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def _claimed_key(incoming: Incoming) -> str:
    if not incoming.in_headers:
        return incoming.parameters.get("AccessKeyId", "")
    _, _, rest = incoming.header("authorization").partition("Credential=")
    return rest.partition(",")[0]


def _internal_error() -> GatewayRefused:
    message = "The request processing has failed due to some unknown error."
    return GatewayRefused(500, "InternalError", message)
