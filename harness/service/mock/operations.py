"""The runtime operations: functions of a request (store, time and settings are in it) to `Data` or a refusal.

Order of checks of the authenticating operations: ApiVersion (37), parameters (500), product (51, 47), device (18),
state (44, 45, 46, 50), binding (12), key type (14 by setting), activation (32), data (36), device challenge (40),
server extra (38), auth code (see `judge`), daily limit, quota (16). A refusal changes nothing.

Source: service.md 3, 4.2, 4.4, 5.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass

from harness.id2 import devicecipher, servercode
from harness.id2.codes import ServiceCode
from harness.id2.errors import Id2Error
from harness.service.mock import production_line, provisioning
from harness.service.mock.acceptance import accept, require_own, require_usable
from harness.service.mock.judge import judge
from harness.service.mock.request import Data, Refused, Request
from harness.service.mock.store import devices, licences, onetime, products
from harness.service.mock.store.devices import Device, DeviceState
from harness.service.mock.store.products import Product
from harness.service.rpc import API_VERSION


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
        require_usable(request, device)
    return onetime.issue_challenge(request.db, device.id2, request.now_ms, request.random)


def verify(request: Request) -> Data:
    """Judge an auth code; the first success under a product activates the device and binds it."""
    product, device = _product_and_device(request)
    accept(request, product, device, judge(request, device, request["AuthCode"], request.optional("Extra")))
    return True


def verify_and_encrypt(request: Request) -> Data:
    """Judge an auth code and encrypt `Data` under the device's key; the ciphertext in Base64."""
    product, device = _product_and_device(request)
    ciphertext = _encrypted(request, device)
    accept(request, product, device, judge(request, device, request["AuthCode"], request.optional("Extra")))
    return ciphertext


def get_server_auth_code_and_encrypt_data(request: Request) -> Data:
    """Judge the device's code; give the server's code over the device's challenge, and `Data` encrypted."""
    product, device = _product_and_device(request)
    ciphertext = _encrypted(request, device)
    server_code = _server_code(request, device)
    judged = judge(request, device, request["DeviceAuthCode"], request.optional("DeviceExtra"))
    accept(request, product, device, judged)
    return {"ServerAuthCode": server_code, "EncryptData": ciphertext}


def activate(request: Request) -> Data:
    """Activate a device that was never used, with a licence of the order that `License` names.

    The operation is in an old SDK and in no documentation: what `License` looks like, and the order of checks,
    are this mock's. The device is bound to the order's product.
    """
    device = devices.find(request.db, request["Id2"])
    if device is None:
        raise Refused(ServiceCode.NO_ID)
    require_usable(request, device)
    order = licences.find_by_code(request.db, request["License"])
    if order is None or order.product_key is None:
        raise Refused(ServiceCode.USE_CODE)
    product = require_own(request, products.find(request.db, order.product_key))
    if device.state is not DeviceState.BURNT:
        raise Refused(ServiceCode.STATE)
    _require_fit(request, product, device)
    judged = judge(request, device, request["AuthCode"], request.optional("Extra"))
    accept(request, product, device, judged, order_id=order.id)
    return True


OPERATIONS = {
    "GetServerRandom": Operation(get_server_random, ("Id2",)),
    "Verify": Operation(verify, ("AuthCode", "Id2", "ProductKey")),
    "VerifyAndEncrypt": Operation(verify_and_encrypt, ("AuthCode", "Data", "Id2", "ProductKey")),
    "GetServerAuthCodeAndEncryptData": Operation(
        get_server_auth_code_and_encrypt_data,
        ("Data", "DeviceAuthCode", "DeviceChallenge", "Id2", "ProductKey"),
    ),
    "OtpGetId2": Operation(provisioning.otp_get_id2, ("DeviceAuthCode",)),
    "Activate": Operation(activate, ("Id2", "AuthCode", "License")),
    "RetrieveId2": Operation(
        production_line.retrieve_id2, ("License", "VendorCode", "ProductCode", "Count", "Sign")
    ),
    "ReturnId2": Operation(production_line.return_id2, ("License", "Receipts")),
}


def _product_and_device(request: Request) -> tuple[Product, Device]:
    product = require_own(request, products.find(request.db, request["ProductKey"]))
    device = devices.find(request.db, request["Id2"])
    if device is None:
        raise Refused(ServiceCode.NO_ID)
    require_usable(request, device)
    _require_fit(request, product, device)
    activates = request.operation in request.settings.activating_operations
    if device.activated_ms is None and not activates:
        raise Refused(ServiceCode.NOT_ACTIVATED)
    return product, device


def _require_fit(request: Request, product: Product, device: Device) -> None:
    if device.product_key not in (None, product.product_key):
        raise Refused(ServiceCode.BOUND_ELSEWHERE)
    if request.settings.key_type_must_match and device.key.key_type is not product.algorithm:
        raise Refused(ServiceCode.CRYPTO)


def _encrypted(request: Request, device: Device) -> str:
    plain = request["Data"].encode()
    key_type = device.key.key_type
    size = devicecipher.ciphertext_size(key_type, len(plain))
    if size is None:
        raise Refused(ServiceCode.UNSUPPORTED)
    if not plain or size > request.settings.ciphertext_max:
        raise Refused(ServiceCode.DATA)
    try:
        return base64.b64encode(devicecipher.encrypt(device.key, plain)).decode()
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
