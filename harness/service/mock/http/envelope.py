"""How answers look on the wire, in JSON and in XML.

Source: service.md 4.2; the gateway's error body as published in many reports.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from html import escape

from harness.service.mock.request import Data, GatewayRefused

_XML = "<?xml version='1.0' encoding='UTF-8'?>"


@cache
def _not_in_xml() -> re.Pattern[str]:
    return re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # takes long; few ask for XML


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer.

    Attributes:
        status: HTTP status; 0 when there is no answer at all and the connection is closed.
        content_type: Of the body.
        body: The body.
        request_id: The call's name, also in the body.
        retry_after_ms: After how long the call may be tried again, milliseconds; 0 says nothing.
        cut: The body breaks off in the middle, and the connection with it.
    """

    status: int
    content_type: str
    body: bytes
    request_id: str = ""
    retry_after_ms: int = 0
    cut: bool = False


def answer(
    form: str, operation: str, request_id: str, code: int, data: Data | None, *, native: bool = False
) -> Reply:
    """Render the answer of an operation; a refusal has no `Data`.

    Args:
        form: `JSON` or `XML`.
        operation: Its name is in the root of the XML.
        request_id: The call's name.
        code: 200 or the code of the refusal.
        data: What a success carries.
        native: JSON numbers and booleans instead of strings.
    """
    fields: dict[str, object] = {"RequestId": request_id}
    if data is not None:
        fields["Data"] = data
    fields["Code"] = code
    fields["Success"] = code == 200
    if form == "XML":
        return _xml(200, f"{operation}Response", fields, request_id)
    return _json(200, fields if native else _as_strings(fields), request_id)


def gateway_error(form: str, request_id: str, refused: GatewayRefused, *, host_id: str) -> Reply:
    """Render the gateway's own error."""
    fields: dict[str, object] = {
        "RequestId": request_id,
        "HostId": host_id,
        "Code": refused.code,
        "Message": refused.message,
        "Recommend": (
            f"https://api.aliyun.com/troubleshoot?q={refused.code}&product=ID2&requestId={request_id}"
        ),
    }
    if form == "XML":
        return _xml(refused.status, "Error", fields, request_id, refused.retry_after_ms)
    return _json(refused.status, fields, request_id, refused.retry_after_ms)


def _json(status: int, fields: Mapping[str, object], request_id: str, retry_after_ms: int = 0) -> Reply:
    return Reply(
        status, "application/json;charset=utf-8", json.dumps(fields).encode(), request_id, retry_after_ms
    )


def _as_strings(fields: Mapping[str, object]) -> dict[str, object]:
    return {
        # Nearly every value is a text or a number; asking an abstract class about each of them costs time.
        name: value
        if isinstance(value, str)
        else _scalar(value)
        if isinstance(value, int) or not isinstance(value, Mapping)
        else _as_strings(value)
        for name, value in fields.items()
    }


def _xml(
    status: int, root: str, fields: Mapping[str, object], request_id: str, retry_after_ms: int = 0
) -> Reply:
    body = f"{_XML}<{root}>{_elements(fields)}</{root}>".encode()
    return Reply(status, "text/xml;charset=utf-8", body, request_id, retry_after_ms)


def _elements(fields: Mapping[str, object]) -> str:
    parts = []
    for name, value in fields.items():
        inner = _elements(value) if isinstance(value, Mapping) else _text(_scalar(value))
        parts.append(f"<{name}>{inner}</{name}>")
    return "".join(parts)


def _text(value: str) -> str:
    # What a caller sent is echoed in places; control characters have no form in XML at all.
    return escape(_not_in_xml().sub("\ufffd", value), quote=False)


def _scalar(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
