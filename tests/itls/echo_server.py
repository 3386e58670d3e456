"""A threaded access point for tests: one thread a connection, echoing or doing what it is told with the stream."""

import contextlib
import socket
import threading
from collections.abc import Callable

from harness.itls.errors import ItlsError
from harness.itls.events import DataReceived, ObservedRecord, StreamEnded
from harness.itls.records import ContentType
from harness.itls.server import ServerConnection, ServerHooks
from tests.itls.conftest import OneDevice

WAIT = 20.0
Behind = Callable[[bytes], bytes]


class EchoServer:
    def __init__(
        self,
        authority: OneDevice | None = None,
        hooks: Callable[[], ServerHooks] = ServerHooks,
        behind: Callable[[], Behind] = lambda: bytes,
        stuck: threading.Event | None = None,
    ) -> None:
        """`stuck`: after the first application data nothing more is read before this is set."""
        self.authority = authority or OneDevice()
        self.seen: list[ObservedRecord] = []
        self.clean_ends = 0
        self.connections = 0
        self._hooks = hooks
        self._behind = behind
        self._stuck = stuck
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self._sockets: list[socket.socket] = []
        self._acceptor = threading.Thread(target=self._accept)

    @property
    def address(self) -> tuple[str, int]:
        return self._listener.getsockname()[:2]

    def __enter__(self):
        self._acceptor.start()
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._acceptor.join()
        self.hang_up()
        for thread in self._threads:
            thread.join()

    def hang_up(self) -> None:
        """End every connection without a word."""
        for one in self._sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._sockets.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        server = ServerConnection(self.authority, observe=self.seen.append, hooks=self._hooks())
        behind = self._behind()
        with connection, contextlib.suppress(OSError):
            while not server.closed and not server.cut_off:
                if self._stuck is not None and any(
                    one.kind is ContentType.APPLICATION_DATA for one in self.seen
                ):
                    self._stuck.wait(WAIT)
                data = connection.recv(65536)
                try:
                    events = server.receive(data) if data else server.end_of_stream()
                except ItlsError:
                    events = []
                for event in events:
                    if isinstance(event, DataReceived) and (answer := behind(event.data)):
                        server.send(answer)
                    if isinstance(event, StreamEnded):
                        self.clean_ends += event.clean
                        server.close()
                connection.sendall(server.take())
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                pass
