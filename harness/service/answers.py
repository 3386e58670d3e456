"""Reading the service's answers: leniently in form, strictly in what is made of them.

The documentation gives `Code` and `Success` as numbers and booleans in its tables, as strings in its samples,
and older pages spell the names with a small first letter; all of these are read. What an answer says is
hostile text: it is bounded and escaped before it gets into an error.

Source: service.md 4.2.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from harness.id2.errors import quoted

MAX_ANSWER = 1 << 20
_MAX_TEXT = 200
_ECHO = re.compile(
    r"[\s\"'(,;:]*\b(?:server|client)\W*(?:string\W*to\W*sign|canonical\W*request)", re.IGNORECASE
)


class MalformedAnswerError(ValueError):
    """An answer that is not in the service's form; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """An answer with its documented fields read.

    Attributes:
        code: The service's code, 200 for success.
        success: Whether the service calls it a success.
        request_id: Empty when none was given.
        data: `Data` as it came, None when there was none.
    """

    code: int
    success: bool
    request_id: str
    data: object


@dataclass(frozen=True, slots=True)
class GatewayError:
    """The gateway's own error body."""

    name: str
    message: str
    request_id: str


def parse_envelope(body: bytes) -> Envelope:
    """Read the answer of an operation.

    Raises:
        MalformedAnswerError: Not JSON, not an object, or `Code` or `Success` missing or not readable.
    """
    fields = _fields(body)
    code = integer(fields.get("code"), "Code")
    success = fields.get("success")
    return Envelope(
        code=code,
        success=code == 200 if success is None else boolean(success, "Success"),
        request_id=_text(fields.get("requestid")),
        data=fields.get("data"),
    )


def parse_gateway_error(body: bytes) -> GatewayError | None:
    """Read the gateway's error body; None when the body is something else, a proxy's page for instance."""
    try:
        fields = _fields(body)
    except MalformedAnswerError:
        return None
    name, message = fields.get("code"), fields.get("message")
    if not isinstance(name, str) or not isinstance(message, str):
        return None
    # The gateway echoes what was signed, and with it parameters or headers: session keys, security tokens.
    return GatewayError(
        _text(name), _text(_ECHO.split(message, maxsplit=1)[0]), _text(fields.get("requestid"))
    )


def boolean(value: object, name: str) -> bool:
    """Read a boolean, native or as text.

    Raises:
        MalformedAnswerError: Neither.
    """
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise MalformedAnswerError(f"{name} is {_shown(value)}, not a boolean")


def text(value: object, name: str, limit: int) -> str:
    """Read a text of 1 to `limit` characters.

    Raises:
        MalformedAnswerError: Not a text, empty or too long.
    """
    if not isinstance(value, str) or not 0 < len(value) <= limit:
        raise MalformedAnswerError(f"{name} is {_shown(value)}, not a text of 1 to {limit} characters")
    return value


def integer(value: object, name: str) -> int:
    """Read an integer, native or as text.

    Raises:
        MalformedAnswerError: Neither.
    """
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 31:
        return value
    if isinstance(value, str) and len(value) <= 10 and value.isascii() and value.isdigit():
        return int(value)
    raise MalformedAnswerError(f"{name} is {_shown(value)}, not an integer")


def base64_bytes(value: object, name: str) -> bytes:
    """Read Base64 (standard alphabet, padded).

    Raises:
        MalformedAnswerError: Not a text, or not Base64.
    """
    try:
        return base64.b64decode(text(value, name, MAX_ANSWER), validate=True)
    except binascii.Error:
        raise MalformedAnswerError(f"{name} is {_shown(value)}, not Base64") from None


def structure(value: object, name: str) -> Mapping[str, object]:
    """Read a structure, native or as JSON text; names are compared without case.

    Raises:
        MalformedAnswerError: Neither.
    """
    if isinstance(value, str):
        value = _loads(value.encode())
    if not isinstance(value, dict):
        raise MalformedAnswerError(f"{name} is {_shown(value)}, not a structure")
    return {str(key).lower(): item for key, item in value.items()}


def _fields(body: bytes) -> Mapping[str, object]:
    value = _loads(body)
    if not isinstance(value, dict):
        raise MalformedAnswerError(f"the answer is {_shown(value)}, not an object")
    return {str(key).lower(): item for key, item in value.items()}


def _loads(body: bytes) -> object:
    try:
        value: object = json.loads(body)
    except (ValueError, RecursionError):
        shown = quoted(body[:80].decode("latin-1"))
        raise MalformedAnswerError(f"the answer is not JSON: {shown}") from None
    return value


def _text(value: object) -> str:
    """Return a text from outside, cut and with everything unprintable replaced."""
    cut = value[:_MAX_TEXT] if isinstance(value, str) else ""
    return "".join(char if " " <= char <= "~" else "?" for char in cut)


def _shown(value: object) -> str:
    return "missing" if value is None else quoted(str(value)[:1000])
