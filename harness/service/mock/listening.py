"""An ASGI application behind a listening socket: uvicorn in a thread, quick to start and to stop."""

import asyncio
import contextlib
import errno
import socket
import threading
from typing import Any

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from harness.errors import BenchError, ToolError

_BACKLOG = 128
_START_S = 10.0
_GRACE_S = 1.0
_GRACE_STEP_S = 0.002


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket.

    Args:
        host: An address of this computer.
        port: 0 lets the system choose.

    Raises:
        BenchError: The port is taken or not allowed.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio switches Nagle off only for sockets that say TCP.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        with contextlib.suppress(OSError):
            listener.close()
        taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
        raise BenchError(
            f"the mock service cannot listen on {host} port {port}: {'it is taken' if taken else error}",
            hint="choose another port, or 0 to have one chosen",
        ) from None
    return listener


class HttpThread:
    """One HTTP server in its thread, answering from construction until `stop`.

    Attributes:
        port: Where it listens.
    """

    def __init__(self, app: Starlette, listener: socket.socket) -> None:
        """Start, and return when connections are accepted.

        Args:
            app: What answers.
            listener: A listening socket; it is closed in the end.

        Raises:
            ToolError: The server did not start.
        """
        self.port: int = listener.getsockname()[1]
        self._listener = listener
        config = uvicorn.Config(
            app,
            http=_QuietProtocol,
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            server_header=False,
            date_header=False,
        )
        self._server = _Server(config)
        self._thread = threading.Thread(target=self._serve, name="id2-mock-service", daemon=True)
        self._thread.start()
        self._server.settled.wait(_START_S)
        if not self._server.started:
            listener.close()
            raise ToolError("the mock service's HTTP server did not start")

    def stop(self) -> None:
        """Finish the calls under way, close all connections, and end the thread."""
        self._server.tell_to_stop()
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        try:
            self._server.run(sockets=[self._listener])
        finally:
            self._server.settled.set()


class _Server(uvicorn.Server):
    """uvicorn's server with an event where it would look every tenth of a second whether to stop.

    Attributes:
        settled: Set when connections are accepted, or when it has failed.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.settled = threading.Event()
        self._told = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def tell_to_stop(self) -> None:
        """Have the loop end; call it from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._told.set)

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.settled.set()
        await self._told.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 - uvicorn's
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        # Idle connections are gone with the next turn of the loop; one in the middle of a call gets its time.
        end = asyncio.get_running_loop().time() + _GRACE_S
        while self.server_state.connections and asyncio.get_running_loop().time() < end:  # noqa: ASYNC110 - no event
            await asyncio.sleep(_GRACE_STEP_S)
        for connection in list(self.server_state.connections):
            if connection.transport is not None:
                connection.transport.abort()
        await asyncio.sleep(0)


class _QuietProtocol(H11Protocol):
    """uvicorn's HTTP without its access log, whose lines hold signatures and session keys of GET calls.

    The `access_log` switch of uvicorn is not enough: it counts on the logger having no handler, and test
    runners add theirs everywhere.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.access_log = False
