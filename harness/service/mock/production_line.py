"""The operations of a production line, `RetrieveId2` and `ReturnId2`, over `burning`.

The vendor's tools call these through a Java library; the mock answers them at the same endpoint as the rest.

Order of checks: vendor code (48 form, 52 not registered), licence (15), its vendor (48) and product code (49),
count (500), signature (14), quota (16); for receipts their form (500), then 13, 12, 14.

Source: service.md 4.4, 6.6.
"""

import base64
import json
import re
from collections.abc import Sequence

from harness.id2.codes import ServiceCode
from harness.service.mock.request import Data, Refused, Request
from harness.service.mock.store import burning
from harness.service.mock.store.burning import Receipt

_VENDOR_CODE = re.compile(r"[0-9A-F]{4}")


def retrieve_id2(request: Request) -> Data:
    """Hand ID²s to a line: JSON text, a list of `id2`, `privateKey` (Base64) and `kcv` (hex)."""
    vendor = request["VendorCode"]
    if not _VENDOR_CODE.fullmatch(vendor):
        raise Refused(ServiceCode.VENDOR)
    if not burning.vendor_known(request.db, vendor):
        raise Refused(ServiceCode.NO_VENDOR)
    licence = burning.known_licence(request.db, request["License"])
    if licence.vendor != vendor:
        raise Refused(ServiceCode.VENDOR)
    if licence.product_code != request["ProductCode"]:
        raise Refused(ServiceCode.PRODUCT_CODE)
    count = request["Count"]
    if not re.fullmatch(r"[1-9][0-9]{0,6}", count) or int(count) > request.settings.retrieve_max:
        raise Refused(ServiceCode.PARAMETER)
    signature = _base64(request["Sign"])
    burning.require_signature(licence, burning.signed_text(licence.licence, int(count)), signature)
    items = burning.retrieve(request.db, licence, int(count), request.now_ms)
    return json.dumps(
        [
            {
                "id2": item.id2,
                "privateKey": base64.b64encode(item.private_key).decode(),
                "kcv": item.kcv.hex().upper(),
            }
            for item in items
        ]
    )


def return_id2(request: Request) -> Data:
    """Take a line's receipts: a JSON list of `id2`, `keySource` (0 or 1) and `proof` (hex, or Base64 for 1)."""
    burning.give_back(
        request.db,
        burning.known_licence(request.db, request["License"]),
        _receipts(request["Receipts"]),
        request.now_ms,
    )
    return True


def _receipts(text: str) -> Sequence[Receipt]:
    try:
        listed = json.loads(text)
        read = [_receipt(item) for item in listed]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise Refused(ServiceCode.PARAMETER) from None
    if not read:
        raise Refused(ServiceCode.PARAMETER)
    return read


def _receipt(item: dict[str, object]) -> Receipt:
    proof = str(item["proof"])
    match item["keySource"]:
        case 0:
            return Receipt(str(item["id2"]), 0, bytes.fromhex(proof))
        case 1:
            return Receipt(str(item["id2"]), 1, _base64(proof))
        case _:
            raise ValueError


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise Refused(ServiceCode.CRYPTO) from None
