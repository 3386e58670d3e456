"""Server-sent events that a browser resumes where it was cut off.

What is told is asked for, not pushed: a source gives what came after an event's id, so a stream holds no state, a
reconnected browser (`Last-Event-ID`) asks the same question, and two browsers see the same.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from harness.web.guard import Guard
from harness.web.listening import STOPPING

_ID_MAX = 200
_RETRY_MS = 2_000
_STREAMS_MAX = 64
_POLL_S = 0.3
_QUIET_S = 10.0
_LIFETIME_S = 600.0


@dataclass(frozen=True, slots=True)
class Event:
    """One event.

    Attributes:
        id: Where its stream goes on after it; one line.
        data: What it says, as JSON can.
        kind: What a script listens for; one line.
    """

    id: str
    data: object = None
    kind: str = "message"

    def encoded(self) -> bytes:
        """Return it as it goes over the wire; JSON has no line end in it, so nothing in `data` ends the event."""
        return f"id: {_line(self.id)}\nevent: {_line(self.kind)}\ndata: {json.dumps(self.data)}\n\n".encode()


Source = Callable[[Request, str], Sequence[Event]]
"""Gives the events after the one of this id, oldest first; all that a new page needs when the id is empty. Called in a
thread, again and again: an empty answer says that nothing came."""


class EventStreams:
    """The event streams of one site; bounded, as each holds a connection for as long as a page is open."""

    def __init__(
        self,
        guard: Guard,
        *,
        most: int = _STREAMS_MAX,
        poll_s: float = _POLL_S,
        quiet_s: float = _QUIET_S,
        lifetime_s: float = _LIFETIME_S,
    ) -> None:
        """Start with none.

        Args:
            guard: Asked again while a stream lasts: a session that has ended ends it.
            most: Most streams at once; one more is answered 503, and its browser tries again.
            poll_s: Time between two questions to a source, seconds.
            quiet_s: After so long without an event a comment is sent, so that a dead peer shows, seconds.
            lifetime_s: A stream ends after so long, and the browser resumes it, seconds.
        """
        self._guard = guard
        self._most = most
        self._poll_s = poll_s
        self._quiet_s = quiet_s
        self._lifetime_s = lifetime_s
        self._open = 0

    def route(self, path: str, source: Source) -> Route:
        """Return the route of a stream, for `Site.routes`."""

        async def endpoint(request: Request) -> Response:
            if self._open >= self._most:
                return PlainTextResponse("503: too many pages are open\n", 503, {"Retry-After": "5"})
            headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
            return StreamingResponse(
                self._stream(request, source), media_type="text/event-stream", headers=headers
            )

        return Route(path, endpoint, methods=["GET"])

    async def _stream(self, request: Request, source: Source) -> AsyncIterator[bytes]:
        self._open += 1
        try:
            last = last_event_id(request)
            yield f"retry: {_RETRY_MS}\n\n".encode()
            began = said = time.monotonic()
            stopping = request.scope.get("state", {}).get(STOPPING, bool)
            while time.monotonic() - began < self._lifetime_s and not stopping():
                if not self._guard.logged_in(request.scope):
                    break
                for event in await run_in_threadpool(source, request, last):
                    last, said = event.id, time.monotonic()
                    yield event.encoded()
                if time.monotonic() - said >= self._quiet_s:
                    said = time.monotonic()
                    yield b": here\n\n"
                await asyncio.sleep(self._poll_s)
        finally:
            self._open -= 1


def last_event_id(request: Request) -> str:
    """Return the id after which a stream goes on: of the browser's header, or else of `?after=`."""
    given = request.headers.get("last-event-id") or request.query_params.get("after", "")
    return given if len(given) <= _ID_MAX and given.isprintable() else ""


def _line(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())[:_ID_MAX]
