"""The bench page over real HTTP or TLS, in a thread of its own."""

from typing import Self

from starlette.applications import Starlette

from harness.bench_page.bench import Bench
from harness.bench_page.routes import routes
from harness.secret import Secret
from harness.web.acceptor import listen
from harness.web.exposure import is_loopback
from harness.web.guard import AccessRules, Guard
from harness.web.listening import HttpThread
from harness.web.tls import Tls

_BACKLOG = 64
_CONNECTIONS = 256
_REQUEST_S = 20.0
_REQUESTS_PER_MINUTE = 1200


class BenchPage:
    """The page of one bench; use it as a context manager."""

    def __init__(
        self,
        bench: Bench,
        port: int = 0,
        *,
        host: str = "127.0.0.1",
        hosts: frozenset[str] = frozenset(),
        tls: Tls | None = None,
        token: Secret | None = None,
    ) -> None:
        """Prepare; nothing listens yet.

        Args:
            bench: What it shows and changes.
            port: 0 lets the system choose.
            host: Where to listen; beyond this computer with `token` and `tls` only.
            hosts: Further names under which people open it.
            tls: Speak TLS.
            token: What people must show.

        Raises:
            UsageError: A host that is not this computer, without `token` or `tls`.
        """
        guard = Guard(
            AccessRules(requests_per_minute=_REQUESTS_PER_MINUTE, hosts=hosts),
            root="",
            loopback=is_loopback(host),
            token=token,
            secure=tls is not None,
        )
        self._host = host
        self._port = port
        self._tls = tls
        self._app = Starlette(routes=routes(bench, guard))
        self._running: HttpThread | None = None

    def __enter__(self) -> Self:
        """Listen and answer, from now on.

        Raises:
            BenchError: The port is taken or not allowed.
        """
        listener = listen(
            self._host,
            self._port,
            name="the bench page",
            backlog=_BACKLOG,
            hint="choose another port, or 0 to have one chosen",
        )
        self._running = HttpThread(
            self._app,
            listener,
            connections=_CONNECTIONS,
            request_s=_REQUEST_S,
            tls=None if self._tls is None else self._tls.context,
            name="the bench page",
        )
        return self

    def __exit__(self, *exc: object) -> None:
        if self._running is not None:
            self._running.stop()
            self._running = None

    @property
    def address(self) -> str:
        """Where a browser finds it."""
        assert self._running is not None, "entered"
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{'http' if self._tls is None else 'https'}://{host}:{self._running.port}"
