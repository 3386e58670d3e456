"""An ASGI application behind a listening socket: uvicorn in a thread, quick to start and to stop."""

import asyncio
import contextlib
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from http import HTTPStatus
from typing import Any, Protocol

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from harness.errors import ToolError
from harness.web import whole_request
from harness.web.acceptor import Acceptor, turns
from harness.web.connection_limit import ConnectionLimit
from harness.web.delivery import unacknowledged
from harness.web.log_repeats import RepeatFilter
from harness.web.request_line import shown_to
from harness.web.whole_request import WholeRequest

_START_S = 10.0
_GRACE_S = 1.0
_GRACE_STEP_S = 0.002

ANSWER = "id2_answer"
"""Key in a connection's state: a function that sends a whole answer at once, and tells whether it could."""

BREAK_OFF = "id2_break_off"
"""Key in a connection's state: a function that closes the connection, at once or when all is sent."""

STOPPING = "id2_stopping"
"""Key in a connection's state: a function that tells whether the server is about to end; streams end then too."""

NOT_HTTP = ("text/plain;charset=utf-8", b"400: the request is not HTTP, or its head is too long\n")
"""Media type and body of the answer to what is no HTTP, unless a server says it in another form."""


Sending = Callable[[int, str, Sequence[tuple[str, str]], bytes], None]
"""Sends a whole answer: status, media type, further headers, body."""


class Direct(Protocol):
    """Answers whole requests without a task of their own; most of a short call's time goes into that otherwise.

    Attributes:
        body_max: Longest body that it takes, bytes; a longer one is not waited for.
    """

    body_max: int

    def __call__(self, request: WholeRequest, send: Sending, *, alone: bool) -> bool:
        """Take a request that has come whole, and answer it now or soon; False, and nothing was done, for another one.

        Args:
            request: The request.
            send: Sends the answer; to be called once, in the thread of the server.
            alone: There is no other connection, whose request could be answered together with this one.
        """


class HttpThread:
    """One HTTP server in its thread, answering from construction until `stop`.

    Attributes:
        port: Where it listens.
    """

    def __init__(
        self,
        app: ASGIApp,
        listener: socket.socket,
        *,
        connections: int,
        request_s: float,
        tls: ssl.SSLContext | None = None,
        name: str,
        not_http: tuple[str, bytes] = NOT_HTTP,
        direct: Direct | None = None,
    ) -> None:
        """Start, and return when connections are accepted.

        Args:
            app: What answers.
            listener: A listening socket; it is closed in the end.
            connections: Most connections at once. For one more, the one goes that has been waiting for its
                request for the longest.
            request_s: Time for a request to arrive whole, head and body, seconds.
            tls: Speak TLS with this.
            name: Who listens, for messages: "the mock service".
            not_http: Media type and body of the answer to what is no HTTP.
            direct: Is shown plain whole requests before `app`.

        Raises:
            ToolError: The server did not start.
        """
        self.port: int = listener.getsockname()[1]
        self._listener = listener
        config = uvicorn.Config(
            shown_to(app),
            interface="asgi3",
            http=_QuietProtocol,
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            server_header=False,
            date_header=False,
            # Nothing stands in front of it: who a peer is, only its connection tells.
            proxy_headers=False,
        )
        logging.getLogger("uvicorn.error").addFilter(_REPEATS)
        self._server = _Server(
            config,
            listener,
            ConnectionLimit(connections, request_s),
            tls,
            name=name,
            not_http=not_http,
            direct=direct,
        )
        self._thread = threading.Thread(target=self._serve, name=name.removeprefix("the "), daemon=True)
        self._thread.start()
        self._server.settled.wait(_START_S)
        if not self._server.started:
            listener.close()
            raise ToolError(f"the HTTP server of {name} did not start")

    def stop(self) -> None:
        """Finish the calls under way, close all connections, and end the thread; stopping twice is fine."""
        self._server.tell_to_stop()
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        try:
            self._server.run()
        finally:
            self._server.settled.set()


class _Server(uvicorn.Server):
    """uvicorn's server with an acceptor of ours, and with an event where it would look every tenth of a second.

    Attributes:
        settled: Set when connections are accepted, or when it has failed.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        listener: socket.socket,
        limit: ConnectionLimit,
        tls: ssl.SSLContext | None,
        *,
        name: str,
        not_http: tuple[str, bytes],
        direct: Direct | None,
    ) -> None:
        super().__init__(config)
        self._direct = direct
        self.settled = threading.Event()
        self._listener = listener
        self._limit = limit
        self._tls = tls
        self._name = name
        self._not_http = not_http
        self._told = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._acceptor: Acceptor | None = None

    def tell_to_stop(self) -> None:
        """Have the loop end; call it from any thread."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # it has ended
                self._loop.call_soon_threadsafe(self._told.set)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 - uvicorn's
        await self.lifespan.startup()
        self.servers = []
        self._acceptor = Acceptor(
            self._listener,
            lambda: _QuietProtocol(
                self.config,
                self.server_state,
                {**self.lifespan.state, STOPPING: self._told.is_set},
                limit=self._limit,
                not_http=self._not_http,
                direct=self._direct,
            ),
            name=self._name,
            tls=self._tls,
            tls_handshake_s=self._limit.request_s,
        )
        self.started = True

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.settled.set()
        await self._told.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 - uvicorn's
        if self._acceptor is not None:
            await self._acceptor.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await self._last_answers()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        # What is left waits for a fault's delay.
        waiting = asyncio.all_tasks() - {asyncio.current_task()}
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        await turns()

    async def _last_answers(self) -> None:
        """Give connections in the middle of a call their time; idle ones are gone with the next turn of the loop.

        With TLS a closed connection would stay until its peer says goodbye too, which an idle client never does: it
        goes when all was delivered, as the transport may still have something to hand on at the first look.
        """
        connections = self.server_state.connections
        delivered: set[Any] = set()
        loop = asyncio.get_running_loop()
        end = loop.time() + _GRACE_S
        while connections and loop.time() < end:
            await asyncio.sleep(_GRACE_STEP_S)
            closing = [one for one in connections if one.transport.is_closing()]
            idle = [one for one in closing if not unacknowledged(one.transport)]
            for one in delivered.intersection(idle):
                one.transport.abort()
            delivered = set(idle)


_REPEATS = RepeatFilter()
_CLOSE = (b"connection", b"close")


@lru_cache(maxsize=256)
def _head(status: int, media_type: str, length: int) -> h11.Response:
    """Return the common part of a head: there are few of them, and each takes time to make."""
    headers = [(b"content-type", media_type.encode()), (b"content-length", str(length).encode())]
    return h11.Response(status_code=status, headers=headers, reason=HTTPStatus(status).phrase.encode())


@cache
def _status_line(status: int) -> str:
    return f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"


class _QuietProtocol(H11Protocol):
    """uvicorn's HTTP within limits, and without its access log, whose lines hold signatures and session keys.

    The `access_log` switch of uvicorn is not enough: it counts on the logger having no handler, and test
    runners add theirs everywhere.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        limit: ConnectionLimit,
        not_http: tuple[str, bytes] = NOT_HTTP,
        direct: Direct | None = None,
    ) -> None:
        state = {**app_state, ANSWER: self._answer, BREAK_OFF: self._break_off}
        super().__init__(config, server_state, state, _loop)
        self.access_log = False
        self._limit = limit
        self._not_http = not_http
        self._direct = direct
        self._begun = b""  # of a plain request whose body is still to come
        self._owes = False  # an answer to a request that was taken directly
        self._more_came = False  # while it was owed
        self._ending = False
        self._idle_since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._limit.enter(self, self._expire)

    def connection_lost(self, exc: Exception | None) -> None:
        self._limit.leave(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came; after the end of a connection that is nothing, though TLS goes on reading for its goodbye."""
        if self.transport.is_closing():
            return
        if self._direct is not None:
            if self._owes:
                self._more_came = True
                self.flow.pause_reading()
                self.conn.receive_data(data)
                return
            begun, self._begun = self._begun, b""
            data = begun + data if begun else data
            if (begun or self._between_requests()) and self._took_directly(
                self._direct, data, first=not begun
            ):
                return
        super().data_received(data)

    def shutdown(self) -> None:
        """Close the connection, or have the call under way be its last.

        A transport with TLS that is closed a second time loses hold of its connection, and nothing can end it then.
        """
        if self._owes:
            self._ending = True
        elif not self.transport.is_closing():
            super().shutdown()

    def handle_events(self) -> None:
        """Answer what came, and give a request that has not come whole its time."""
        self._skip_empty_lines()
        super().handle_events()
        if self.transport.is_closing():
            return
        if self.conn.their_state in (h11.IDLE, h11.SEND_BODY):
            self._limit.wait(self, self._expire)
        else:
            self._limit.busy(self)

    def _skip_empty_lines(self) -> None:
        """Have h11 not see empty lines before a request (RFC 9112, 2.2): it takes them for a request that is broken."""
        if self.conn.their_state is self.conn.our_state is h11.IDLE:
            begun = self.conn.trailing_data[0]
            if begun.startswith((b"\r", b"\n")):
                self.conn = h11.Connection(h11.SERVER)
                if rest := begun.lstrip(b"\r\n"):
                    self.conn.receive_data(rest)

    def _should_upgrade(self) -> bool:
        """Tell that no protocol is changed to; uvicorn would advise to install one."""
        return False

    def _between_requests(self) -> bool:
        """Tell whether the next byte is the first one of a request, and its answer could be sent at once."""
        conn = self.conn
        between = conn.their_state is h11.IDLE and conn.our_state is h11.IDLE
        return between and not conn.trailing_data[0] and not self.flow.write_paused

    def _took_directly(self, direct: Direct, data: bytes, *, first: bool) -> bool:
        """Have a plain request answered directly; False, and nothing was done, when it is none."""
        request, missing = whole_request.read(data, direct.body_max)
        if request is None:
            # Many clients send head and body one after the other; whoever sends more pieces is read by h11.
            if missing and first:
                self._unset_keepalive_if_required()
                self._begun = data
                return True
            return False
        self._owes = True
        if direct(request, self._send_whole, alone=len(self.connections) == 1):
            if self._owes:
                self._limit.busy(self)
            return True
        self._owes = False
        return False

    def _send_whole(
        self, status: int, media_type: str, extra: Sequence[tuple[str, str]], body: bytes
    ) -> None:
        """Send the answer to a request that was taken directly: h11 never saw it, and has nothing to say about it."""
        self._owes = False
        if self.transport.is_closing():
            return
        more = "".join([f"{name}: {value}\r\n" for name, value in extra])
        head = (
            f"{_status_line(status)}content-type: {media_type}\r\ncontent-length: {len(body)}\r\n{more}\r\n"
        )
        self.transport.write(head.encode() + body)
        if self._ending:
            self.conn.send(h11.ConnectionClosed())
            self.transport.close()
            return
        self._idle_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )
        self._limit.busy(self)
        self._limit.wait(self, self._expire)
        if self._more_came:
            self._more_came = False
            self._unset_keepalive_if_required()
            self.flow.resume_reading()
            self.handle_events()

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that was idle all the time; one that was not has the rest of its time.

        A timer for each request, set and cancelled, would cost more than this look.
        """
        left = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if self.transport.is_closing() or (left <= 0 and not self._owes):
            super().timeout_keep_alive_handler()
            return
        self.timeout_keep_alive_task = self.loop.call_later(
            max(left, _GRACE_STEP_S), self.timeout_keep_alive_handler
        )

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, or has a head that is too long."""
        del msg
        kind, body = self._not_http
        headers = [
            (b"content-type", kind.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        event = h11.Response(status_code=400, headers=headers, reason=b"Bad Request")
        for part in (event, h11.Data(data=body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event=part) or b"")
        self.transport.close()

    def _expire(self) -> None:
        """Let a connection go whose request does not come."""
        if self.cycle is not None:
            self.cycle.disconnected = True
        self.transport.abort()

    def _answer(self, status: int, media_type: str, extra: tuple[str, str], body: bytes) -> bool:
        """Send head and body in one piece; False, and nothing was sent, when that needs the usual way.

        As ASGI has it, head and body come one after the other, are written one by one, and wake the peer twice.

        Args:
            status: HTTP status.
            media_type: Of the body.
            extra: One more header, name and value.
            body: The body, not empty.
        """
        cycle = self.cycle
        if self.flow.write_paused or not cycle.keep_alive or _CLOSE in self.headers:
            return False
        if cycle.disconnected:
            return True
        cycle.response_started = True
        cycle.waiting_for_100_continue = False
        head = self.conn.send(_head(status, media_type, len(body))) or b""
        self.conn.send(h11.Data(data=body))
        self.conn.send(h11.EndOfMessage())
        name, value = extra
        # The head ends with an empty line; before that there is room for one more.
        self.transport.write(b"".join((head[:-2], f"{name}: {value}\r\n\r\n".encode(), body)))
        cycle.response_complete = True
        cycle.message_event.set()
        if self.conn.our_state is h11.MUST_CLOSE:
            self.conn.send(h11.ConnectionClosed())
            self.transport.close()
        cycle.on_response()
        return True

    def _break_off(self, now: bool) -> None:
        """Close the connection: at once, or when what was written is sent."""
        if self.cycle is not None:
            self.cycle.disconnected = True
        if now:
            self.transport.abort()
        else:
            self.transport.close()
