"""Signature 1.0 of the cloud's RPC gateway, for both sides: the client signs, the mock checks."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote

from harness.secret import Secret

PRODUCT = "ID2"
VERSION = "2017-07-07"
API_VERSION = "1.1.2"
SIGNATURE_METHOD = "HMAC-SHA1"
SIGNATURE_VERSION = "1.0"
TIMESTAMP_FORMAT = "%Y-%m-%dT%H:%M:%SZ"

# For each call some fifty texts are encoded, nearly all of them plain.
_ENCODED = {
    code: quote(chr(code), safe="~") for code in range(128) if quote(chr(code), safe="~") != chr(code)
}


def percent_encode(text: str) -> str:
    """Encode as the gateway does: UTF-8; letters, digits and `-_.~` stay, a space is `%20`."""
    if text.isascii():
        return text if text.isalnum() else text.translate(_ENCODED)
    # A lone surrogate, which a device's garbage can leave in a text, becomes `?`; the service refuses it.
    return quote(text, safe="~", errors="replace")


def string_to_sign(method: str, parameters: Mapping[str, str]) -> str:
    """Return the text that is signed.

    Args:
        method: `GET` or `POST`.
        parameters: All parameters of query and form, decoded; `Signature` itself is left out.

    Source: service.md 4.1 (generic RPC signature).
    """
    canonical = "&".join(
        [
            f"{percent_encode(name)}={percent_encode(parameters[name])}"
            for name in sorted(parameters)
            if name != "Signature"
        ]
    )
    # The canonical query holds nothing else that a second encoding would change.
    encoded = canonical.replace("%", "%25").replace("=", "%3D").replace("&", "%26")
    return f"{method}&%2F&{encoded}"


def sign(secret: Secret, method: str, parameters: Mapping[str, str]) -> str:
    """Return the value of `Signature`: HMAC-SHA1 under the AccessKey secret plus `&`, in Base64.

    Source: service.md 4.1.
    """
    key = secret.reveal() + b"&"
    digest = hmac.new(key, string_to_sign(method, parameters).encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def timestamp(now: datetime) -> str:
    """Return `now` as the gateway wants it: UTC, whole seconds, `YYYY-MM-DDThh:mm:ssZ`."""
    return now.astimezone(UTC).strftime(TIMESTAMP_FORMAT)
