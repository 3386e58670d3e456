"""A request as it came in, read within bounds, before anybody knows who sent it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from starlette.types import Receive, Scope

from harness.service.mock.request import GatewayRefused

MAX_FIELDS = 64
_FORM = "application/x-www-form-urlencoded"
_ACTION = "x-acs-action"
_VERSION = "x-acs-version"
_NONCE = "x-acs-signature-nonce"


@dataclass(frozen=True, slots=True)
class Incoming:
    """One request to the runtime API.

    Attributes:
        method: `GET` or `POST`.
        headers: Values by header name in lower case, each in the order sent.
        query: Parameters of the query, decoded.
        parameters: Query and form together; with a header signature also `Action` and `Version`, which stand
            in headers there.
        body: The body as it was sent.
        in_headers: The signature is in the headers, not in the parameters.
    """

    method: str
    headers: Mapping[str, Sequence[str]]
    query: Mapping[str, str]
    parameters: Mapping[str, str]
    body: bytes
    in_headers: bool

    def header(self, name: str) -> str:
        """Return the first value of a header; empty when it is not there."""
        return self.headers.get(name, ("",))[0]

    @property
    def operation(self) -> str:
        """Name of the operation as it was given; empty when it was not."""
        return self.parameters.get("Action", "")

    @property
    def form(self) -> str:
        """`JSON` or `XML`: what the answer is to be.

        With a signature in the parameters XML is what the gateway answers when nothing is asked for; header
        signatures came with JSON.
        """
        asked = self.parameters.get("Format", "").upper()
        if asked in ("JSON", "XML"):
            return asked
        return _form_of_headers(self.header("accept")) if self.in_headers else "XML"


def form_of_unread(scope: Scope) -> str:
    """Return what the answer to a request is to be that could not be read."""
    if b"format=json" in scope["query_string"].lower():
        return "JSON"
    headers: dict[bytes, bytes] = dict(scope["headers"])
    if _NONCE.encode() in headers:
        return _form_of_headers(headers.get(b"accept", b"").decode("latin-1"))
    return "XML"


async def read(scope: Scope, receive: Receive, body_max: int) -> Incoming:
    """Read a request.

    Args:
        scope: The ASGI scope.
        receive: Gives the body.
        body_max: Longest body that is read, bytes.

    Raises:
        GatewayRefused: The body is too long, there are too many parameters, one comes twice, or the text is not UTF-8.
    """
    headers: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        headers.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))
    if int(headers.get("content-length", ["0"])[0]) > body_max:
        raise _too_long(body_max)
    body = await _body(receive, body_max)
    return of(scope["method"], headers, scope["query_string"], body)


def of(method: str, headers: Mapping[str, Sequence[str]], raw_query: bytes, body: bytes) -> Incoming:
    """Return a request that has come whole.

    Args:
        method: `GET` or `POST`.
        headers: Values by header name in lower case, each in the order sent.
        raw_query: What stands behind the question mark.
        body: The body.

    Raises:
        GatewayRefused: There are too many parameters, one comes twice, or the text is not UTF-8.
    """
    query = _fields(raw_query)
    parameters = query
    if body and headers.get("content-type", [""])[0].partition(";")[0].strip().lower() == _FORM:
        form = _fields(body)
        if query:
            twice = query.keys() & form.keys()
            if twice:
                raise _twice(min(twice))
        parameters = query | form
    in_headers = _is_signed_in_headers(headers, parameters)
    if in_headers:
        parameters = dict(parameters)
        for name, header in (("Action", _ACTION), ("Version", _VERSION)):
            if header in headers:
                parameters[name] = headers[header][0]
    return Incoming(method, headers, query, parameters, body, in_headers)


async def _body(receive: Receive, body_max: int) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body", False) and len(body) <= body_max:
        message = await receive()
        body += message.get("body", b"")
    if len(body) > body_max:
        raise _too_long(body_max)
    return body


def _too_long(body_max: int) -> GatewayRefused:
    message = f"The request body is larger than {body_max} bytes."
    return GatewayRefused(413, "RequestEntityTooLarge", message)


def _is_signed_in_headers(headers: Mapping[str, Sequence[str]], parameters: Mapping[str, str]) -> bool:
    # Clients with a signature in the parameters send `x-acs-action` too, so that header alone tells nothing.
    if "Signature" in parameters:
        return False
    return "authorization" in headers or _NONCE in headers


def _fields(raw: bytes) -> dict[str, str]:
    """Read parameters as `urllib.parse.parse_qsl` does; each call has a dozen, nearly all of them plain texts."""
    if not raw:
        return {}
    if raw.count(b"&") >= MAX_FIELDS:
        raise GatewayRefused(400, "InvalidParameter", f"More than {MAX_FIELDS} parameters.")
    fields: dict[str, str] = {}
    try:
        for pair in raw.decode().split("&"):
            if pair:
                name, _, value = pair.partition("=")
                if "%" in pair or "+" in pair:
                    name, value = _unquoted(name), _unquoted(value)
                if name in fields:
                    raise _twice(name)
                fields[name] = value
    except UnicodeDecodeError:
        raise GatewayRefused(400, "InvalidParameter", "A parameter is not UTF-8.") from None
    return fields


def _unquoted(text: str) -> str:
    if "+" in text:
        text = text.replace("+", " ")
    return unquote_to_bytes(text).decode() if "%" in text else text


def _twice(name: str) -> GatewayRefused:
    return GatewayRefused(
        400, "InvalidParameter", f"Specified parameter {name[:64]} is given more than once."
    )


def _form_of_headers(accept: str) -> str:
    return "XML" if "xml" in accept.lower() and "json" not in accept.lower() else "JSON"
