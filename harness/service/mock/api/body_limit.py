"""The largest body that the admin API reads: what is longer never gets into memory."""

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_MAX = 1024 * 1024
"""Bytes of a request; the longest sensible one, a whitelist of 1000 names, has some 40 KB."""


class BodyLimit:
    """An application whose requests are read up to `BODY_MAX` first; a longer one is answered 413."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "")
        body = None if declared.isdigit() and int(declared) > BODY_MAX else await _read(receive)
        if body is None:
            content = {
                "error": f"the body is larger than {BODY_MAX} bytes",
                "hint": "the description is at /admin/openapi.json",
            }
            await JSONResponse(content, 413)(scope, receive, send)
            return
        waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def read_again() -> Message:
            return waiting.pop() if waiting else await receive()

        await self._app(scope, read_again, send)


async def _read(receive: Receive) -> bytes | None:
    """Return the body; None when it is too long."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > BODY_MAX:
            return None
        # A peer that went away sends no more either; the application finds that out by itself.
        if not message.get("more_body", False):
            return bytes(body)
