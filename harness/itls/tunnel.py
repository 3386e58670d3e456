"""A port on loopback that carries plain TCP through iTLS: any TCP client, of MQTT say, reaches an access point by it.

Each connection to the port gets its own iTLS connection, and ends with it.
"""

import contextlib
import socket
import threading
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Self

from harness.errors import BenchError, HarnessError
from harness.itls.socket_client import SilentServerError, SocketClient

_CHUNK = 16 * 1024
_ERRORS = 16
_PATIENCE = 3600.0
"""Seconds that one wait for data lasts; then it begins again."""


class Tunnel:
    """Listens on loopback and carries what comes through iTLS.

    A context manager: at its end every connection is closed and every thread has ended.
    """

    def __init__(
        self,
        connect: Callable[[], SocketClient],
        *,
        port: int = 0,
        most: int = 8,
        failed: Callable[[HarnessError], None] | None = None,
    ) -> None:
        """Prepare the tunnel; nothing listens before `open`.

        Args:
            connect: Makes an iTLS connection for each one that comes.
            port: TCP port on 127.0.0.1; 0 takes a free one.
            most: Connections at the same time; one more is closed at once.
            failed: Told, in the thread of the connection, of what goes wrong in the iTLS connection.
        """
        self._connect = connect
        self._port = port
        self._most = most
        self._tell = failed
        self._lock = threading.Lock()
        self._listener: socket.socket | None = None
        self._accepting: threading.Thread | None = None
        self._pairs: set[_Pair] = set()
        self._errors: deque[HarnessError] = deque(maxlen=_ERRORS)
        self._closing = False

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that it listens on.

        Raises:
            BenchError: It is not open.
        """
        with self._lock:
            if self._listener is None:
                raise BenchError("the tunnel is not open")
            host, port = self._listener.getsockname()[:2]
        return str(host), int(port)

    @property
    def errors(self) -> tuple[HarnessError, ...]:
        """The last things that went wrong, oldest first."""
        with self._lock:
            return tuple(self._errors)

    def open(self) -> None:
        """Listen.

        Raises:
            BenchError: The port is taken.
        """
        try:
            listener = socket.create_server(("127.0.0.1", self._port), backlog=self._most)
        except OSError as error:
            raise BenchError(
                f"the tunnel cannot listen on port {self._port}: {error.strerror or error}",
                hint="Take another port, or 0 for a free one.",
            ) from None
        thread = threading.Thread(target=self._accept, args=(listener,), name="itls-tunnel", daemon=True)
        with self._lock:
            self._closing = False
            self._listener, self._accepting = listener, thread
        thread.start()

    def close(self) -> None:
        """Stop listening, close every connection, and wait for the threads."""
        with self._lock:
            self._closing = True
            listener, self._listener = self._listener, None
            accepting, self._accepting = self._accepting, None
            pairs = tuple(self._pairs)
        if listener is not None:
            # Only a shutdown wakes a thread that waits in accept.
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        if accepting is not None:
            accepting.join()
        for pair in pairs:
            pair.close()
        for pair in pairs:
            pair.join()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                local, _ = listener.accept()
            except OSError:
                return
            with self._lock:
                if self._closing or len(self._pairs) >= self._most:
                    local.close()
                    continue
                pair = _Pair(local, self._connect, self._failed, self._gone)
                self._pairs.add(pair)
            pair.start()

    def _failed(self, error: HarnessError) -> None:
        with self._lock:
            self._errors.append(error)
        if self._tell is not None:
            self._tell(error)

    def _gone(self, pair: "_Pair") -> None:
        with self._lock:
            self._pairs.discard(pair)


class _Pair:
    """One plain connection, and the iTLS connection that carries it."""

    def __init__(
        self,
        local: socket.socket,
        connect: Callable[[], SocketClient],
        failed: Callable[[HarnessError], None],
        gone: Callable[["_Pair"], None],
    ) -> None:
        self._local = local
        self._connect = connect
        self._failed = failed
        self._gone = gone
        self._lock = threading.Lock()
        self._link: SocketClient | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="itls-tunnel-up", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def join(self) -> None:
        self._thread.join()

    def close(self) -> None:
        """End both connections; the threads notice."""
        with self._lock:
            self._closed = True
            link = self._link
        with contextlib.suppress(OSError):
            self._local.shutdown(socket.SHUT_RDWR)
        if link is not None:
            link.close()

    def _run(self) -> None:
        try:
            link = self._connect()
        except HarnessError as error:
            self._failed(error)
        else:
            self._carry(link)
        finally:
            self._local.close()
            self._gone(self)

    def _carry(self, link: SocketClient) -> None:
        with self._lock:
            self._link = link
            closed = self._closed
        if closed:
            link.close()
            return
        down = threading.Thread(target=self._down, args=(link,), name="itls-tunnel-down", daemon=True)
        down.start()
        self._up(link)
        self.close()
        down.join()

    def _up(self, link: SocketClient) -> None:
        try:
            while data := self._local.recv(_CHUNK):
                link.send(data)
        except HarnessError as error:
            self._note(error)
        except OSError:
            return

    def _down(self, link: SocketClient) -> None:
        try:
            while True:
                try:
                    data = link.receive(_PATIENCE)
                except SilentServerError:
                    continue
                if not data:
                    break
                self._local.sendall(data)
        except HarnessError as error:
            self._note(error)
        except OSError:
            pass
        self.close()

    def _note(self, error: HarnessError) -> None:
        with self._lock:
            on_purpose = self._closed
        if not on_purpose:
            self._failed(error)
