"""The cloud gateway in front of the operations: is the call complete, in time, signed and new?

Codes, messages and HTTP statuses are those of the cloud's public list of gateway errors and of answers that
people published; where the two differ, the published answers count.

Source: service.md 4.1.
"""

import hmac
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime

from harness.service.mock import access, onetime
from harness.service.mock.access import Policy
from harness.service.mock.operations import OPERATIONS
from harness.service.mock.settings import Settings
from harness.service.signature import (
    SIGNATURE_METHOD,
    SIGNATURE_VERSION,
    TIMESTAMP_FORMAT,
    VERSION,
    sign,
    string_to_sign,
)

FORMATS = ("JSON", "XML")
_SIGNED = ("AccessKeyId", "Timestamp", "SignatureNonce", "Signature")
_MAX_NONCE = 128


class Stopped(Exception):  # noqa: N818 - an answer of the gateway, not a defect
    """The gateway does not let a call through.

    Attributes:
        status: HTTP status.
        code: The gateway's error code.
        message: Its message.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message


def check_form(parameters: Mapping[str, str]) -> None:
    """Check what can be checked without the store: version, operation, and that nothing is missing.

    Raises:
        Stopped: InvalidVersion, InvalidAction.NotFound, InvalidParameter.Format, or `Missing` and a
            parameter's name.
    """
    # A call without Version gets this too, not MissingVersion: seen in published answers.
    if parameters.get("Version") != VERSION:
        raise Stopped(400, "InvalidVersion", "Specified parameter Version is not valid.")
    _require(parameters, ("Action",))
    operation = OPERATIONS.get(parameters["Action"])
    if operation is None:
        raise Stopped(
            404, "InvalidAction.NotFound", "Specified api is not found, please check your url and method."
        )
    if parameters.get("Format", "XML").upper() not in FORMATS:
        raise Stopped(400, "InvalidParameter.Format", "Specified parameter format is not valid.")
    _require(parameters, (*_SIGNED, "ApiVersion", *operation.required))
    if parameters.get("SignatureMethod", SIGNATURE_METHOD).upper() != SIGNATURE_METHOD:
        raise Stopped(400, "InvalidSignatureMethod", "Specified signature method is not valid.")
    if parameters.get("SignatureVersion", SIGNATURE_VERSION) != SIGNATURE_VERSION:
        raise Stopped(400, "InvalidSignatureVersion", "Specified signature version is not valid.")


def authenticate(
    db: sqlite3.Connection, method: str, parameters: Mapping[str, str], now_ms: int, settings: Settings
) -> Policy:
    """Find out who calls, and remember the nonce.

    Returns:
        The RAM policy of the AccessKey.

    Raises:
        Stopped: InvalidTimeStamp.Format, InvalidTimeStamp.Expired, InvalidAccessKeyId.NotFound,
            SignatureDoesNotMatch, SignatureNonceUsed.
    """
    _check_time(parameters["Timestamp"], now_ms, settings.clock_skew_s)
    found = access.find(db, parameters["AccessKeyId"])
    if found is None:
        raise Stopped(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
    key, policy = found
    if not hmac.compare_digest(
        sign(key.secret, method, parameters).encode(), parameters["Signature"].encode()
    ):
        signed = string_to_sign(method, parameters)
        raise Stopped(
            400,
            "SignatureDoesNotMatch",
            f"Specified signature is not matched with our calculation. server string to sign is:{signed}",
        )
    nonce = parameters["SignatureNonce"]
    if len(nonce) > _MAX_NONCE or not onetime.use_nonce(db, key.id, nonce, now_ms):
        raise Stopped(400, "SignatureNonceUsed", "Specified signature nonce was used already.")
    return policy


def _require(parameters: Mapping[str, str], names: tuple[str, ...]) -> None:
    for name in names:
        if not parameters.get(name):
            raise Stopped(400, f"Missing{name}", f"{name} is mandatory for this action.")


def _check_time(text: str, now_ms: int, skew_s: int) -> None:
    try:
        sent = datetime.strptime(text, TIMESTAMP_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        raise Stopped(
            400, "InvalidTimeStamp.Format", "Specified time stamp or date value is not well formatted."
        ) from None
    if abs(now_ms - round(sent.timestamp() * 1000)) > skew_s * 1000:
        raise Stopped(400, "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.")
