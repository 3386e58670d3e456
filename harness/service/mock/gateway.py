"""The cloud gateway in front of the operations: is the call complete, in time, signed, allowed and new?

Two signatures are understood: signature 1.0 in the parameters (HMAC-SHA1), and ACS3-HMAC-SHA256 in the headers.
Codes, messages and HTTP statuses are those of the cloud's public list of gateway errors and of answers that
people published; where the two differ, the published answers count.

Source: service.md 4.1.
"""

import hashlib
import hmac
import re
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from harness.secret import Secret
from harness.service import acs3
from harness.service.mock.http.incoming import Incoming
from harness.service.mock.request import GatewayRefused
from harness.service.mock.settings import Settings
from harness.service.mock.signature import SIGNATURE_METHOD, SIGNATURE_VERSION, sign, string_to_sign
from harness.service.mock.store import access, onetime
from harness.service.mock.store.access import AccessKeyRecord
from harness.service.rpc import VERSION

FORMATS = ("JSON", "XML")
_MAX_NONCE = 128
_SECOND_MS = 1000
_MAX_CALLERS = 1024
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_TIMESTAMP_LENGTH = 20
_INCOMPLETE = "The request signature does not conform to Aliyun standards."


@dataclass(frozen=True, slots=True)
class Claim:
    """Who a call says it is from, and the proof.

    Attributes:
        access_key_id: AccessKey id.
        timestamp: When it was signed, as text.
        nonce: What makes it unique.
        token: Security token of a temporary AccessKey; empty without one.
        signature: The proof.
        expected: The signature that a secret would give.
        explain: Message for a signature that does not match, with what the gateway signed.
    """

    access_key_id: str
    timestamp: str
    nonce: str
    token: str
    signature: str
    expected: Callable[[Secret], str]
    explain: Callable[[], str]


class Throttle:
    """Limits how many calls one AccessKey may make in a second of the service's clock.

    It is used inside the store's transactions only.
    """

    def __init__(self) -> None:
        self._second = 0
        self._counts: dict[str, int] = {}

    def check(self, access_key_id: str, limit: int, now_ms: int) -> None:
        """Count one call.

        Raises:
            GatewayRefused: Throttling.User, with the time until the next second.
        """
        second = now_ms // _SECOND_MS
        if second != self._second or len(self._counts) > _MAX_CALLERS:
            self._second = second
            self._counts.clear()
        count = self._counts.get(access_key_id, 0)
        if count >= limit:
            raise GatewayRefused(
                400,
                "Throttling.User",
                "Request was denied due to user flow control.",
                retry_after_ms=_SECOND_MS - now_ms % _SECOND_MS,
            )
        self._counts[access_key_id] = count + 1


def check_form(incoming: Incoming) -> Claim:
    """Check what can be checked without the store: version, operation, and that nothing is missing.

    Raises:
        GatewayRefused: InvalidVersion, InvalidAction.NotFound, InvalidParameter.Format, InvalidSignatureMethod,
            InvalidSignatureVersion, IncompleteSignature, or `Missing` and a parameter's name.
    """
    from harness.service.mock.operations import OPERATIONS  # noqa: PLC0415 - none is asked for before the first call

    parameters = incoming.parameters
    # A call without Version gets this too, not MissingVersion: seen in published answers.
    if parameters.get("Version") != VERSION:
        raise GatewayRefused(400, "InvalidVersion", "Specified parameter Version is not valid.")
    _require(parameters, ("Action",))
    operation = OPERATIONS.get(parameters["Action"])
    if operation is None:
        raise GatewayRefused(
            404, "InvalidAction.NotFound", "Specified api is not found, please check your url and method."
        )
    if parameters.get("Format", "XML").upper() not in FORMATS:
        raise GatewayRefused(400, "InvalidParameter.Format", "Specified parameter format is not valid.")
    claim = _claim_of_headers(incoming) if incoming.in_headers else _claim_of_parameters(incoming)
    _require(parameters, ("ApiVersion", *operation.required))
    return claim


def authenticate(db: sqlite3.Connection, claim: Claim, now_ms: int, settings: Settings) -> AccessKeyRecord:
    """Find out who calls, and remember the nonce.

    Returns:
        The AccessKey with its account and policy.

    Raises:
        GatewayRefused: InvalidTimeStamp.Format, InvalidTimeStamp.Expired, InvalidAccessKeyId.NotFound,
            InvalidAccessKeyId.Inactive, MissingSecurityToken, InvalidSecurityToken.Malformed,
            InvalidSecurityToken.MismatchWithAccessKey, InvalidSecurityToken.Expired, SignatureDoesNotMatch,
            SignatureNonceUsed.
    """
    _check_time(claim.timestamp, now_ms, settings.clock_skew_s)
    holder = access.lookup(db, claim.access_key_id)
    if holder is None:
        raise GatewayRefused(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
    if not holder.active:
        raise GatewayRefused(400, "InvalidAccessKeyId.Inactive", "Specified access key is disabled.")
    if claim.token or holder.key.token is not None:
        _check_token(db, holder, claim.token, now_ms)
    if not hmac.compare_digest(claim.expected(holder.key.secret).encode(), claim.signature.encode()):
        raise GatewayRefused(400, "SignatureDoesNotMatch", claim.explain())
    if len(claim.nonce) > _MAX_NONCE or not onetime.use_nonce(db, holder.key.id, claim.nonce, now_ms):
        raise GatewayRefused(400, "SignatureNonceUsed", "Specified signature nonce was used already.")
    return holder


def _claim_of_parameters(incoming: Incoming) -> Claim:
    """Read signature 1.0."""
    parameters, method = incoming.parameters, incoming.method
    _require(parameters, ("AccessKeyId", "Timestamp", "SignatureNonce", "Signature"))
    if parameters.get("SignatureMethod", SIGNATURE_METHOD).upper() != SIGNATURE_METHOD:
        raise GatewayRefused(400, "InvalidSignatureMethod", "Specified signature method is not valid.")
    if parameters.get("SignatureVersion", SIGNATURE_VERSION) != SIGNATURE_VERSION:
        raise GatewayRefused(400, "InvalidSignatureVersion", "Specified signature version is not valid.")

    def explain() -> str:
        signed = string_to_sign(method, parameters)
        return f"Specified signature is not matched with our calculation. server string to sign is:{signed}"

    return Claim(
        access_key_id=parameters["AccessKeyId"],
        timestamp=parameters["Timestamp"],
        nonce=parameters["SignatureNonce"],
        token=parameters.get("SecurityToken", ""),
        signature=parameters["Signature"],
        expected=lambda secret: sign(secret, method, parameters),
        explain=explain,
    )


def _claim_of_headers(incoming: Incoming) -> Claim:
    """Read ACS3-HMAC-SHA256."""
    header = incoming.header("authorization")
    if not header:
        raise _missing_header("Authorization")
    try:
        authorization = acs3.parse(header)
    except acs3.MalformedAuthorizationError:
        raise GatewayRefused(400, "IncompleteSignature", _INCOMPLETE) from None
    if authorization.algorithm != acs3.ALGORITHM:
        raise GatewayRefused(400, "InvalidSignatureMethod", "Specified signature method is not valid.")
    for name in ("x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256"):
        if not incoming.header(name):
            raise _missing_header(name)
    unsigned = set(acs3.must_be_signed(incoming.headers)) - set(authorization.signed_headers)
    if unsigned:
        detail = f"{_INCOMPLETE} Not signed: {', '.join(sorted(unsigned))}."
        raise GatewayRefused(400, "IncompleteSignature", detail)
    # The echoed request tells the hash of the body that came; a header that tells another one is no match either.
    told = incoming.header("x-acs-content-sha256").lower()
    is_of_body = told == hashlib.sha256(incoming.body).hexdigest()
    canonical = acs3.canonical_request(
        incoming.method, incoming.query, incoming.headers, authorization.signed_headers, incoming.body
    )
    text = acs3.string_to_sign(canonical)

    def explain() -> str:
        return (
            "Specified signature does not match our calculation. "
            f"server StringToSign is [{text}] server CanonicalRequest is [{canonical}]"
        )

    return Claim(
        access_key_id=authorization.access_key_id,
        timestamp=incoming.header("x-acs-date"),
        nonce=incoming.header("x-acs-signature-nonce"),
        token=incoming.header("x-acs-security-token"),
        signature=authorization.signature,
        expected=lambda secret: acs3.sign(secret, text) if is_of_body else "",
        explain=explain,
    )


def _require(parameters: Mapping[str, str], names: tuple[str, ...]) -> None:
    for name in names:
        if not parameters.get(name):
            raise _missing(name)


def _missing(name: str) -> GatewayRefused:
    return GatewayRefused(400, f"Missing{name}", f"{name} is mandatory for this action.")


def _missing_header(name: str) -> GatewayRefused:
    return GatewayRefused(400, "MissingParameter", f"{name} is mandatory for this action.")


def _check_time(text: str, now_ms: int, skew_s: int) -> None:
    sent_ms = _milliseconds(text) if len(text) == _TIMESTAMP_LENGTH else None
    if sent_ms is None:
        raise GatewayRefused(
            400, "InvalidTimeStamp.Format", "Specified time stamp or date value is not well formatted."
        )
    if abs(now_ms - sent_ms) > skew_s * 1000:
        raise GatewayRefused(
            400, "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired."
        )


@lru_cache(maxsize=64)
def _milliseconds(text: str) -> int | None:
    """Return a time as milliseconds since 1970; None for what is none. All calls of a second have the same."""
    try:
        return round(datetime.fromisoformat(text).timestamp() * 1000) if _TIMESTAMP.fullmatch(text) else None
    except ValueError:
        return None


def _check_token(db: sqlite3.Connection, holder: AccessKeyRecord, token: str, now_ms: int) -> None:
    if not token:
        raise _missing("SecurityToken")
    wanted = "" if holder.key.token is None else holder.key.token.reveal().decode()
    if not hmac.compare_digest(wanted.encode(), token.encode()):
        if access.token_exists(db, token):
            raise GatewayRefused(
                400,
                "InvalidSecurityToken.MismatchWithAccessKey",
                "Specified SecurityToken mismatch with the AccessKey.",
            )
        raise GatewayRefused(400, "InvalidSecurityToken.Malformed", "Specified SecurityToken is malformed.")
    if holder.expires_ms is not None and now_ms >= holder.expires_ms:
        raise GatewayRefused(400, "InvalidSecurityToken.Expired", "Specified SecurityToken is expired.")
