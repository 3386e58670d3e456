"""The authority of the gateway: admits devices by the mock service's store and its judge of auth codes.

Each call is one transaction, like a call of the OpenAPI, and leaves a line in the mock's call log. Order of checks:
ProductKey (171, 172), too many at once (173), device (162), state (162, 164, 168, 169, 161 when it expired), binding
(170), key type (178), activation (164), form of the code (163, 177, 176), its challenge (166), freshness (165, 166,
163), signature (163), daily limit (173), licence (161). Provisioning has those of `OtpGetId2`.

Source: device-protocol.md h.3, h.4; service.md 3, 4.4, 5.2, 6.5.
"""

import base64
import re
import sqlite3
from collections.abc import Callable, Mapping
from typing import TypeVar

from harness.gateway.authority_alerts import ALERTS, PROVISIONING_ALERTS
from harness.gateway.settings import GatewaySettings
from harness.id2 import ciphers, codetext, otp, servercode
from harness.id2.codes import ItlsAlert, ServiceCode
from harness.id2.errors import Id2Error
from harness.id2.keys import KeyType
from harness.itls.errors import ItlsError
from harness.itls.extensions import CHALLENGE_SIZE
from harness.itls.messages import ClientHello
from harness.itls.server import Admission
from harness.service.mock import provisioning
from harness.service.mock.acceptance import accept, require_own, require_usable
from harness.service.mock.core import Core, new_request_id
from harness.service.mock.gateway import Throttle
from harness.service.mock.judge import judge
from harness.service.mock.request import GatewayRefused, Refused, Request
from harness.service.mock.store import calls, devices, housekeeping, onetime, products
from harness.service.mock.store.access import MAIN_ACCOUNT
from harness.service.mock.store.calls import CallRecord
from harness.service.mock.store.devices import Device, DeviceState
from harness.service.mock.store.products import Product

_PRODUCT_KEY = re.compile(r"[A-Za-z0-9]{11}")
_SUCCESS = "200"
_HTTP_OK = 200
_METHOD = "ITLS"
_Result = TypeVar("_Result")


class StoreAuthority:
    """Judge devices by the store of a mock service. Each method refuses with an `ItlsError` that holds the alert."""

    def __init__(self, core: Core, settings: GatewaySettings) -> None:
        self._core = core
        self._settings = settings
        self._throttle = Throttle()

    def challenge(self, hello: ClientHello) -> str:
        """Issue a challenge of 32 characters, bound to the device of the hello.

        Raises:
            ItlsError: 171, 172, 173; 162; by the setting `random_checks_state`, what the state gives.
        """

        def issue(request: Request, product: Product) -> str:
            self._not_too_many(request, product)
            device = _device(request, hello)
            if request.settings.random_checks_state:
                require_usable(request, device)
            return onetime.issue_challenge(request.db, device.id2, request.now_ms, request.random)

        return self._call("itls:challenge", hello, {}, issue)

    def provision(self, hello: ClientHello) -> bytes:
        """Hand out an ID² as `OtpGetId2` does, for the product that the hello names.

        Raises:
            ItlsError: 171, 172, 173; 160 for a code that is not of this product's secret; 161, 167, 174, 175, 178.
        """

        def hand_out(request: Request, product: Product) -> bytes:
            self._not_too_many(request, product)
            _require_secret_of(request, product, hello)
            data = provisioning.otp_get_id2(request)
            assert isinstance(data, Mapping), "the operation answers with a structure"
            return base64.b64decode(str(data["ProvisionData"]))

        code = {"DeviceAuthCode": hello.auth_code.hex()}
        return self._call("itls:provision", hello, code, hand_out, PROVISIONING_ALERTS)

    def admit(self, hello: ClientHello, challenge: str | None) -> Admission:
        """Judge the auth code of a hello; the first success activates the device and binds it.

        Args:
            hello: The hello with the code.
            challenge: What this connection was given, None when nothing was. A timestamp code needs none.

        Raises:
            ItlsError: See the top of this file.
        """

        def let_in(request: Request, product: Product) -> Admission:
            device = _device(request, hello)
            require_usable(request, device)
            _require_fit(request, product, device)
            if device.activated_ms is None and not self._settings.activates:
                raise Refused(ServiceCode.NOT_ACTIVATED)
            _require_form(hello, device, challenge)
            judged = judge(request, device, request["AuthCode"], "")
            server_code = servercode.build(device.key, device.id2, hello.random.hex().upper())
            accept(request, product, device, judged)
            return Admission(server_code.text, lambda data: ciphers.encrypt(device.key, data))

        return self._call("itls:admit", hello, {"AuthCode": hello.auth_code.decode("latin-1")}, let_in)

    def _not_too_many(self, request: Request, product: Product) -> None:
        limit = self._settings.handshakes_per_second
        if limit is None:
            return
        try:
            self._throttle.check(product.product_key, limit, request.now_ms)
        except GatewayRefused:
            raise Refused(ServiceCode.BUSY) from None

    def _call(
        self,
        operation: str,
        hello: ClientHello,
        parameters: Mapping[str, str],
        work: Callable[[Request, Product], _Result],
        alerts: Mapping[ServiceCode, ItlsAlert] = ALERTS,
    ) -> _Result:
        """Do the work of a call in one transaction, and write its line in the call log also when it is refused."""
        core = self._core
        given = {"ProductKey": hello.product_key or "", "Id2": hello.id2 or "", **parameters}
        if self._settings.region is not None:
            given["RegionId"] = self._settings.region
        try:
            with core.store.transaction() as db:
                product = _product(db, hello)
                account = MAIN_ACCOUNT if product is None else product.account
                request = Request(
                    db, operation, given, core.clock.now_ms(), core.settings, account, core.random
                )
                outcome = _outcome(request, hello, product, work, alerts)
                note_call(core, db, operation, given, outcome if isinstance(outcome, ItlsError) else None)
        except sqlite3.OperationalError as error:
            raise _unwilling(error) from None
        if isinstance(outcome, ItlsError):
            raise outcome
        return outcome


def note_call(
    core: Core,
    db: sqlite3.Connection,
    operation: str,
    parameters: Mapping[str, str],
    refusal: ItlsError | str | None,
) -> None:
    """Write a line in the mock's call log, inside the transaction of the call.

    Args:
        core: The mock.
        db: The open transaction.
        operation: Name that the log shows: `itls:…`, `mqtt:…`.
        parameters: What was asked.
        refusal: How it was refused; None when it was not.
    """
    code = _SUCCESS if refusal is None else refusal if isinstance(refusal, str) else f"alert {refusal.code}"
    record = CallRecord(
        at_ms=core.clock.now_ms(),
        request_id=new_request_id(),
        method=_METHOD,
        operation=operation,
        access_key_id="",
        status=_HTTP_OK,
        code=code,
        parameters=calls.loggable(parameters),
    )
    housekeeping.after_call(db, calls.write(db, record), core.clock.floor_ms(), core.settings)


def _outcome(
    request: Request,
    hello: ClientHello,
    product: Product | None,
    work: Callable[[Request, Product], _Result],
    alerts: Mapping[ServiceCode, ItlsAlert],
) -> _Result | ItlsError:
    """Return what the work gives, or the refusal: raised inside the transaction it would undo the log line."""
    try:
        return work(request, _usable(request, hello, product))
    except ItlsError as error:
        return error
    except Refused as refused:
        code = _known(refused.code)
        alert = ItlsAlert.GENERIC if code is None else alerts[code]
        why = f"code {refused.code}" if code is None else f"code {refused.code}, {code.meaning}"
        return ItlsError(f"the service refuses: {why}", alert)


def _known(code: int) -> ServiceCode | None:
    return next((member for member in ServiceCode if member.value == code), None)


def _product(db: sqlite3.Connection, hello: ClientHello) -> Product | None:
    return products.find(db, hello.product_key or "")


def _usable(request: Request, hello: ClientHello, product: Product | None) -> Product:
    if not _PRODUCT_KEY.fullmatch(hello.product_key or ""):
        raise ItlsError(
            "the ProductKey has not the form of one: 11 letters and digits", ItlsAlert.PRODUCT_KEY
        )
    if product is None:
        raise ItlsError(f"there is no product {hello.product_key}", ItlsAlert.NO_PRODUCT)
    try:
        return require_own(request, product)
    except Refused:  # not in provisioning either does this speak of the ProductSecret
        raise ItlsError(f"product {hello.product_key} is in another region", ItlsAlert.NO_PRODUCT) from None


def _device(request: Request, hello: ClientHello) -> Device:
    device = devices.find(request.db, hello.id2 or "")
    if device is None or device.state is DeviceState.UNKNOWN:
        raise Refused(ServiceCode.NO_ID)
    return device


def _require_fit(request: Request, product: Product, device: Device) -> None:
    if device.product_key not in (None, product.product_key):
        raise Refused(ServiceCode.BOUND_ELSEWHERE)
    kind = device.key.key_type
    if not kind.symmetric or kind is KeyType.SM1_128:
        raise ItlsError(f"iTLS needs a key that encrypts, and {kind} does not here", ItlsAlert.KEY_TYPE)
    if request.settings.key_type_must_match and kind is not product.algorithm:
        raise Refused(ServiceCode.CRYPTO)


def _require_form(hello: ClientHello, device: Device, challenge: str | None) -> None:
    """Check what can be seen of a code without its key, each part with the alert that names it."""
    code, problems = codetext.read(hello.auth_code.decode("latin-1"))
    if code is None:
        wrong = {problem.field for problem in problems}
        named = {frozenset({"hash"}): ItlsAlert.HASH_TYPE, frozenset({"random"}): ItlsAlert.SERVER_RANDOM}
        alert = named.get(frozenset(wrong), ItlsAlert.AUTH_CODE)
        raise ItlsError(f"the auth code cannot be read: {problems[0]}", alert)
    if code.type.from_server:
        raise ItlsError("the auth code is of a server's type", ItlsAlert.AUTH_CODE)
    if code.hash is not device.key.key_type.hash:
        raise ItlsError(
            f"the auth code was made with {code.hash.name}; a key of type {device.key.key_type} goes with"
            f" {device.key.key_type.hash.name}",
            ItlsAlert.HASH_TYPE,
        )
    if code.type.timestamp:
        return
    if len(code.random) != CHALLENGE_SIZE:
        raise ItlsError(
            f"the auth code answers a challenge of {len(code.random)} characters; it has {CHALLENGE_SIZE}",
            ItlsAlert.SERVER_RANDOM,
        )
    if code.random != challenge:
        raise ItlsError("the auth code answers another challenge than this connection's", ItlsAlert.CHALLENGE)


def _require_secret_of(request: Request, product: Product, hello: ClientHello) -> None:
    """Check that the code of a device without an ID² was made with the secret of the product that it names."""
    try:
        code = otp.parse_device_code(hello.auth_code)
    except Id2Error as error:
        raise ItlsError(str(error), ItlsAlert.GENERIC) from None
    owner = products.find_by_provision_id(request.db, code.provisioning_id)
    if owner is None or owner.product_key != product.product_key:
        raise ItlsError(
            f"the code was not made with the ProductSecret of {product.product_key}", ItlsAlert.GENERIC
        )


def _unwilling(error: sqlite3.OperationalError) -> ItlsError:
    # Another process holds the store, or the disk is full; nothing of this call was kept.
    if "locked" in str(error):
        return ItlsError("another process holds the service's store", ItlsAlert.BUSY)
    return ItlsError(f"the service's store cannot be written: {error}", ItlsAlert.GENERIC)
