"""The mock as an ASGI application: one path, GET and POST, parameters in query and form."""

from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from harness.service.mock.core import Core
from harness.service.mock.envelope import Reply
from harness.service.mock.gateway import Stopped

_MAX_FIELDS = 64
_FORM = "application/x-www-form-urlencoded"


def build(core: Core) -> Starlette:
    """Return the application that answers for `core`."""

    async def runtime(request: Request) -> Response:
        try:
            parameters = await _parameters(request, core.settings.body_max)
        except Stopped as stopped:
            return _response(core.refusal(stopped))
        # On the event loop on purpose: the store takes one transaction at a time anyway, and a call is short.
        return _response(core.handle(request.method, parameters))

    async def elsewhere(request: Request) -> Response:
        if request.url.path == "/":
            return _response(
                core.refusal(Stopped(405, "UnsupportedHTTPMethod", "This http method is not supported."))
            )
        message = "Specified api is not found, please check your url and method."
        return _response(core.refusal(Stopped(404, "InvalidApi.NotFound", message)))

    every = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]
    return Starlette(
        routes=[
            Route("/", runtime, methods=["GET", "POST"]),
            Route("/{path:path}", elsewhere, methods=every),
        ]
    )


async def _parameters(request: Request, body_max: int) -> dict[str, str]:
    parameters = _fields(request.url.query)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > body_max:
            raise Stopped(413, "RequestEntityTooLarge", f"The request body is larger than {body_max} bytes.")
    if body and request.headers.get("content-type", "").partition(";")[0].strip().lower() == _FORM:
        parameters |= _fields(body.decode("ascii", "replace"))
    return parameters


def _fields(text: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_MAX_FIELDS))
    except ValueError:
        raise Stopped(400, "InvalidParameter", f"More than {_MAX_FIELDS} parameters.") from None


def _response(reply: Reply) -> Response:
    return Response(reply.body, reply.status, {"Content-Type": reply.content_type})
