"""The event loop of a gateway in its own thread, and calls into it from other threads."""

import asyncio
import contextlib
import logging
import socket
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import Any, TypeVar

from harness.errors import ToolError, UsageError
from harness.gateway.sessions import Sessions
from harness.web.acceptor import Acceptor, turns

_LOG = logging.getLogger(__name__)
_START_S = 30.0
_PATIENCE_S = 5.0
_Result = TypeVar("_Result")


class GatewayLoop:
    """The event loop of one gateway, from construction until `stop`; owns the listening socket."""

    def __init__(self, listener: socket.socket, make: Callable[[], Sessions]) -> None:
        """Start the thread, and return when connections are accepted.

        Args:
            listener: A listening socket; it is closed at the end.
            make: Makes the sessions object, inside the loop.

        Raises:
            ToolError: The loop does not start.
        """
        self._listener = listener
        self._make = make
        self._started = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._sessions: Sessions | None = None
        self._told: asyncio.Event | None = None
        self._lock = threading.Lock()
        self._asked: set[Future[Any]] = set()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="itls-gateway", daemon=True)
        self._thread.start()
        self._started.wait(_START_S)
        if self._sessions is None:
            listener.close()
            raise ToolError("the gateway's loop did not start")

    def call(self, work: Callable[[Sessions], _Result]) -> _Result:
        """Run `work` in the loop and return its result.

        Raises:
            UsageError: The loop ended, before or meanwhile.
        """
        assert self._sessions is not None and self._loop is not None  # noqa: PT018 - both are set before it started
        sessions = self._sessions
        answer: Future[_Result] = Future()

        def doing() -> None:
            if not answer.set_running_or_notify_cancel():
                return
            try:
                answer.set_result(work(sessions))
            except Exception as error:  # noqa: BLE001 - the caller's, in its own thread
                answer.set_exception(error)

        with self._lock:
            if self._ended:
                raise not_running()
            self._asked.add(answer)
            # Inside the lock, so that the loop cannot close in between.
            self._loop.call_soon_threadsafe(doing)
        try:
            return answer.result()
        except CancelledError:
            raise not_running() from None
        finally:
            with self._lock:
                self._asked.discard(answer)

    def stop(self) -> None:
        """End all sessions, the loop and the thread."""
        assert self._loop is not None and self._told is not None  # noqa: PT018 - both are set before it started
        with contextlib.suppress(RuntimeError):  # the loop ended by itself
            self._loop.call_soon_threadsafe(self._told.set)
        self._thread.join()
        self._listener.close()

    def _run(self) -> None:
        try:
            with asyncio.Runner() as runner:
                try:
                    runner.run(self._serve())
                finally:
                    self._let_go()
        except Exception:  # noqa: BLE001 - logged here; the constructor raises in the thread that started it
            _LOG.exception("the gateway's loop ended")
        finally:
            self._started.set()

    def _let_go(self) -> None:
        """Refuse further calls, and cancel those that still wait."""
        with self._lock:
            self._ended = True
            left = tuple(self._asked)
        for answer in left:
            answer.cancel()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._told = asyncio.Event()
        sessions = self._make()
        acceptor = Acceptor(self._listener, sessions.receive, name="the gateway")
        self._sessions = sessions
        self._started.set()
        try:
            await self._told.wait()
        finally:
            await acceptor.close()
            await sessions.clear(_PATIENCE_S)
            # Connections to a broker end with their sessions, and close in the turns after.
            await turns()


def not_running() -> UsageError:
    """Return the error of a call that needs a running gateway."""
    return UsageError("the gateway is not running; enter it with `with`")
