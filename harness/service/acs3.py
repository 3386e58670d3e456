"""The cloud's current header signature, ACS3-HMAC-SHA256, for both sides: the client signs, the mock checks.

The signed text is built from the request as it was received: method, path, query, the headers that the
client names as signed, and the SHA-256 of the body. The RPC style has the path `/`, the operation in
`x-acs-action`, and its parameters in query and form.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from harness.secret import Secret
from harness.service.access_key import AccessKey
from harness.service.rpc import VERSION, percent_encode

ALGORITHM = "ACS3-HMAC-SHA256"
PREFIX = "x-acs-"
ALWAYS_SIGNED = "host"
_FIELDS = re.compile(r"Credential=([^,\s]+),\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9A-Fa-f]+)")
_HEADER_NAME = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+")


class MalformedAuthorizationError(ValueError):
    """An `Authorization` header that is not in the form of this signature."""


@dataclass(frozen=True, slots=True)
class Authorization:
    """What an `Authorization` header says.

    Attributes:
        algorithm: Its first word.
        access_key_id: Who signed.
        signed_headers: Names of the signed headers, lower case, in the order given.
        signature: Hex digits, lower case.
    """

    algorithm: str
    access_key_id: str
    signed_headers: tuple[str, ...]
    signature: str


def parse(header: str) -> Authorization:
    """Read an `Authorization` header.

    Raises:
        MalformedAuthorizationError: It is not an algorithm with `Credential`, `SignedHeaders` and `Signature`.
    """
    algorithm, _, rest = header.strip().partition(" ")
    found = _FIELDS.fullmatch(rest.strip())
    if found is None:
        raise MalformedAuthorizationError("not Credential=…,SignedHeaders=…,Signature=…")
    names = tuple(found[2].lower().split(";"))
    if len(set(names)) != len(names) or not all(_HEADER_NAME.fullmatch(name) for name in names):
        raise MalformedAuthorizationError("SignedHeaders is not a list of header names")
    return Authorization(algorithm, found[1], names, found[3].lower())


def must_be_signed(names: Iterable[str]) -> list[str]:
    """Return which headers of a request the signature has to cover: `host` and all of `x-acs-`.

    Args:
        names: The request's header names, lower case.
    """
    return [ALWAYS_SIGNED, *sorted(name for name in set(names) if name.startswith(PREFIX))]


def canonical_request(
    method: str,
    query: Mapping[str, str],
    headers: Mapping[str, Sequence[str]],
    signed_headers: Iterable[str],
    payload: bytes,
) -> str:
    """Return the canonical form of a request to `/`.

    Args:
        method: `GET` or `POST`.
        query: Parameters of the query, decoded; those of a form are covered by the payload.
        headers: Values by header name in lower case.
        signed_headers: Names of the signed headers, lower case; one that is missing counts as empty.
        payload: The body as it was sent.
    """
    pairs = sorted((percent_encode(name), percent_encode(value)) for name, value in query.items())
    names = sorted(signed_headers)
    lines = "".join(
        f"{name}:{','.join(sorted(value.strip() for value in headers.get(name, ('',))))}\n" for name in names
    )
    canonical_query = "&".join(f"{name}={value}" for name, value in pairs)
    hashed = hashlib.sha256(payload).hexdigest()
    return f"{method}\n/\n{canonical_query}\n{lines}\n{';'.join(names)}\n{hashed}"


def string_to_sign(canonical: str) -> str:
    """Return the text that is signed."""
    return f"{ALGORITHM}\n{hashlib.sha256(canonical.encode()).hexdigest()}"


def sign(secret: Secret, text: str) -> str:
    """Return the signature of a string to sign: HMAC-SHA256 under the AccessKey secret itself, in hex."""
    return hmac.new(secret.reveal(), text.encode(), hashlib.sha256).hexdigest()


def headers(
    operation: str, host: str, form: bytes, access_key: AccessKey, *, date: str, nonce: str
) -> dict[str, str]:
    """Return the headers of a signed call that carries its parameters in a form.

    Args:
        operation: The operation, for `x-acs-action`.
        host: Host, with its port unless that is the scheme's own, as in the URL of the call.
        form: The body.
        access_key: Who calls; id and token are printable ASCII.
        date: When it is signed, as `rpc.timestamp` gives it.
        nonce: What no other call of this AccessKey has.
    """
    sent = {
        "host": host,
        "content-type": "application/x-www-form-urlencoded",
        "x-acs-action": operation,
        "x-acs-version": VERSION,
        "x-acs-date": date,
        "x-acs-signature-nonce": nonce,
        "x-acs-content-sha256": hashlib.sha256(form).hexdigest(),
    }
    if access_key.token is not None:
        sent["x-acs-accesskey-id"] = access_key.id
        sent["x-acs-security-token"] = access_key.token.reveal().decode()
    return {**sent, "authorization": authorization("POST", sent, form, access_key)}


def authorization(method: str, signed: Mapping[str, str], payload: bytes, access_key: AccessKey) -> str:
    """Return the `Authorization` header over all of `signed`, for a call without query.

    Args:
        method: `GET` or `POST`.
        signed: Headers by name in lower case.
        payload: The body.
        access_key: Who calls.
    """
    canonical = canonical_request(
        method, {}, {name: [value] for name, value in signed.items()}, signed, payload
    )
    signature = sign(access_key.secret, string_to_sign(canonical))
    return f"{ALGORITHM} Credential={access_key.id},SignedHeaders={';'.join(sorted(signed))},Signature={signature}"
