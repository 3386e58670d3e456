"""How answers look on the wire, in JSON and in XML.

Source: service.md 4.2; the gateway's error body as published in many reports.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape

from harness.service.mock.request import Data

_XML = "<?xml version='1.0' encoding='UTF-8'?>"


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer: status, content type and body."""

    status: int
    content_type: str
    body: bytes


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
        return _xml(200, f"{operation}Response", fields)
    return _json(200, fields if native else _as_strings(fields))


def gateway_error(form: str, request_id: str, *, status: int, code: str, message: str, host_id: str) -> Reply:
    """Render the gateway's own error."""
    fields: dict[str, object] = {
        "RequestId": request_id,
        "HostId": host_id,
        "Code": code,
        "Message": message,
        "Recommend": f"https://api.aliyun.com/troubleshoot?q={code}&product=ID2&requestId={request_id}",
    }
    return _xml(status, "Error", fields) if form == "XML" else _json(status, fields)


def _json(status: int, fields: Mapping[str, object]) -> Reply:
    return Reply(status, "application/json;charset=utf-8", json.dumps(fields).encode())


def _as_strings(fields: Mapping[str, object]) -> dict[str, object]:
    return {
        name: _as_strings(value) if isinstance(value, Mapping) else _scalar(value)
        for name, value in fields.items()
    }


def _xml(status: int, root: str, fields: Mapping[str, object]) -> Reply:
    return Reply(status, "text/xml;charset=utf-8", f"{_XML}<{root}>{_elements(fields)}</{root}>".encode())


def _elements(fields: Mapping[str, object]) -> str:
    parts = []
    for name, value in fields.items():
        inner = _elements(value) if isinstance(value, Mapping) else escape(_scalar(value))
        parts.append(f"<{name}>{inner}</{name}>")
    return "".join(parts)


def _scalar(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
