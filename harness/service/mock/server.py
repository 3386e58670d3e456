"""The mock service over real HTTP or TLS: uvicorn in a thread, on the loopback interface by default."""

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Self

from harness.errors import UsageError
from harness.secret import Secret
from harness.service.access_key import AccessKey
from harness.service.mock.admin.admin import Admin
from harness.service.mock.clock import Clock
from harness.service.mock.core import Core
from harness.service.mock.settings import Settings
from harness.service.mock.store.store import Store
from harness.web.descriptors import connections_at_once
from harness.web.exposure import is_loopback

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from harness.service.client import Call, Id2Service
    from harness.service.wire import HttpWire
    from harness.web.listening import HttpThread
    from harness.web.tls import Tls

_BACKLOG = 128
_NAME = "the mock service"


class MockService:
    """The ID² service of one account; use it as a context manager.

    Attributes:
        admin: What a console would do: products, licences, devices, clock, call log.
        settings: The choices that it was made with.
    """

    def __init__(
        self,
        db: Path | None = None,
        port: int = 0,
        *,
        host: str = "127.0.0.1",
        settings: Settings | None = None,
        web: bool = False,
        tls: "Tls | None" = None,
        plain: bool = False,
        token: Secret | None = None,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        """Open the store; nothing listens yet.

        Args:
            db: File of the store; None keeps it in memory.
            port: 0 lets the system choose.
            host: Where to listen; an address of this computer, or any with `token`.
            settings: Choices where the real cloud's are not known.
            web: Offer the console at `/console` and the admin API at `/admin` too.
            tls: Speak TLS; required for `web` on a host that is not this computer, unless `plain`.
            plain: No TLS is wanted there, on a network that is trusted.
            token: What people and programs must show to console and admin API.
            random: Gives the random bytes of challenges; a run that can be replayed keeps them.

        Raises:
            UsageError: A host that is not this computer without `token`, or a store that cannot be used.
        """
        if not is_loopback(host) and token is None:
            raise UsageError(
                f"without a token the mock listens on this computer only; {host} is not an address of it",
                hint="use 127.0.0.1 and forward the port with ssh, or give a token",
            )
        self.settings = settings or Settings()
        self._web = web
        self._tls = tls
        self._plain = plain
        self._token = token
        self._host = host
        self._port = port
        self._store = Store(db, synchronous=self.settings.synchronous)
        self._core = Core(self._store, Clock(), self.settings, random=random)
        self.admin = Admin(self._core)
        self._running: HttpThread | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self._store.close()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def start(self) -> None:
        """Listen and answer, from now on, in a thread; starting twice is fine.

        Raises:
            BenchError: The port is taken or not allowed.
        """
        if self._running is not None:
            return
        # A run has its first exchange with the board before it calls the service: until then it needs no HTTP.
        from harness.service.mock.http import app  # noqa: PLC0415 - as said
        from harness.web.acceptor import listen  # noqa: PLC0415 - as above
        from harness.web.listening import HttpThread  # noqa: PLC0415 - as above

        application = app.build(self._core, self._web_routes() if self._web else ())
        listener = listen(
            self._host,
            self._port,
            name=_NAME,
            backlog=_BACKLOG,
            hint="choose another port, or 0 to have one chosen",
        )
        self._running = HttpThread(
            application,
            listener,
            connections=self._connections(),
            request_s=self.settings.request_s,
            tls=None if self._tls is None else self._tls.context,
            name=_NAME,
            not_http=app.NOT_HTTP,
            direct=app.Calls(self._core, console=self._web),
        )

    def _connections(self) -> int:
        # Half of what there is room for: a gateway of this process needs descriptors too.
        room = connections_at_once(each=2)
        return self.settings.connections if room is None else min(room, self.settings.connections)

    def close(self) -> None:
        """Stop answering and close the store; closing twice is fine."""
        if self._running is not None:
            self._running.stop()
            self._running = None
        self._store.close()

    @property
    def core(self) -> Core:
        """Store, clock and choices, for another way in: the iTLS gateway judges by the same ones."""
        return self._core

    @property
    def endpoint(self) -> str:
        """`http://HOST:PORT`, or `https://HOST:PORT` with TLS, for the client.

        Raises:
            UsageError: It is not running.
        """
        if self._running is None:
            raise UsageError("the mock service is not running; enter it with `with`")
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{'http' if self._tls is None else 'https'}://{host}:{self._running.port}"

    def client(
        self,
        access_key: AccessKey | None = None,
        *,
        timeout: float = 10.0,
        on_call: "Callable[[Call], None] | None" = None,
    ) -> "Id2Service":
        """Return a client of this service that tells time by the service's clock, wherever that is moved.

        Args:
            access_key: Who calls; by default an AccessKey with all rights.
            timeout: As for `HttpWire`.
            on_call: As for `Id2Service`.
        """
        from harness.service.client import Id2Service  # noqa: PLC0415 - a server alone does without httpx

        return Id2Service(self.wire(access_key, timeout=timeout), on_call=on_call or (lambda _call: None))

    def wire(self, access_key: AccessKey | None = None, *, timeout: float = 10.0) -> "HttpWire":
        """Return what sends the calls of such a client; arguments as for `client`."""
        from harness.service.wire import HttpWire  # noqa: PLC0415 - as above

        return HttpWire(
            self.endpoint,
            access_key or self.admin.default_access_key()[0],
            timeout=timeout,
            now=self.admin.now,
        )

    def _web_routes(self) -> "list[BaseRoute]":
        from harness.service.mock import api, console  # noqa: PLC0415 - suites do without pages and start faster
        from harness.web.guard import AccessRules, Guard  # noqa: PLC0415 - as above

        guard = Guard(
            AccessRules(
                requests_per_minute=self.settings.web_requests_per_minute,
                login_attempts_per_minute=self.settings.login_attempts_per_minute,
                hosts=self.settings.web_hosts,
            ),
            root="/console",
            loopback=is_loopback(self._host),
            token=self._token,
            secure=self._tls is not None,
            plain=self._plain,
            programs=("/admin",),
        )
        return [*console.routes(self.admin, guard), *api.routes(self.admin, guard)]
