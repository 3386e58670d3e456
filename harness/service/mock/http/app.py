"""The mock as an ASGI application: the runtime API at `/`, and whatever else is mounted beside it."""

import asyncio
import contextlib
import re
from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import Receive, Scope, Send

from harness.service.mock.core import Core
from harness.service.mock.http import incoming
from harness.service.mock.http.envelope import Reply
from harness.service.mock.http.incoming import Incoming
from harness.service.mock.request import GatewayRefused
from harness.web.listening import ANSWER, BREAK_OFF, Sending
from harness.web.whole_request import WholeRequest

_CONSOLE = "/console"
_TOGETHER = 64  # most calls of one transaction
_OF_CALLS = frozenset({b"authorization", b"x-acs-action", b"x-acs-signature-nonce"})
_API_KINDS = ("application/json", "text/xml")
_KINDS_MAX = 20
_QUALITY = re.compile(r"[01](\.\d{0,3})?")
NOT_HTTP = (
    "text/xml;charset=utf-8",
    (
        b"<?xml version='1.0' encoding='UTF-8'?><Error><Code>InvalidRequest</Code>"
        b"<Message>The request is not HTTP, or its head is too long.</Message></Error>"
    ),
)
"""What the cloud's gateway says to what is no HTTP: media type and body."""


def build(core: Core, extra: Sequence[BaseRoute] = ()) -> Starlette:
    """Return the application that answers for `core`.

    Args:
        core: The runtime API.
        extra: Further routes; they come before the answer that a path is not found.
    """

    async def elsewhere(request: Request) -> Response:
        if request.url.path == "/":
            refused = GatewayRefused(405, "UnsupportedHTTPMethod", "This http method is not supported.")
            allowed = {"Allow": "GET, POST"}
        else:
            allowed = {}
            message = "Specified api is not found, please check your url and method."
            refused = GatewayRefused(404, "InvalidApi.NotFound", message)
        reply = core.refusal(refused, form=incoming.form_of_unread(request.scope))
        return Response(reply.body, reply.status, {"Content-Type": reply.content_type, **allowed})

    rest = Route("/{path:path}", elsewhere)
    rest.methods = None  # every one, also those that nobody knows
    routes = [*extra, rest]
    for route in routes:
        if isinstance(route, Mount | Route):
            # As starlette compiles them, the rest of a path ends at a line end, and no route answers for such a path.
            route.path_regex = re.compile(route.path_regex.pattern, re.DOTALL)
    return _Application(core, routes)


class Calls:
    """Answers whole calls of the runtime API without a task for each; those that come at once share a transaction.

    Attributes:
        body_max: Longest body that it takes, bytes.
    """

    def __init__(self, core: Core, *, console: bool) -> None:
        """Answer for `core`.

        Args:
            core: The runtime API.
            console: A browser may ask for `/`, to be led to the console.
        """
        self.body_max = core.settings.body_max
        self._core = core
        self._console = console
        self._waiting: list[tuple[Incoming, Sending]] = []

    def __call__(self, request: WholeRequest, send: Sending, *, alone: bool) -> bool:
        """Take a call and answer it; False for one that is none, or with which something goes wrong on purpose."""
        path, _, query = request.target.partition("?")
        core = self._core
        if path != "/" or core.faults.any_on or len(request.body) > self.body_max:
            return False
        if self._console and request.method == "GET":
            return False
        try:
            call = incoming.of(request.method, request.headers, query.encode(), request.body)
        except GatewayRefused:
            return False  # who reads it again tells why
        if alone:
            _answer(core.handle(call), send)
            return True
        self._waiting.append((call, send))
        if len(self._waiting) == 1:
            asyncio.get_running_loop().call_soon(self._answer_all)
        return True

    def _answer_all(self) -> None:
        waiting, self._waiting = self._waiting, []
        for begin in range(0, len(waiting), _TOGETHER):
            some = waiting[begin : begin + _TOGETHER]
            replies = self._core.handle_all([call for call, _ in some])
            for (_, send), reply in zip(some, replies, strict=True):
                _answer(reply, send)


def _answer(reply: Reply, send: Sending) -> None:
    extra = [("x-acs-request-id", reply.request_id)]
    if reply.retry_after_ms:
        extra.append(("x-acs-retry-after", str(reply.retry_after_ms)))
    send(reply.status, reply.content_type, extra, reply.body)


class _Application(Starlette):
    """Starlette for the routes; calls of the runtime API go past its middleware, for speed."""

    def __init__(self, core: Core, routes: Sequence[BaseRoute]) -> None:
        super().__init__(routes=routes)
        self._core = core
        self._console = any(getattr(route, "path", "") == _CONSOLE for route in routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/" and scope["method"] in ("GET", "POST"):
            if self._console and _from_browser(scope):
                await RedirectResponse("/console/", 307)(scope, receive, send)
                return
            # A server that stops cancels a call that still waits; it has nothing to say then.
            with contextlib.suppress(asyncio.CancelledError):
                await _runtime(self._core, scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def _from_browser(scope: Scope) -> bool:
    """Tell whether a person has typed the address: a page is wanted, and no operation is asked for."""
    if scope["method"] != "GET" or scope["query_string"]:
        return False
    headers = dict(scope["headers"])
    if not _OF_CALLS.isdisjoint(headers):
        return False
    wanted = _qualities(headers.get(b"accept", b"").decode("latin-1"))
    html = wanted.get("text/html", 0.0)
    # A client that would rather have what the API answers in gets that, also when it takes pages too.
    return html > 0 and html >= max((wanted.get(kind, 0.0) for kind in _API_KINDS), default=0.0)


def _qualities(accepted: str) -> dict[str, float]:
    """Return how much each media type of an `Accept` header is wanted, 0 to 1."""
    found: dict[str, float] = {}
    for part in accepted.lower().split(",")[:_KINDS_MAX]:
        kind, *parameters = (each.strip() for each in part.split(";"))
        quality = next((each[2:] for each in parameters if each.startswith("q=")), "1")
        found[kind] = float(quality) if _QUALITY.fullmatch(quality) else 0.0
    return found


async def _runtime(core: Core, scope: Scope, receive: Receive, send: Send) -> None:
    try:
        request = await incoming.read(scope, receive, core.settings.body_max)
    except GatewayRefused as refused:
        await _send(core.refusal(refused, form=incoming.form_of_unread(scope)), scope, send)
        return
    fault = core.faults.take(request.operation)
    if fault is not None and fault.latency_ms:
        await asyncio.sleep(fault.latency_ms / 1000)
    # On the event loop on purpose: the store takes one transaction at a time anyway, and a call is short.
    await _send(core.handle(request, fault), scope, send)


async def _send(reply: Reply, scope: Scope, send: Send) -> None:
    if not reply.status:
        scope["state"][BREAK_OFF](True)
        await asyncio.sleep(
            0
        )  # the server must hear that the connection is gone before it asks for an answer
        return
    if not reply.cut and not reply.retry_after_ms:
        name = ("x-acs-request-id", reply.request_id)
        if scope["state"][ANSWER](reply.status, reply.content_type, name, reply.body):
            return
    headers = [
        (b"content-type", reply.content_type.encode()),
        (b"content-length", str(len(reply.body)).encode()),
        (b"x-acs-request-id", reply.request_id.encode()),
    ]
    if reply.retry_after_ms:
        headers.append((b"x-acs-retry-after", str(reply.retry_after_ms).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    if not reply.cut:
        await send({"type": "http.response.body", "body": reply.body})
        return
    await send({"type": "http.response.body", "body": reply.body[: len(reply.body) // 2], "more_body": True})
    scope["state"][BREAK_OFF](False)
    await asyncio.sleep(0)
