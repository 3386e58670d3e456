"""The request line of HTTP/1, where an application need not know of it: absolute targets, and versions that are none.

RFC 9112, 3.2.2, has a server accept `GET http://host/path`, whose host then stands above that of the `Host` header.
"""

import re
from typing import Any
from urllib.parse import unquote

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_ABSOLUTE = re.compile(rb"(?i:https?)://([^/@#]+)(/.*)?", re.DOTALL)


def shown_to(app: ASGIApp) -> ASGIApp:
    """Return an application that shows this one each target as a path, and HTTP/1 alone; the rest is answered 505."""

    def answer(scope: Scope, receive: Receive, send: Send) -> Any:
        if not scope["http_version"].startswith("1."):
            refusal = PlainTextResponse("505: this server speaks HTTP/1.1\n", 505, {"Connection": "close"})
            return refusal(scope, receive, send)
        if not scope["raw_path"].startswith(b"/"):
            return app(_in_origin_form(scope), receive, send)
        return app(scope, receive, send)

    return answer


def _in_origin_form(scope: Scope) -> Scope:
    absolute = _ABSOLUTE.fullmatch(scope["raw_path"])
    if absolute is None:
        return scope
    host, path = absolute[1], absolute[2] or b"/"
    headers = [(b"host", host), *(each for each in scope["headers"] if each[0] != b"host")]
    return {**scope, "raw_path": path, "path": unquote(path.decode("ascii")), "headers": headers}
