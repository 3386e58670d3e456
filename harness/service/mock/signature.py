"""Signature 1.0 of the cloud's RPC gateway, in the parameters of a call: what older clients sign with."""

import base64
import hashlib
import hmac
from collections.abc import Mapping

from harness.secret import Secret
from harness.service.rpc import percent_encode

SIGNATURE_METHOD = "HMAC-SHA1"
SIGNATURE_VERSION = "1.0"


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
