"""The runtime operations: functions of a request (store, time and settings are in it) to `Data` or a refusal.

Order of checks of the authenticating operations: ApiVersion (37), parameters (500), product (51), device
(18), state (45, 46, 50), binding (12), activation (32), data (36), device challenge (40), server extra (38),
auth code (see `judge`), quota (16). A refusal changes nothing.

Source: service.md 3, 4.2, 4.4, 5.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass, replace

from harness.id2 import ciphers, servercode
from harness.id2.codes import ServiceCode
from harness.id2.errors import Id2Error
from harness.service.mock import devices, onetime, products, provisioning, validity
from harness.service.mock.devices import Device, DeviceState
from harness.service.mock.judge import Judged, judge
from harness.service.mock.products import Product
from harness.service.mock.request import Data, Refused, Request
from harness.service.signature import API_VERSION

_STATE_CODES = {
    DeviceState.UNKNOWN: ServiceCode.NO_ID,
    DeviceState.SUSPENDED: ServiceCode.SUSPENDED,
    DeviceState.DISCARDED: ServiceCode.DISCARDED,
    DeviceState.EXPIRED: ServiceCode.EXPIRED,
}


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation: what it does and which parameters it cannot do without (`ApiVersion` aside)."""

    run: Callable[[Request], Data]
    required: tuple[str, ...]


def run(request: Request) -> Data:
    """Run the operation that the request names.

    Raises:
        Refused: The operation answers with another code than 200.
    """
    if request["ApiVersion"] != API_VERSION:
        raise Refused(ServiceCode.API_VERSION)
    if request.optional("ProductSource") not in ("", "1"):
        raise Refused(ServiceCode.PARAMETER)
    return OPERATIONS[request.operation].run(request)


def get_server_random(request: Request) -> Data:
    """Issue a challenge for a device; a device that was never activated gets one too."""
    device = devices.find(request.db, request["Id2"])
    if device is None or device.state is DeviceState.UNKNOWN:
        raise Refused(ServiceCode.NO_ID)
    if request.settings.random_checks_state:
        _require_usable(request, device)
    return onetime.issue_challenge(request.db, device.id2, request.now_ms)


def verify(request: Request) -> Data:
    """Judge an auth code; the first success under a product activates the device and binds it."""
    product, device = _product_and_device(request)
    judged = judge(request, device, request["AuthCode"], request.optional("Extra"))
    _accept(request, product, device, judged)
    return True


def verify_and_encrypt(request: Request) -> Data:
    """Judge an auth code and encrypt `Data` under the device's key; the ciphertext in Base64."""
    product, device = _product_and_device(request)
    ciphertext = _encrypted(request, device)
    judged = judge(request, device, request["AuthCode"], request.optional("Extra"))
    _accept(request, product, device, judged)
    return ciphertext


def get_server_auth_code_and_encrypt_data(request: Request) -> Data:
    """Judge the device's code; give the server's code over the device's challenge, and `Data` encrypted."""
    product, device = _product_and_device(request)
    ciphertext = _encrypted(request, device)
    server_code = _server_code(request, device)
    judged = judge(request, device, request["DeviceAuthCode"], request.optional("DeviceExtra"))
    _accept(request, product, device, judged)
    return {"ServerAuthCode": server_code, "EncryptData": ciphertext}


OPERATIONS = {
    "GetServerRandom": Operation(get_server_random, ("Id2",)),
    "Verify": Operation(verify, ("AuthCode", "Id2", "ProductKey")),
    "VerifyAndEncrypt": Operation(verify_and_encrypt, ("AuthCode", "Data", "Id2", "ProductKey")),
    "GetServerAuthCodeAndEncryptData": Operation(
        get_server_auth_code_and_encrypt_data,
        ("Data", "DeviceAuthCode", "DeviceChallenge", "Id2", "ProductKey"),
    ),
    "OtpGetId2": Operation(provisioning.otp_get_id2, ("DeviceAuthCode",)),
}


def _product_and_device(request: Request) -> tuple[Product, Device]:
    product = products.find(request.db, request["ProductKey"])
    if product is None:
        raise Refused(ServiceCode.NO_PRODUCT)
    device = devices.find(request.db, request["Id2"])
    if device is None:
        raise Refused(ServiceCode.NO_ID)
    _require_usable(request, device)
    if device.product_key not in (None, product.product_key):
        raise Refused(ServiceCode.BOUND_ELSEWHERE)
    activates = request.operation in request.settings.activating_operations
    if device.activated_ms is None and not activates:
        raise Refused(ServiceCode.NOT_ACTIVATED)
    return product, device


def _require_usable(request: Request, device: Device) -> None:
    code = _STATE_CODES.get(device.state_at(request.now_ms))
    if code is not None:
        raise Refused(code)


def _encrypted(request: Request, device: Device) -> str:
    plain = request["Data"].encode()
    key_type = device.key.key_type
    if not key_type.symmetric:
        raise Refused(ServiceCode.UNSUPPORTED)
    if not plain or len(ciphers.pad(plain, key_type.block_size)) > request.settings.ciphertext_max:
        raise Refused(ServiceCode.DATA)
    try:
        return base64.b64encode(ciphers.encrypt(device.key, plain)).decode()
    except Id2Error:
        raise Refused(ServiceCode.UNSUPPORTED) from None


def _server_code(request: Request, device: Device) -> str:
    challenge = request["DeviceChallenge"]
    printable = all("!" <= char <= "}" for char in challenge)
    if not 0 < len(challenge) <= request.settings.device_challenge_max or not printable:
        raise Refused(ServiceCode.DEVICE_CHALLENGE)
    extra = request.optional("ServerExtra").encode()
    if len(extra) > request.settings.extra_max:
        raise Refused(ServiceCode.SERVER_EXTRA)
    try:
        return servercode.build(device.key, device.id2, challenge, extra).text
    except Id2Error:
        raise Refused(ServiceCode.UNSUPPORTED) from None


def _accept(request: Request, product: Product, device: Device, judged: Judged) -> None:
    """Write down a success: licence, activation, binding, and what must not be accepted again."""
    licence_id = device.licence_id
    if licence_id is None:
        licence = products.take_licence(request.db, product.product_key)
        if licence is None:
            raise Refused(ServiceCode.NO_QUOTA)
        products.write_ledger(
            request.db, product.product_key, device.id2, licence, reason="activation", now_ms=request.now_ms
        )
    else:
        licence = products.find_licence(request.db, licence_id)
    first_use = device.expires_ms is None
    devices.update(
        request.db,
        replace(
            device,
            state=DeviceState.BOUND,
            product_key=product.product_key,
            licence_id=licence.id,
            activated_ms=request.now_ms if device.activated_ms is None else device.activated_ms,
            expires_ms=validity.end(request.now_ms, licence.years) if first_use else device.expires_ms,
        ),
    )
    if judged.challenge is not None:
        onetime.spend_challenge(request.db, judged.challenge, request.now_ms)
    if judged.mark is not None:
        onetime.use_code(request.db, judged.mark, device.id2, request.now_ms)
