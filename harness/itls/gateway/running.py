"""The loop of a gateway in its thread, and the way into it from other threads."""

import asyncio
import contextlib
import logging
import socket
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import Any, TypeVar

from harness.errors import ToolError, UsageError
from harness.itls.gateway.house import House
from harness.service.acceptor import Acceptor, turns

_LOG = logging.getLogger(__name__)
_START_S = 30.0
_PATIENCE_S = 5.0
_Result = TypeVar("_Result")


class Running:
    """A gateway's loop, from construction until `stop`; owns the listening socket."""

    def __init__(self, listener: socket.socket, make: Callable[[], House]) -> None:
        """Start the thread, and return when devices are let in.

        Args:
            listener: A listening socket; it is closed at the end.
            make: Makes the house, inside the loop.

        Raises:
            ToolError: The loop does not start.
        """
        self._listener = listener
        self._make = make
        self._started = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._house: House | None = None
        self._told: asyncio.Event | None = None
        self._lock = threading.Lock()
        self._asked: set[Future[Any]] = set()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="itls-gateway", daemon=True)
        self._thread.start()
        self._started.wait(_START_S)
        if self._house is None:
            listener.close()
            raise ToolError("the gateway's loop did not start")

    def call(self, work: Callable[[House], _Result]) -> _Result:
        """Do some work in the loop and return what it gives.

        Raises:
            UsageError: The loop ended, before or meanwhile.
        """
        assert self._house is not None and self._loop is not None  # noqa: PT018 - both are set before it started
        house = self._house
        answer: Future[_Result] = Future()

        def doing() -> None:
            if not answer.set_running_or_notify_cancel():
                return
            try:
                answer.set_result(work(house))
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
        except Exception:  # noqa: BLE001 - told to the log; whoever started it sees that there is no house
            _LOG.exception("the gateway's loop ended")
        finally:
            self._started.set()

    def _let_go(self) -> None:
        """Take no more work, and leave nobody waiting for what the loop will not do any more."""
        with self._lock:
            self._ended = True
            left = tuple(self._asked)
        for answer in left:
            answer.cancel()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._told = asyncio.Event()
        house = self._make()
        acceptor = Acceptor(self._listener, house.receive, name="the gateway")
        self._house = house
        self._started.set()
        try:
            await self._told.wait()
        finally:
            await acceptor.close()
            await house.clear(_PATIENCE_S)
            # Connections to a broker end with their sessions, and close in the turns after.
            await turns()


def not_running() -> UsageError:
    """Return the error of a call that needs a running gateway."""
    return UsageError("the gateway is not running; enter it with `with`")
