"""Field provisioning, `OtpGetId2`: a device without an ID² proves it holds the ProductSecret, and gets one.

Order of checks: form of the code (21), product (51 by setting; 47 and 51 for another account's or region's),
provisioning switched on (55), code (21), fingerprint (56), code used before (21), key type (42), fingerprint seen
before (57 by setting), downloads (53 by setting), quota (16).

Source: service.md 4.2, 6.5; device-protocol.md c.6.
"""

import base64
import hashlib
import secrets
from functools import partial

from harness.id2 import otp
from harness.id2.codes import ServiceCode
from harness.id2.errors import Id2Error
from harness.id2.keys import Key, KeyType
from harness.secret import Secret
from harness.service.mock import token
from harness.service.mock.acceptance import require_own
from harness.service.mock.request import Data, Refused, Request
from harness.service.mock.store import devices, licences, onetime, products
from harness.service.mock.store.devices import Device, DeviceState, Origin
from harness.service.mock.store.licences import Reason
from harness.service.mock.store.products import Product

ID_PREFIX = "00FFFFFF"
"""How the identifiers seen in public samples begin."""

PROVISIONABLE = frozenset({KeyType.AES_128, KeyType.AES_192, KeyType.AES_256, KeyType.SM4_128})


def otp_get_id2(request: Request) -> Data:
    """Hand out a new ID² and key of the product's algorithm, and count the licence.

    The device is burnt and belongs to the product afterwards; its first authentication activates it and uses
    no other licence.
    """
    code = _parse(request["DeviceAuthCode"])
    product = products.find_by_provision_id(request.db, code.provisioning_id)
    if product is None:
        raise Refused(request.settings.unknown_provisioning_code)
    require_own(request, product)
    if not product.otp_enabled:
        raise Refused(ServiceCode.OTP_OFF)
    report = _open(product, code)
    # Two IDs for one session key would be two licences for one device.
    mark = hashlib.sha256(code.data).digest()
    if onetime.code_used(request.db, mark):
        raise Refused(ServiceCode.AUTH_CODE)
    if product.algorithm not in PROVISIONABLE or report.key_type is not product.algorithm:
        raise Refused(ServiceCode.UNSUPPORTED)
    _require_room(request, product, report.fingerprint)
    licence = licences.take(request.db, product.product_key)
    if licence is None:
        raise Refused(ServiceCode.NO_QUOTA)
    id2 = ID_PREFIX + secrets.token_hex(8).upper()
    key = Key(product.algorithm, Secret(secrets.token_bytes(product.algorithm.key_size)))
    made = Device(id2, key, DeviceState.BURNT, product.product_key, licence.id, origin=Origin.PROVISIONED)
    devices.insert(request.db, made, request.now_ms, report.fingerprint)
    licences.write_ledger(
        request.db, product.product_key, id2, licence, reason=Reason.PROVISIONING, now_ms=request.now_ms
    )
    onetime.use_code(request.db, mark, id2, request.now_ms)
    data = otp.build_data(report.session_key.reveal(), id2, key).data
    left = licences.unused(request.db, product.product_key)
    return {"Remaining": left, "ProvisionData": base64.b64encode(data).decode()}


def _require_room(request: Request, product: Product, fingerprint: bytes) -> None:
    settings = request.settings
    if settings.constant_fingerprint == "refuse" and len(set(fingerprint)) == 1:
        raise Refused(ServiceCode.FINGERPRINT)
    seen = devices.count_of_fingerprint(request.db, fingerprint)
    if seen and settings.repeated_fingerprint == "refuse":
        raise Refused(ServiceCode.FINGERPRINT_DUPLICATE)
    if settings.downloads_per_fingerprint is not None and seen >= settings.downloads_per_fingerprint:
        raise Refused(ServiceCode.DOWNLOAD_LIMIT)
    most = settings.downloads_per_product
    if most is not None and devices.count_provisioned(request.db, product.product_key) >= most:
        raise Refused(ServiceCode.DOWNLOAD_LIMIT)


def _parse(text: str) -> otp.DeviceCode:
    """Read the device's code in Base64 or hex: the API's documentation does not say which it is."""
    for decode in (bytes.fromhex, partial(base64.b64decode, validate=True)):
        try:
            return otp.parse_device_code(decode(text))
        except ValueError:
            continue
    raise Refused(ServiceCode.AUTH_CODE)


def _open(product: Product, code: otp.DeviceCode) -> otp.DeviceReport:
    try:
        return otp.open_device_code(token.parse(product.product_secret), code)
    except Id2Error as error:
        refusal = {"fingerprint": ServiceCode.FINGERPRINT, "key_type": ServiceCode.UNSUPPORTED}
        raise Refused(refusal.get(error.field, ServiceCode.AUTH_CODE)) from None
