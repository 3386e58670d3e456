"""Field provisioning, `OtpGetId2`: a device without an ID² proves it holds the ProductSecret, and gets one.

Order of checks: form of the code (21), product (51 by setting), provisioning switched on (55), code (21),
fingerprint (56), code used before (21), key type (42), fingerprint seen before (57 by setting), quota (16).

Source: service.md 4.2, 6.5; device-protocol.md c.6.
"""

import base64
import binascii
import hashlib
import secrets

from harness.id2 import otp
from harness.id2.codes import ServiceCode
from harness.id2.errors import Id2Error
from harness.id2.keys import Key, KeyType
from harness.secret import Secret
from harness.service.mock import devices, onetime, products, token
from harness.service.mock.devices import Device, DeviceState
from harness.service.mock.products import Product
from harness.service.mock.request import Data, Refused, Request

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
    if not product.otp_enabled:
        raise Refused(ServiceCode.OTP_OFF)
    report = _open(product, code)
    # Two IDs for one session key would be two licences for one device.
    mark = hashlib.sha256(code.data).digest()
    if onetime.code_used(request.db, mark):
        raise Refused(ServiceCode.AUTH_CODE)
    if product.algorithm not in PROVISIONABLE:
        raise Refused(ServiceCode.UNSUPPORTED)
    seen = devices.fingerprint_known(request.db, report.fingerprint)
    if seen and request.settings.repeated_fingerprint == "refuse":
        raise Refused(ServiceCode.FINGERPRINT_DUPLICATE)
    licence = products.take_licence(request.db, product.product_key)
    if licence is None:
        raise Refused(ServiceCode.NO_QUOTA)
    id2 = ID_PREFIX + secrets.token_hex(8).upper()
    key = Key(product.algorithm, Secret(secrets.token_bytes(product.algorithm.key_size)))
    made = Device(id2, key, DeviceState.BURNT, product.product_key, licence.id)
    devices.insert(request.db, made, request.now_ms, report.fingerprint)
    products.write_ledger(
        request.db, product.product_key, id2, licence, reason="provisioning", now_ms=request.now_ms
    )
    onetime.use_code(request.db, mark, id2, request.now_ms)
    data = otp.build_data(report.session_key.reveal(), id2, key).data
    left = products.counters(request.db, product.product_key, request.now_ms).unused
    return {"Remaining": left, "ProvisionData": base64.b64encode(data).decode()}


def _parse(text: str) -> otp.DeviceCode:
    """Read the device's code in Base64 or hex: the API's documentation does not say which it is."""
    for decode in (bytes.fromhex, _from_base64):
        try:
            return otp.parse_device_code(decode(text))
        except ValueError:
            continue
    raise Refused(ServiceCode.AUTH_CODE)


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None


def _open(product: Product, code: otp.DeviceCode) -> otp.DeviceReport:
    try:
        return otp.open_device_code(token.parse(product.product_secret), code)
    except Id2Error as error:
        refusal = {"fingerprint": ServiceCode.FINGERPRINT, "key_type": ServiceCode.UNSUPPORTED}
        raise Refused(refusal.get(error.field, ServiceCode.AUTH_CODE)) from None
